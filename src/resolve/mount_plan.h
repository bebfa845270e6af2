/* SPDX-License-Identifier: MIT */
/* mount_plan.h - wishes for the root's contents, ordered into the mounts to be made
 *
 * Pure: knows paths as text and what kind of thing a source is, touches nothing.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "config/plan.h"

enum op_kind {
	OP_BIND, /* source shown at dest, with all below it */
	OP_TMPFS, /* an empty file system in memory */
	OP_PROC, /* a fresh /proc */
	OP_DEVPTS, /* terminals of its own */
	OP_DIR, /* a directory in a tmpfs of ours */
	OP_FILE, /* a file with given content */
	OP_LINK, /* a symbolic link in a tmpfs of ours */
	OP_HIDE, /* nothing to see at dest */
	OP_SECRET, /* weak hide; settled by mount_plan_order() */
	OP_PROTECT, /* weak read-only; settled by mount_plan_order() */
	OP_KIND_COUNT
};

enum { OP_NO_PARENT = -1 };

struct overlay;

struct mount_op {
	enum op_kind kind;
	const char *dest; /* normalized path as the sandbox will see it */
	const char *source; /* OP_BIND: path on the host; OP_LINK: its target */
	const char *real; /* OP_BIND: @source without links, as guards were held to it */
	const char *
		about; /* guards: the host's path that is meant, no link in it; NULL: dest */
	const char *
		link; /* guards: the link that dest is on the host, by its place; NULL: it
			     is none. OP_BIND: the link itself is kept where it is */
	const char *content;
	mode_t mode;
	uint64_t size;
	bool write; /* OP_BIND */
	bool overlaid; /* OP_BIND, and @write: what is written goes to a layer */
	const struct overlay *overlay; /* how; NULL: what lies above it has it already */
	bool device; /* OP_BIND: device nodes work */
	bool directory; /* OP_BIND, OP_HIDE: kind of the thing */
	bool seal; /* OP_TMPFS, OP_HIDE: made read-only when all is in place */
	bool implied; /* left out where there is no place for it, without a word */
	bool make_dir; /* weak ones: make the directory where it is missing */
	bool pin; /* OP_BIND of what is there, so that it cannot be renamed away */
	bool holds; /* places of other ops lie in its tree */
	unsigned rank; /* order of wishing; a later layer's has a higher one */
	unsigned layer;
	enum setting_id id; /* the setting that wished it */
	struct origin at;
	unsigned depth; /* components of dest; set by mount_plan_order() */
	int parent; /* index of the op whose tree holds dest; OP_NO_PARENT: the root itself */
	dev_t dev; /* OP_BIND: identity of the source, compared again before it is used */
	ino_t ino;
};

struct mount_ops {
	struct mount_op *v;
	size_t n;
};

/* What the root itself is, as the parent of the topmost ops. */
struct mount_root {
	const char *source; /* the directory; NULL: a tmpfs of ours */
	bool write;
	const struct overlay
		*overlay; /* what is written goes to a layer; NULL: to @source */
};

/* Sorts the wishes so that what lies above comes first, keeps one op for each
 * destination, settles the weak ones, drops those that change nothing, and sets parent.
 *
 * For one destination: hiding wins; then the later layer; in one layer reading wins over
 * writing, then the later wish. A weak wish yields to any other; so does a directory, since
 * there is one then, and what another root has there itself. */
void mount_plan_order(
	struct arena *a, struct mount_ops *ops, const struct mount_root *root);

/* Adds a pin for every directory between a writable tree's top and something in it that is
 * hidden or kept read-only: a place that is mounted on cannot be renamed, but what lies
 * above it could be, and something else be put in its place for the next one to find. */
void mount_plan_pin(
	struct arena *a, struct mount_ops *ops, const struct mount_root *root);

/* The first thing hidden or kept read-only in a writable tree; NULL: there is none. */
const struct mount_op *mount_plan_guard(
	const struct mount_ops *ops, const struct mount_root *root);

/* The index of the op whose tree holds @path (by its text), or OP_NO_PARENT. */
int mount_plan_parent(const struct mount_ops *ops, const char *path);
/* Whether what is written in the tree of @parent goes to a layer. */
bool mount_plan_overlaid(
	const struct mount_ops *ops, const struct mount_root *root, int parent);
/* The host's path of @dest as seen through its parent, or NULL where that is no bind. */
const char *mount_plan_source(struct arena *a, const struct mount_ops *ops,
	const struct mount_root *root, int parent, const char *dest);
/* Whether the host's @path can be seen in the sandbox at its own place. */
bool mount_plan_shows(
	const struct mount_ops *ops, const struct mount_root *root, const char *path);
