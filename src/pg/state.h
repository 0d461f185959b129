/* The face of a state: arguments, input and output, comparison, merge. */
#ifndef CSMETRICS_PG_STATE_H
#define CSMETRICS_PG_STATE_H

#include "pg/pg.h"

#include "core/state.h"

/* A new state of zeros: of that many rows, or of that many bytes and with these flags. */
extern void *state_new(const StateType *type, int64 rows);
extern void *state_new_sized(const StateType *type, Size size, uint8 flags);

/* A value, and argument n: detoasted, its version known, finished. Not to be changed. */
extern const void *state_value(Datum value, const StateType *type);

static inline const void *
state_arg(FunctionCallInfo fcinfo, int n, const StateType *type)
{
	return state_value(PG_GETARG_DATUM(n), type);
}

/* Argument n to be changed: in place where an aggregate owns it, else a copy. It may be open. */
extern void *state_own(FunctionCallInfo fcinfo, int n, const StateType *type);

/* A finished copy of a state that may be open; and the state itself, finished. */
extern void *state_closed(const StateType *type, const void *state);
extern void *state_close(const StateType *type, void *state);

/* The result of a transition: left open within an aggregate, else closed, since nobody would do so later. */
extern Datum state_result(FunctionCallInfo fcinfo, const StateType *type, void *state);

/* The state, or NULL when no row is left in it: a moving aggregate then starts over. */
static inline Datum
unless_empty(FunctionCallInfo fcinfo, void *state, int64 given)
{
	if (given == 0)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(state);
}

/* Bodies of the SQL functions of a type. */
extern Datum state_in(FunctionCallInfo fcinfo, const StateType *type);
extern Datum state_out(FunctionCallInfo fcinfo, const StateType *type);
extern Datum state_recv(FunctionCallInfo fcinfo, const StateType *type);
extern Datum state_send(FunctionCallInfo fcinfo, const StateType *type);
extern Datum state_combine(FunctionCallInfo fcinfo, const StateType *type, bool subtract);

pg_noreturn extern void overflow_error(const StateType *type);
pg_noreturn extern void too_large_error(const StateType *type);

/* An SQL function whose body is one expression. */
#define SQL_FUNCTION(name, body) \
	extern Datum name(PG_FUNCTION_ARGS); \
	Datum name(PG_FUNCTION_ARGS) { return body; } \
	PG_FUNCTION_INFO_V1(name)

/* Input and output of a type, by the names that the SQL gives them. */
#define STATE_IO(sql_name, type) \
	SQL_FUNCTION(sql_name##_in, state_in(fcinfo, &type)); \
	SQL_FUNCTION(sql_name##_out, state_out(fcinfo, &type)); \
	SQL_FUNCTION(sql_name##_recv, state_recv(fcinfo, &type)); \
	SQL_FUNCTION(sql_name##_send, state_send(fcinfo, &type))

/* Merge and unmerge of a type whose fields add up. */
#define STATE_GROUP(sql_name, type) \
	SQL_FUNCTION(sql_name##_merge, state_combine(fcinfo, &type, false)); \
	SQL_FUNCTION(sql_name##_unmerge, state_combine(fcinfo, &type, true))

/* Merge and unmerge of one that grows, by the body given, and the end of its aggregates. */
#define GROWING_STATE_GROUP(sql_name, type, combine) \
	SQL_FUNCTION(sql_name##_merge, combine(fcinfo, &type, false)); \
	SQL_FUNCTION(sql_name##_unmerge, combine(fcinfo, &type, true)); \
	SQL_FUNCTION(sql_name##_final, PointerGetDatum(state_arg(fcinfo, 0, &type)))

#endif
