/* SPDX-License-Identifier: MIT */
/* profile.c - profile files: where they are, their syntax, and what they extend
 *
 * The syntax is systemd's: [section], "key = value", a repeated list key adds, an empty
 * value clears, comments begin with # or ; (behind a blank, # also ends a value, unless
 * quoted). Everything unknown is a mistake, told with line and column; reading goes on so
 * that all mistakes are told at once. A profile is never looked for in the working
 * directory (firejail issue 6896); a path that a file names begins at that file's folder.
 */
#include "config/profile.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"

/* ---- syntax ---- */

struct reader {
	struct arena *arena;
	struct diags *diags;
	struct profile_entries *entries;
	const char *section; /* NULL before the first, "" in an unknown one */
	struct origin at; /* of the line */
	unsigned first_line[SET_COUNT]; /* where a scalar was set in this file */
};

static const char *next_section(size_t i, const void *ctx)
{
	(void)ctx;
	return setting_sections[i];
}

static struct origin column(const struct reader *r, const char *line, const char *where)
{
	struct origin at = r->at;
	at.column = (unsigned)(where - line) + 1;
	return at;
}

static void read_section(struct reader *r, const char *line, char *s)
{
	struct origin at = column(r, line, s);
	char *end = strchr(s, ']');
	const char *behind = end ? end + 1 + strspn(end + 1, " \t") : NULL;
	r->section = "";
	if (!end || (*behind && *behind != '#')) {
		diag_add(r->diags, &at, "a section is written [name]");
		return;
	}
	*end = '\0';
	for (size_t i = 0; setting_sections[i]; i++)
		if (strcmp(setting_sections[i], s + 1) == 0)
			r->section = setting_sections[i];
	if (*r->section)
		return;
	struct diag *d = diag_add(r->diags, &at, "unknown section [%s]", s + 1);
	const char *near = str_nearest(s + 1, next_section, NULL);
	if (near)
		d->hint = arena_printf(r->arena, "did you mean [%s]?", near);
}

/* Ends the value before a comment (a # behind a blank) and the blanks at its end.
 * @words: quotes may stand anywhere in it, not only around the whole. */
static void cut_comment(char *value, bool words)
{
	size_t len = 0;
	for (;;) {
		const char *word = value + len + strspn(value + len, " \t");
		if (!*word || *word == '#')
			break;
		const char *end = NULL;
		if (words || (len == 0 && (*word == '"' || *word == '\'')))
			end = str_word_end(word, NULL);
		if (!end) /* a quote that never closes has no end; its list says so */
			end = words ? word + strlen(word) : word + strcspn(word, " \t");
		len = (size_t)(end - value);
	}
	value[len] = '\0';
}

static void unknown_key(struct reader *r, const char *line, const char *key)
{
	struct origin at = column(r, line, key);
	enum setting_id id = setting_find(key);
	if (id < SET_COUNT && strcmp(settings[id].key, key) == 0 &&
		settings[id].section) {
		struct diag *d = diag_add(
			r->diags, &at, "'%s' does not belong in [%s]", key, r->section);
		d->about = id;
		d->hint = arena_printf(
			r->arena, "it belongs in [%s]", settings[id].section);
		return;
	}
	struct diag *d =
		diag_add(r->diags, &at, "unknown key '%s' in [%s]", key, r->section);
	const char *near =
		id < SET_COUNT ? settings[id].key : setting_nearest(key, S_CMDLINE);
	d->about = near ? setting_find(near) : SET_COUNT;
	if (id < SET_COUNT && settings[id].flags & S_CMDLINE)
		d->hint = "that is for the command line only";
	else if (near)
		d->hint = arena_printf(r->arena, "did you mean '%s'?", near);
}

/* Of "key: value", as other programs have it, and "key value": what is to be written here. */
static void not_an_entry(struct reader *r, const char *line, char *text)
{
	struct origin at = column(r, line, text);
	struct diag *d = diag_add(
		r->diags, &at, "neither [section] nor key = value: '%.60s'", text);
	size_t len = strcspn(text, ": \t");
	const char *value = text + len + strspn(text + len, ": \t");
	const char *key = arena_strndup(r->arena, text, len);
	enum setting_id id = setting_find(key);
	if (id == SET_COUNT && text[len] == ':')
		id = setting_find(setting_nearest(key, S_CMDLINE));
	if (id == SET_COUNT || !settings[id].section)
		return;
	d->about = id;
	d->hint = arena_printf(r->arena, "write %s = %.60s", settings[id].key,
		*value ? value : setting_metavar(&settings[id]));
}

