/* What the faces of usage histories share. */
#ifndef CSMETRICS_PG_ACTIVITY_H
#define CSMETRICS_PG_ACTIVITY_H

#include "pg/pg.h"

#include "core/activity.h"

/* A new open state with no days. */
extern Activity *activity_begin(void);

/* The days of chunks added to an open state, or taken out; another state where it had to grow. */
extern Activity *activity_with_days(Activity *into, ActivityWalk from, bool subtract);

/* The events of argument n, from 0 on. */
extern int64 events_arg(FunctionCallInfo fcinfo, int n);

/* The day after argument n, which may be infinite: all that is known. */
extern int32 day_after_arg(FunctionCallInfo fcinfo, int n);

#endif
