/* The face of named counts: states that grow by name and number within an aggregate. */
#ifndef CSMETRICS_PG_NAMED_COUNTS_H
#define CSMETRICS_PG_NAMED_COUNTS_H

#include "pg/state.h"

#include "core/named_counts.h"

/* The state of a transition, open: that of argument 0, or a new one where it is NULL. */
extern void *named_own(FunctionCallInfo fcinfo, const StateType *type);

/* The open state with that much more in a count; another one where it had to grow. */
extern void *named_with(const StateType *type, void *state, Utf8Name name, int32 number, int64 count);

/* The result of a transition: left open within an aggregate, else closed. */
extern Datum named_result(FunctionCallInfo fcinfo, const StateType *type, void *state);

/* Bodies of merge and unmerge. The other fields of the state merge as their letters say. */
extern Datum named_combine(FunctionCallInfo fcinfo, const StateType *type, bool subtract);

/* A text as a name, and argument n; a name that is too long is an error that calls it `what`. */
extern Utf8Name name_from_text(Datum value, const char *what);
extern Utf8Name name_arg(FunctionCallInfo fcinfo, int n, const char *what);

/* A name as a text. */
extern Datum name_to_text(Utf8Name name);

/* Merge, unmerge and the end of an aggregate, by the names that the SQL gives them. */
#define NAMED_GROUP(sql_name, type) \
	SQL_FUNCTION(sql_name##_merge, named_combine(fcinfo, &type, false)); \
	SQL_FUNCTION(sql_name##_unmerge, named_combine(fcinfo, &type, true)); \
	SQL_FUNCTION(sql_name##_final, PointerGetDatum(state_arg(fcinfo, 0, &type)))

#endif
