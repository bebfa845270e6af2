/* SPDX-License-Identifier: MIT */
/* layers.c - what the verbs on layers share: which one is meant, which paths, how they look */
#include "cmd/layers.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/human.h"
#include "base/log.h"
#include "base/path.h"
#include "base/str.h"
#include "cmd/instances.h"
#include "layer/apply.h"
#include "resolve/image.h"
#include "stage/image.h"

/* ---- which layer ---- */

/* The one that was used last; those that cannot be read are passed over. */
static const char *last_used(struct picked *p, const char **names)
{
	const char *best = NULL;
	int64_t best_ns = -1;
	for (const char **name = names; *name; name++) {
		struct layer l;
		struct err ignored;
		if (layer_open(p->arena, p->layers, *name, 0, &l, &ignored) < 0)
			continue;
		int64_t used = layer_used_ns(&l);
		if (used > best_ns) {
			best = *name;
			best_ns = used;
		}
		layer_close(&l);
	}
	return best;
}

static bool contains(const char **names, const char *name)
{
	for (; *names; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return false;
}

/* The layer's name out of the first operand, @first, which may be NULL; whether it is one is
 * told by @ret_taken. */
static int choose(struct picked *p, const char *first, const char **ret, bool *ret_taken,
	struct err *e)
{
	const char **names;
	if (layers_list(p->arena, p->layers, &names, e) < 0)
		return e->code;
	if (first && contains(names, first)) {
		*ret_taken = true;
		*ret = first;
		if (access(first, F_OK) == 0)
			log_note("'%s' is the layer; for the file write ./%s", first,
				first);
		return 0;
	}
	/* what is only in the layer cannot be told from a slip of the pen by looking */
	const char *near = first && !strchr(first, '/') && access(first, F_OK) < 0
		? str_nearest_of(first, (const char *const *)names)
		: NULL;
	if (near) {
		err_set(e, -ENOENT, "there is no layer '%s'", first);
		return err_hint(
			e, "did you mean '%s'? for a file write ./%s", near, first);
	}
	if (first && !strchr(first, '/') && strcmp(first, "~") != 0 &&
		faccessat(AT_FDCWD, first, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		p->unknown = first;
	*ret = names[0] && !names[1] ? names[0] : last_used(p, names);
	if (!*ret)
		err_set(e, -ENOENT, "there is no layer");
	if (!*ret)
		return err_hint(e, "'sbox try COMMAND' makes one");
	p->guessed = names[1] != NULL;
	if (p->guessed)
		log_note("the layer '%s', which was used last", *ret);
	return 0;
}

/* ---- which paths ---- */

/* Links above the last component are taken away, as trees are recorded without them. */
static int add_path(struct picked *p, const char *word, struct err *e)
{
	char *path;
	if (str_starts(word, "~/") || strcmp(word, "~") == 0) /* as diff writes it */
		word = arena_printf(p->arena, "%s%s", p->host.home, word + 1);
	if (path_absolute(p->arena, p->host.cwd ? p->host.cwd : "/", word, &path) < 0)
		return err_set(e, -EINVAL, "an empty word is no path");
	if (strcmp(path, "/") != 0) {
		const char *dir = path_real(p->arena, path_dirname(p->arena, path));
		path = arena_printf(p->arena, "%s/%s", strcmp(dir, "/") ? dir : "",
			path_basename(path));
	}
	*ARENA_PUSH(p->arena, &p->paths) = path;
	return 0;
}

/* The tree of the image that the layer lies over, by what is in it: names change hands. */
static int open_image(struct picked *p)
{
	struct image_store store;
	struct err ignored = { 0 };
	_cleanup_fd_ int image = -1;
	int tree = -1;
	if (image_store_open(&store, p->arena, &p->host, false, &ignored) < 0)
		return -1;
	if (image_by_content(&store, p->layer.base_name, &image))
		tree = openat(
			image, "root", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	image_store_close(&store);
	return tree < 0 ? -1 : tree;
}

int layer_tell_busy(struct arena *a, const char *name, struct err *e)
{
	const char *ids = instances_using(a, NULL, name);
	if (e->code != -EBUSY || !ids)
		return e->code;
	err_set(e, -EBUSY, "the layer '%s' is in use by the sandbox%s %s", name,
		strchr(ids, ' ') ? "es" : "", ids);
	return err_hint(
		e, "'sbox kill %s' ends %s", ids, strchr(ids, ' ') ? "them" : "it");
}

int pick_layer(struct arena *a, const struct words *w, unsigned flags, struct picked *ret,
	struct err *e)
{
	struct picked p = { .arena = a, .layers = -1, .layer.fd = -1, .base = -1 };
	const char *name = NULL;
	bool taken = false;
	if (host_init(&p.host, a, e) < 0)
		return e->code;
	p.layers = layers_open(p.host.vars[VAR_XDG_DATA_HOME], false, e);
	if (p.layers < 0)
		return p.layers;
	int r = choose(&p, w->literal > 0 ? w->v[0] : NULL, &name, &taken, e);
	if (r == 0)
		r = layer_open(a, p.layers, name, flags, &p.layer, e);
	if (r < 0 && name)
		(void)layer_tell_busy(a, name, e);
	if (r == 0 && p.layer.base == BASE_IMAGE)
		p.base = open_image(&p);
	for (char **word = w->v + taken; r == 0 && *word; word++)
		r = add_path(&p, *word, e);
	p.met = arena_alloc(a, (p.paths.n + 1) * sizeof(*p.met));
	if (r < 0)
		pick_done(&p);
	else
		*ret = p;
	return r;
}

void pick_done(struct picked *p)
{
	layer_close(&p->layer);
	p->base = fd_close(p->base);
	p->layers = fd_close(p->layers);
}

bool picked_path(const struct picked *p, const char *path)
{
	for (size_t i = 0; i < p->paths.n; i++)
		if (path_is_below(path, p->paths.v[i]))
			return true;
	return p->paths.n == 0;
}

bool picked_below(const struct picked *p, const char *path)
{
	for (size_t i = 0; i < p->paths.n; i++)
		if (path_is_below(p->paths.v[i], path) &&
			strcmp(p->paths.v[i], path) != 0)
			return true;
	return false;
}

static void note_met(struct picked *p, const char *path)
{
	for (size_t i = 0; i < p->paths.n; i++)
		if (path_is_below(path, p->paths.v[i]))
			p->met[i] = true;
}

int pick_tell_missed(const struct picked *p, struct err *e)
{
	const char *name = p->unknown;
	if (name && !p->met[0]) {
		err_set(e, -ENOENT,
			"there is no layer '%s', nor has the layer '%s' a change at '%s'",
			name, p->layer.name, p->paths.v[0]);
		return err_hint(
			e, "'sbox layer list' shows the layers; './%s' is a path", name);
	}
	for (size_t i = 0; i < p->paths.n; i++)
		if (!p->met[i])
			log_warning("nothing is changed at '%s' in the layer '%s'",
				p->paths.v[i], p->layer.name);
	return 0;
}

/* ---- all that is in it ---- */

/* A buffer for the paths of one tree, which begins with the tree's own. */
struct path_buffer {
	char *text;
	size_t top_len, room;
};

static int put_path(struct path_buffer *b, const char *top, const char *rest)
{
	size_t len = strlen(rest);
	if (!b->text || b->top_len + len + 2 > b->room) {
		b->top_len = strcmp(top, "/") ? strlen(top) : 0;
		b->room = (b->top_len + len + 2) * 2;
		char *bigger = realloc(b->text, b->room);
		if (!bigger)
			return -ENOMEM;
		memcpy(bigger, top, b->top_len);
		bigger[b->top_len] = '/';
		b->text = bigger;
	}
	memcpy(b->text + b->top_len + 1, rest, len + 1);
	return 0;
}

static int walk_entries(
	struct picked *p, struct walk *w, walk_fn *what, void *data, struct err *e)
{
	struct path_buffer path = { 0 };
	const struct walk_entry *entry;
	int r;
	while ((r = walk_next(w, &entry, e)) == 1) {
		r = put_path(&path, w->tree->path, entry->path);
		if (r < 0) {
			err_set(e, r, "out of memory");
			break;
		}
		if (!picked_path(p, path.text) && !picked_below(p, path.text)) {
			walk_skip(w);
			continue;
		}
		if (entry->kind != CHANGE_NONE)
			note_met(p, path.text);
		r = what(p, w, entry, path.text, data, e);
		if (r != 0)
			break;
	}
	free(path.text);
	return r;
}

static int walk_tree(struct picked *p, const struct layer_tree *tree, unsigned flags,
	walk_fn *what, void *data, struct err *e)
{
	struct walk w;
	_cleanup_fd_ int base = walk_open_base(&p->layer, tree, p->base, e);
	if (base < 0 && base != -ENOENT)
		return base;
	int r = walk_begin(&w, &p->layer, tree, base, flags, e);
	if (r < 0)
		return r;
	r = walk_entries(p, &w, what, data, e);
	walk_end(&w);
	return r;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct layer_tree *)a)->path,
		((const struct layer_tree *)b)->path);
}

int picked_walk(
	struct picked *p, unsigned flags, walk_fn *what, void *data, struct err *e)
{
	struct layer_trees *trees = &p->layer.trees;
	int r = 0;
	if (trees->n > 0)
		qsort(trees->v, trees->n, sizeof(*trees->v), by_path);
	for (size_t i = 0; i < trees->n && r == 0; i++)
		if (picked_path(p, trees->v[i].path) || picked_below(p, trees->v[i].path))
			r = walk_tree(p, &trees->v[i], flags, what, data, e);
	return r;
}

/* ---- how it looks ---- */

static const char *escaped(struct arena *a, const char *text)
{
	size_t size = strlen(text) * 4 + 1;
	char *out = arena_alloc(a, size);
	str_escape_controls(out, size, text);
	return out;
}

const char *shown_path(struct arena *a, const struct host *h, const char *path)
{
	if (strcmp(h->home, "/") != 0 && path_is_below(path, h->home))
		return arena_printf(a, "~%s", escaped(a, path + strlen(h->home)));
	return escaped(a, path);
}

const char *type_word(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return "file";
	case S_IFDIR:
		return "directory";
	case S_IFLNK:
		return "link";
	case S_IFIFO:
		return "fifo";
	case S_IFSOCK:
		return "socket";
	case S_IFBLK:
	case S_IFCHR:
		return "device";
	default:
		return "nothing";
	}
}

