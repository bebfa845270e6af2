/* SPDX-License-Identifier: MIT */
/* diff.c - "sbox diff": what programs changed in a layer
 *
 * Names and contents were written by programs that nobody trusts: neither reaches a terminal
 * with control characters in it, and diff(1) gets descriptors, never names.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/proc.h"
#include "base/str.h"
#include "cmd/layers.h"

enum { PATCH_MAX = 1024 * 1024 }; /* bytes of a file that is shown as text */

struct request {
	bool json, patch, terminal;
	struct json j;
	char program[64]; /* diff(1) */
	bool incomplete;
};

/* ---- JSON ---- */

static void side_json(struct json *j, const char *key, const struct stat *st)
{
	char mode[8];
	if (!st->st_mode) {
		json_string(j, key, NULL);
		return;
	}
	(void)snprintf(mode, sizeof(mode), "%04o", st->st_mode & 07777);
	json_begin(j, key, '{');
	json_string(j, "type", type_word(st->st_mode));
	json_string(j, "mode", mode);
	json_number(j, "size", st->st_size);
	json_number(j, "mtime", st->st_mtim.tv_sec);
	json_end(j, '}');
}

static void target_json(
	struct json *j, const char *key, const struct stat *st, int dir, const char *name)
{
	struct arena a = { 0 };
	const char *target = S_ISLNK(st->st_mode) ? link_target(&a, dir, name) : NULL;
	if (target)
		json_bytes(j, key, target);
	arena_done(&a);
}

static void change_json(struct json *j, const struct walk_entry *entry, const char *path)
{
	json_begin(j, NULL, '{');
	json_bytes(j, "path", path);
	json_string(j, "change", change_words[entry->kind]);
	side_json(j, "new", &entry->upper);
	side_json(j, "old", &entry->base);
	target_json(j, "target", &entry->upper, entry->upper_dir, entry->name);
	target_json(j, "old_target", &entry->base, entry->base_dir, entry->name);
	json_end(j, '}');
}

/* ---- text ---- */

enum text_kind { TEXT, TEXT_BINARY, TEXT_CONTROLS, TEXT_TOO_LARGE, TEXT_UNREADABLE };

/* What a terminal takes for a command, in UTF-8 or in eight bits. */
static bool draws(const char *s, size_t len)
{
	if (len > 1)
		return str_is_control(s);
	unsigned char c = (unsigned char)*s;
	return (c < 0x20 && c != '\t' && c != '\n' && c != '\r' && c != '\f') ||
		(c >= 0x7f && c < 0xa0);
}

/* @terminal: bytes that draw are no text. */
static enum text_kind judge(const char *text, size_t size, bool terminal)
{
	if (memchr(text, '\0', size))
		return TEXT_BINARY;
	for (size_t i = 0, len; terminal && i < size; i += len) {
		len = str_utf8(text + i); /* a NUL is behind it */
		len = len ? len : 1;
		if (draws(text + i, len))
			return TEXT_CONTROLS;
	}
	return TEXT;
}

