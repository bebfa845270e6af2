/* SPDX-License-Identifier: MIT */
/* mount_plan.c - wishes for the root's contents, ordered into the mounts to be made */
#include "resolve/mount_plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/path.h"

static bool weak(const struct mount_op *op)
{
	return op->kind == OP_SECRET || op->kind == OP_PROTECT;
}

/* Whether @x comes after @y where both are for one destination: the last one holds. */
static int strength(const struct mount_op *x, const struct mount_op *y)
{
	if ((x->kind == OP_HIDE) != (y->kind == OP_HIDE))
		return x->kind == OP_HIDE ? 1 : -1;
	if (weak(x) != weak(y))
		return weak(x) ? -1 : 1;
	if (weak(x) && x->kind != y->kind)
		return x->kind == OP_SECRET ? 1 : -1;
	if ((x->kind == OP_DIR) != (y->kind == OP_DIR))
		return x->kind == OP_DIR ? -1 : 1;
	if ((x->id == SET_ROOT) != (y->id == SET_ROOT))
		return x->id == SET_ROOT ? -1 : 1;
	if (x->layer != y->layer)
		return x->layer < y->layer ? -1 : 1;
	if (x->write != y->write)
		return x->write ? -1 : 1;
	return x->rank < y->rank ? -1 : 1;
}

static int compare(const void *a, const void *b)
{
	const struct mount_op *x = a, *y = b;
	if (x->depth != y->depth)
		return x->depth < y->depth ? -1 : 1;
	int r = strcmp(x->dest, y->dest);
	return r ? r : strength(x, y);
}

static void sort(struct mount_ops *ops)
{
	for (size_t i = 0; i < ops->n; i++)
		ops->v[i].depth = path_depth(ops->v[i].dest);
	qsort(ops->v, ops->n, sizeof(*ops->v), compare);
}

int mount_plan_parent(const struct mount_ops *ops, const char *path)
{
	/* ops are sorted by depth, so the last one above is the nearest */
	for (size_t i = ops->n; i-- > 0;)
		if (ops->v[i].kind != OP_LINK && ops->v[i].kind != OP_DIR &&
			path_is_below(path, ops->v[i].dest) &&
			strcmp(path, ops->v[i].dest) != 0)
			return (int)i;
	return OP_NO_PARENT;
}

const char *mount_plan_source(struct arena *a, const struct mount_ops *ops,
	const struct mount_root *root, int parent, const char *dest)
{
	const char *source = root->source, *top = "/";
	if (parent != OP_NO_PARENT) {
		if (ops->v[parent].kind != OP_BIND)
			return NULL;
		source = ops->v[parent].source;
		top = ops->v[parent].dest;
	}
	if (!source)
		return NULL;
	const char *rest = path_rest(dest, top);
	if (!*rest)
		return source;
	return arena_printf(a, "%s/%s", strcmp(source, "/") == 0 ? "" : source, rest);
}

bool mount_plan_overlaid(
	const struct mount_ops *ops, const struct mount_root *root, int parent)
{
	return parent == OP_NO_PARENT ? root->overlay != NULL : ops->v[parent].overlaid;
}

bool mount_plan_shows(
	const struct mount_ops *ops, const struct mount_root *root, const char *path)
{
	(void)root; /* a directory root shows itself, not the host */
	for (size_t i = ops->n; i-- > 0;) {
		const struct mount_op *op = &ops->v[i];
		if (path_is_below(path, op->dest))
			return op->kind == OP_BIND && strcmp(op->source, op->dest) == 0;
	}
	return false;
}

/* The host's path, no link in it, of what the tree that holds @op shows there at @source. */
static const char *shown(struct arena *a, const struct mount_op *op,
	const struct mount_ops *ops, const char *source)
{
	const struct mount_op *tree =
		op->parent == OP_NO_PARENT ? NULL : &ops->v[op->parent];
	if (!tree || !tree->real)
		return source;
	return arena_printf(a, "%s/%s", strcmp(tree->real, "/") == 0 ? "" : tree->real,
		path_rest(op->dest, tree->dest));
}

/* Whether @op is about what the tree shows at its place. Weak wishes are about the caller's
 * own things: where a private home or another root shows something else at that path, they
 * have nothing to say. Where a link leads there, another op is for the place that it leads
 * to. */
static bool is_about(struct arena *a, const struct mount_op *op,
	const struct mount_ops *ops, const char *source)
{
	const char *about = op->about ? op->about : op->dest;
	if (!source)
		return !weak(op);
	if (strcmp(shown(a, op, ops, source), about) == 0)
		return true;
	if (strcmp(source, op->dest) != 0)
		return !weak(op); /* hide is about whatever is at its place */
	/* where nobody looked for links, it is as it is named */
	return op->parent != OP_NO_PARENT && !ops->v[op->parent].real;
}

/* A link that leads to something guarded: whoever replaced it would have the caller take
 * something else for that. */
static bool keep_link(struct mount_op *op, const char *source, bool wanted)
{
	op->kind = OP_BIND;
	op->source = source;
	op->write = op->make_dir = op->directory = false;
	op->pin = true;
	return wanted;
}