const char *mode_text(char out[11], mode_t mode)
{
	static const char bits[] = "rwxrwxrwx";
	out[0] = S_ISREG(mode)	 ? '-'
		: S_ISDIR(mode)	 ? 'd'
		: S_ISLNK(mode)	 ? 'l'
		: S_ISFIFO(mode) ? 'p'
		: S_ISSOCK(mode) ? 's'
				 : 'c';
	for (unsigned i = 0; i < 9; i++)
		out[i + 1] = mode & (0400u >> i) ? bits[i] : '-';
	if (mode & S_ISUID)
		out[3] = mode & 0100 ? 's' : 'S';
	if (mode & S_ISGID)
		out[6] = mode & 0010 ? 's' : 'S';
	if (mode & S_ISVTX)
		out[9] = mode & 0001 ? 't' : 'T';
	out[10] = '\0';
	return out;
}

const char *link_target(struct arena *a, int dir, const char *name)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(dir, name, target, sizeof(target));
	return n < 0 ? NULL : arena_strndup(a, target, (size_t)n);
}

void print_change(struct picked *p, const struct walk_entry *entry, const char *path)
{
	struct arena a = { 0 };
	bool removed = entry->kind == CHANGE_REMOVED;
	const struct stat *st = removed ? &entry->base : &entry->upper;
	char mode[11], was[11], size[HUMAN_MAX] = "-";
	if (S_ISREG(st->st_mode))
		human_size(size, (uint64_t)st->st_size);
	printf("%-8s %s %5s  %s%s", change_words[entry->kind],
		mode_text(mode, st->st_mode), size, shown_path(&a, &p->host, path),
		S_ISDIR(st->st_mode) ? "/" : "");
	const char *target = S_ISLNK(st->st_mode)
		? link_target(
			  &a, removed ? entry->base_dir : entry->upper_dir, entry->name)
		: NULL;
	if (target)
		printf(" -> %s", escaped(&a, target));
	if (entry->kind == CHANGE_CHANGED && entry->base.st_mode != st->st_mode)
		printf("  (was %s)", mode_text(was, entry->base.st_mode));
	putchar('\n');
	arena_done(&a);
}