/* Opens one side of a change; nothing, where it is no file, is /dev/null. */
static enum text_kind open_side(
	int dir, const char *name, const struct stat *st, bool terminal, int *ret)
{
	struct arena a = { 0 };
	char *text;
	size_t size;
	if (!S_ISREG(st->st_mode)) {
		*ret = open("/dev/null", O_RDONLY | O_CLOEXEC);
		return *ret < 0 ? TEXT_UNREADABLE : TEXT;
	}
	*ret = openat(
		dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (*ret < 0)
		return TEXT_UNREADABLE;
	int r = fd_read_open(&a, *ret, PATCH_MAX, &text, &size);
	enum text_kind kind = r == -EFBIG ? TEXT_TOO_LARGE
		: r < 0			  ? TEXT_UNREADABLE
					  : judge(text, size, terminal);
	arena_done(&a);
	return lseek(*ret, 0, SEEK_SET) < 0 ? TEXT_UNREADABLE : kind;
}

static int run_diff(struct request *rq, struct picked *p, const char *path, int before,
	int after, struct err *e)
{
	struct arena a = { 0 };
	const char *shown = shown_path(&a, &p->host, path);
	char *argv[] = { "diff", "-u", "-a",
		arena_printf(&a, "--label=%s (before)", shown),
		arena_printf(&a, "--label=%s", shown), "--",
		arena_printf(&a, "/dev/fd/%d", before),
		arena_printf(&a, "/dev/fd/%d", after), NULL };
	struct proc_spec spec = { .path = rq->program,
		.argv = argv,
		.stdin_fd = -1,
		.stdout_fd = STDOUT_FILENO,
		.stderr_fd = STDERR_FILENO,
		.keep_fd = before,
		.keep_fds = { after },
		.n_keep_fds = 1 };
	(void)fflush(stdout);
	pid_t pid = proc_start(&spec, NULL, e);
	int r = pid < 0 ? pid : proc_wait(pid);
	arena_done(&a);
	if (r > 1)
		return err_set(e, -EIO, "'%s' failed", rq->program);
	return r < 0 ? r : 0;
}

static int patch(struct request *rq, struct picked *p, const struct walk_entry *entry,
	const char *path, struct err *e)
{
	static const char *const why[] = { [TEXT_BINARY] = "binary",
		[TEXT_CONTROLS] = "not shown: control characters in it",
		[TEXT_TOO_LARGE] = "not shown: too large",
		[TEXT_UNREADABLE] = "not shown: it cannot be read" };
	_cleanup_fd_ int before = -1, after = -1;
	if (!S_ISREG(entry->upper.st_mode) && !S_ISREG(entry->base.st_mode))
		return 0;
	enum text_kind kind = open_side(
		entry->base_dir, entry->name, &entry->base, rq->terminal, &before);
	if (kind == TEXT)
		kind = open_side(entry->upper_dir, entry->name, &entry->upper,
			rq->terminal, &after);
	if (kind == TEXT)
		return run_diff(rq, p, path, before, after, e);
	printf("  (%s)\n", why[kind]);
	return 0;
}

/* ---- */

static int show(struct picked *p, struct walk *w, const struct walk_entry *entry,
	const char *path, void *data, struct err *e)
{
	struct request *rq = data;
	struct arena a = { 0 };
	(void)w;
	if (entry->code) {
		log_warning("what changed in '%s' cannot be seen: %s",
			shown_path(&a, &p->host, path), strerror(-entry->code));
		arena_done(&a);
		rq->incomplete = true;
	}
	if (entry->kind == CHANGE_NONE || !picked_path(p, path))
		return 0;
	if (rq->json)
		change_json(&rq->j, entry, path);
	else
		print_change(p, entry, path);
	int r = rq->patch && !rq->json ? patch(rq, p, entry, path, e) : 0;
	/* nobody reads on: head(1) */
	return r == 0 && ferror(stdout) ? EXIT_SBOX : r;
}

static int show_all(struct request *rq, struct picked *p, struct err *e)
{
	if (p->layer.base == BASE_IMAGE && p->base < 0)
		log_warning("the image that the layer '%s' lies over is gone: what was "
			    "changed there is told as added, what was removed is not",
			p->layer.name);
	if (rq->json) {
		json_begin(&rq->j, NULL, '{');
		json_number(&rq->j, "version", 1);
		json_string(&rq->j, "layer", p->layer.name);
		json_begin(&rq->j, "changes", '[');
	}
	int r = picked_walk(p, 0, show, rq, e);
	if (rq->json) {
		json_end(&rq->j, ']');
		json_bool(&rq->j, "complete", r == 0 && !rq->incomplete);
		json_end(&rq->j, '}');
	}
	int missed = r == 0 ? pick_tell_missed(p, e) : 0;
	if (r == 0 && fflush(stdout) != 0)
		return err_sys(e, -errno, "cannot write the list");
	return r < 0 ? r : missed < 0 ? missed : rq->incomplete ? EXIT_SBOX : r;
}

static int run(int argc, char **argv, struct err *e)
{
	struct arena arena = { 0 };
	struct request rq = { .j.f = stdout, .terminal = isatty(STDOUT_FILENO) };
	struct picked p;
	struct words w;
	(void)argc;
	if (words_read(&cmd_diff, argv, &rq, &w, e) < 0)
		return e->code;
	if (rq.patch && !proc_find_helper("diff", rq.program, sizeof(rq.program))) {
		err_set(e, -ENOENT, "--patch needs diff(1), which is not installed");
		return err_hint(e, "install 'diffutils'");
	}
	int r = pick_layer(&arena, &w, 0, &p, e);
	if (r < 0)
		return r;
	r = show_all(&rq, &p, e);
	pick_done(&p);
	arena_done(&arena);
	return r;
}

static const struct option_row options[] = {
	{ .name = "patch",
		.offset = offsetof(struct request, patch),
		.help = "what changed in files of text, too" },
	{ .name = "json",
		.offset = offsetof(struct request, json),
		.help = "for programs, sizes in bytes" },
	{ 0 },
};

static const struct action actions[] = {
	{ .operands = "[LAYER] [PATH...]", .most = ANY_NUMBER, .options = options },
	{ 0 },
};

const struct command cmd_diff = {
	.name = "diff",
	.summary = "show what programs changed in a layer",
	.actions = actions,
	.words_from = "layer list --names",
	.run = run,
};
