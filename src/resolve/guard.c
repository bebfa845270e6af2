/* SPDX-License-Identifier: MIT */
/* guard.c - what is hidden or protected, under every other name that a rule shows it by
 *
 * A guard is about a thing of the host, and a thing has more names than one: bind shows it
 * at another place, and a link may lead to what lies above it. So real names are compared,
 * and each guard is wished again wherever a rule shows what it is about.
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

static void compare(struct resolver *r, const struct mount_op *rule, const char *shown,
	const struct mount_op *guard, const char *guarded)
{
	if (path_is_below(shown, guarded)) {
		if (!path_is_below(rule->source, guard->dest) &&
			(guard->kind != OP_PROTECT || (rule->write && !rule->overlaid)))
			refuse(r, rule, guard);
		return;
	}
	const char *rest = path_rest(guarded, shown);
	const char *dest = below(r->a, rule->dest, rest);
	if (strcmp(dest, guard->dest) == 0)
		return;
	struct mount_op *again = wish(r, guard->kind, dest, guard->id, NULL);
	again->at = guard->at;
	again->layer = guard->layer;
	again->make_dir = guard->make_dir;
	again->about = below(r->a, rule->source, rest);
}

void wish_guards_elsewhere(struct resolver *r)
{
	const struct mount_ops *ops = &r->rd->ops;
	const size_t n = ops->n;
	const char **real = arena_alloc(r->a, (n + 1) * sizeof(*real));
	size_t rules = 0;
	for (size_t i = 0; i < n; i++)
		rules += shows(r, &ops->v[i]);
	for (size_t i = 0; rules > 0 && i < n; i++)
		real[i] = guards(&ops->v[i]) ? path_real(r->a, ops->v[i].dest) : NULL;

	for (size_t i = 0; i < n; i++) {
		const struct mount_op rule = ops->v[i]; /* the array moves as it grows */
		if (!shows(r, &rule))
			continue;
		const char *shown = path_real(r->a, rule.source);
		ops->v[i].real = shown; /* it must still be that when it is opened */
		for (size_t k = 0; k < n; k++) {
			if (!real[k] ||
				(!path_is_below(real[k], shown) &&
					!path_is_below(shown, real[k])))
				continue;
			const struct mount_op guard = ops->v[k];
			compare(r, &rule, shown, &guard, real[k]);
		}
	}
}
