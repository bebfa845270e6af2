/* SPDX-License-Identifier: MIT */
/* apply.c - "sbox apply": changes in a layer, all or some, are brought to the host
 *
 * All are looked at before the first is brought: one that cannot be brought keeps all back. But
 * what only root may change stays in the layer, and the caller's own is brought.
 */
#include "layer/apply.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/path.h"
#include "base/str.h"
#include "cmd/guarded.h"
#include "cmd/interrupt.h"
#include "cmd/layers.h"
#include "config/profile.h"
#include "layer/attrs.h"

/* What stays behind because of one rule. */
struct behind {
	const char *rule;
	uint64_t n;
};

/* What root could bring of one tree: names below it as words of a shell, each behind a blank. */
struct roots {
	const struct layer_tree *tree;
	const char *words; /* NULL: too many, or odd ones */
};

struct request {
	bool force, protected, dry_run;
	bool brings; /* behind the first walk */
	struct guarded guarded;
	struct applier applier;
	struct {
		struct behind *v;
		size_t n;
	} behind;
	struct {
		struct roots *v;
		size_t n;
	} roots;
	uint64_t brought, kept, refused;
	uint64_t left; /* behind the first walk: what the caller may not change */
	uint64_t by[VERDICT_COUNT];
};

enum {
	TOLD_MAX = 10, /* of one kind, one by one */
	WORDS_MAX = 2000, /* of a command that is told */
	EXIT_KEPT = 1, /* something stays in the layer; part of the interface */
};

/* ---- which entries ---- */

/* What was chosen, and the new directories that it needs to lie in. */
static bool is_wanted(
	const struct picked *p, const struct walk_entry *entry, const char *path)
{
	return picked_path(p, path) ||
		(S_ISDIR(entry->upper.st_mode) && !S_ISDIR(entry->base.st_mode));
}

/* Whether somebody named what the rule is about, or something below it; that also goes for
 * the directories above what was named. */
static bool is_named(const struct picked *p, const struct walk_entry *entry,
	const char *path, const char *rule)
{
	for (size_t i = 0; i < p->paths.n; i++)
		if (path_is_below(p->paths.v[i], rule) &&
			(path_is_below(path, p->paths.v[i]) ||
				(S_ISDIR(entry->upper.st_mode) &&
					path_is_below(p->paths.v[i], path))))
			return true;
	return false;
}

static const char *guard_of(const struct request *rq, const struct picked *p,
	struct arena *a, const struct walk_entry *entry, const char *path)
{
	bool whole = !S_ISDIR(entry->upper.st_mode);
	const char *rule =
		rq->protected ? NULL : guarded_by(a, &rq->guarded, path, whole);
	return rule && !is_named(p, entry, path, rule) ? rule : NULL;
}

static bool is_guarded(const struct request *rq, const struct picked *p,
	const struct walk_entry *entry, const char *path)
{
	struct arena a = { 0 };
	bool guarded = guard_of(rq, p, &a, entry, path) != NULL;
	arena_done(&a);
	return guarded;
}

static enum verdict judge(struct request *rq, const struct walk *w,
	const struct walk_entry *entry, const char *path, bool soon)
{
	enum verdict v = applier_judge(&rq->applier, w, entry, path, soon);
	bool since = v == VERDICT_CHANGED || v == VERDICT_GONE;
	return since && rq->force ? VERDICT_GOOD : v;
}

/* Ctrl-C: what was brought stays brought, and is in the layer as well until the next one finds
 * it to be the same. */
static int stop(const struct request *rq, const struct picked *p, struct err *e)
{
	if (rq->brought > 0 && rq->brings)
		err_set(e, -EINTR,
			"interrupted: %llu change%s of the layer '%s' applied; 'sbox apply "
			"%s' goes on",
			(unsigned long long)rq->brought, rq->brought == 1 ? "" : "s",
			p->layer.name, p->layer.name);
	else
		err_set(e, -EINTR, "interrupted: nothing is applied");
	e->exit_status = EXIT_SIGNAL_BASE + interrupt_noted();
	return -EINTR;
}

