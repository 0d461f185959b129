#include "pg/pg.h"

#ifdef PG_MODULE_MAGIC_EXT
PG_MODULE_MAGIC_EXT(.name = "csmetrics");
#else
PG_MODULE_MAGIC;
#endif
