/* SPDX-License-Identifier: MIT */
/* guard.c - what is hidden or protected, under every other name that a rule shows it by
 *
 * A guard is about a thing of the host, and a thing has more names than one: bind shows it
 * at another place, and a link may lead to what lies above it. So real names are compared,
 * and each guard is wished again wherever a rule shows what it is about. The links that lead
 * to it from the name that it was given are guarded, too: whoever replaced one would choose
 * what the caller, and the next start, find under that name.
 */
#include <string.h>

#include "base/path.h"
#include "resolve/wish.h"

/* The rules whose trees are the caller's; a private home is nobody's but the sandbox's. */
static bool shows(const struct resolver *r, const struct mount_op *op)
{
	if (op->kind != OP_BIND)
		return false;
	return op->id == SET_READ || op->id == SET_WRITE || op->id == SET_BIND ||
		op->id == SET_CWD || op->id == SET_OVERLAY || op->id == SET_THEMES ||
		(op->id == SET_HOME && strcmp(r->p->home, "host") == 0);
}

static bool guards(const struct mount_op *op)
{
	return op->kind == OP_HIDE || op->kind == OP_SECRET || op->kind == OP_PROTECT;
}

static const char *below(struct arena *a, const char *dir, const char *rest)
{
	return arena_printf(a, "%s/%s", strcmp(dir, "/") == 0 ? "" : dir, rest);
}

/* The rule's path leads into what is guarded and does not say so. Whoever wrote the rule
 * may not know: a program that may write there can have put the link in place. */
static void refuse(
	struct resolver *r, const struct mount_op *rule, const struct mount_op *guard)
{
	diag_add(r->d, &rule->at, "'%s' leads to '%s', which is %s", rule->source,
		guard->dest, guard->kind == OP_PROTECT ? "protected" : "secret")
		->hint = "to show it all the same, name it by that path";
}

/* The place where @rule shows the host's @path, which is below @shown. */
static const char *place_of(struct resolver *r, const struct mount_op *rule,
	const char *shown, const char *path)
{
	return below(r->a, rule->dest, path_rest(path, shown));
}

static struct mount_op *wish_again(struct resolver *r, const struct mount_op *guard,
	enum op_kind kind, const char *dest)
{
	struct mount_op *again = wish(r, kind, dest, guard->id, NULL);
	again->at = guard->at;
	again->layer = guard->layer;
	return again;
}

static void compare(struct resolver *r, const struct mount_op *rule, const char *shown,
	const struct mount_op *guard, const char *guarded)
{
	if (path_is_below(shown, guarded)) {
		if (!path_is_below(rule->source, guard->dest) &&
			(guard->kind != OP_PROTECT || (rule->write && !rule->overlaid)))
			refuse(r, rule, guard);
		return;
	}
	const char *dest = place_of(r, rule, shown, guarded);
	if (strcmp(dest, guard->dest) == 0)
		return;
	struct mount_op *again = wish_again(r, guard, guard->kind, dest);
	again->make_dir = guard->make_dir;
	again->about = guarded;
}

/* Each of @links that the program could replace. */
static void compare_links(struct resolver *r, const struct mount_op *rule,
	const char *shown, const struct mount_op *guard, const struct path_links *links)
{
	for (size_t i = 0; rule->write && !rule->overlaid && i < links->n; i++) {
		const char *link = links->v[i];
		if (!path_is_below(link, shown) || strcmp(link, shown) == 0)
			continue;
		const char *dest = place_of(r, rule, shown, link);
		if (guard->link && strcmp(dest, guard->dest) == 0)
			continue;
		struct mount_op *kept = wish_again(r, guard, OP_PROTECT, dest);
		kept->about = kept->link = link;
	}
}

/* A guard and what its name leads to. */
struct guarded {
	const char *real;
	struct path_links links;
};

static void look_at_guard(struct resolver *r, struct mount_op *guard, struct guarded *ret)
{
	ret->real = path_trace(r->a, guard->dest, &ret->links);
	guard->about = ret->real;
	if (ret->links.n == 0)
		return;
	const char *parent = path_real(r->a, path_dirname(r->a, guard->dest));
	const char *itself = below(r->a, parent, path_basename(guard->dest));
	for (size_t i = 0; i < ret->links.n; i++)
		if (strcmp(ret->links.v[i], itself) == 0)
			guard->link = itself;
}

static void compare_all(struct resolver *r, const struct mount_op *rule,
	const char *shown, const struct guarded *all, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!all[i].real)
			continue;
		const struct mount_op guard = r->rd->ops.v[i];
		if (path_is_below(all[i].real, shown) ||
			path_is_below(shown, all[i].real))
			compare(r, rule, shown, &guard, all[i].real);
		compare_links(r, rule, shown, &guard, &all[i].links);
	}
}

void wish_guards_elsewhere(struct resolver *r)
{
	const struct mount_ops *ops = &r->rd->ops;
	const size_t n = ops->n;
	struct guarded *all = arena_alloc(r->a, (n + 1) * sizeof(*all));
	size_t rules = 0;
	for (size_t i = 0; i < n; i++)
		rules += shows(r, &ops->v[i]);
	for (size_t i = 0; rules > 0 && i < n; i++)
		if (guards(&ops->v[i]))
			look_at_guard(r, &ops->v[i], &all[i]);

	for (size_t i = 0; i < n; i++) {
		const struct mount_op rule = ops->v[i]; /* the array moves as it grows */
		if (!shows(r, &rule))
			continue;
		const char *shown = path_real(r->a, rule.source);
		ops->v[i].real = shown; /* it must still be that when it is opened */
		compare_all(r, &rule, shown, all, n);
	}
}