/* ---- the first walk ---- */

static const char *why_not(enum verdict v)
{
	static const char *const why[VERDICT_COUNT] = {
		[VERDICT_KEPT] = "is not brought",
		[VERDICT_CHANGED] = "changed on the host since it came into the layer",
		[VERDICT_GONE] = "was removed on the host since it came into the layer",
		[VERDICT_RIGHTS] = "you may not change it; root could",
		[VERDICT_MOUNT] = "something is mounted there",
		[VERDICT_UNREADABLE] = "it cannot be read in the layer",
		[VERDICT_NO_PLACE] = "there is no place for it on the host",
	};
	return why[v];
}

static void tell(const struct picked *p, const char *path, enum verdict v,
	const struct walk_entry *entry)
{
	struct arena a = { 0 };
	const char *shown = shown_path(&a, &p->host, path);
	if (v == VERDICT_RIGHTS)
		log_warning("'%s' stays in the layer: %s", shown, why_not(v));
	else if (v == VERDICT_KEPT)
		log_warning("'%s' stays in the layer: a %s is not brought", shown,
			S_ISREG(entry->upper.st_mode) ? "name like that"
						      : type_word(entry->upper.st_mode));
	else
		log_error("'%s': %s", shown, why_not(v));
	arena_done(&a);
}

static void count_guarded(struct request *rq, struct arena *a, const char *rule)
{
	for (size_t i = 0; i < rq->behind.n; i++)
		if (strcmp(rq->behind.v[i].rule, rule) == 0) {
			rq->behind.v[i].n++;
			return;
		}
	*ARENA_PUSH(a, &rq->behind) =
		(struct behind){ .rule = arena_strdup(a, rule), .n = 1 };
}

static void tell_behind(const struct request *rq, const struct picked *p)
{
	for (size_t i = 0; i < rq->behind.n; i++) {
		const struct behind *b = &rq->behind.v[i];
		const char *shown = shown_path(p->arena, &p->host, b->rule);
		log_warning("'%s' stays in the layer: it is protected (%llu change%s); "
			    "'sbox apply %s %s' brings it",
			shown, (unsigned long long)b->n, b->n == 1 ? "" : "s",
			p->layer.name, shown);
	}
}

static void tell_more(const struct request *rq)
{
	for (int v = 0; v < VERDICT_COUNT; v++)
		if (v != VERDICT_GOOD && rq->by[v] > TOLD_MAX)
			log_error("and %llu more like '%s'",
				(unsigned long long)rq->by[v] - TOLD_MAX,
				why_not((enum verdict)v));
}

/* ---- what only root may change ---- */

static struct roots *roots_of(
	struct request *rq, const struct picked *p, const struct walk *w)
{
	for (size_t i = 0; i < rq->roots.n; i++)
		if (rq->roots.v[i].tree == w->tree)
			return &rq->roots.v[i];
	struct roots *roots = ARENA_PUSH(p->arena, &rq->roots);
	*roots = (struct roots){ .tree = w->tree, .words = "" };
	return roots;
}

static void note_roots(struct request *rq, const struct picked *p, const struct walk *w,
	const struct walk_entry *entry)
{
	struct stat dir;
	if (!entry->upper.st_mode || S_ISDIR(entry->base.st_mode) ||
		fstat(entry->base_dir, &dir) < 0 || dir.st_uid == p->host.uid)
		return;
	struct roots *roots = roots_of(rq, p, w);
	const char *word = str_shell_word(p->arena, entry->path);
	if (!roots->words || !word || *word == '-' ||
		strlen(roots->words) + strlen(word) > WORDS_MAX)
		roots->words = NULL;
	else
		roots->words = arena_printf(p->arena, "%s %s", roots->words, word);
}

/* By programs that root trusts, and from the layer itself: what a program inside would say of
 * these files, it would say with other programs' bytes. Without what marks directories for
 * fuse-overlayfs, set-id bits and the caller's ownership. */