/* What a weak wish or a hide becomes, given the tree that holds its destination. */
static bool settle(struct arena *a, struct mount_op *op, const struct mount_ops *ops,
	const struct mount_root *root)
{
	const char *source = mount_plan_source(a, ops, root, op->parent, op->dest);
	bool writable =
		op->parent == OP_NO_PARENT ? root->write : ops->v[op->parent].write;
	bool overlaid = mount_plan_overlaid(ops, root, op->parent);

	if (!weak(op) && op->kind != OP_HIDE)
		return true;
	if (source && op->link && strcmp(shown(a, op, ops, source), op->link) == 0)
		return keep_link(op, source, writable && !overlaid);
	op->link = NULL;
	if (!is_about(a, op, ops, source))
		return false;
	if (!writable || overlaid)
		op->make_dir = false; /* the program cannot make it on the host either */
	if (op->kind == OP_PROTECT) {
		if (!writable || overlaid)
			return false;
		op->kind = OP_BIND;
		op->source = source;
		op->write = false;
		return true;
	}
	if (op->kind == OP_SECRET)
		op->kind = OP_HIDE;
	if (op->kind == OP_HIDE) {
		op->source = source;
		if (overlaid)
			op->implied = true; /* a layer may have removed or replaced it */
		return source != NULL; /* what nothing shows needs no hiding */
	}
	return true;
}

/* A bind that shows what its parent already shows there, in the same way; a part of the
 * system that lies in an overlaid tree is a part of that. */
static bool changes_nothing(struct arena *a, const struct mount_op *op,
	const struct mount_ops *ops, const struct mount_root *root)
{
	if (op->kind != OP_BIND || op->parent == OP_NO_PARENT)
		return false;
	const struct mount_op *parent = &ops->v[op->parent];
	const char *there = mount_plan_source(a, ops, root, op->parent, op->dest);
	if (!there || strcmp(there, op->source) != 0)
		return false;
	if (op->id == SET_SYSTEM && parent->overlaid)
		return true;
	return parent->write == op->write && parent->overlaid == op->overlaid &&
		parent->device == op->device;
}

void mount_plan_order(
	struct arena *a, struct mount_ops *ops, const struct mount_root *root)
{
	if (ops->n == 0)
		return;
	sort(ops);

	struct mount_ops kept = { .v = ops->v };
	for (size_t i = 0; i < ops->n; i++) {
		struct mount_op *op = &ops->v[i];
		if (i + 1 < ops->n && strcmp(op->dest, ops->v[i + 1].dest) == 0)
			continue; /* a stronger one follows */
		op->parent = mount_plan_parent(&kept, op->dest);
		if (!settle(a, op, &kept, root) || changes_nothing(a, op, &kept, root))
			continue;
		kept.v[kept.n++] = *op;
	}
	*ops = kept;
}

static const struct mount_op *find(const struct mount_ops *ops, const char *dest)
{
	for (size_t i = 0; i < ops->n; i++)
		if (strcmp(ops->v[i].dest, dest) == 0)
			return &ops->v[i];
	return NULL;
}

static bool guarding(const struct mount_op *op)
{
	return op->kind == OP_HIDE ||
		(op->kind == OP_BIND && (op->id == SET_PROTECT || op->link));
}

const struct mount_op *mount_plan_guard(
	const struct mount_ops *ops, const struct mount_root *root)
{
	for (size_t i = 0; i < ops->n; i++) {
		int parent = ops->v[i].parent;
		if (guarding(&ops->v[i]) &&
			(parent == OP_NO_PARENT ? root->write : ops->v[parent].write))
			return &ops->v[i];
	}
	return NULL;
}

void mount_plan_pin(struct arena *a, struct mount_ops *ops, const struct mount_root *root)
{
	size_t n = ops->n;
	for (size_t i = 0; i < n; i++) {
		const struct mount_op guard = ops->v[i]; /* the array moves as it grows */
		int parent = guard.parent;
		bool writable =
			parent == OP_NO_PARENT ? root->write : ops->v[parent].write;
		if (!guarding(&guard) || !writable)
			continue;
		const char *top = parent == OP_NO_PARENT ? "/" : ops->v[parent].dest;
		const char *dest = path_dirname(a, guard.dest);
		for (; path_is_below(dest, top) && strcmp(dest, top) != 0;
			dest = path_dirname(a, dest)) {
			if (find(ops, dest))
				continue;
			struct mount_op pin = guard;
			pin.kind = OP_BIND;
			pin.dest = dest;
			pin.source = mount_plan_source(a, ops, root, parent, dest);
			pin.write = pin.directory = pin.pin = true;
			pin.overlaid = mount_plan_overlaid(ops, root, parent);
			pin.make_dir = false;
			pin.link = NULL;
			*ARENA_PUSH(a, ops) = pin;
		}
	}
	if (ops->n == n)
		return;
	sort(ops);
	for (size_t i = 0; i < ops->n; i++) {
		const struct mount_ops above = { .v = ops->v, .n = i };
		ops->v[i].parent = mount_plan_parent(&above, ops->v[i].dest);
	}
}
