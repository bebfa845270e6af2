/* SPDX-License-Identifier: MIT */
/* launcher.c - reading and rewriting a .desktop file: text in, text out
 *
 * A launcher is rewritten line by line: commands get sbox in front, D-Bus activation is
 * switched off, three lines of ours come behind the first header, and every other byte
 * stays. Never touches files. Desktops differ in how they read a launcher (KDE takes
 * Exec[de] and Exec[$e] for Exec, Unity has groups of its own with commands), so any key
 * that somebody may run is rewritten, in any group: one that is missed starts the program
 * without a sandbox.
 */
#include "config/launcher.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/path.h"
#include "base/str.h"

static const char main_group[] = "Desktop Entry";
static const char own_prefix[] = "X-Sbox-";

/* A piece of the file; not terminated. */
struct span {
	const char *p;
	size_t n;
};

struct line {
	struct span all; /* with its end */
	struct span ending; /* "\n", "\r\n", or nothing at the end of the file */
	unsigned number; /* from 1 */
	enum { LINE_NOTHING, LINE_GROUP, LINE_ENTRY, LINE_OTHER } kind;
	struct span name; /* of a group or key, without [locale] */
	bool variant; /* a key with [locale] or KDE's [$e] */
	struct span value; /* without the blanks around it */
};

static bool span_is(struct span s, const char *text)
{
	return s.n == strlen(text) && memcmp(s.p, text, s.n) == 0;
}

static bool span_starts(struct span s, const char *prefix)
{
	size_t n = strlen(prefix);
	return s.n >= n && memcmp(s.p, prefix, n) == 0;
}

/* As GLib's g_ascii_isspace(): its reader skips all of these, so must we. */
static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static struct span trim(struct span s)
{
	while (s.n > 0 && is_space(s.p[s.n - 1]))
		s.n--;
	while (s.n > 0 && is_space(*s.p))
		s.p++, s.n--;
	return s;
}

static void line_parse(struct line *l)
{
	struct span s = trim((struct span){ l->all.p, l->all.n - l->ending.n });

	l->kind = LINE_NOTHING;
	l->name = l->value = (struct span){ s.p, 0 };
	if (s.n == 0 || *s.p == '#')
		return;
	l->kind = LINE_OTHER;
	if (*s.p == '[') {
		const char *close = memchr(s.p, ']', s.n);
		if (close != s.p + s.n - 1)
			return;
		l->kind = LINE_GROUP;
		l->name = (struct span){ s.p + 1, s.n - 2 };
		return;
	}
	const char *equals = memchr(s.p, '=', s.n);
	if (!equals)
		return;
	struct span key = trim((struct span){ s.p, (size_t)(equals - s.p) });
	const char *bracket = key.n ? memchr(key.p, '[', key.n) : NULL;
	l->variant = bracket != NULL;
	if (bracket)
		key = trim((struct span){ key.p, (size_t)(bracket - key.p) });
	if (key.n == 0)
		return;
	l->kind = LINE_ENTRY;
	l->name = key;
	l->value = trim((struct span){ equals + 1, s.n - (size_t)(equals + 1 - s.p) });
}

/* Takes the next line; false at the end of the text. @l starts zeroed. */
static bool line_next(const char *text, size_t size, struct line *l)
{
	size_t done = l->number ? (size_t)(l->all.p + l->all.n - text) : 0;
	const char *start = text + done;
	size_t left = size - done;
	if (left == 0)
		return false;
	const char *newline = memchr(start, '\n', left);
	size_t n = newline ? (size_t)(newline - start) + 1 : left;
	size_t end = newline ? n - 1 : n;
	if (newline && end > 0 && start[end - 1] == '\r')
		end--;

	*l = (struct line){ .number = l->number + 1 };
	l->all = (struct span){ start, n };
	l->ending = (struct span){ start + end, n - end };
	line_parse(l);
	return true;
}

/* The escapes of a string value; what the specification does not know stays as it is. */
static char *unescape(struct arena *a, struct span s)
{
	static const char from[] = "sntr\\", to[] = " \n\t\r\\";
	char *out = arena_alloc(a, s.n + 1);
	size_t used = 0;
	for (size_t i = 0; i < s.n; i++) {
		const char *known = NULL;
		if (s.p[i] == '\\' && i + 1 < s.n)
			known = memchr(from, s.p[i + 1], sizeof(from) - 1);
		out[used++] = known ? to[known - from] : s.p[i];
		i += known != NULL;
	}
	return out;
}

