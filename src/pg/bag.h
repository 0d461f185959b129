/* The face of a bag: a state that grows by rows within an aggregate. */
#ifndef CSMETRICS_PG_BAG_H
#define CSMETRICS_PG_BAG_H

#include "pg/state.h"

#include "core/bag.h"

/* The state of a transition, to be added to: that of argument 0, or a new one where it is NULL. */
extern Bag *bag_own(FunctionCallInfo fcinfo, const StateType *type);

/* The bag with the row in it, or out of it; another one where it had to grow. */
extern Bag *bag_with(const StateType *type, Bag *bag, const void *row, bool subtract);

/* The result of a transition: left open within an aggregate, else closed. */
extern Datum bag_result(FunctionCallInfo fcinfo, const StateType *type, Bag *bag);

/*
 * Bodies of merge and unmerge. The fields between those of Bag and the rows add
 * up.
 */
extern Datum bag_combine(FunctionCallInfo fcinfo, const StateType *type, bool subtract);

#endif