static void tell_roots(const struct request *rq, const struct picked *p)
{
	const char *data =
		shown_path(p->arena, &p->host, p->host.vars[VAR_XDG_DATA_HOME]);
	for (size_t i = 0; i < rq->roots.n; i++) {
		const struct roots *roots = &rq->roots.v[i];
		const char *tree = str_shell_word(p->arena, roots->tree->path);
		if (tree)
			log_note("as root: tar -C %s/sbox/layers/%s/trees/%u/upper "
				 "--exclude='.wh.*' --mode=ug-s -c%s | sudo tar -C %s "
				 "--no-same-owner -x",
				data, p->layer.name, roots->tree->number,
				roots->words ? roots->words : " PATH...", tree);
	}
}

static int look(struct picked *p, struct walk *w, const struct walk_entry *entry,
	const char *path, void *data, struct err *e)
{
	struct request *rq = data;
	struct arena a = { 0 };
	if (interrupt_noted())
		return stop(rq, p, e);
	if ((entry->kind == CHANGE_NONE && !entry->code) || !is_wanted(p, entry, path))
		return 0;
	const char *rule = guard_of(rq, p, &a, entry, path);
	enum verdict v = rule ? VERDICT_KEPT : judge(rq, w, entry, path, false);
	if (rule)
		count_guarded(rq, p->arena, rule);
	else if (v != VERDICT_GOOD && ++rq->by[v] <= TOLD_MAX)
		tell(p, path, v, entry);
	if (v == VERDICT_RIGHTS)
		note_roots(rq, p, w, entry);
	/* what lies in a directory that stays need not be told one by one */
	if ((v == VERDICT_KEPT && entry->kind == CHANGE_ADDED) ||
		(v == VERDICT_RIGHTS && !S_ISDIR(entry->base.st_mode)))
		walk_skip(w);
	if (v == VERDICT_GOOD && rq->dry_run)
		print_change(p, entry, path);
	rq->brought += v == VERDICT_GOOD;
	rq->kept += v == VERDICT_KEPT || v == VERDICT_RIGHTS;
	rq->refused += v != VERDICT_GOOD && v != VERDICT_KEPT && v != VERDICT_RIGHTS;
	arena_done(&a);
	return 0;
}

/* ---- the second ---- */

static int failed(const struct picked *p, const char *path, int code, struct err *e)
{
	struct arena a = { 0 };
	err_sys(e, code, "cannot apply '%s'", shown_path(&a, &p->host, path));
	arena_done(&a);
	return code;
}

static void tell_lost(const struct request *rq, const struct picked *p,
	const struct walk_entry *entry, const char *path)
{
	struct arena a = { 0 };
	unsigned lost = rq->applier.lost;
	const char *shown = shown_path(&a, &p->host, path);
	if (S_ISREG(entry->upper.st_mode) && entry->upper.st_mode & (S_ISUID | S_ISGID))
		log_warning("'%s' is applied without its set-id bits", shown);
	if (lost & LOST_CAPABILITIES)
		log_warning("'%s' is applied without its capabilities", shown);
	if (lost & LOST_ACL)
		log_warning("'%s' is applied without its access control list, which the "
			    "file system there does not have",
			shown);
	if (lost & LOST_XATTRS)
		log_warning("'%s' is applied without its extended attributes, which the "
			    "file system there does not have",
			shown);
	arena_done(&a);
}

