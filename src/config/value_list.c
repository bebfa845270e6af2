/* SPDX-License-Identifier: MIT */
/* value_list.c - list values: words, paths, and the records of the file system
 *
 * Words and paths stand as many as one likes in one value of a profile; a flag gives one,
 * as it is. A record (bind, tmpfs, dir, file, link) is one value: its attributes are words
 * of the same value, so no setting changes the meaning of the next one.
 */
#include <string.h>
#include <sys/capability.h>

#include "base/num.h"
#include "base/str.h"
#include "config/settings.h"
#include "config/syscalls.h"
#include "config/value.h"
#include "config/value_help.h"

/* The next word of a record, NULL at its end or after a mistake. */
static char *next_part(const struct value_input *in, const char **p, unsigned *ret_offset)
{
	char *word;
	const char *start;
	int r = str_next_word(in->arena, p, &word, &start);
	*ret_offset = (unsigned)(start - in->text);
	if (r < 0) {
		value_bad(in, *ret_offset, NULL, "a quote that is not closed", start);
		return NULL;
	}
	return word;
}

char *value_next_word(const struct value_input *in, const char **p, unsigned *ret_offset)
{
	if (!value_verbatim(in))
		return next_part(in, p, ret_offset);
	char *word = **p ? arena_strdup(in->arena, *p) : NULL;
	*p += strlen(*p);
	*ret_offset = 0;
	return word;
}

struct item *value_push(const struct value_input *in, void *member, unsigned offset)
{
	struct item *item = ARENA_PUSH(in->arena, (struct list *)member);
	item->at = in->at;
	if (item->at.line)
		item->at.column += offset;
	return item;
}

void value_print_list(FILE *f, const struct setting *s, const void *member)
{
	const struct list *l = member;
	for (size_t i = 0; i < l->n; i++) {
		if (i)
			fputc(' ', f);
		s->type->print_item(f, &l->v[i]);
	}
}

/* ---- words ---- */

void value_print_text(FILE *f, const struct item *item)
{
	str_print_word(f, item->text);
}

static void words_parse(const struct value_input *in, void *member)
{
	const char *p = in->text, *word;
	unsigned offset;
	while ((word = value_next_word(in, &p, &offset)))
		value_push(in, member, offset)->text = word;
}

const struct value_type value_words = {
	.name = "words",
	.metavar = "WORD...",
	.list = true,
	.parse = words_parse,
	.print = value_print_list,
	.print_item = value_print_text,
};

static void names_parse(const struct value_input *in, void *member)
{
	const char *p = in->text, *word;
	unsigned offset;
	while ((word = value_next_word(in, &p, &offset))) {
		if (strchr(word, '=') || !*word)
			value_bad(in, offset, "the name alone; * and ? stand for others",
				"not the name of a variable", word);
		else
			value_push(in, member, offset)->text = word;
	}
}

const struct value_type value_names = {
	.name = "names of variables",
	.metavar = "NAME...",
	.list = true,
	.parse = names_parse,
	.print = value_print_list,
	.print_item = value_print_text,
};

/* The name as the kernel's headers have it, so that all who compare it mean the same one;
 * libcap reads any case. NULL: there is no such capability. */
static const char *capability_name(struct arena *a, const char *word)
{
	char name[64];
	cap_value_t cap;
	if (strcmp(word, "root") == 0)
		return "root";
	(void)snprintf(name, sizeof(name), "cap_%s", word);
	if (cap_from_name(name, &cap) < 0)
		return NULL;
	char *canonical = cap_to_name(cap);
	if (!canonical)
		return NULL;
	const char *copy =
		arena_strdup(a, canonical + (str_starts(canonical, "cap_") ? 4 : 0));
	(void)cap_free(canonical);
	return copy;
}

static const char *next_capability(size_t i, const void *arena)
{
	char *name = i < (size_t)cap_max_bits() ? cap_to_name((cap_value_t)i) : NULL;
	const char *copy = name ? arena_strdup((struct arena *)arena, name + 4) : NULL;
	(void)cap_free(name);
	return copy;
}

static const char *capability_hint(struct arena *a, const char *word)
{
	const char *name = strncasecmp(word, "cap_", 4) == 0 ? word + 4 : word;
	const char *near = capability_name(a, name);
	if (!near)
		near = str_nearest(name, next_capability, a);
	return near ? arena_printf(a, "did you mean '%s'?", near)
		    : "names as in capabilities(7) without 'cap_', root or none";
}

