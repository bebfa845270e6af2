/* SPDX-License-Identifier: MIT */
/* value_limit.c - limit values: sizes, counts, shares of the machine, weights, devices
 *
 * All but the lists are one int64_t: a number in the setting's unit, a share of what the
 * machine has, or none (plan.h).
 */
#include <inttypes.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "base/str.h"
#include "config/settings.h"
#include "config/value_help.h"

enum unit { UNIT_ONE, UNIT_BYTES, UNIT_THOUSANDTHS };

struct form {
	const char *none; /* the word for "no such limit" */
	enum unit unit;
	bool share; /* N% is one, too */
	uint64_t min, max; /* in the unit */
	const char *hint;
};

/* "12.5" as 12500 thousandths; with at most @decimals of them. */
static int decimal(const char *text, unsigned decimals, uint64_t *ret)
{
	char digits[32];
	const char *point = strchr(text, '.');
	size_t whole = point ? (size_t)(point - text) : strlen(text);
	size_t part = point ? strlen(point + 1) : 0;
	if (whole == 0 || (point && part == 0) || part > decimals ||
		whole + decimals >= sizeof(digits))
		return -EINVAL;
	memset(digits, '0', sizeof(digits));
	memcpy(digits, text, whole);
	if (point)
		memcpy(digits + whole, point + 1, part);
	digits[whole + decimals] = '\0';
	return num_u64(digits, 0, INT64_MAX, ret);
}

static int share(const struct form *form, const char *text, int64_t *ret)
{
	enum { DECIMALS = 2, ALL = 10000 };
	char number[16];
	uint64_t hundredths;
	size_t len = strlen(text) - 1;
	if (!form->share || len >= sizeof(number))
		return -EINVAL;
	memcpy(number, text, len);
	number[len] = '\0';
	int r = decimal(number, DECIMALS, &hundredths);
	if (r < 0)
		return r;
	if (hundredths == 0 || hundredths > ALL)
		return -ERANGE;
	*ret = limit_of_share((int64_t)hundredths);
	return 0;
}

static int number(const struct form *form, const char *text, int64_t *ret)
{
	uint64_t n;
	int r = form->unit == UNIT_BYTES	 ? num_size(text, &n)
		: form->unit == UNIT_THOUSANDTHS ? decimal(text, 3, &n)
						 : num_u64(text, 0, INT64_MAX, &n);
	if (r == 0 && (n < form->min || n > form->max))
		r = -ERANGE;
	if (r == 0)
		*ret = (int64_t)n;
	return r;
}

static void parse(const struct form *form, const struct value_input *in, void *member)
{
	int64_t value = LIMIT_NONE;
	int r = 0;
	if (str_ends(in->text, "%"))
		r = share(form, in->text, &value);
	else if (strcmp(in->text, form->none) != 0)
		r = number(form, in->text, &value);
	if (r == 0)
		*(int64_t *)member = value;
	else
		value_bad(in, 0, form->hint,
			r == -ERANGE ? "too small or too large" : "not a limit",
			in->text);
}

static void print_decimal(FILE *f, int64_t n, int64_t one, int decimals)
{
	fprintf(f, "%" PRId64, n / one);
	if (n % one)
		fprintf(f, ".%0*" PRId64, decimals, n % one);
}

static void print_bytes(FILE *f, int64_t n)
{
	static const char units[] = "\0KMGT";
	size_t i = 0;
	while (n > 0 && n % 1024 == 0 && units[i + 1]) {
		n /= 1024;
		i++;
	}
	fprintf(f, "%" PRId64 "%.1s", n, units + i);
}

static void print(const struct form *form, FILE *f, int64_t value)
{
	if (value == LIMIT_NONE) {
		fputs(form->none, f);
	} else if (limit_is_share(value)) {
		print_decimal(f, limit_share(value), 100, 2);
		fputc('%', f);
	} else if (form->unit == UNIT_BYTES) {
		print_bytes(f, value);
	} else {
		print_decimal(f, value, form->unit == UNIT_THOUSANDTHS ? 1000 : 1, 3);
	}
}

