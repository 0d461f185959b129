#include "core/utf8_name.h"

#include <string.h>

int
name_compare(Utf8Name a, Utf8Name b)
{
	int			order = memcmp(a.bytes, b.bytes, a.length < b.length ? a.length : b.length);

	return order ? order : a.length - b.length;
}

/* One character, not NUL, as RFC 3629 has it; its length, 0 where it is none. */
static int
utf8_length(const uint8_t *in, int64_t room)
{
	uint32_t	code = in[0];
	int			length = code < 0x80 ? 1 : code < 0xC2 ? 0 : code < 0xE0 ? 2 : code < 0xF0 ? 3 : code < 0xF5 ? 4 : 0;

	if (code == 0 || length == 0 || length > room)
		return 0;
	if (length > 1)
		code &= 0x7F >> length;
	for (int i = 1; i < length; i++)
	{
		if ((in[i] & 0xC0) != 0x80)
			return 0;
		code = code << 6 | (in[i] & 0x3F);
	}
	/* longer than it need be, a surrogate, or past the last */
	if ((length == 3 && (code < 0x800 || (code >= 0xD800 && code < 0xE000))) || (length == 4 && (code < 0x10000 || code > 0x10FFFF)))
		return 0;
	return length;
}

bool
name_is_text(Utf8Name name)
{
	int			length = 1;

	for (int32_t at = 0; at < name.length && length > 0; at += length)
		length = utf8_length(name.bytes + at, name.length - at);
	return length > 0;
}
