/* What the expressions of users may reach. */
#ifndef CSMETRICS_EXPRESSION_REACH_H
#define CSMETRICS_EXPRESSION_REACH_H

#include "pg/pg.h"

#include "nodes/nodes.h"

/* Both raise an error that names what the expression may not reach. As written: the types that it names, before anything is looked at.
 * Analysed: everything that it calls when it runs, and the types of all values. A function that is not on the list may be called if the
 * owner of the model allowed it; "" stands for no model. Of csmetrics are functions of this owner. */
extern void check_written_reach(Node *written);
extern void check_analysed_reach(Node *analysed, const char *model, Oid owner);

#endif