#define LIMIT_TYPE(type, words, meta, ...) \
	static const struct form type##_form = { __VA_ARGS__ }; \
	static void type##_parse(const struct value_input *in, void *member) \
	{ \
		parse(&type##_form, in, member); \
	} \
	static void type##_print(FILE *f, const struct setting *s, const void *member) \
	{ \
		(void)s; \
		print(&type##_form, f, *(const int64_t *)member); \
	} \
	const struct value_type value_##type = { .name = (words), \
		.metavar = (meta), \
		.parse = type##_parse, \
		.print = type##_print }

LIMIT_TYPE(limit_size, "size, share of the machine's memory, or max", "SIZE|N%|max",
	.none = "max", .unit = UNIT_BYTES, .share = true, .max = INT64_MAX,
	.hint = "bytes with K, M, G or T, such as 512M; 50% of the machine's; or max");

LIMIT_TYPE(limit_count, "number, share of the machine's, or max", "N|N%|max",
	.none = "max", .share = true, .min = 1, .max = INT32_MAX,
	.hint = "a number of processes, 10% of what the machine can have, or max");

LIMIT_TYPE(limit_cpus, "number of processors, share of all, or max", "N|N%|max",
	.none = "max", .unit = UNIT_THOUSANDTHS, .share = true, .min = 10,
	.max = 1000 * 65536,
	.hint = "a number of processors such as 1.5, 50% of all there are, or max");

LIMIT_TYPE(weight, "weight", "N|default", .none = "default", .min = 1, .max = 10000,
	.hint = "1 to 10000; others have 100");

LIMIT_TYPE(limit_bytes, "size, or keep", "SIZE|keep", .none = "keep", .unit = UNIT_BYTES,
	.max = INT64_MAX,
	.hint = "bytes with K, M, G or T, such as 512M; keep is the caller's own");

LIMIT_TYPE(limit_number, "number, or keep", "N|keep", .none = "keep", .max = INT32_MAX,
	.hint = "a number; keep is the caller's own");

LIMIT_TYPE(nice, "niceness, or keep", "N|keep", .none = "keep", .max = 19,
	.hint = "0 to 19, 19 being the lowest priority; keep is the caller's own");

LIMIT_TYPE(oom_score, "adjustment, or keep", "N|keep", .none = "keep", .max = 1000,
	.hint = "0 to 1000, 1000 being the first to be killed; keep is the caller's own");

/* ---- processors by number ---- */

static void cpuset_parse(const struct value_input *in, void *member)
{
	enum { CPU_MAX = 65535 };
	const char *p = in->text;
	if (strcmp(p, "all") == 0) {
		*(const char **)member = NULL;
		return;
	}
	for (;;) {
		char word[32];
		size_t len = strcspn(p, ",");
		uint64_t from = 0, to = 0;
		(void)snprintf(
			word, sizeof(word), "%.*s", len < sizeof(word) ? (int)len : 0, p);
		char *dash = strchr(word, '-');
		if (dash)
			*dash = '\0';
		if (num_u64(word, 0, CPU_MAX, &from) < 0 ||
			(dash && (num_u64(dash + 1, 0, CPU_MAX, &to) < 0 || to < from))) {
			value_bad(in, (unsigned)(p - in->text),
				"numbers and ranges of them, such as 0-3,6; or all",
				"not a list of processors", in->text);
			return;
		}
		if (!p[len])
			break;
		p += len + 1;
	}
	*(const char **)member = arena_strdup(in->arena, in->text);
}

static void cpuset_print(FILE *f, const struct setting *s, const void *member)
{
	const char *list = *(const char *const *)member;
	(void)s;
	fputs(list ? list : "all", f);
}

const struct value_type value_cpuset = {
	.name = "list of processors",
	.metavar = "LIST|all",
	.parse = cpuset_parse,
	.print = cpuset_print,
};
