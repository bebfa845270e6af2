/* SPDX-License-Identifier: MIT */
/* discard.c - "sbox discard": changes in a layer, all or some, are given up */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "cmd/layers.h"
#include "layer/apply.h"
#include "layer/overlay.h"
#include "layer/remove.h"

struct request {
	uint64_t n;
	bool list; /* the changes, one by one */
};

static int tell(struct picked *p, struct walk *w, const struct walk_entry *entry,
	const char *path, void *data, struct err *e)
{
	struct request *rq = data;
	(void)w;
	(void)e;
	if (entry->kind == CHANGE_NONE || !picked_path(p, path))
		return 0;
	rq->n++;
	if (rq->list)
		print_change(p, entry, path);
	return 0;
}

/* What is below a chosen path goes whole; above it the marks of opaque directories first
 * become whiteouts, or what the base has would be gone in its place. */
static int give_up(struct picked *p, struct walk *w, const struct walk_entry *entry,
	const char *path, void *data, struct err *e)
{
	struct arena a = { 0 };
	int r = 0;
	(void)data;
	if (entry->leave)
		(void)walk_drop_dir(w, entry);
	else if (!picked_path(p, path))
		r = entry->opaque ? walk_unfold(w, entry) : 0;
	else {
		walk_skip(w);
		r = walk_drop(w, entry);
	}
	if (r < 0)
		err_sys(e, r, "cannot remove all of '%s' from the layer '%s'",
			shown_path(&a, &p->host, path), p->layer.name);
	arena_done(&a);
	return r < 0 ? r : 0;
}

/* What can only be thrown away need not be understood. */
static int discard_all(struct picked *p, struct err *e)
{
	struct request rq = { 0 };
	struct err ignored = { 0 };
	bool counted = picked_walk(p, 0, tell, &rq, &ignored) == 0;
	int r = remove_layer(p->arena, &p->host, p->layers, &p->layer, e);
	if (r == 0 && counted)
		printf("%llu change%s discarded with the layer '%s'\n",
			(unsigned long long)rq.n, rq.n == 1 ? "" : "s", p->layer.name);
	else if (r == 0)
		printf("the layer '%s' discarded\n", p->layer.name);
	return r;
}

static int discard(struct picked *p, struct applier *ap, struct err *e)
{
	struct request rq = { .list = true };
	int r = picked_walk(p, 0, tell, &rq, e);
	if (r == 0)
		r = pick_tell_missed(p, e);
	if (r < 0)
		return r;
	r = picked_walk(p, WALK_ALL | WALK_LEAVE, give_up, &rq, e);
	int settled = r < 0 ? r : applier_settle(ap, &p->layer, e);
	if (settled == 0)
		printf("%llu change%s of the layer '%s' discarded\n",
			(unsigned long long)rq.n, rq.n == 1 ? "" : "s", p->layer.name);
	return settled;
}

static int run(int argc, char **argv, struct err *e)
{
	struct arena arena = { 0 };
	struct picked p;
	struct applier ap;
	struct words w;
	(void)argc;
	if (words_read(&cmd_discard, argv, NULL, &w, e) < 0)
		return e->code;
	int r = pick_layer(&arena, &w, LAYER_LOCK, &p, e);
	if (r < 0)
		return r;
	if (p.paths.n == 0 && p.guessed) {
		r = err_set(e, -EINVAL, "which layer is to be discarded, of several?");
		err_hint(e, "name it: sbox discard %s; 'sbox layer list' shows all",
			p.layer.name);
	} else if (p.paths.n == 0) {
		r = discard_all(&p, e);
	} else if ((r = applier_begin(&ap, &p.layer, e)) == 0) {
		r = discard(&p, &ap, e);
		applier_end(&ap);
	}
	pick_done(&p);
	arena_done(&arena);
	return r;
}

const struct command cmd_discard = {
	.name = "discard",
	.summary = "give up changes in a layer, all or some",
	.actions =
		(const struct action[]){
			{ .operands = "[LAYER] [PATH...]", .most = ANY_NUMBER }, { 0 } },
	.words_from = "layer list --names",
	.run = run,
};