static void capabilities_parse(const struct value_input *in, void *member)
{
	const char *p = in->text, *word;
	unsigned offset;
	while ((word = value_next_word(in, &p, &offset))) {
		const char *name = capability_name(in->arena, word);
		if (strcmp(word, "none") == 0)
			*(struct list *)member = (struct list){ 0 };
		else if (!name)
			value_bad(in, offset, capability_hint(in->arena, word),
				"not a capability", word);
		else
			value_push(in, member, offset)->text = name;
	}
}

const struct value_type value_capabilities = {
	.name = "capabilities",
	.metavar = "none|NAME...",
	.list = true,
	.word = next_capability,
	.parse = capabilities_parse,
	.print = value_print_list,
	.print_item = value_print_text,
};

static const char *next_group(size_t i, const void *ctx)
{
	(void)ctx;
	return syscall_groups[i].name;
}

static void syscalls_parse(const struct value_input *in, void *member)
{
	const char *p = in->text, *word;
	unsigned offset;
	while ((word = value_next_word(in, &p, &offset))) {
		char name[64];
		int error;
		if (!syscall_word(word, name, sizeof(name), &error)) {
			value_bad(in, offset,
				"such as NAME, @GROUP, NAME:ENOSYS or NAME:kill",
				"not a rule for system calls", word);
			continue;
		}
		if (syscall_index(name) < 0 && !syscall_group_find(name) &&
			strcmp(name, "@known") != 0) {
			const char *near = syscall_nearest(name);
			value_bad(in, offset,
				near ? arena_printf(in->arena, "did you mean '%s'?", near)
				     : "'sbox syscalls' lists groups and names",
				"no such system call or group", name);
			continue;
		}
		value_push(in, member, offset)->text = word;
	}
}

const struct value_type value_syscalls = {
	.name = "system calls",
	.metavar = "NAME|@GROUP...",
	.list = true,
	.word = next_group,
	.parse = syscalls_parse,
	.print = value_print_list,
	.print_item = value_print_text,
};

static const char *next_family(size_t i, const void *ctx)
{
	(void)ctx;
	return socket_families[i].name;
}

static void sockets_parse(const struct value_input *in, void *member)
{
	const char *p = in->text, *word;
	unsigned offset;
	while ((word = value_next_word(in, &p, &offset))) {
		if (socket_family(word) >= 0) {
			value_push(in, member, offset)->text = word;
			continue;
		}
		const char *near = str_nearest(word, next_family, NULL);
		value_bad(in, offset,
			near ? arena_printf(in->arena, "did you mean '%s'?", near) : NULL,
			"not an address family", word);
	}
}

const struct value_type value_sockets = {
	.name = "address families",
	.metavar = "FAMILY...",
	.list = true,
	.word = next_family,
	.parse = sockets_parse,
	.print = value_print_list,
	.print_item = value_print_text,
};

static void fds_parse(const struct value_input *in, void *member)
{
	const char *p = in->text, *word;
	unsigned offset;
	while ((word = value_next_word(in, &p, &offset))) {
		uint64_t n;
		if (num_u64(word, 3, VALUE_FD_MAX, &n) < 0)
			value_bad(in, offset,
				"the number of an open descriptor, from 3 on",
				"not a descriptor", word);
		else
			value_push(in, member, offset)->text = word;
	}
}

const struct value_type value_fds = {
	.name = "file descriptors",
	.metavar = "FD...",
	.list = true,
	.parse = fds_parse,
	.print = value_print_list,
	.print_item = value_print_text,
};

static void env_parse(const struct value_input *in, void *member)
{
	const char *p = in->text;
	unsigned offset;
	char *word;
	while ((word = value_next_word(in, &p, &offset))) {
		char *equals = strchr(word, '=');
		if (!equals || equals == word) {
			value_bad(in, offset, "write NAME=VALUE", "not a variable", word);
			continue;
		}
		*equals = '\0';
		struct item *item = value_push(in, member, offset);
		item->text = word;
		item->arg = equals + 1;
	}
}

static void env_print(FILE *f, const struct item *item)
{
	str_print_word(f, item->text);
	fputc('=', f);
	if (*item->arg)
		str_print_word(f, item->arg);
}

const struct value_type value_env = {
	.name = "variables",
	.metavar = "NAME=VALUE...",
	.list = true,
	.parse = env_parse,
	.print = value_print_list,
	.print_item = env_print,
};

/* ---- paths ---- */

static const char *take_optional(const char *word, bool *ret)
{
	*ret = word[0] == '?';
	return word + *ret;
}

static void paths_parse(const struct value_input *in, void *member)
{
	const char *p = in->text, *word;
	unsigned offset;
	while ((word = value_next_word(in, &p, &offset))) {
		bool optional;
		word = take_optional(word, &optional);
		if (!value_check_path(in, offset + optional, word))
			continue;
		struct item *item = value_push(in, member, offset);
		item->text = word;
		item->optional = optional;
	}
}

