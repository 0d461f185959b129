/* The face of items: states that grow by byte strings within an aggregate. */
#ifndef CSMETRICS_PG_ITEMS_H
#define CSMETRICS_PG_ITEMS_H

#include "pg/state.h"

#include "core/items.h"

/* A new open state with room for so many bytes of items. */
extern Items *items_new(const StateType *type, int32 bytes);

/* The state of a transition, open: that of argument 0, or a new one where it is NULL. */
extern Items *items_own(FunctionCallInfo fcinfo, const StateType *type);

/* The open state with that item so many times more; another one where it had to grow. */
extern Items *items_with(const StateType *type, Items *items, const uint8 *bytes, int32 length, int64 count);

/* The result of a transition: left open within an aggregate, else closed. */
extern Datum items_result(FunctionCallInfo fcinfo, const StateType *type, Items *items);

/* Bodies of merge and unmerge. */
extern Datum items_combine(FunctionCallInfo fcinfo, const StateType *type, bool subtract);

/* Merge, unmerge and the end of an aggregate, by the names that the SQL gives them. */
#define ITEMS_GROUP(sql_name, type) \
	SQL_FUNCTION(sql_name##_merge, items_combine(fcinfo, &type, false)); \
	SQL_FUNCTION(sql_name##_unmerge, items_combine(fcinfo, &type, true)); \
	SQL_FUNCTION(sql_name##_final, PointerGetDatum(state_arg(fcinfo, 0, &type)))

#endif