static void read_entry(struct reader *r, const char *line, char *key)
{
	char *equals = strchr(key, '=');
	struct origin at = column(r, line, key);
	if (!equals) {
		not_an_entry(r, line, key);
		return;
	}
	if (!r->section) {
		diag_add(r->diags, &at, "a key before the first [section]");
		return;
	}
	if (!*r->section) /* told once for the section */
		return;
	if (memchr(key, ':', (size_t)(equals - key))) {
		not_an_entry(r, line, key);
		return;
	}
	if (equals == key) {
		diag_add(r->diags, &at, "a key is missing before the '='")->hint =
			"write key = value";
		return;
	}
	char *value = equals + 1 + strspn(equals + 1, " \t");
	while (equals > key && (equals[-1] == ' ' || equals[-1] == '\t'))
		equals--;
	*equals = '\0';

	enum setting_id id = setting_find(key);
	if (id == SET_COUNT || strcmp(settings[id].key, key) != 0 ||
		!settings[id].section || strcmp(settings[id].section, r->section) != 0) {
		unknown_key(r, line, key);
		return;
	}
	cut_comment(value, settings[id].type->list);
	at = column(r, line, value);
	if (!settings[id].type->list) {
		if (r->first_line[id]) {
			diag_add(r->diags, &at, "%s was set before, in line %u", key,
				r->first_line[id]);
			return;
		}
		r->first_line[id] = at.line;
	}
	struct profile_entry *entry = ARENA_PUSH(r->arena, r->entries);
	*entry = (struct profile_entry){ .id = id, .text = value, .at = at };
}

/* What a pager would not show must not mean something. */
static void bad_byte(struct reader *r, char byte)
{
	if (byte == '\0')
		diag_add(r->diags, &r->at, "a NUL byte; this is not a text file");
	else
		diag_add(r->diags, &r->at, "a control character")->hint =
			arena_printf(r->arena, "in a quoted word it is written \\x%02x",
				(unsigned char)byte);
}

static void read_line(struct reader *r, const char *text, size_t len)
{
	r->at.column = 1;
	if (len > PROFILE_LINE_MAX) {
		diag_add(r->diags, &r->at, "a line of %zu bytes; at most %d are allowed",
			len, PROFILE_LINE_MAX);
		return;
	}
	if (len > 0 && text[len - 1] == '\r')
		len--;
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\t' ||
			!((unsigned char)text[i] < 0x20 || text[i] == 0x7f))
			continue;
		r->at.column = (unsigned)i + 1;
		bad_byte(r, text[i]);
		return;
	}
	char *line = arena_strndup(r->arena, text, len);
	char *s = line + strspn(line, " \t");
	if (!*s || *s == '#' || *s == ';')
		return;
	if (*s == '[')
		read_section(r, line, s);
	else
		read_entry(r, line, s);
}

/* Whether a file has made so many since there were @before that nobody reads on. */
static bool too_many_mistakes(struct diags *d, size_t before, const struct origin *at)
{
	enum { MISTAKES_MAX = 50 };
	if (d->n - before < MISTAKES_MAX)
		return false;
	diag_add(d, at, "too many mistakes; the rest was not read");
	return true;
}

void profile_parse(struct arena *a, const char *text, size_t size, const char *file,
	struct diags *d, struct profile_entries *ret)
{
	struct reader r = {
		.arena = a, .diags = d, .entries = ret, .at = { .file = file }
	};
	const char *end = text + size;
	size_t before = d->n;

	for (const char *p = text; p < end; p++) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));
		size_t len = newline ? (size_t)(newline - p) : (size_t)(end - p);
		r.at.line++;
		read_line(&r, p, len);
		p += len;
		if (too_many_mistakes(d, before, &r.at))
			break;
	}
}

/* ---- files ---- */

void profile_dirs_init(struct profile_dirs *dirs, struct arena *a)
{
	const char *own = getenv("SBOX_PROFILE_PATH");
	const char *config = getenv("XDG_CONFIG_HOME");
	const char *home = getenv("HOME");
	size_t n = 0;

	dirs->v[n++] =
		own && own[0] == '/' ? arena_strdup(a, own) : SBOX_DATADIR "/profiles";
	dirs->v[n++] = SBOX_SYSCONFDIR "/profiles";
	if (config && config[0] == '/')
		dirs->v[n++] = arena_printf(a, "%s/sbox/profiles", config);
	else if (home && home[0] == '/')
		dirs->v[n++] = arena_printf(a, "%s/.config/sbox/profiles", home);
	dirs->v[n] = NULL;
}