static void print_path(FILE *f, const struct item *item)
{
	if (item->optional)
		fputc('?', f);
	str_print_word(f, item->text);
}

const struct value_type value_paths = {
	.name = "paths",
	.metavar = "PATH...",
	.list = true,
	.parse = paths_parse,
	.print = value_print_list,
	.print_item = print_path,
};

/* ---- records ---- */

/* A path of a record; NULL after a mistake. @ret_optional: NULL where it cannot be. */
static const char *record_path(const struct value_input *in, const char **p,
	bool *ret_optional, const char *form)
{
	size_t before = in->diags->n;
	unsigned offset;
	const char *word = next_part(in, p, &offset);
	if (!word) {
		if (in->diags->n == before)
			value_bad(in, 0, form, "something is missing", in->text);
		return NULL;
	}
	const char *path = ret_optional ? take_optional(word, ret_optional) : word;
	offset += (unsigned)(path - word);
	return value_check_path(in, offset, path) ? path : NULL;
}

enum { ATTRIBUTE_MODE = 1, ATTRIBUTE_SIZE = 2, RECORD_OPTIONAL = 4 };

/* "mode=0755" or "size=1G", where they may stand; true where it was one, right or wrong. */
static bool attribute(const struct value_input *in, unsigned offset, const char *word,
	unsigned allowed, struct item *item)
{
	int r;
	if (allowed & ATTRIBUTE_MODE && str_starts(word, "mode="))
		r = num_mode(word + 5, &item->mode);
	else if (allowed & ATTRIBUTE_SIZE && str_starts(word, "size="))
		r = num_size(word + 5, &item->size);
	else
		return false;
	if (r < 0)
		value_bad(
			in, offset, "such as mode=0755, size=512M", "not a number", word);
	return true;
}

static void bind_parse(const struct value_input *in, void *member)
{
	static const char form[] = "SOURCE DESTINATION, and rw for a writable one";
	size_t before = in->diags->n;
	const char *p = in->text;
	bool optional;
	const char *source = record_path(in, &p, &optional, form);
	const char *dest = source ? record_path(in, &p, NULL, form) : NULL;
	if (!dest)
		return;
	unsigned offset, offset2;
	const char *word = next_part(in, &p, &offset);
	bool write = word && strcmp(word, "rw") == 0;
	if (word && !write && strcmp(word, "ro") != 0) {
		value_bad(in, offset, form, "not an attribute of a bind", word);
		return;
	}
	word = next_part(in, &p, &offset2);
	if (word)
		value_bad(in, offset2, form, "not an attribute of a bind", word);
	if (in->diags->n != before)
		return;
	struct item *item = value_push(in, member, 0);
	item->arg = source;
	item->optional = optional;
	item->text = dest;
	item->write = write;
}

static void bind_print(FILE *f, const struct item *item)
{
	if (item->optional)
		fputc('?', f);
	str_print_word(f, item->arg);
	fputc(' ', f);
	str_print_word(f, item->text);
	if (item->write)
		fputs(" rw", f);
}

const struct value_type value_bind = {
	.name = "bind",
	.metavar = "'SRC DEST [rw]'",
	.list = true,
	.parse = bind_parse,
	.print = value_print_list,
	.print_item = bind_print,
};

static void made_parse(
	const struct value_input *in, void *member, unsigned allowed, const char *form)
{
	const char *p = in->text, *word;
	unsigned offset;
	struct item item = { .mode = 0755, .at = in->at };
	bool *optional = allowed & RECORD_OPTIONAL ? &item.optional : NULL;
	item.text = record_path(in, &p, optional, form);
	if (!item.text)
		return;
	while ((word = next_part(in, &p, &offset)))
		if (!attribute(in, offset, word, allowed, &item))
			value_bad(in, offset, form, "not an attribute", word);
	*value_push(in, member, 0) = item;
}

static void tmpfs_parse(const struct value_input *in, void *member)
{
	made_parse(in, member, ATTRIBUTE_MODE | ATTRIBUTE_SIZE | RECORD_OPTIONAL,
		"PATH [size=SIZE] [mode=MODE]");
}

static void dir_parse(const struct value_input *in, void *member)
{
	made_parse(in, member, ATTRIBUTE_MODE, "PATH [mode=MODE]");
}

static void made_print(FILE *f, const struct item *item)
{
	print_path(f, item);
	if (item->size)
		fprintf(f, " size=%llu", (unsigned long long)item->size);
	fprintf(f, " mode=%04o", (unsigned)item->mode);
}

const struct value_type value_tmpfs = {
	.name = "tmpfs",
	.metavar = "'PATH [size=SIZE] [mode=MODE]'",
	.list = true,
	.parse = tmpfs_parse,
	.print = value_print_list,
	.print_item = made_print,
};

