/* Arguments of SQL functions that are neither amounts nor times. Bad ones are errors that name the value. */
#ifndef CSMETRICS_PG_ARGUMENTS_H
#define CSMETRICS_PG_ARGUMENTS_H

#include "pg/pg.h"

#include "core/text_key.h"

/* As float8 prints it. */
extern char *number_text(double value);

extern void require_not_null(FunctionCallInfo fcinfo, int n, const char *what);

/* The key of a text, TEXT_KEY_NONE of NULL. */
extern int64 text_key_arg(FunctionCallInfo fcinfo, int n);

/* One of NULL-terminated words, by its index. */
extern int	choice_arg(FunctionCallInfo fcinfo, int n, const char *what, const char *const *words);

/* Strictly between 0 and 1. */
extern double confidence_arg(FunctionCallInfo fcinfo, int n);

/* Argument n, a number from 1 on. */
extern int64 at_least_arg(FunctionCallInfo fcinfo, int n, const char *name);

#endif
