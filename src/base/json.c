/* SPDX-License-Identifier: MIT */
/* json.c - writing JSON: nesting and escaping, nothing else */
#include "base/json.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/str.h"

/* Names of files are UTF-8 where users can read them, and pass as they are, but for what a
 * terminal acts on: 0xc2 and a byte up to 0x9f are a control character, too. */
static void quoted(FILE *f, const char *s)
{
	fputc('"', f);
	for (const unsigned char *p = (const unsigned char *)s; *p; p++) {
		if (*p == '"' || *p == '\\')
			fprintf(f, "\\%c", *p);
		else if (*p == '\n')
			fputs("\\n", f);
		else if (*p == 0xc2 && str_is_control((const char *)p))
			fprintf(f, "\\u%04x", *++p);
		else if (str_is_control((const char *)p))
			fprintf(f, "\\u%04x", *p);
		else
			fputc(*p, f);
	}
	fputc('"', f);
}

static void before_value(struct json *j, const char *key)
{
	if (j->comma)
		fputc(',', j->f);
	j->comma = true;
	if (key) {
		quoted(j->f, key);
		fputc(':', j->f);
	}
}

void json_begin(struct json *j, const char *key, char bracket)
{
	before_value(j, key);
	fputc(bracket, j->f);
	j->comma = false;
	j->depth++;
}

void json_end(struct json *j, char bracket)
{
	fputc(bracket, j->f);
	j->comma = true;
	if (--j->depth == 0)
		fputc('\n', j->f);
}

void json_string(struct json *j, const char *key, const char *value)
{
	before_value(j, key);
	if (value)
		quoted(j->f, value);
	else
		fputs("null", j->f);
}

void json_number(struct json *j, const char *key, int64_t value)
{
	before_value(j, key);
	fprintf(j->f, "%" PRId64, value);
}

void json_hundredths(struct json *j, const char *key, int64_t value)
{
	before_value(j, key);
	fprintf(j->f, "%s%" PRId64 ".%02d", value < 0 ? "-" : "",
		value < 0 ? -(value / 100) : value / 100, abs((int)(value % 100)));
}

void json_bool(struct json *j, const char *key, bool value)
{
	before_value(j, key);
	fputs(value ? "true" : "false", j->f);
}
