/* SPDX-License-Identifier: MIT */
/* root.c - what the root is made from: a directory, an image, or nothing but the rules */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "base/str.h"
#include "resolve/expand.h"
#include "resolve/image.h"
#include "resolve/overlay.h"
#include "resolve/subid.h"
#include "resolve/wish.h"

/* A read-only directory root is a root of ours that shows what the directory holds: so /proc
 * and the like have a place there, and none need be made on the host. */
static int wish_root_entries(struct resolver *r, const char *path)
{
	char target[PATH_MAX];
	DIR *d = opendir(path);
	if (!d)
		return -errno;
	for (struct dirent *entry; (entry = readdir(d));) {
		const char *name = entry->d_name;
		if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
			continue;
		struct mount_op *op =
			wish(r, OP_BIND, arena_printf(r->a, "/%s", name), SET_ROOT, NULL);
		op->source = arena_printf(r->a, "%s/%s", path, name);
		ssize_t n = readlink(op->source, target, sizeof(target) - 1);
		if (n > 0) {
			op->kind = OP_LINK;
			op->source = arena_strndup(r->a, target, (size_t)n);
		}
	}
	closedir(d);
	return 0;
}

static const char *image_hint(struct resolver *r)
{
	struct image_store store;
	struct err ignored = { 0 };
	const char *near = NULL;
	if (image_store_open(&store, r->a, r->h, false, &ignored) == 0) {
		near = str_nearest_of(r->p->root, image_names(&store));
		image_store_close(&store);
	}
	return near ? arena_printf(r->a, "did you mean '%s'?", near)
		    : "'sbox image list' shows the images";
}

static int refuse_root(struct resolver *r, const char *path, int code)
{
	const struct origin *at = &r->p->origin[SET_ROOT];
	struct diag *d = diag_add(r->d, at, "the root '%s': %s", path, strerror(-code));
	if (code == -ENOENT && image_is_name(r->p->root))
		d->hint = arena_printf(
			r->a, "there is no image of that name either; %s", image_hint(r));
	if (code == -EACCES)
		d->hint =
			"you must be allowed to read and enter it on the host; being root "
			"inside gives no such right";
	return code;
}

/* The tree of the image that root names, or NULL. Its folder stays locked against removal as
 * long as we live. */
static const char *image_root(struct resolver *r)
{
	struct image_store store;
	struct image_info info;
	const char *name = r->p->root;
	if (!image_is_name(name) || image_store_open(&store, r->a, r->h, false, r->e) < 0)
		return NULL;
	int fd = image_open(&store, name, false);
	image_store_close(&store);
	if (fd < 0)
		return NULL;
	const char *path = arena_printf(r->a, "%s/%s", store.path, name);
	*ARENA_PUSH(r->a, &r->rd->trees) = (struct locked_tree){ .path = path, .fd = fd };
	const char *map = image_map(r->a, &r->rd->uids);
	bool known = image_read(&store, fd, &info) == 0;
	r->rd->image = known && info.content ? info.content : name;
	if (r->rd->map_range && r->p->identity == IDENTITY_ROOT && known && info.map &&
		strcmp(info.map, map) != 0)
		diag_add(r->d, &r->p->origin[SET_ROOT],
			"the image '%s' was imported with other subordinate ids (%s) than "
			"you have now (%s)",
			name, info.map, map)
			->hint = "import it again";
	return arena_printf(r->a, "%s/root", path);
}

/* Whoever else may write to a root chooses what runs in it, with all that the caller gives to
 * that. An owner without a name is one of the subordinate ids. */
static bool is_open_to_others(const struct resolver *r, const struct stat *st)
{
	const struct ready *rd = r->rd;
	bool owner = st->st_uid == 0 || st->st_uid == rd->host.uid ||
		subid_is_mapped(&rd->uids, st->st_uid) ||
		!host_has_user(r->a, st->st_uid);
	bool group = !(st->st_mode & S_IWGRP) || st->st_gid == 0 ||
		st->st_gid == rd->host.gid || subid_is_mapped(&rd->gids, st->st_gid);
	return !owner || !group || st->st_mode & S_IWOTH;
}

int resolve_root(struct resolver *r)
{
	struct ready *rd = r->rd;
	struct stat st;
	const struct origin *at = &r->p->origin[SET_ROOT];
	if (strcmp(r->p->root, "host") == 0 || strcmp(r->p->root, "empty") == 0)
		return 0;
	const char *path = image_root(r);
	if (!path)
		path = expand_path(r->a, r->h, r->d, r->p->root, false, at);
	if (!path)
		return -EINVAL;
	if (stat(path, &st) < 0)
		return refuse_root(r, path, -errno);
	if (!S_ISDIR(st.st_mode))
		return refuse_root(r, path, -ENOTDIR);
	if (access(path, R_OK | X_OK) < 0)
		return refuse_root(r, path, -errno);
	if (strcmp(path_real(r->a, path), "/") == 0) {
		diag_add(r->d, at, "the host's own / cannot be the root")->hint =
			"root = host shows its system read-only";
		return -EINVAL;
	}
	if (is_open_to_others(r, &st)) {
		diag_add(r->d, at,
			"'%s' can be written by other users, who would choose "
			"what runs in it",
			path)
			->hint =
			"'sbox image import DIR' takes a copy that is yours alone";
		return -EINVAL;
	}
	const char *shell = host_shell_in(r->a, path, rd->uid);
	if (shell)
		env_set(r->a, &r->env, "SHELL", shell);
	bool overlaid = overlay_wanted(r->p);
	if (!r->p->root_write && !overlaid) {
		int code = wish_root_entries(r, path);
		return code < 0 ? refuse_root(r, path, code) : 0;
	}
	rd->root = (struct mount_root){ .source = path, .write = true };
	rd->root_dev = st.st_dev;
	rd->root_ino = st.st_ino;
	return overlaid ? overlay_root(r) : 0;
}