static bool is_utf8(const char *s)
{
	for (size_t n; *s; s += n)
		if ((n = str_utf8(s)) == 0)
			return false;
	return true;
}

void json_bytes(struct json *j, const char *key, const char *bytes)
{
	struct arena a = { 0 };
	if (is_utf8(bytes)) {
		json_string(j, key, bytes);
		return;
	}
	char *hex = arena_alloc(&a, strlen(bytes) * 2 + 1), *p = hex;
	for (const char *b = bytes; *b; b++)
		p += sprintf(p, "%02x", (unsigned char)*b);
	json_string(j, key, escaped(&a, bytes));
	json_string(j, arena_printf(&a, "%s_hex", key), hex);
	arena_done(&a);
}

int remove_layer(
	struct arena *a, const struct host *h, int layers, struct layer *l, struct err *e)
{
	struct err why = { 0 };
	/* what a killed 'sbox apply' left on the host is known here only */
	struct applier ap;
	if (applier_begin(&ap, l, e) == 0)
		applier_end(&ap);
	else
		log_err(e);
	int r = layer_remove(layers, l, e);
	if (r != -EPERM && r != -EACCES)
		return r;
	const char *trees = arena_printf(
		a, "%s/sbox/layers/%s/trees", h->vars[VAR_XDG_DATA_HOME], l->name);
	(void)image_empty_tree(a, h, trees, &why); /* else the next one says why */
	return layer_remove(layers, l, e);
}
