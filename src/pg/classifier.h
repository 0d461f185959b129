/* What the faces of classifiers share. */
#ifndef CSMETRICS_PG_CLASSIFIER_H
#define CSMETRICS_PG_CLASSIFIER_H

#include "pg/pg.h"

#include "core/classifier.h"

/* Memory of the current context; can be cancelled. */
extern const Workshop backend_workshop;

/* A text in UTF-8, of at most STRING_MAX bytes and whole characters. */
extern Utf8Name level_of_bytes(const char *bytes, int length);

extern char *name_to_cstring(Utf8Name name);

typedef struct Key
{
	char	   *name;			/* of a feature, in the encoding of the server */
	int			length;
	int			feature;
} Key;

/* The last one that was read, for the calls of one query: mostly it is the same. */
typedef struct Held
{
	struct varlena *given;		/* as it was passed, which may be compressed */
	Classifier *classifier;
	Key		   *key;			/* by feature */
	Key		   *sorted;			/* those that are used, in the order of keys of JSON */
	int			sorted_count;
	uint64		hash;
	bool		is_plain;		/* all are numbers whose line does not bend, and there are no pairs */
	MemoryContext context;
} Held;

/* The classifier of argument 0, read once for all calls of an expression. */
extern const Held *held_classifier(FunctionCallInfo fcinfo);

#endif
