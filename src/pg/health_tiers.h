/* The bounds of tiers as arguments. */
#ifndef CSMETRICS_PG_HEALTH_TIERS_H
#define CSMETRICS_PG_HEALTH_TIERS_H

#include "pg/pg.h"

#include "core/health_tiers.h"

/* Arguments n and n + 1: yellow_from and green_from */
extern HealthBounds bounds_args(FunctionCallInfo fcinfo, int n);

#endif
