/* What both faces of classifiers need. */
#ifndef CSMETRICS_PG_CLASSIFIER_H
#define CSMETRICS_PG_CLASSIFIER_H

#include "pg/pg.h"

#include "core/classifier.h"

/* Memory of the current context; can be cancelled. */
extern const Workshop backend_workshop;

/* A text in UTF-8, of at most STRING_MAX bytes and whole characters. */
extern Utf8Name level_of_bytes(const char *bytes, int length);

extern char *name_to_cstring(Utf8Name name);

#endif