bool profile_is_brought(const struct profile_dirs *dirs, const char *file)
{
	size_t len = strlen(dirs->v[0]);
	return file && strncmp(file, dirs->v[0], len) == 0 && file[len] == '/';
}

static size_t dirs_count(const struct profile_dirs *dirs)
{
	size_t n = 0;
	while (dirs->v[n])
		n++;
	return n;
}

const char *profile_find(
	struct arena *a, const struct profile_dirs *dirs, const char *name)
{
	struct stat st;
	if (strchr(name, '/'))
		return stat(name, &st) == 0 ? arena_strdup(a, name) : NULL;
	for (size_t i = dirs_count(dirs); i-- > 0;) {
		char *path = arena_printf(a, "%s/%s.conf", dirs->v[i], name);
		if (stat(path, &st) == 0)
			return path;
	}
	return NULL;
}

/* The whole of a regular file; a fifo is neither waited for nor read. */
static int read_file(struct arena *a, const char *path, char **ret, size_t *ret_size,
	const char **ret_why)
{
	struct stat st;
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st) < 0) {
		*ret_why = strerror(errno);
		return -errno;
	}
	if (!S_ISREG(st.st_mode)) {
		*ret_why = S_ISDIR(st.st_mode) ? "it is a directory"
					       : "it is not a regular file";
		return -EINVAL;
	}
	int r = fd_read_open(a, fd, PROFILE_SIZE_MAX, ret, ret_size);
	if (r < 0)
		*ret_why = r == -EFBIG ? "it is larger than 1 MiB" : strerror(-r);
	return r;
}

struct loader {
	struct plan *plan;
	struct diags *diags;
	const struct profile_dirs *dirs;
	struct list done; /* files that were read */
	const char *chain[PROFILE_DEPTH_MAX + 1];
	unsigned depth;
	unsigned layer;
};

static void load(struct loader *l, const char *name, const struct origin *at);

/* A path in "extends" begins at the file that says it, not where the caller stands. */
static const char *name_from(struct arena *a, const char *file, const char *name)
{
	const char *home = getenv("HOME");
	if (!strchr(name, '/') || name[0] == '/')
		return name;
	if (str_starts(name, "~/") && home && home[0] == '/')
		return arena_printf(a, "%s%s", home, name + 1);
	return arena_printf(a, "%s/%s", path_dirname(a, file), name);
}

static void load_extended(
	struct loader *l, const char *file, const struct profile_entries *entries)
{
	struct plan names;
	plan_init(&names, l->plan->arena);
	for (size_t i = 0; i < entries->n; i++)
		if (entries->v[i].id == SET_EXTENDS)
			setting_apply(&names, l->diags, SET_EXTENDS, entries->v[i].text,
				&entries->v[i].at);
	for (size_t i = 0; i < names.extends.n; i++) {
		const struct item *item = &names.extends.v[i];
		load(l, name_from(l->plan->arena, file, item->text), &item->at);
	}
}

static void load_file(struct loader *l, const char *file, const struct origin *at)
{
	struct arena *a = l->plan->arena;
	struct profile_entries entries = { 0 };
	const char *why = NULL;
	char *text;
	size_t size, before = l->diags->n;
	if (read_file(a, file, &text, &size, &why) < 0) {
		diag_add(l->diags, at, "cannot read the profile '%s': %s", file, why)
			->about = SET_EXTENDS;
		return;
	}
	profile_parse(a, text, size, file, l->diags, &entries);
	load_extended(l, file, &entries);

	unsigned layer = ++l->layer;
	for (size_t i = 0; i < entries.n; i++) {
		struct profile_entry *entry = &entries.v[i];
		/* these tell of one profile, not of those that extend it */
		bool own = entry->id == SET_DESCRIPTION || entry->id == SET_COMMAND;
		if (entry->id == SET_EXTENDS || (own && l->depth > 1))
			continue;
		entry->at.layer = layer;
		setting_apply(l->plan, l->diags, entry->id, entry->text, &entry->at);
		if (too_many_mistakes(l->diags, before, &entry->at))
			return;
	}
}

static int by_text(const void *x, const void *y)
{
	return strcmp(((const struct item *)x)->text, ((const struct item *)y)->text);
}

