/* SPDX-License-Identifier: MIT */
/* began.c - since when each entry of a layer is in it, and whether the host had it then
 *
 * A list in the layer's folder, put in place of the old one when a run has ended: a line that
 * tells its form, "TREE HELD SINCE PATH" and a NUL for each entry, and "end", whose lack would
 * tell that it is not whole. While a program runs, the link "running" leads to the time of its
 * begin. It stays when the run is killed, so that what came in that run is never taken for
 * younger. The list is no more than a help: without it all is as old as the layer.
 */
#include "layer/began.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/num.h"
#include "base/str.h"
#include "layer/walk.h"

static const char list_name[] = "began", new_name[] = "began.new", run_name[] = "running";
static const char magic[] = "sbox-began 1\n", last[] = "end";

/* ---- a run ---- */

int began_run(const struct layer *l)
{
	struct timespec t;
	char text[32];
	if (l->base != BASE_HOST) /* from where nothing is brought */
		return 0;
	/* files get the time of the last tick, so what changes within it is newer than this */
	(void)clock_gettime(CLOCK_REALTIME_COARSE, &t);
	(void)snprintf(text, sizeof(text), "%" PRId64,
		(int64_t)t.tv_sec * 1000000000 + t.tv_nsec - 1);
	if (symlinkat(text, l->fd, run_name) == 0)
		return 1;
	return errno == EEXIST ? 0 : -errno;
}

void began_undo(const struct layer *l)
{
	(void)unlinkat(l->fd, run_name, 0);
}

/* The begin of the run, or of the first of those that were killed; 0: none. */
static int64_t run_since(const struct layer *l)
{
	char text[32];
	uint64_t ns;
	ssize_t n = readlinkat(l->fd, run_name, text, sizeof(text) - 1);
	text[n < 0 ? 0 : n] = '\0';
	return num_u64(text, 1, INT64_MAX, &ns) < 0 ? 0 : (int64_t)ns;
}

void began_forget(int folder)
{
	(void)unlinkat(folder, list_name, 0);
	(void)unlinkat(folder, run_name, 0);
}

/* ---- reading ---- */

static int by_place(const void *a, const void *b)
{
	const struct began_entry *x = a, *y = b;
	if (x->tree != y->tree)
		return x->tree < y->tree ? -1 : 1;
	return strcmp(x->path, y->path);
}

static bool take(const char *line, struct began_entry *ret)
{
	int path_at = 0;
	char held;
	/* one blank by hand: to sscanf(3) those that a name begins with would belong to it */
	if (sscanf(line, "%u %c %" SCNd64 "%n", &ret->tree, &held, &ret->since_ns,
		    &path_at) != 3 ||
		line[path_at] != ' ' || line[path_at + 1] == '\0' || !strchr("+-", held))
		return false;
	ret->path = line + path_at + 1;
	ret->held = held == '+';
	return true;
}

/* Whether it is all there. */
static bool parse(struct began *b, struct arena *a, const char *text, size_t size)
{
	const char *end = text + size;
	if (!str_starts(text, magic))
		return false;
	for (text += strlen(magic); text < end; text += strlen(text) + 1) {
		if (strcmp(text, last) == 0)
			return true;
		if (!take(text, ARENA_PUSH(a, b)))
			return false;
	}
	return false;
}

/* 1, or 0 where there is none that is whole. */
static int read_list(struct began *b, struct arena *a, const struct layer *l)
{
	enum { LIST_MAX = 1024 * 1024 * 1024 };
	char *text;
	size_t size;
	*b = (struct began){ 0 };
	int r = fd_read_file(a, l->fd, list_name, LIST_MAX, &text, &size);
	if (r < 0)
		return r == -ENOENT || r == -EFBIG ? 0 : r;
	if (!parse(b, a, text, size)) {
		b->n = 0;
		return 0;
	}
	if (b->n > 0)
		qsort(b->v, b->n, sizeof(*b->v), by_place);
	return 1;
}

int began_read(struct began *b, struct arena *a, const struct layer *l)
{
	int r = read_list(b, a, l);
	return r < 0 ? r : 0;
}

const struct began_entry *began_find(
	const struct began *b, unsigned tree, const char *path)
{
	const struct began_entry wanted = { .tree = tree, .path = path };
	return b->n ? bsearch(&wanted, b->v, b->n, sizeof(*b->v), by_place) : NULL;
}

/* ---- writing ---- */

static void write_entry(FILE *f, const struct began *old, const struct layer_tree *tree,
	const struct walk_entry *entry, int64_t since_ns)
{
	const struct began_entry *known = began_find(old, tree->number, entry->path);
	bool held = known ? known->held : entry->base.st_mode != 0;
	fprintf(f, "%u %c %" PRId64 " %s%c", tree->number, held ? '+' : '-',
		known ? known->since_ns : since_ns, entry->path, '\0');
}

static int write_tree(FILE *f, const struct began *old, const struct layer *l,
	const struct layer_tree *tree, int64_t since_ns)
{
	struct walk w;
	struct err ignored = { 0 };
	const struct walk_entry *entry;
	_cleanup_fd_ int base = walk_open_base(l, tree, -1, &ignored);
	int r = walk_begin(&w, l, tree, base, WALK_ALL | WALK_NAMES, &ignored);
	if (r < 0)
		return r;
	while ((r = walk_next(&w, &entry, &ignored)) > 0)
		write_entry(f, old, tree, entry, since_ns);
	walk_end(&w);
	return r;
}

static int put_list(const struct layer *l, const struct began *old, int64_t since_ns)
{
	_cleanup_fd_ int fd = openat(l->fd, new_name,
		O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
	if (!f)
		return -errno;
	(void)TAKE_FD(fd);
	int r = 0;
	(void)fputs(magic, f);
	for (size_t i = 0; r == 0 && i < l->trees.n; i++)
		r = write_tree(f, old, l, &l->trees.v[i], since_ns);
	(void)fwrite(last, sizeof(last), 1, f);
	bool failed = ferror(f);
	if ((fclose(f) != 0 || failed) && r == 0)
		r = -EIO;
	if (r == 0 && renameat(l->fd, new_name, l->fd, list_name) < 0)
		r = -errno;
	if (r < 0)
		(void)unlinkat(l->fd, new_name, 0);
	return r;
}

int began_note(struct layer *l)
{
	struct arena a = { 0 };
	struct began old;
	int64_t since = run_since(l);
	if (l->base != BASE_HOST)
		return 0;
	int whole = read_list(&old, &a, l);
	/* without the old list none can be told to be new */
	int r = whole < 0 ? whole
			  : put_list(l, &old, whole && since ? since : l->since_ns);
	if (r == 0)
		began_undo(l);
	arena_done(&a);
	return r;
}

int began_prune(struct layer *l)
{
	struct arena a = { 0 };
	struct began old;
	int r = run_since(l) ? 0 : read_list(&old, &a, l);
	if (r > 0)
		r = put_list(l, &old, l->since_ns);
	arena_done(&a);
	return r;
}
