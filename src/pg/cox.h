/* A fit of Cox regression as an argument. */
#ifndef CSMETRICS_PG_COX_H
#define CSMETRICS_PG_COX_H

#include "pg/state.h"

#include "mb/pg_wchar.h"

#include "core/cox.h"

static inline const Cox *
cox_arg(FunctionCallInfo fcinfo)
{
	return state_arg(fcinfo, 0, &cox_type);
}

/* A name within a value, in the encoding of the server. */
static inline char *
server_name(Utf8Name name)
{
	return pg_any_to_server(pnstrdup((const char *) name.bytes, name.length), name.length, PG_UTF8);
}

#endif
