/* What the expressions of users may reach. */
#ifndef CSMETRICS_EXPRESSION_REACH_H
#define CSMETRICS_EXPRESSION_REACH_H

#include "pg/pg.h"

#include "nodes/nodes.h"

/* Both raise an error that names what the expression may not reach. As written: before parse analysis, which already runs the input
 * functions of the types of literals. Analysed: everything that it calls when it runs. */
extern void check_written_reach(Node *written);
extern void check_analysed_reach(Node *analysed);

#endif