/* NAME.d/(star).conf of all folders, by name; of equal names the most important folder's.
 * Their files are in the items' arg. */
static struct list find_drop_ins(
	struct arena *a, const struct profile_dirs *dirs, const char *name)
{
	struct list found = { 0 };
	for (size_t i = 0; dirs->v[i]; i++) {
		const char *dir = arena_printf(a, "%s/%s.d", dirs->v[i], name);
		DIR *d = opendir(dir);
		if (!d)
			continue;
		for (struct dirent *entry; (entry = readdir(d));) {
			if (entry->d_name[0] == '.' || !str_ends(entry->d_name, ".conf"))
				continue;
			struct item *item = NULL;
			for (size_t k = 0; k < found.n; k++)
				if (strcmp(found.v[k].text, entry->d_name) == 0)
					item = &found.v[k];
			if (!item)
				item = ARENA_PUSH(a, &found);
			item->text = arena_strdup(a, entry->d_name);
			item->arg = arena_printf(a, "%s/%s", dir, entry->d_name);
		}
		closedir(d);
	}
	if (found.n)
		qsort(found.v, found.n, sizeof(*found.v), by_text);
	return found;
}

static const char *next_profile(size_t i, const void *ctx)
{
	const struct profile_infos *infos = ctx;
	return i < infos->n ? infos->v[i].name : NULL;
}

static void not_found(struct loader *l, const char *name, const struct origin *at)
{
	struct arena *a = l->plan->arena;
	struct profile_infos infos = { 0 };
	struct diag *d = diag_add(l->diags, at, "there is no profile '%s'", name);
	d->about = SET_EXTENDS;
	if (strchr(name, '/'))
		return;
	if (*name && access(name, F_OK) == 0) {
		d->hint = arena_printf(a, "for the file of that name write './%s'", name);
		return;
	}
	profile_list(a, l->dirs, &infos);
	const char *near = str_nearest(name, next_profile, &infos);
	d->hint = near ? arena_printf(a, "did you mean '%s'?", near)
		       : "'sbox profile list' shows those that exist";
}

/* One name for one file, however it was reached. */
static const char *real_path(struct arena *a, const char *file)
{
	char *real = realpath(file, NULL);
	const char *copy = arena_strdup(a, real ? real : file);
	free(real);
	return copy;
}

static void load(struct loader *l, const char *name, const struct origin *at)
{
	struct arena *a = l->plan->arena;
	const char *file = profile_find(a, l->dirs, name);
	if (!file) {
		not_found(l, name, at);
		return;
	}
	const char *real = real_path(a, file);
	for (unsigned i = 0; i < l->depth; i++)
		if (strcmp(l->chain[i], real) == 0) {
			diag_add(l->diags, at, "'%s' extends itself through '%s'", name,
				path_basename(l->chain[l->depth - 1]))
				->hint =
				"to change a profile that exists, put the changes "
				"into a file in its NAME.d folder";
			return;
		}
	if (l->depth == PROFILE_DEPTH_MAX) {
		diag_add(l->diags, at, "profiles extend each other more than %d deep",
			PROFILE_DEPTH_MAX);
		return;
	}
	for (size_t i = 0; i < l->done.n; i++)
		if (strcmp(l->done.v[i].arg, real) == 0)
			return; /* two ways to one base: it was read already */

	l->chain[l->depth++] = real;
	load_file(l, file, at);
	if (!strchr(name, '/')) {
		struct list found = find_drop_ins(a, l->dirs, name);
		for (size_t i = 0; i < found.n; i++)
			load_file(l, found.v[i].arg, at);
	}
	l->depth--;
	struct item *item = ARENA_PUSH(a, &l->done);
	item->text = name;
	item->arg = real;
	item->at = *at;
}

void profile_load(struct plan *p, struct diags *d, const struct profile_dirs *dirs,
	const char *name, const struct origin *at)
{
	struct loader l = { .plan = p, .diags = d, .dirs = dirs, .done = p->extends };
	for (size_t i = 0; i < p->extends.n; i++)
		if (p->extends.v[i].at.layer > l.layer)
			l.layer = p->extends.v[i].at.layer;
	load(&l, name, at);
	p->extends = l.done;
	for (size_t i = 0; i < p->extends.n; i++)
		p->extends.v[i].at.layer = l.layer;
	const char *base = path_basename(name);
	size_t len = strlen(base);
	if (str_ends(base, ".conf"))
		len -= 5;
	p->profile_name = arena_strndup(p->arena, base, len);
}

