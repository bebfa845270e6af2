/* SPDX-License-Identifier: MIT */
/* verify.c - a tree held against its manifest: what was changed, what is missing, what is new */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "image/image.h"

/* What the manifest says of one path in the end. */
struct known {
	char *path; /* NULL: a free slot */
	const char *line; /* NULL: it is gone again */
	size_t size;
	bool seen;
};

struct check {
	struct known *v;
	size_t size, used;
	int64_t differences;
	struct line want; /* here for its size */
};

static struct known *slot(struct known *v, size_t size, const char *path)
{
	uint64_t h = UINT64_C(14695981039346656037);
	for (const char *p = path; *p; p++)
		h = (h ^ (unsigned char)*p) * UINT64_C(1099511628211);
	size_t i = (size_t)h & (size - 1);
	while (v[i].path && strcmp(v[i].path, path) != 0)
		i = (i + 1) & (size - 1);
	return &v[i];
}

static void grow(struct check *c)
{
	size_t size = c->size ? 2 * c->size : 4096;
	struct known *v = calloc(size, sizeof(*v));
	if (!v)
		abort();
	for (size_t i = 0; i < c->size; i++)
		if (c->v[i].path)
			*slot(v, size, c->v[i].path) = c->v[i];
	free(c->v);
	c->v = v;
	c->size = size;
}

static struct known *know(struct check *c, const char *path)
{
	if (2 * (c->used + 1) > c->size)
		grow(c);
	struct known *k = slot(c->v, c->size, path);
	if (!k->path) {
		k->path = strdup(path);
		c->used++;
	}
	if (!k->path)
		abort();
	return k;
}

/* A hard link is what its target was when it was made. */
static void take_line(
	struct check *c, const struct line *l, const char *text, size_t size)
{
	struct known from = { .line = text, .size = size };
	if (l->kind == LINE_HARD)
		from = *know(c, l->target);
	struct known *k = know(c, l->path);
	k->line = l->kind == LINE_GONE ? NULL : from.line;
	k->size = from.size;
}

static int load(struct check *c, const char *text, size_t size)
{
	for (const char *p = text, *end = text + size; p < end;) {
		const char *stop = memchr(p, '\n', (size_t)(end - p));
		if (!stop || manifest_parse(p, (size_t)(stop - p), &c->want) < 0)
			return -EBADMSG;
		take_line(c, &c->want, p, (size_t)(stop - p));
		p = stop + 1;
	}
	return 0;
}

static void differs(struct check *c, const char *what, const char *path)
{
	char buf[512];
	printf("%-8s /%s\n", what, shown(path, buf));
	c->differences++;
}

static bool same_attributes(
	const struct line *l, const struct stat *st, const char *target)
{
	if (l->uid != st->st_uid || l->gid != st->st_gid)
		return false;
	switch (l->kind) {
	case LINE_FILE:
	case LINE_SPARSE:
		return S_ISREG(st->st_mode) && l->mode == (st->st_mode & 07777) &&
			l->size == (uint64_t)st->st_size;
	case LINE_DIR:
		return S_ISDIR(st->st_mode) && l->mode == (st->st_mode & 07777);
	case LINE_LINK:
		return target && strcmp(target, l->target) == 0;
	case LINE_HARD:
	case LINE_GONE:
		break;
	}
	return false;
}

static int check_one(void *context, const char *path, const struct stat *st, int fd,
	const char *target, struct err *e)
{
	struct check *c = context;
	char hash[HEX_SIZE];
	uint64_t size;
	(void)e;
	struct known *k = know(c, path);
	if (!k->line) {
		if (*path)
			differs(c, "new", path);
		return 0;
	}
	k->seen = true;
	struct line *want = &c->want;
	if (manifest_parse(k->line, k->size, want) < 0)
		return -EBADMSG;
	bool same = same_attributes(want, st, target);
	if (same && (want->kind == LINE_FILE || want->kind == LINE_SPARSE))
		same = content_hash(fd, want->kind == LINE_SPARSE, &size, hash) == 0 &&
			strcmp(hash, want->hash) == 0;
	if (!same)
		differs(c, "changed", path);
	return 0;
}

/* All lines, as long as the process lives. */
static const char *map(int manifest, size_t *ret_size)
{
	struct stat st;
	if (fstat(manifest, &st) < 0)
		return NULL;
	*ret_size = (size_t)st.st_size;
	if (st.st_size == 0)
		return "";
	void *text = mmap(NULL, *ret_size, PROT_READ, MAP_PRIVATE, manifest, 0);
	return text == MAP_FAILED ? NULL : text;
}

int64_t tree_verify(int root, int manifest, struct err *e)
{
	struct check c = { 0 };
	size_t size = 0;
	const char *text = map(manifest, &size);
	if (!text)
		return err_sys(e, -errno, "cannot read the manifest");
	int r = load(&c, text, size);
	if (r < 0)
		return err_set(e, r, "its manifest is damaged");
	r = tree_walk(root, check_one, &c, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < c.size; i++)
		if (c.v[i].path && c.v[i].line && !c.v[i].seen)
			differs(&c, "missing", c.v[i].path);
	return c.differences;
}