static int bad(struct launcher *l, unsigned line, const char *what, struct err *e)
{
	if (line)
		return err_set(e, -EINVAL, "%s:%u: %s", l->file, line, what);
	return err_set(e, -EINVAL, "%s: %s", l->file, what);
}

static int read_exec(struct arena *a, struct launcher *l, const struct line *line,
	bool main, struct err *e)
{
	if (line->value.n == 0)
		return bad(l, line->number, "Exec is empty", e);
	if (l->execs++ == LAUNCHER_EXECS_MAX)
		return bad(
			l, line->number, "more Exec lines than a launcher can need", e);
	if (main && (!line->variant || !l->exec))
		l->exec = arena_strndup(a, line->value.p, line->value.n);
	return 0;
}

/* One entry of the main group that is not Exec. @type: the value of Type. */
static void read_main_entry(
	struct arena *a, struct launcher *l, const struct line *line, struct span *type)
{
	bool yes = span_is(line->value, "true") || span_is(line->value, "1");

	if (span_is(line->name, "DBusActivatable"))
		l->dbus_activatable = l->dbus_activatable || yes;
	else if (line->variant)
		return;
	else if (span_is(line->name, "Type"))
		*type = line->value;
	else if (span_is(line->name, "NoDisplay"))
		l->no_display = yes;
	else if (span_is(line->name, "X-Sbox-Managed"))
		l->managed = yes;
	else if (span_is(line->name, "X-Sbox-Source"))
		l->source = unescape(a, line->value);
	else if (span_is(line->name, "X-Sbox-Checksum"))
		l->checksum = strtoull(unescape(a, line->value), NULL, 16);
}

static int check_line(
	struct launcher *l, const struct line *line, bool in_group, struct err *e)
{
	if (line->all.n - line->ending.n > LAUNCHER_LINE_MAX)
		return bad(l, line->number, "the line is longer than 64 KiB", e);
	if (memchr(line->all.p, '\0', line->all.n))
		return bad(l, line->number, "there is a NUL byte in the line", e);
	if (line->kind == LINE_OTHER)
		return bad(l, line->number, "neither a [group] nor a KEY=VALUE line", e);
	if (line->kind == LINE_ENTRY && !in_group)
		return bad(l, line->number, "a key before any [group]", e);
	if (line->kind == LINE_GROUP && !in_group && !span_is(line->name, main_group))
		return bad(l, line->number, "the first group is not [Desktop Entry]", e);
	return 0;
}

static int check_whole(struct launcher *l, bool in_group, struct span type, struct err *e)
{
	if (!in_group)
		return bad(l, 0, "not a launcher: there is no [Desktop Entry] group", e);
	if (!span_is(type, "Application"))
		return bad(l, 0, "not the launcher of a program: Type is not Application",
			e);
	if (!l->exec && l->dbus_activatable) {
		bad(l, 0, "has no Exec: the program can be started over D-Bus only", e);
		return err_hint(e, "sbox cannot put itself in front of a D-Bus service");
	}
	if (!l->exec)
		return bad(l, 0, "there is no Exec in [Desktop Entry]", e);
	return 0;
}

int launcher_read(struct arena *a, const char *file, const char *text, size_t size,
	struct launcher *ret, struct err *e)
{
	struct launcher l = { .file = file, .text = text, .size = size };
	struct line line = { 0 };
	struct span type = { 0 };
	bool in_group = false, in_main = false;

	if (size > LAUNCHER_MAX)
		return err_set(e, -EFBIG, "%s: larger than 1 MiB", file);
	while (line_next(text, size, &line)) {
		int r = check_line(&l, &line, in_group, e);
		if (r == 0 && line.kind == LINE_GROUP) {
			in_group = true;
			in_main = span_is(line.name, main_group);
		} else if (r == 0 && line.kind == LINE_ENTRY) {
			if (span_is(line.name, "Exec"))
				r = read_exec(a, &l, &line, in_main, e);
			else if (in_main)
				read_main_entry(a, &l, &line, &type);
		}
		if (r < 0)
			return r;
	}
	int r = check_whole(&l, in_group, type, e);
	if (r == 0)
		*ret = l;
	return r;
}