const struct value_type value_dir = {
	.name = "directory",
	.metavar = "'PATH [mode=MODE]'",
	.list = true,
	.parse = dir_parse,
	.print = value_print_list,
	.print_item = made_print,
};

static void file_parse(const struct value_input *in, void *member)
{
	static const char form[] = "PATH [mode=MODE] LINE...; each word is one line";
	const char *p = in->text, *word;
	unsigned offset;
	struct item item = { .mode = 0644, .at = in->at };
	item.text = record_path(in, &p, NULL, form);
	if (!item.text)
		return;
	/* a word of n bytes takes at least n of the text, and "" two */
	char *content = arena_alloc(in->arena, 2 * strlen(p) + 2), *end = content;
	for (bool first = true; (word = next_part(in, &p, &offset)); first = false) {
		if (first && attribute(in, offset, word, ATTRIBUTE_MODE, &item))
			continue;
		end = stpcpy(stpcpy(end, word), "\n");
	}
	item.arg = content;
	*value_push(in, member, 0) = item;
}

static void file_print(FILE *f, const struct item *item)
{
	str_print_word(f, item->text);
	fprintf(f, " mode=%04o", (unsigned)item->mode);
	for (const char *s = item->arg; *s; s += strcspn(s, "\n") + 1) {
		fputc(' ', f);
		str_print_word_n(f, s, strcspn(s, "\n"));
	}
}

const struct value_type value_file = {
	.name = "file",
	.metavar = "'PATH [mode=MODE] LINE...'",
	.list = true,
	.parse = file_parse,
	.print = value_print_list,
	.print_item = file_print,
};

static void link_parse(const struct value_input *in, void *member)
{
	static const char form[] = "PATH TARGET";
	const char *p = in->text;
	unsigned offset;
	const char *path = record_path(in, &p, NULL, form);
	if (!path)
		return;
	const char *target = next_part(in, &p, &offset);
	if (!target || !*target || next_part(in, &p, &offset)) {
		value_bad(in, 0, form, "not a link", in->text);
		return;
	}
	struct item *item = value_push(in, member, 0);
	item->text = path;
	item->arg = target;
}

static void link_print(FILE *f, const struct item *item)
{
	str_print_word(f, item->text);
	fputc(' ', f);
	str_print_word(f, item->arg);
}

const struct value_type value_link = {
	.name = "link",
	.metavar = "'PATH TARGET'",
	.list = true,
	.parse = link_parse,
	.print = value_print_list,
	.print_item = link_print,
};

/* "rbps=10M" as the kernel's io.max has it, without a unit; NULL: it is no such thing. */
static const char *io_limit(struct arena *a, const char *word)
{
	static const char *const keys[] = { "rbps=", "wbps=", "riops=", "wiops=" };
	uint64_t n;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const char *value = word + strlen(keys[i]);
		if (!str_starts(word, keys[i]))
			continue;
		if (strcmp(value, "max") == 0)
			return arena_strdup(a, word);
		if (num_size(value, &n) == 0 && n > 0)
			return arena_printf(a, "%s%llu", keys[i], (unsigned long long)n);
	}
	return NULL;
}

static void io_max_parse(const struct value_input *in, void *member)
{
	static const char form[] =
		"PATH, and one or more of rbps=SIZE wbps=SIZE riops=N wiops=N, each of which "
		"may be max; or max alone";
	const char *p = in->text, *word, *all = "";
	unsigned offset;
	if (strcmp(p, "max") == 0) { /* as for the other limits; the list is cleared */
		*(struct list *)member = (struct list){ 0 };
		return;
	}
	const char *path = record_path(in, &p, NULL, form);
	if (!path)
		return;
	while ((word = next_part(in, &p, &offset))) {
		const char *limit = io_limit(in->arena, word);
		if (!limit) {
			value_bad(in, offset, form, "not a limit", word);
			return;
		}
		all = arena_printf(in->arena, "%s%s%s", all, *all ? " " : "", limit);
	}
	if (!*all) {
		value_bad(in, 0, form, "a limit is missing", in->text);
		return;
	}
	struct item *item = value_push(in, member, 0);
	item->text = path;
	item->arg = all;
}

static void io_max_print(FILE *f, const struct item *item)
{
	str_print_word(f, item->text);
	fprintf(f, " %s", item->arg);
}

const struct value_type value_io_max = {
	.name = "speed limits on a disk",
	.metavar = "'PATH rbps=SIZE...'|max",
	.list = true,
	.parse = io_max_parse,
	.print = value_print_list,
	.print_item = io_max_print,
};
