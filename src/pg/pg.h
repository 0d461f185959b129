/* PostgreSQL, and the only place that knows how its versions differ. */
#ifndef CSMETRICS_PG_H
#define CSMETRICS_PG_H

#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/numeric.h"

#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#include "nodes/miscnodes.h"
#else
/* Input errors can be soft from 16 on. */
#define ereturn(context, value, ...) \
	do { (void) (context); ereport(ERROR, __VA_ARGS__); return (value); } while (0)
#endif

/* Intervals can be infinite from 17 on. */
#if PG_VERSION_NUM < 170000
#define INTERVAL_NOT_FINITE(interval) false
#endif

#if PG_VERSION_NUM < 180000
#define pg_noreturn pg_attribute_noreturn()
#endif

/* The number of the transaction in its session. */
#if PG_VERSION_NUM >= 170000
#define LOCAL_XID MyProc->vxid.lxid
#else
#define LOCAL_XID MyProc->lxid
#endif

#ifndef HAVE_INT128
#error "csmetrics needs a compiler with 128-bit integers, as PostgreSQL on 64-bit machines has"
#endif

#endif
