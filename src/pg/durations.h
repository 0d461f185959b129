/* What the faces of durations share. */
#ifndef CSMETRICS_PG_DURATIONS_H
#define CSMETRICS_PG_DURATIONS_H

#include "pg/pg.h"

#include "core/durations.h"

/* The state in a new, open form: in buckets if `flags` says so, as large as it needs, or with room for one length more. */
extern Durations *durations_reformed(const Durations *durations, uint8 flags, int more);

#endif
