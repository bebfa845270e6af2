/* SPDX-License-Identifier: MIT */
/* num.c - numbers, sizes, durations and modes out of text, with ranges */
#include "base/num.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

/* Digits in @base at *s, advanced behind them. */
static int digits(const char **s, unsigned base, uint64_t *ret)
{
	uint64_t n = 0;
	const char *p = *s;
	for (; *p >= '0' && (unsigned)(*p - '0') < base; p++)
		if (__builtin_mul_overflow(n, base, &n) ||
			__builtin_add_overflow(n, (uint64_t)(*p - '0'), &n))
			return -ERANGE;
	if (p == *s)
		return -EINVAL;
	*s = p;
	*ret = n;
	return 0;
}

int num_u64(const char *s, uint64_t min, uint64_t max, uint64_t *ret)
{
	uint64_t n;
	int r = digits(&s, 10, &n);
	if (r < 0)
		return r;
	if (*s)
		return -EINVAL;
	if (n < min || n > max)
		return -ERANGE;
	*ret = n;
	return 0;
}

int num_size(const char *s, uint64_t *ret)
{
	static const char units[] = "KMGT";
	uint64_t n;
	int r = digits(&s, 10, &n);
	if (r < 0)
		return r;
	if (*s) {
		const char *unit = strchr(units, toupper((unsigned char)*s));
		if (!unit || s[1])
			return -EINVAL;
		for (ptrdiff_t i = 0; i <= unit - units; i++)
			if (__builtin_mul_overflow(n, 1024u, &n))
				return -ERANGE;
	}
	if (n > INT64_MAX)
		return -ERANGE;
	*ret = n;
	return 0;
}

int num_duration(const char *s, int sign, int64_t *ret_ns)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = {
		{ "", 1000000000 },
		{ "ms", 1000000 },
		{ "s", 1000000000 },
		{ "m", 60000000000 },
		{ "h", 3600000000000 },
		{ "d", 86400000000000 },
	};
	int negative = sign && *s == '-';
	s += negative;

	uint64_t whole, thousandths = 0;
	int r = digits(&s, 10, &whole);
	if (r < 0)
		return r;
	if (*s == '.') {
		unsigned scale = 100;
		if (!isdigit((unsigned char)*++s))
			return -EINVAL;
		/* a finer one would be cut, in the worst case to 0, which is "no limit" */
		for (; isdigit((unsigned char)*s); s++, scale /= 10) {
			if (scale == 0 && *s != '0')
				return -EINVAL;
			thousandths += scale * (unsigned)(*s - '0');
		}
	}
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(s, units[i].name) != 0)
			continue;
		uint64_t ns;
		if (__builtin_mul_overflow(whole, units[i].ns, &ns) ||
			__builtin_add_overflow(
				ns, thousandths * (units[i].ns / 1000), &ns) ||
			ns > INT64_MAX)
			return -ERANGE;
		*ret_ns = negative ? -(int64_t)ns : (int64_t)ns;
		return 0;
	}
	return -EINVAL;
}

int num_mode(const char *s, mode_t *ret)
{
	uint64_t n;
	int r = digits(&s, 8, &n);
	if (r < 0)
		return r;
	if (*s)
		return -EINVAL;
	if (n > 07777)
		return -ERANGE;
	*ret = (mode_t)n;
	return 0;
}
