/* What must be a constant, or bounded, in expressions of users. Each raises an error (SQLSTATE 42501) that says what would be right. */
#ifndef CSMETRICS_EXPRESSION_PATTERN_H
#define CSMETRICS_EXPRESSION_PATTERN_H

#include "pg/pg.h"

#include "nodes/primnodes.h"

/* A regular expression, if the operator's function takes one: a short constant without back references and the like. */
extern void check_pattern(Oid function, List *arguments);

/* Formats and escapes of the functions that take some. */
extern void check_constants(FuncExpr *call);

/* Arrays, rows and states become texts only as they stand in the row: quoted again and again, a text doubles each time. */
extern void check_written_out(List *arguments);

/* The length to which char(n) pads. */
extern void check_padding(Node *typmod);

/* A text or JSON becomes numeric only with a precision, or a few characters are a number of 131,072 digits. */
extern void check_precision(Node *conversion, Node *bounded);

#endif
