/* SPDX-License-Identifier: MIT */
/* known.c - files of the host whose time of change "sbox apply" itself has set
 *
 * A list in the layer's folder, until the layer begins anew: one line a file, and a line that
 * was not written to its end was never acted on.
 */
#include "layer/known.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"

static const char list_name[] = "known";

static int by_file(const void *a, const void *b)
{
	const struct known_file *x = a, *y = b;
	if (x->device != y->device)
		return x->device < y->device ? -1 : 1;
	if (x->inode != y->inode)
		return x->inode < y->inode ? -1 : 1;
	return 0;
}

int known_begin(struct known *k, struct arena *a, int folder)
{
	enum { LIST_MAX = 64 * 1024 * 1024 };
	char *text, *save = NULL;
	*k = (struct known){ .arena = a, .folder = folder, .fd = -1 };
	int r = fd_read_file(a, folder, list_name, LIST_MAX, &text, NULL);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	for (char *line = strtok_r(text, "\n", &save); line;
		line = strtok_r(NULL, "\n", &save)) {
		struct known_file f;
		if (sscanf(line, "%" SCNu64 " %" SCNu64 " %" SCNd64 ";", &f.device,
			    &f.inode, &f.changed_ns) == 3 &&
			str_ends(line, ";"))
			*ARENA_PUSH(a, k) = f;
	}
	if (k->n > 0)
		qsort(k->v, k->n, sizeof(*k->v), by_file);
	k->sorted = k->n;
	return 0;
}

void known_end(struct known *k)
{
	k->fd = fd_close(k->fd);
}

static int64_t ns(struct timespec t)
{
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static bool fits(const struct known_file *f, const struct stat *st, int64_t since_ns)
{
	if (f->device != st->st_dev || f->inode != st->st_ino)
		return false;
	return f->changed_ns ? f->changed_ns == ns(st->st_ctim)
			     : ns(st->st_mtim) <= since_ns;
}

/* The first of the sorted ones that is not before the file. */
static size_t find(const struct known *k, const struct stat *st)
{
	const struct known_file wanted = { .device = st->st_dev, .inode = st->st_ino };
	size_t low = 0, high = k->sorted;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (by_file(&k->v[middle], &wanted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool known_is_ours(const struct known *k, const struct stat *st, int64_t since_ns)
{
	for (size_t i = find(k, st); i < k->sorted && k->v[i].device == st->st_dev &&
		k->v[i].inode == st->st_ino;
		i++)
		if (fits(&k->v[i], st, since_ns))
			return true;
	for (size_t i = k->sorted; i < k->n; i++)
		if (fits(&k->v[i], st, since_ns))
			return true;
	return false;
}

static int write_line(struct known *k, const struct known_file *f)
{
	char line[80];
	if (k->fd < 0)
		k->fd = openat(k->folder, list_name,
			O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (k->fd < 0)
		return -errno;
	int n = snprintf(line, sizeof(line), "%" PRIu64 " %" PRIu64 " %" PRId64 ";\n",
		f->device, f->inode, f->changed_ns);
	return fd_write_all(k->fd, line, (size_t)n);
}

int known_add_unnamed(struct known *k, const struct stat *st)
{
	const struct known_file f = { .device = st->st_dev, .inode = st->st_ino };
	if (S_ISDIR(st->st_mode) || st->st_nlink < 2)
		return 0;
	for (size_t i = k->sorted; i < k->n; i++)
		if (by_file(&k->v[i], &f) == 0)
			return 0;
	*ARENA_PUSH(k->arena, k) = f;
	return write_line(k, &f);
}

int known_add_applied(struct known *k, const struct stat *st)
{
	const struct known_file f = {
		.device = st->st_dev, .inode = st->st_ino, .changed_ns = ns(st->st_ctim)
	};
	return S_ISDIR(st->st_mode) ? 0 : write_line(k, &f);
}

void known_forget(int folder)
{
	(void)unlinkat(folder, list_name, 0);
}
