/* SPDX-License-Identifier: MIT */
/* record.c - a layer's record as text: written, and read back with nothing taken on trust
 *
 *	sbox-layer 1
 *	base=host
 *	since=1763770000000000000
 *	tree=1 kernel /home/ann/a\x20path
 *	place=/home/ann/a\x20path/mounted
 *
 * In paths all that is no printable ASCII, and the backslash, is written \xNN.
 */
#include "layer/record.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "base/path.h"
#include "base/str.h"
#include "layer/place.h"

enum { VERSION = 1 };

static const char magic[] = "sbox-layer ";

const char *const layer_engine_words[] = { "kernel", "fuse-overlayfs", NULL };
_Static_assert(
	ARRAY_SIZE(layer_engine_words) == ENGINE_COUNT + 1, "engines, out of step");

const char *const layer_base_words[] = { "host", "directory", "image", NULL };
_Static_assert(ARRAY_SIZE(layer_base_words) == BASE_COUNT + 1, "bases, out of step");

/* ---- writing ---- */

static const char *escaped(struct arena *a, const char *path)
{
	char *out = arena_alloc(a, strlen(path) * 4 + 1), *p = out;
	for (; *path; path++) {
		if (*path > ' ' && *path < 0x7f && *path != '\\')
			*p++ = *path;
		else
			p += sprintf(p, "\\x%02x", (unsigned char)*path);
	}
	return out;
}

char *record_format(struct arena *a, const struct layer *l)
{
	char *text = arena_printf(a, "%s%u\nbase=%s%s%s\nsince=%" PRId64 "\n", magic,
		VERSION, layer_base_words[l->base], l->base_name ? " " : "",
		l->base_name ? escaped(a, l->base_name) : "", l->since_ns);
	for (size_t i = 0; i < l->trees.n; i++) {
		const struct layer_tree *t = &l->trees.v[i];
		text = arena_printf(a, "%stree=%u %s %s\n", text, t->number,
			layer_engine_words[t->engine], escaped(a, t->path));
	}
	for (size_t i = 0; i < l->places.n; i++)
		text = arena_printf(a, "%splace=%s\n", text, escaped(a, l->places.v[i]));
	return text;
}

/* ---- reading ---- */

/* NULL where it is not what escaped() writes. */
static const char *unescaped(struct arena *a, const char *text)
{
	char *out = arena_alloc(a, strlen(text) + 1), *p = out;
	while (*text) {
		unsigned byte;
		if (*text != '\\') {
			*p++ = *text++;
			continue;
		}
		if (sscanf(text, "\\x%2x", &byte) != 1 || byte == 0 ||
			strspn(text + 2, "0123456789abcdef") < 2)
			return NULL;
		*p++ = (char)byte;
		text += 4;
	}
	return *out ? out : NULL;
}

static int word_of(const char *const *words, const char *text)
{
	for (int i = 0; words[i]; i++)
		if (strcmp(words[i], text) == 0)
			return i;
	return -1;
}

static int take_base(struct arena *a, char *value, struct layer *ret)
{
	char *rest = strchr(value, ' ');
	if (rest)
		*rest++ = '\0';
	int base = word_of(layer_base_words, value);
	if (base < 0 || (base == BASE_HOST) != !rest)
		return -EBADMSG;
	ret->base = (enum layer_base)base;
	ret->base_name = rest ? unescaped(a, rest) : NULL;
	return rest && !ret->base_name ? -EBADMSG : 0;
}

static int take_tree(struct arena *a, char *value, struct layer *ret)
{
	uint64_t number;
	char *normal, *save = NULL;
	const char *first = strtok_r(value, " ", &save);
	const char *word = strtok_r(NULL, " ", &save);
	const char *rest = strtok_r(NULL, " ", &save);
	const char *path = rest ? unescaped(a, rest) : NULL;
	int engine = word ? word_of(layer_engine_words, word) : -1;
	if (!path || engine < 0 || strtok_r(NULL, " ", &save) ||
		num_u64(first, 1, LAYER_TREES_MAX, &number) < 0 ||
		path_normalize(a, path, &normal) < 0 || strcmp(path, normal) != 0)
		return -EBADMSG;
	for (size_t i = 0; i < ret->trees.n; i++)
		if (ret->trees.v[i].number == number ||
			strcmp(ret->trees.v[i].path, path) == 0)
			return -EBADMSG;
	*ARENA_PUSH(a, &ret->trees) = (struct layer_tree){
		.path = path,
		.engine = (enum layer_engine)engine,
		.number = (unsigned)number,
	};
	return 0;
}

static int take_place(struct arena *a, const char *value, struct layer *ret)
{
	char *normal;
	const char *path = unescaped(a, value);
	if (!path || path_normalize(a, path, &normal) < 0 || strcmp(path, normal) != 0)
		return -EBADMSG;
	return place_note(a, ret, path) ? 0 : -EBADMSG;
}

static int take_since(const char *value, struct layer *ret)
{
	uint64_t n;
	if (num_u64(value, 0, INT64_MAX, &n) < 0)
		return -EBADMSG;
	ret->since_ns = (int64_t)n;
	return 0;
}

/* One line without its end; @seen: a bit for each of those that there must be once. */
static int take_line(struct arena *a, char *line, struct layer *ret, unsigned *seen)
{
	unsigned bit = str_starts(line, "base=") ? 1 : str_starts(line, "since=") ? 2 : 0;
	if (*seen & bit)
		return -EBADMSG;
	*seen |= bit;
	if (bit == 1)
		return take_base(a, line + 5, ret);
	if (bit == 2)
		return take_since(line + 6, ret);
	if (str_starts(line, "place="))
		return take_place(a, line + 6, ret);
	return str_starts(line, "tree=") ? take_tree(a, line + 5, ret) : -EBADMSG;
}

static int take_version(const char *line, unsigned *ret)
{
	uint64_t version;
	if (!line || !str_starts(line, magic) ||
		num_u64(line + strlen(magic), 1, 1000000, &version) < 0)
		return -EBADMSG;
	*ret = (unsigned)version;
	return version > VERSION ? -EPROTONOSUPPORT : 0;
}

int record_parse(struct arena *a, const char *text, size_t size, struct layer *ret,
	unsigned *ret_version)
{
	struct layer l = { .name = ret->name, .fd = ret->fd };
	unsigned seen = 0;
	if (size == 0 || size > RECORD_MAX || memchr(text, '\0', size) ||
		text[size - 1] != '\n')
		return -EBADMSG;
	char *save = NULL, *copy = arena_strndup(a, text, size);
	int r = take_version(strtok_r(copy, "\n", &save), ret_version);
	for (char *line; r == 0 && (line = strtok_r(NULL, "\n", &save));)
		r = take_line(a, line, &l, &seen);
	if (r == 0 && seen != 3)
		r = -EBADMSG;
	if (r == 0)
		*ret = l;
	return r;
}