/* ---- what there is ---- */

static int by_name(const void *x, const void *y)
{
	return strcmp(((const struct profile_info *)x)->name,
		((const struct profile_info *)y)->name);
}

/* What one file says of the profile; its mistakes are left to those who load it. */
static void read_own(struct plan *p, const char *file)
{
	struct arena *a = p->arena;
	struct profile_entries entries = { 0 };
	struct diags ignored = { .arena = a };
	const char *why;
	char *text = NULL;
	size_t size = 0;

	if (read_file(a, file, &text, &size, &why) < 0)
		return;
	/* this is done for every profile at every start that names none */
	const char *section = text ? strstr(text, "[profile]") : NULL;
	const char *next = section ? strstr(section, "\n[") : NULL;
	profile_parse(
		a, text, next ? (size_t)(next - text) : size, file, &ignored, &entries);
	for (size_t i = 0; i < entries.n; i++)
		if (entries.v[i].id == SET_DESCRIPTION || entries.v[i].id == SET_COMMAND)
			setting_apply(p, &ignored, entries.v[i].id, entries.v[i].text,
				&entries.v[i].at);
}

static void read_info(
	struct arena *a, const struct profile_dirs *dirs, struct profile_info *info)
{
	struct plan plan;
	plan_init(&plan, a);
	read_own(&plan, info->file);
	struct list found = { 0 };
	if (info->has_drop_ins)
		found = find_drop_ins(a, dirs, info->name);
	for (size_t i = 0; i < found.n; i++)
		read_own(&plan, found.v[i].arg);
	info->description = plan.description ? plan.description : "";
	info->command = plan.command;
}

/* Notes NAME.conf and NAME.d of a folder. */
static void note_entry(
	struct arena *a, const char *dir, const char *entry, struct profile_infos *ret)
{
	bool is_file = str_ends(entry, ".conf"), is_folder = str_ends(entry, ".d");
	if (entry[0] == '.' || (!is_file && !is_folder))
		return;
	char *name = arena_strndup(a, entry, strlen(entry) - (is_file ? 5 : 2));
	struct profile_info *info = NULL;
	for (size_t k = 0; k < ret->n; k++)
		if (strcmp(ret->v[k].name, name) == 0)
			info = &ret->v[k];
	if (!info) {
		info = ARENA_PUSH(a, ret);
		info->name = name;
	}
	if (is_file)
		info->file = arena_printf(a, "%s/%s", dir, entry);
	else
		info->has_drop_ins = true;
}

void profile_list(
	struct arena *a, const struct profile_dirs *dirs, struct profile_infos *ret)
{
	struct profile_infos all = { 0 };
	for (size_t i = 0; dirs->v[i]; i++) {
		DIR *d = opendir(dirs->v[i]);
		if (!d)
			continue;
		for (struct dirent *entry; (entry = readdir(d));)
			note_entry(a, dirs->v[i], entry->d_name, &all);
		closedir(d);
	}
	if (all.n)
		qsort(all.v, all.n, sizeof(*all.v), by_name);
	for (size_t i = 0; i < all.n; i++) {
		if (!all.v[i].file)
			continue; /* additions to a profile that does not exist */
		read_info(a, dirs, &all.v[i]);
		*ARENA_PUSH(a, ret) = all.v[i];
	}
}

/* Whether the file at @program has its name from the system. Any other, such as a download,
 * has it from whoever made it, and would choose the profile of a browser. */
static bool named_by_system(const char *program)
{
	static const char *const places[] = { "/usr/", "/bin/", "/sbin/", "/opt/",
		"/snap/", "/nix/store/", "/gnu/store/" };
	if (!strchr(program, '/'))
		return true; /* looked for in the sandbox's PATH, which has no others */
	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (str_starts(program, places[i]))
			return !strstr(program, "/../");
	return false;
}

static bool names(const char *pattern, const char *program)
{
	if (strchr(pattern, '/'))
		return str_match(pattern, program);
	return named_by_system(program) && str_match(pattern, path_basename(program));
}

const char *profile_for_command(
	struct arena *a, const struct profile_dirs *dirs, const char *program)
{
	struct profile_infos infos = { 0 };
	profile_list(a, dirs, &infos);
	for (size_t i = 0; i < infos.n; i++)
		for (size_t k = 0; k < infos.v[i].command.n; k++)
			if (names(infos.v[i].command.v[k].text, program))
				return infos.v[i].name;
	return "default";
}
