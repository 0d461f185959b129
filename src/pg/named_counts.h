/* The face of named counts: states that grow by name and number within an aggregate. */
#ifndef CSMETRICS_PG_NAMED_COUNTS_H
#define CSMETRICS_PG_NAMED_COUNTS_H

#include "pg/state.h"

#include "core/named_counts.h"

/* The state of a transition, open: that of argument 0, or a new one where it is NULL. */
extern void *named_own(FunctionCallInfo fcinfo, const StateType *type);

/* The open state with that much more in a count; another one where it had to grow. */
extern void *named_with(const StateType *type, void *state, Utf8Name name, int32 number, int64 count);

/* Bodies of merge and unmerge. The other fields of the state merge as their letters say. */
extern Datum named_combine(FunctionCallInfo fcinfo, const StateType *type, bool subtract);

/* A text as a name, and argument n; a name that is too long is an error that calls it `what`. */
extern Utf8Name name_from_text(Datum value, const char *what);
extern Utf8Name name_arg(FunctionCallInfo fcinfo, int n, const char *what);

/* A name as a text. */
extern Datum name_to_text(Utf8Name name);

#endif
