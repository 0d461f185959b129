/* How large expressions of users may be, and how they are analysed without a look at their literals. */
#ifndef CSMETRICS_EXPRESSION_SIZE_H
#define CSMETRICS_EXPRESSION_SIZE_H

#include "pg/pg.h"

#include "nodes/nodes.h"
#include "parser/parse_node.h"

/* Each raises an error that names the limit and the figure (SQLSTATE 54000). Of the text, of the parsed tree, of the analysed one, and of what is
 * spelled out. */
extern void check_length(const char *source);
extern void check_written_size(Node *written);
extern void check_analysed_size(Node *analysed);
extern void check_spelled_length(const char *spelled);

/* Parse analysis reads each literal by the input function of its type, which may run code of a user, such as the check of a domain within a row.
 * Literals put aside are parameters, which have types and no values. */
extern void put_literals_aside(Node *written);
extern void take_aside_for_parameters(ParseState *state);

#endif
