#include "core/text_key.h"

/*
 * FNV-1a of 64 bits (G. Fowler, L. C. Noll, K.-P. Vo,
 * http://www.isthe.com/chongo/tech/comp/fnv/), whose high bits short texts
 * hardly reach; so the finalizer of MurmurHash3 (A. Appleby) mixes them.
 */
#define FNV_OFFSET_BASIS	UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME			UINT64_C(0x00000100000001b3)

int64_t
text_key(const char *text, size_t length)
{
	uint64_t	hash = FNV_OFFSET_BASIS;

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (unsigned char) text[i]) * FNV_PRIME;
	hash = (hash ^ hash >> 33) * UINT64_C(0xff51afd7ed558ccd);
	hash = (hash ^ hash >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
	hash ^= hash >> 33;
	return hash == TEXT_KEY_NONE ? 1 : (int64_t) hash;
}

int64_t
text_key_of_two(int64_t a, int64_t b)
{
	char		bytes[16];

	for (int i = 0; i < 8; i++)
	{
		bytes[i] = (char) ((uint64_t) a >> 8 * i & 0xff);
		bytes[8 + i] = (char) ((uint64_t) b >> 8 * i & 0xff);
	}
	return text_key(bytes, sizeof(bytes));
}