size_t launcher_words(struct arena *a, const char *exec, const char **words)
{
	const char *p = unescape(a, (struct span){ exec, strlen(exec) });
	const char *start;
	char *word;
	size_t n = 0;

	while (n < LAUNCHER_WORDS_MAX && str_next_word(a, &p, &word, &start) == 0 &&
		word) {
		words[n++] = word;
		char *out = word; /* %% is a percent sign */
		for (const char *in = word; *in; in++) {
			in += in[0] == '%' && in[1] == '%';
			*out++ = *in;
		}
		*out = '\0';
	}
	return n;
}

/* How many words env(1) takes for itself, from its own name on. */
static size_t env_words(const char **words, size_t n)
{
	size_t i = 1;
	for (; i < n; i++) {
		const char *w = words[i];
		if (strcmp(w, "-u") == 0 || strcmp(w, "--unset") == 0 ||
			strcmp(w, "-C") == 0 || strcmp(w, "--chdir") == 0)
			i++;
		else if (w[0] != '-' && !strchr(w, '='))
			break;
	}
	return i;
}

static const char *program_of(const char **words, size_t n)
{
	size_t i = 0;
	while (i < n && strcmp(path_basename(words[i]), "env") == 0)
		i += env_words(words + i, n - i);
	return i < n ? words[i] : NULL;
}

const char *launcher_program(struct arena *a, const char *exec)
{
	const char *words[LAUNCHER_WORDS_MAX];
	return program_of(words, launcher_words(a, exec, words));
}

const char *launcher_unwrap(struct arena *a, const char *exec, struct launcher_wrap *ret)
{
	static const char flag[] = "--profile=";
	const char *words[LAUNCHER_WORDS_MAX];
	size_t n = launcher_words(a, exec, words), i = 1;

	*ret = (struct launcher_wrap){ .sbox = n ? words[0] : NULL };
	for (; i < n && strcmp(words[i], "--") != 0; i++)
		if (str_starts(words[i], flag))
			ret->profile = words[i] + sizeof(flag) - 1;
	return i < n ? program_of(words + i + 1, n - i - 1) : NULL;
}

/* Text under construction; the room was counted beforehand. */
struct text {
	char *p;
	size_t n, room;
};

static void text_add(struct text *t, const char *s, size_t n)
{
	if (n > t->room - t->n) /* a miscount must not become an overflow */
		abort();
	memcpy(t->p + t->n, s, n);
	t->n += n;
}

static void text_add_str(struct text *t, const char *s)
{
	text_add(t, s, strlen(s));
}

/* @s as a string value: the specification's escapes, and \s for a blank at the start. */
static char *escape_value(struct arena *a, const char *s)
{
	static const char from[] = "\n\t\r\\", to[] = "ntr\\";
	char *out = arena_alloc(a, 2 * strlen(s) + 1), *o = out;
	for (const char *p = s; *p; p++) {
		const char *known = strchr(from, *p);
		if (known || (*p == ' ' && p == s)) {
			*o++ = '\\';
			*o++ = known ? to[known - from] : 's';
		} else {
			*o++ = *p;
		}
	}
	return out;
}

/* @word as one argument of Exec. */
static char *quote_word(struct arena *a, const char *word)
{
	char *out = arena_alloc(a, 2 * strlen(word) + 3), *o = out;
	bool quote = !*word || strpbrk(word, " \t\n\r\"'\\><~|&;$*?#()`");
	if (quote)
		*o++ = '"';
	for (const char *p = word; *p; p++) {
		if (strchr("\"`$\\", *p))
			*o++ = '\\';
		else if (*p == '%')
			*o++ = '%';
		*o++ = *p;
	}
	if (quote)
		*o++ = '"';
	return escape_value(a, out);
}

static char *command_prefix(struct arena *a, const struct launcher_wrap *wrap)
{
	const char *sbox = quote_word(a, wrap->sbox);
	if (!wrap->profile)
		return arena_printf(a, "%s run -- ", sbox);
	return arena_printf(a, "%s %s -- ", sbox,
		quote_word(a, arena_printf(a, "--profile=%s", wrap->profile)));
}

