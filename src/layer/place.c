/* SPDX-License-Identifier: MIT */
/* place.c - places in a layer that were only made to mount on
 *
 * Where a root has no /proc, one must be made to put it there, and lies in the layer from then
 * on. No program made it, so it is no change, as long as it is as empty as it was made.
 */
#include "layer/place.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"

bool place_note(struct arena *a, struct layer *l, const char *path)
{
	for (size_t i = 0; i < l->places.n; i++)
		if (strcmp(l->places.v[i], path) == 0)
			return false;
	if (l->places.n >= LAYER_PLACES_MAX || strlen(path) > LAYER_PLACE_LENGTH)
		return false;
	*ARENA_PUSH(a, &l->places) = arena_strdup(a, path);
	return true;
}

/* Whether @path, below the tree's, is a place; @above: or lies above one. */
static bool is_place(const struct layer *l, const struct layer_tree *tree,
	const char *path, bool above)
{
	for (size_t i = 0; i < l->places.n; i++) {
		const char *place = l->places.v[i];
		if (!path_is_below(place, tree->path))
			continue;
		const char *rest = path_rest(place, tree->path);
		size_t len = strlen(path);
		if (strncmp(rest, path, len) == 0 &&
			(!rest[len] || (above && rest[len] == '/')))
			return true;
	}
	return false;
}

static bool holds_places_only(const struct layer *l, const struct layer_tree *tree,
	int dir, const char *name, const char *path)
{
	struct arena a = { 0 };
	bool only = true;
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	if (!d) {
		fd_close(fd);
		return false;
	}
	for (struct dirent *entry; only && (entry = readdir(d));)
		only = strcmp(entry->d_name, ".") == 0 ||
			strcmp(entry->d_name, "..") == 0 ||
			place_is_all(l, tree, fd, entry->d_name,
				arena_printf(&a, "%s/%s", path, entry->d_name));
	closedir(d);
	arena_done(&a);
	return only;
}

/* As deep as a place's path at most, whatever a program has nested there. */
bool place_is_all(const struct layer *l, const struct layer_tree *tree, int dir,
	const char *name, const char *path)
{
	struct stat st;
	if (l->places.n == 0 || fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return false;
	if (S_ISREG(st.st_mode))
		return st.st_size == 0 && is_place(l, tree, path, false);
	return S_ISDIR(st.st_mode) && is_place(l, tree, path, true) &&
		holds_places_only(l, tree, dir, name, path);
}
