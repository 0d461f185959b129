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

/* Bodies of merge and unmerge. */
extern Datum items_combine(FunctionCallInfo fcinfo, const StateType *type, bool subtract);

#endif