/* Behind the first header. */
static char *own_lines(struct arena *a, const struct launcher *l,
	const struct launcher_wrap *wrap, struct span ending)
{
	const char *end = arena_strndup(a, ending.p, ending.n);
	return arena_printf(a,
		"X-Sbox-Managed=true%s"
		"X-Sbox-Source=%s%s"
		"X-Sbox-Checksum=%016" PRIx64 "%s",
		end, escape_value(a, wrap->source), end,
		launcher_checksum(l->text, l->size), end);
}

/* Whether a line may be wrapped at all. */
static int check_wrap(struct arena *a, const struct launcher *l, const struct line *line,
	const struct launcher_wrap *wrap, struct err *e)
{
	if (line->kind != LINE_ENTRY)
		return 0;
	if (span_starts(line->name, own_prefix))
		return err_set(e, -EINVAL,
			"%s:%u: the launcher was written by sbox already", l->file,
			line->number);
	if (!span_is(line->name, "Exec"))
		return 0;
	const char *exec = arena_strndup(a, line->value.p, line->value.n);
	const char *program = launcher_program(a, exec);
	if (!program)
		return err_set(e, -EINVAL, "%s:%u: cannot find the program in Exec=%s",
			l->file, line->number, exec);
	if (strcmp(path_basename(program), "sbox") == 0 ||
		strcmp(program, wrap->sbox) == 0)
		return err_set(e, -EINVAL, "%s:%u: Exec starts sbox already", l->file,
			line->number);
	return 0;
}

/* The line with @middle before its value, of which the first @drop bytes go. */
static void add_changed(
	struct text *t, const struct line *line, const char *middle, size_t drop)
{
	size_t before = (size_t)(line->value.p - line->all.p);
	text_add(t, line->all.p, before);
	text_add_str(t, middle);
	text_add(t, line->all.p + before + drop, line->all.n - before - drop);
}

static const char dbus_off[] = "false";

/* Checks every line; counts the room for the result. @prefix: before each command.
 * @ret_own: the lines behind the first header. */
static int measure(struct arena *a, const struct launcher *l,
	const struct launcher_wrap *wrap, const char *prefix, const char **ret_own,
	size_t *ret_room, struct err *e)
{
	struct line line = { 0 };
	size_t room = l->size + l->execs * strlen(prefix);

	while (line_next(l->text, l->size, &line)) {
		int r = check_wrap(a, l, &line, wrap, e);
		if (r < 0)
			return r;
		if (line.kind == LINE_GROUP && !*ret_own) {
			*ret_own = own_lines(a, l, wrap, line.ending);
			room += strlen(*ret_own);
		}
		room += sizeof(dbus_off); /* any line might be the one of D-Bus */
	}
	*ret_room = room;
	return 0;
}

int launcher_rewrite(struct arena *a, const struct launcher *l,
	const struct launcher_wrap *wrap, char **ret, size_t *ret_size, struct err *e)
{
	const char *prefix = command_prefix(a, wrap), *own = NULL;
	struct text t = { 0 };
	struct line line = { 0 };

	/* the specification forbids '='; GLib looks for the program with "%%" as it is */
	if (strpbrk(wrap->sbox, "=%"))
		return err_set(e, -EINVAL,
			"no launcher can start '%s': there is '=' or '%%' in the path",
			wrap->sbox);
	int r = measure(a, l, wrap, prefix, &own, &t.room, e);
	if (r < 0)
		return r;
	t.p = arena_alloc(a, t.room + 1);
	while (line_next(l->text, l->size, &line)) {
		bool entry = line.kind == LINE_ENTRY;
		if (entry && span_is(line.name, "Exec"))
			add_changed(&t, &line, prefix, 0);
		else if (entry && span_is(line.name, "DBusActivatable"))
			add_changed(&t, &line, dbus_off, line.value.n);
		else
			text_add(&t, line.all.p, line.all.n);
		if (own && line.kind == LINE_GROUP) {
			text_add_str(&t, own);
			own = NULL;
		}
	}
	*ret = t.p;
	*ret_size = t.n;
	return 0;
}

uint64_t launcher_checksum(const char *text, size_t size)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	for (size_t i = 0; i < size; i++) {
		hash ^= (unsigned char)text[i];
		hash *= UINT64_C(0x100000001b3);
	}
	return hash;
}
