/* SPDX-License-Identifier: MIT */
/* state.c - what a running instance tells of itself: the text in its folder
 *
 * Lines "key=value". It is written whole and put in place by rename(2), so a reader sees all
 * or nothing; it still takes nothing for granted: an older or newer sbox may have written it.
 */
#include "resolve/state.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/macros.h"
#include "base/num.h"
#include "base/str.h"

const char *const held_words[] = { "none", "held", "dropped", NULL };
_Static_assert(ARRAY_SIZE(held_words) == HELD_COUNT + 1, "held_words is out of step");

enum kind { TEXT, PID, SECONDS, HELD };

/* One row a line, in the order in which they are written. */
static const struct key {
	const char *name;
	enum kind kind;
	size_t offset;
	bool required;
} keys[] = {
	{ "id", TEXT, offsetof(struct instance_state, id), true },
	{ "name", TEXT, offsetof(struct instance_state, name), false },
	{ "profile", TEXT, offsetof(struct instance_state, profile), false },
	{ "command", TEXT, offsetof(struct instance_state, command), false },
	{ "pid", PID, offsetof(struct instance_state, pid), true },
	{ "init", PID, offsetof(struct instance_state, init), true },
	{ "started", SECONDS, offsetof(struct instance_state, started), true },
	{ "group", TEXT, offsetof(struct instance_state, group), false },
	{ "limits", HELD, offsetof(struct instance_state, limits), false },
	{ "image", TEXT, offsetof(struct instance_state, image), false },
	{ "layers", TEXT, offsetof(struct instance_state, layers), false },
};

/* ---- writing ---- */

void state_command(char out[COMMAND_MAX], char *const *words)
{
	size_t used = 0;
	out[0] = '\0';
	for (char *const *w = words; *w && used + 1 < COMMAND_MAX; w++) {
		if (w != words)
			out[used++] = ' ';
		str_escape_controls(out + used, COMMAND_MAX - used, *w);
		used += strlen(out + used);
	}
}

/* Whether it can be shown as it is, on a terminal and in JSON. */
static bool is_clean(const char *text)
{
	size_t len;
	for (; *text; text += len) {
		len = str_utf8(text);
		if (len == 0 || (*text != '\t' && str_is_control(text)))
			return false;
	}
	return true;
}

static int put_key(
	char *out, size_t *used, const struct key *k, const struct instance_state *s)
{
	const void *member = (const char *)s + k->offset;
	const char *text = "";
	char number[32];
	switch (k->kind) {
	case TEXT:
		if (*(const char *const *)member)
			text = *(const char *const *)member;
		break;
	case PID:
		(void)snprintf(number, sizeof(number), "%d", (int)*(const pid_t *)member);
		text = number;
		break;
	case SECONDS:
		(void)snprintf(
			number, sizeof(number), "%" PRId64, *(const int64_t *)member);
		text = number;
		break;
	case HELD:
		text = held_words[*(const int *)member];
		break;
	}
	if (!is_clean(text))
		return -EINVAL;
	int n = snprintf(out + *used, STATE_MAX - *used, "%s=%s\n", k->name, text);
	if (n < 0 || (size_t)n >= STATE_MAX - *used)
		return -ENAMETOOLONG;
	*used += (size_t)n;
	return 0;
}

ssize_t state_format(const struct instance_state *s, char out[STATE_MAX])
{
	size_t used = 0;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		int r = put_key(out, &used, &keys[i], s);
		if (r < 0)
			return r;
	}
	return (ssize_t)used;
}

/* ---- reading ---- */

static int take(const struct key *k, const char *value, struct instance_state *s)
{
	void *member = (char *)s + k->offset;
	uint64_t n;
	switch (k->kind) {
	case TEXT:
		*(const char **)member = *value ? value : NULL;
		return k->required && !*value ? -EBADMSG : 0;
	case PID:
		if (num_u64(value, 1, INT_MAX, &n) < 0)
			return -EBADMSG;
		*(pid_t *)member = (pid_t)n;
		return 0;
	case SECONDS:
		if (num_u64(value, 0, INT64_MAX / 1000, &n) < 0)
			return -EBADMSG;
		*(int64_t *)member = (int64_t)n;
		return 0;
	case HELD:
		for (int i = 0; held_words[i]; i++)
			if (strcmp(value, held_words[i]) == 0) {
				*(int *)member = i;
				return 0;
			}
		return -EBADMSG;
	}
	return -EBADMSG;
}

/* One line without its end; @seen: which keys there were. */
static int take_line(char *line, struct instance_state *s, unsigned *seen)
{
	char *equals = strchr(line, '=');
	if (!equals || !is_clean(line))
		return -EBADMSG;
	*equals = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (strcmp(line, keys[i].name) != 0)
			continue;
		if (*seen & 1u << i)
			return -EBADMSG;
		*seen |= 1u << i;
		return take(&keys[i], equals + 1, s);
	}
	return 0;
}

int state_parse(
	struct arena *a, const char *text, size_t size, struct instance_state *ret)
{
	unsigned seen = 0;
	*ret = (struct instance_state){ 0 };
	if (size >= STATE_MAX || memchr(text, '\0', size) ||
		(size > 0 && text[size - 1] != '\n'))
		return -EBADMSG;
	char *save = NULL, *copy = arena_strndup(a, text, size);
	for (char *line = strtok_r(copy, "\n", &save); line;
		line = strtok_r(NULL, "\n", &save))
		if (take_line(line, ret, &seen) < 0)
			return -EBADMSG;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (keys[i].required && !(seen & 1u << i))
			return -EBADMSG;
	return 0;
}