static int bring(struct picked *p, struct walk *w, const struct walk_entry *entry,
	const char *path, void *data, struct err *e)
{
	struct request *rq = data;
	bool wanted = is_wanted(p, entry, path);
	int r = 0;
	if (interrupt_noted())
		return stop(rq, p, e);
	if (entry->code)
		return wanted ? failed(p, path, entry->code, e) : 0;
	if (wanted && is_guarded(rq, p, entry, path)) {
		if (!entry->leave && entry->kind == CHANGE_ADDED)
			walk_skip(w);
		return 0;
	}
	if (entry->leave) {
		wanted = wanted && applier_may(entry);
		r = wanted ? applier_finish_dir(&rq->applier, entry) : 0;
		if (wanted && r == 0)
			tell_lost(rq, p, entry, path);
		return r < 0 && r != -ENOENT ? failed(p, path, r, e) : 0;
	}
	if (wanted && entry->kind != CHANGE_NONE) {
		enum verdict v = judge(rq, w, entry, path, true);
		if (v == VERDICT_KEPT) {
			walk_skip(w);
			return 0;
		}
		if (v == VERDICT_RIGHTS && ++rq->left <= rq->by[v]) {
			if (!S_ISDIR(entry->base.st_mode))
				walk_skip(w);
			return 0;
		}
		/* another program may have been faster than the rest of us */
		if (v != VERDICT_GOOD) {
			tell(p, path, v, entry);
			return failed(p, path, -EBUSY, e);
		}
	}
	if (entry->opaque)
		r = walk_unfold(w, entry);
	if (r == 0 && wanted)
		r = applier_bring(&rq->applier, w, entry, path);
	if (r < 0)
		return failed(p, path, r, e);
	if (wanted && entry->kind != CHANGE_NONE) {
		rq->brought++;
		tell_lost(rq, p, entry, path);
	}
	return 0;
}

/* ---- the third ---- */

static int drop(struct picked *p, struct walk *w, const struct walk_entry *entry,
	const char *path, void *data, struct err *e)
{
	struct request *rq = data;
	if (interrupt_noted())
		return stop(rq, p, e);
	if (!entry->leave && !is_wanted(p, entry, path))
		return 0;
	int r = applier_drop(&rq->applier, w, entry);
	return r < 0 ? failed(p, path, r, e) : 0;
}

/* What leaves the layer must be on the host's disk. */
static int sync_host(const struct picked *p, struct err *e)
{
	for (size_t i = 0; i < p->layer.trees.n; i++) {
		const struct layer_tree *tree = &p->layer.trees.v[i];
		struct err ignored;
		_cleanup_fd_ int top = walk_open_base(&p->layer, tree, p->base, &ignored);
		_cleanup_fd_ int fd = top < 0
			? -1
			: openat(top, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd >= 0 && syncfs(fd) < 0)
			return err_sys(e, -errno,
				"what was applied to '%s' may not be on the disk",
				tree->path);
	}
	return 0;
}

/* ---- */

static int refuse(const struct request *rq, const struct picked *p, struct err *e)
{
	uint64_t n = rq->refused + rq->by[VERDICT_RIGHTS];
	err_set(e, -EPERM, "nothing is applied: %llu of the changes cannot be",
		(unsigned long long)n);
	if (rq->refused == 0)
		return e->code; /* it is told what root could do */
	if (rq->by[VERDICT_CHANGED] + rq->by[VERDICT_GONE] == rq->refused)
		return err_hint(e,
			"'sbox diff --patch %s PATH' compares; 'sbox apply --force %s PATH' "
			"takes the layer's, and other paths can be applied by name",
			p->layer.name, p->layer.name);
	return err_hint(e, "'sbox apply %s PATH...' brings the rest, for example ~",
		p->layer.name);
}

static int bring_all(struct request *rq, struct picked *p, struct err *e)
{
	struct err later;
	rq->brought = 0;
	rq->brings = true;
	int r = picked_walk(p, WALK_ALL | WALK_LEAVE, bring, rq, e);
	if (r == -EINTR && interrupt_noted())
		return r;
	/* what was brought before something failed has been brought, too */
	struct err *e2 = r < 0 ? &later : e;
	int dropped = sync_host(p, e2);
	if (dropped == 0)
		dropped = picked_walk(p, WALK_ALL | WALK_LEAVE, drop, rq, e2);
	if (r < 0)
		return err_hint(e, "%llu changes were applied; 'sbox apply %s' goes on",
			(unsigned long long)rq->brought, p->layer.name);
	return dropped < 0 ? dropped : applier_settle(&rq->applier, &p->layer, e);
}

