/* SPDX-License-Identifier: MIT */
/* ready.h - all that a start needs, decided and prepared: const once it is made
 *
 * Everything a user can get wrong has been found when this exists; the stages only act.
 * All memory is in the plan's arena; after the clone nothing is allocated.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "config/plan.h"
#include "resolve/host.h"
#include "resolve/instance.h"
#include "resolve/limits.h"
#include "resolve/mount_plan.h"
#include "resolve/net_filter.h"

struct id_extent {
	uint32_t inside, outside, count;
};

enum { ID_EXTENTS_MAX = 32 };

struct id_table {
	struct id_extent v[ID_EXTENTS_MAX];
	size_t n;
};

/* A directory or file made on the host as a place to mount on; taken away afterwards
 * where it is still empty and nobody else uses the tree. */
struct undo {
	int lock_fd; /* of the tree's top, locked shared while the instance lives; -1: none */
	int dir_fd; /* where it is, so that no program can lead us elsewhere; or AT_FDCWD */
	const char *name; /* in that directory; a path with AT_FDCWD */
	bool directory;
	bool failure_only; /* kept when the start succeeded */
};

struct undos {
	struct undo *v;
	size_t n;
};

/* A tree of the host with places that are mounted on: locked shared while the instance
 * lives, so that no other one takes such a place away. */
struct locked_tree {
	const char *path;
	int fd;
};

struct locked_trees {
	struct locked_tree *v;
	size_t n;
};

/* A program that runs beside the sandbox for its whole life, in a sandbox of its own. One
 * end of a socket pair is its: it says there when it is ready, and ends when ours closes. */
struct helper_spec {
	const char *name, *hint; /* for messages */
	const struct plan *plan;
	const struct ready *ready; /* of the plan */
	int our_fd, its_fd;
};

/* The program behind network = user, and the rules in it. */
struct network_spec {
	const char *helper; /* "slirp4netns" or "pasta" */
	const char *path; /* of it */
	const char *api_folder; /* for slirp4netns' socket; NULL: none */
	const char *api_path; /* the socket */
	const struct net_publish *publish;
	size_t n_publish;
	const char *nft_path;
	const struct net_filter *filter;
	const char *resolver_path; /* NULL: names are looked up by the helper alone */
};

/* A seccomp program, as the kernel takes it. */
struct filter {
	const void *code; /* struct sock_filter[] */
	size_t count; /* instructions */
	bool cached; /* it came from the cache */
};

/* What security modules are to call the program; NULL: as they do by themselves. */
struct label {
	const char *apparmor, *selinux;
	const char *why_not; /* why apparmor = auto takes no profile of ours */
};

struct ready {
	const struct plan *plan;
	struct host host;
	uint64_t namespaces; /* CLONE_NEW... without the time namespace */

	bool map_range; /* through newuidmap and newgidmap */
	struct id_table uids, gids;
	uid_t uid; /* inside */
	gid_t gid;
	bool drop_groups;

	const char *image; /* digest of the image that is the root; NULL: none is */
	struct mount_root root;
	dev_t root_dev;
	ino_t root_ino;
	struct mount_ops ops;
	int *source_fds; /* room for one a mount op; used after the clone */
	int *top_fds; /* the same: of the mounts that others are made in, or seals */
	struct undos undos;
	struct locked_trees trees;

	struct layers_used *layers; /* NULL: no layer */

	const char *home; /* inside; NULL: none */
	const char *const *chdirs; /* tried in order, ended by NULL */
	bool chdir_required;

	const char *program; /* as the user named it */
	const char *const *candidates; /* paths to execute, tried in order */
	char *const *argv;
	char **envp;
	char **shell_argv; /* "/bin/sh", the script (filled in), arguments: for ENOEXEC */

	struct limits limits;
	struct filter filter;
	struct label label;
	uint64_t capabilities; /* bit n: capability n */
	bool own_keyring; /* the filter lets the program at keys */
	int *pass_fds; /* ascending */
	size_t n_pass_fds;

	struct helper_spec *dbus, *sound; /* NULL: none */
	const struct network_spec *network; /* NULL: no helper */
	struct instance *instance; /* its folder, where there is or will be one */
};
