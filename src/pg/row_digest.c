/* A number that tells rows apart: refresh adds up those of an account to see whether any of its rows changed. */
#include "pg/pg.h"

#include "catalog/pg_collation.h"
#include "utils/typcache.h"

typedef struct
{
	int			count;
	FmgrInfo	hash[FLEXIBLE_ARRAY_MEMBER];	/* of the values; its fn_oid is invalid where the type is unknown, as of NULL */
} Hashes;

static Hashes *
hashes_of(FunctionCallInfo fcinfo)
{
	Hashes	   *hashes = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt,
												offsetof(Hashes, hash) + PG_NARGS() * sizeof(FmgrInfo));

	hashes->count = PG_NARGS();
	for (int i = 0; i < hashes->count; i++)
	{
		Oid			type = get_fn_expr_argtype(fcinfo->flinfo, i);
		TypeCacheEntry *entry = OidIsValid(type) ? lookup_type_cache(type, TYPECACHE_HASH_EXTENDED_PROC) : NULL;

		if (type == UNKNOWNOID)
			continue;
		if (entry == NULL || !OidIsValid(entry->hash_extended_proc))
			ereport(ERROR, (errcode(ERRCODE_UNDEFINED_FUNCTION),
							errmsg("values of type %s cannot be hashed", OidIsValid(type) ? format_type_be(type) : "unknown")));
		fmgr_info_cxt(entry->hash_extended_proc, &hashes->hash[i], fcinfo->flinfo->fn_mcxt);
	}
	return hashes;
}

PG_FUNCTION_INFO_V1(row_digest);

Datum
row_digest(PG_FUNCTION_ARGS)
{
	Hashes	   *hashes = fcinfo->flinfo->fn_extra;
	uint64		digest = 0;

	if (get_fn_expr_variadic(fcinfo->flinfo))
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("row_digest takes values, not an array of them")));
	if (hashes == NULL)
		hashes = fcinfo->flinfo->fn_extra = hashes_of(fcinfo);
	for (int i = 0; i < hashes->count; i++)
	{
		uint64		hash = 0;

		/* bytes are hashed, whatever the collations of columns are */
		if (!PG_ARGISNULL(i) && OidIsValid(hashes->hash[i].fn_oid))
			hash = DatumGetUInt64(FunctionCall2Coll(&hashes->hash[i], C_COLLATION_OID, PG_GETARG_DATUM(i), Int64GetDatum(0)));
		digest = digest * 31 + hash;
	}
	PG_RETURN_INT64((int64) digest);
}