static int apply(struct request *rq, struct picked *p, struct err *e)
{
	int r = picked_walk(p, 0, look, rq, e);
	if (r == 0)
		r = pick_tell_missed(p, e);
	if (r < 0)
		return r;
	tell_behind(rq, p);
	tell_more(rq);
	tell_roots(rq, p);
	if (rq->refused > 0 || (rq->by[VERDICT_RIGHTS] > 0 && rq->brought == 0))
		return refuse(rq, p, e);
	if (rq->dry_run)
		return rq->kept > 0 ? EXIT_KEPT : 0;
	r = bring_all(rq, p, e);
	if (r < 0)
		return r;
	printf("%llu change%s of the layer '%s' applied", (unsigned long long)rq->brought,
		rq->brought == 1 ? "" : "s", p->layer.name);
	if (rq->kept > 0)
		printf(", %llu kept in it", (unsigned long long)rq->kept);
	putchar('\n');
	return rq->kept > 0 ? EXIT_KEPT : 0;
}

static int check_base(const struct picked *p, struct err *e)
{
	if (p->layer.base == BASE_HOST)
		return 0;
	err_set(e, -EINVAL, "the layer '%s' does not lie over the host, but over %s '%s'",
		p->layer.name,
		p->layer.base == BASE_IMAGE ? "the image" : "the directory",
		p->layer.base_name);
	if (p->layer.base == BASE_IMAGE)
		return err_hint(e,
			"'sbox diff' shows it; a program in it, such as tar, brings it out");
	return err_hint(e, "'sbox --root=%s --layer=%s' shows it with its changes",
		p->layer.base_name, p->layer.name);
}

/* The lists of the profile that all others begin with. */
static int read_guarded(struct request *rq, struct picked *p, struct err *e)
{
	struct diags d = { .arena = p->arena };
	struct profile_dirs dirs;
	struct plan plan;
	plan_init(&plan, p->arena);
	profile_dirs_init(&dirs, p->arena);
	profile_load(&plan, &d, &dirs, "base", &(struct origin){ 0 });
	if (diag_print_all(&d) > 0)
		return err_set(
			e, -EINVAL, "what the profile 'base' protects is not known");
	guarded_init(&rq->guarded, p->arena, &p->host, &plan);
	return 0;
}

static int run(int argc, char **argv, struct err *e)
{
	struct arena arena = { 0 };
	struct request rq = { 0 };
	struct picked p;
	struct words w;
	(void)argc;
	if (words_read(&cmd_apply, argv, &rq, &w, e) < 0)
		return e->code;
	int r = pick_layer(&arena, &w, LAYER_LOCK, &p, e);
	if (r < 0)
		return r;
	interrupt_note();
	r = check_base(&p, e);
	if (r == 0)
		r = read_guarded(&rq, &p, e);
	if (r == 0)
		r = applier_begin(&rq.applier, &p.layer, e);
	if (r == 0) {
		r = apply(&rq, &p, e);
		applier_end(&rq.applier);
	}
	pick_done(&p);
	arena_done(&arena);
	return r;
}

static const struct option_row options[] = {
	{ .name = "force",
		.offset = offsetof(struct request, force),
		.help = "what changed on the host meanwhile, too" },
	{ .name = "protected",
		.offset = offsetof(struct request, protected),
		.help = "what is protected, too" },
	{ .name = "dry-run",
		.offset = offsetof(struct request, dry_run),
		.help = "show what would be brought" },
	{ 0 },
};

static const struct action actions[] = {
	{ .operands = "[LAYER] [PATH...]", .most = ANY_NUMBER, .options = options },
	{ 0 },
};

const struct command cmd_apply = {
	.name = "apply",
	.summary = "bring changes in a layer, all or some, to the host",
	.actions = actions,
	.words_from = "layer list --names",
	.run = run,
};
