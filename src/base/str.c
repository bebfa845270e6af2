/* SPDX-License-Identifier: MIT */
/* str.c - pure string work: words with quotes, patterns, nearest spelling, buffers */
#include "base/str.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/arena.h"

bool str_starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool str_ends(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);
	return n >= m && strcmp(s + n - m, suffix) == 0;
}

bool str_is_plain_name(const char *s)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"0123456789._-";
	size_t len = strlen(s);
	return len > 0 && len <= 64 && s[0] != '.' && s[0] != '-' &&
		strspn(s, allowed) == len;
}

bool str_is_control(const char *s)
{
	const unsigned char *c = (const unsigned char *)s;
	/* C1 controls (0x80-0x9f) reach a terminal in UTF-8 as c2 80 .. c2 9f */
	return c[0] < 0x20 || c[0] == 0x7f ||
		(c[0] == 0xc2 && c[1] >= 0x80 && c[1] <= 0x9f);
}

size_t str_utf8(const char *s)
{
	const unsigned char *c = (const unsigned char *)s;
	size_t n = c[0] < 0x80		      ? 1
		: c[0] >= 0xc2 && c[0] < 0xe0 ? 2
		: c[0] >= 0xe0 && c[0] < 0xf0 ? 3
		: c[0] >= 0xf0 && c[0] < 0xf5 ? 4
					      : 0;
	for (size_t i = 1; i < n; i++)
		if ((c[i] & 0xc0) != 0x80)
			return 0;
	/* longer than need be, UTF-16's surrogates, beyond Unicode's end */
	if ((c[0] == 0xe0 && c[1] < 0xa0) || (c[0] == 0xed && c[1] >= 0xa0) ||
		(c[0] == 0xf0 && c[1] < 0x90) || (c[0] == 0xf4 && c[1] >= 0x90))
		return 0;
	return n;
}

/* What orders a line anew, from right to left or as another line, so that a name is read as
 * another one: U+200E, U+200F, U+2028 to U+202E, U+2066 to U+2069. */
static bool reorders(const char *s)
{
	const unsigned char *c = (const unsigned char *)s;
	return c[0] == 0xe2 &&
		((c[1] == 0x80 &&
			 (c[2] == 0x8e || c[2] == 0x8f ||
				 (c[2] >= 0xa8 && c[2] <= 0xae))) ||
			(c[1] == 0x81 && c[2] >= 0xa6 && c[2] <= 0xa9));
}

void str_escape_controls(char *out, size_t size, const char *in)
{
	size_t used = 0;
	while (*in) {
		size_t len = str_utf8(in), n = len ? len : 1;
		bool plain =
			len > 0 && !reorders(in) && (*in == '\t' || !str_is_control(in));
		size_t from =
			!plain && n == 2; /* of a C1 control the byte that names it */
		size_t need = plain ? n : 4 * (n - from);
		if (used + need >= size)
			break;
		if (plain)
			memcpy(out + used, in, n);
		for (size_t i = from, at = used; !plain && i < n; i++, at += 4)
			(void)snprintf(
				out + at, size - at, "\\x%02x", (unsigned char)in[i]);
		used += need;
		in += n;
	}
	out[used] = '\0';
}

static bool blank(char c)
{
	return c == ' ' || c == '\t';
}

const char *str_word_end(const char *s, const char **ret_quote)
{
	const char *quote = NULL;
	for (; *s && (quote || !blank(*s)); s++) {
		if (quote && *s == *quote)
			quote = NULL;
		else if (!quote && (*s == '"' || *s == '\''))
			quote = s;
		else if (*s == '\\' && !(quote && *quote == '\'') && s[1])
			s++;
	}
	if (ret_quote)
		*ret_quote = quote;
	return quote ? NULL : s;
}

static int hex_digit(char c)
{
	const char *digits = "0123456789abcdef";
	const char *at = c ? strchr(digits, tolower((unsigned char)c)) : NULL;
	return at ? (int)(at - digits) : -1;
}

/* What a backslash with @s behind it stands for; returns how much of @s that was. */
static size_t unescape(const char *s, char *out)
{
	int high = s[0] == 'x' ? hex_digit(s[1]) : -1;
	int low = high >= 0 ? hex_digit(s[2]) : -1;
	bool byte = low >= 0 && (high || low);
	*out = byte ? (char)(high * 16 + low) : s[0];
	return byte ? 3 : 1;
}

int str_next_word(struct arena *a, const char **p, char **ret, const char **ret_start)
{
	const char *s = *p, *quote_at;
	while (blank(*s))
		s++;
	*ret_start = s;
	*ret = NULL;
	if (!*s) {
		*p = s;
		return 0;
	}
	const char *end = str_word_end(s, &quote_at);
	if (!end) {
		*ret_start = quote_at;
		return -EINVAL;
	}

	char *word = arena_alloc(a, (size_t)(end - s) + 1), *out = word;
	char quote = 0;
	while (s < end) {
		if (*s == quote) {
			quote = 0;
			s++;
		} else if (!quote && (*s == '"' || *s == '\'')) {
			quote = *s++;
		} else if (*s == '\\' && quote != '\'' && s[1]) {
			s += 1 + unescape(s + 1, out++);
		} else {
			*out++ = *s++;
		}
	}
	*p = end;
	*ret = word;
	return 0;
}

const char *str_shell_word(struct arena *a, const char *word)
{
	static const char plain[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789@%_+=:,./-";
	if (*word && !word[strspn(word, plain)])
		return word;
	char *text = arena_alloc(a, strlen(word) * 4 + 3), *out = text;
	*out++ = '\'';
	for (const char *c = word; *c; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			return NULL;
		if (*c == '\'')
			out = stpcpy(out, "'\\'");
		*out++ = *c;
	}
	*out++ = '\'';
	*out = '\0';
	return text;
}

void str_print_word_n(FILE *f, const char *word, size_t len)
{
	const char *end = word + len;
	bool plain = len > 0;
	for (const char *c = word; c < end; c++)
		if (*c == ' ' || str_is_control(c) || strchr("\"'\\", *c) ||
			(c == word && strchr("#;", *c)))
			plain = false;
	if (plain) {
		fwrite(word, 1, len, f);
		return;
	}
	fputc('"', f);
	for (const char *c = word; c < end; c++) {
		if (*c == '\t' || !str_is_control(c)) {
			if (*c == '"' || *c == '\\')
				fputc('\\', f);
			fputc(*c, f);
			continue;
		}
		fprintf(f, "\\x%02x", (unsigned char)*c);
		if ((unsigned char)*c == 0xc2)
			fprintf(f, "\\x%02x", (unsigned char)*++c);
	}
	fputc('"', f);
}

void str_print_word(FILE *f, const char *word)
{
	str_print_word_n(f, word, strlen(word));
}

bool str_match(const char *pattern, const char *s)
{
	const char *star = NULL, *back = NULL;
	while (*s) {
		if (*pattern == '*') {
			star = ++pattern;
			back = s;
		} else if (*pattern == '?' || *pattern == *s) {
			pattern++;
			s++;
		} else if (star) {
			pattern = star;
			s = ++back;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}

/* Optimal string alignment distance, words cut at 63 bytes: a swap counts as one. */
static unsigned distance(const char *a, const char *b)
{
	enum { MAX = 64 };
	size_t n = strlen(a), m = strlen(b);
	if (n >= MAX || m >= MAX)
		return MAX;
	unsigned rows[3][MAX];
	unsigned *before = rows[0], *last = rows[1], *row = rows[2];

	for (size_t j = 0; j <= m; j++)
		last[j] = (unsigned)j;
	for (size_t i = 1; i <= n; i++) {
		row[0] = (unsigned)i;
		for (size_t j = 1; j <= m; j++) {
			unsigned cost = a[i - 1] != b[j - 1];
			unsigned best = last[j - 1] + cost;
			if (last[j] + 1 < best)
				best = last[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
				a[i - 2] == b[j - 1] && before[j - 2] + 1 < best)
				best = before[j - 2] + 1;
			row[j] = best;
		}
		unsigned *spare = before;
		before = last;
		last = row;
		row = spare;
	}
	return last[m];
}

const char *str_nearest(
	const char *word, const char *(*next)(size_t i, const void *ctx), const void *ctx)
{
	const char *best = NULL;
	size_t len = strlen(word);
	unsigned limit = len <= 3 ? 1 : len <= 6 ? 2 : 3;
	unsigned best_distance = limit + 1;
	const char *candidate;

	for (size_t i = 0; (candidate = next(i, ctx)); i++) {
		unsigned d = distance(word, candidate);
		/* "readonly" for "read": a known word with something behind it */
		if (d > limit && len >= 4 && *candidate &&
			(str_starts(word, candidate) || str_starts(candidate, word)))
			d = limit;
		if (d < best_distance) {
			best_distance = d;
			best = candidate;
		}
	}
	return best && *best ? best : NULL;
}

static const char *next_of(size_t i, const void *ctx)
{
	return ((const char *const *)ctx)[i];
}

const char *str_nearest_of(const char *word, const char *const *words)
{
	return str_nearest(word, next_of, words);
}
