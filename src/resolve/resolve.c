/* SPDX-License-Identifier: MIT */
/* resolve.c - the plan, held against this machine, made into all that a start needs
 *
 * Wishes are gathered from all settings, ordered by mount_plan.c, and then each source is
 * opened once: what does not exist, leads out of a place that a sandbox may write, or has
 * nowhere to be mounted is a mistake told here, before anything is started.
 */
#include "resolve/resolve.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/stat.h>

#include "base/path.h"
#include "base/str.h"
#include "config/settings.h"
#include "resolve/expand.h"
#include "resolve/filter.h"
#include "resolve/group.h"
#include "resolve/label.h"
#include "resolve/overlay.h"
#include "resolve/places.h"
#include "resolve/program.h"
#include "resolve/subid.h"
#include "resolve/wish.h"

static void resolve_namespaces(struct ready *rd)
{
	const struct plan *p = rd->plan;
	rd->namespaces = CLONE_NEWUSER | CLONE_NEWNS;
	if (p->pid == SHARING_PRIVATE)
		rd->namespaces |= CLONE_NEWPID;
	if (p->ipc == SHARING_PRIVATE)
		rd->namespaces |= CLONE_NEWIPC;
	if (p->uts == SHARING_PRIVATE)
		rd->namespaces |= CLONE_NEWUTS;
	if (p->cgroup == SHARING_PRIVATE)
		rd->namespaces |= CLONE_NEWCGROUP;
	if (p->network != NETWORK_HOST)
		rd->namespaces |= CLONE_NEWNET;
}

/* What dpkg, apt, tar and their like use to install files of several owners. */
static uint64_t package_manager_set(void)
{
	static const cap_value_t set[] = { CAP_CHOWN, CAP_DAC_OVERRIDE,
		CAP_DAC_READ_SEARCH, CAP_FOWNER, CAP_FSETID, CAP_KILL, CAP_SETGID,
		CAP_SETUID, CAP_SETFCAP, CAP_SYS_CHROOT };
	uint64_t bits = 0;
	for (size_t i = 0; i < ARRAY_SIZE(set); i++)
		bits |= UINT64_C(1) << set[i];
	return bits;
}

static void resolve_capabilities(struct ready *rd)
{
	const struct list *l = &rd->plan->capabilities;
	for (size_t i = 0; i < l->n; i++) {
		char name[64];
		cap_value_t cap;
		(void)snprintf(name, sizeof(name), "cap_%s", l->v[i].text);
		if (strcmp(l->v[i].text, "root") == 0)
			rd->capabilities |= package_manager_set();
		else if (cap_from_name(name, &cap) == 0)
			rd->capabilities |= UINT64_C(1) << cap;
	}
}

/* In doubt yes: a keyring of its own costs nothing but a part of the user's quota, which is
 * 200 (kernel.keys.maxkeys), and a desktop may have more sandboxes than that. */
static bool reaches_keys(const struct plan *p)
{
	static const char *const calls[] = { "keyctl", "request_key", "add_key" };
	bool refused = false;
	for (size_t i = 0; i < p->syscalls_allow.n; i++)
		for (size_t k = 0; k < ARRAY_SIZE(calls); k++)
			if (strcmp(p->syscalls_allow.v[i].text, calls[k]) == 0)
				return true;
	for (size_t i = 0; i < p->syscalls_deny.n; i++)
		refused = refused || str_starts(p->syscalls_deny.v[i].text, "@keyring");
	return !refused || p->syscalls_default == SYSCALLS_LOG;
}

static int by_number(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* From a directory there is a way up to all of the host's files, unless Landlock bars it. */
static void refuse_directories(struct resolver *r)
{
	static const struct origin nowhere;
	for (int fd = 0; fd < 3; fd++) {
		struct stat st;
		if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
			diag_add(r->d, &nowhere, "descriptor %d is a directory", fd)
				->hint =
				"redirect it, for example with </dev/null; pass-fd is for "
				"passing a directory";
	}
}

/* Whether the caller has left us @fd. Ours are all born close-on-exec, and one that was so
 * before our execve() is not here: else a wrong number would pass a descriptor of our own. */
static bool is_callers(int fd)
{
	int flags = fcntl(fd, F_GETFD);
	return flags >= 0 && !(flags & FD_CLOEXEC);
}

static void resolve_pass_fds(struct resolver *r)
{
	const struct list *l = &r->p->pass_fd;
	struct ready *rd = r->rd;
	rd->pass_fds = arena_alloc(r->a, (l->n + 1) * sizeof(int));
	for (size_t i = 0; i < l->n; i++) {
		int fd = atoi(l->v[i].text); /* digits only: value_list.c saw to it */
		/* of a plan that is sbox's own they are its own */
		if (l->v[i].at.file && !is_callers(fd))
			diag_add(r->d, &l->v[i].at, "descriptor %d is not open", fd);
		else
			rd->pass_fds[rd->n_pass_fds++] = fd;
	}
	qsort(rd->pass_fds, rd->n_pass_fds, sizeof(int), by_number);

	int status = (int)r->p->json_status_fd;
	if (status >= 0 && !is_callers(status))
		diag_add(r->d, &r->p->origin[SET_JSON_STATUS],
			"descriptor %d is not open", status);
}

static const char *expand_chdir(struct resolver *r)
{
	return expand_path(
		r->a, r->h, r->d, r->p->chdir, false, &r->p->origin[SET_CHDIR]);
}

/* The root is made before anything is mounted in it; an op for its top would be lost. */
static void refuse_top(struct resolver *r)
{
	const struct mount_ops *ops = &r->rd->ops;
	for (size_t i = 0; i < ops->n; i++)
		if (strcmp(ops->v[i].dest, "/") == 0)
			diag_add(r->d, &ops->v[i].at,
				"%s: '/' itself cannot be shown, hidden or replaced",
				settings[ops->v[i].id].key)
				->hint = "name what is in it; root chooses another root";
}

/* A name is the run's own from here on, or the run is not to be. */
static int resolve_name(struct resolver *r)
{
	if (!r->p->name || r->dry)
		return 0;
	int code = instance_make(r->rd->instance, r->e);
	if (code != -EEXIST)
		return code;
	diag_add(r->d, &r->p->origin[SET_NAME], "%s", r->e->msg)->hint = arena_printf(
		r->a,
		"'sbox ps' shows it, 'sbox kill %s' ends it; or choose another name",
		r->p->name);
	return 0; /* to be told with the rest */
}

/* All groups below the user manager's belong to the user, so whoever can write there raises
 * any limit. */
static void refuse_groups(struct resolver *r)
{
	const struct mount_ops *ops = &r->rd->ops;
	for (size_t i = 0; r->rd->limits.way != GROUP_NONE && i < ops->n; i++) {
		const struct mount_op *op = &ops->v[i];
		if (op->kind != OP_BIND || !op->write)
			continue;
		const char *real = path_real(r->a, op->source);
		if (path_is_below(real, GROUP_TOP) || path_is_below(GROUP_TOP, real))
			diag_add(r->d, &op->at,
				"%s: '%s' has the control groups in it: who can write there "
				"can raise the limits",
				settings[op->id].key, op->source)
				->hint = "show it read-only, or run with --no-limits";
	}
}

int resolve_begin(const struct plan *p, struct ready *rd, struct diags *d, struct err *e)
{
	*rd = (struct ready){ .plan = p };
	int code = host_init(&rd->host, p->arena, e);
	if (code < 0)
		return code;
	rd->instance =
		instance_new(p->arena, rd->host.uid, rd->host.runtime_dir, p->name);
	limits_resolve(rd, d);
	return 0;
}

/* The run of a helper that has a sandbox of its own, which has no such helper. */
static int resolve_helper(struct resolver *r, struct helper_spec *spec)
{
	if (!spec)
		return 0;
	struct ready *ready = arena_alloc(r->a, sizeof(*ready));
	spec->ready = ready;
	int code = resolve_begin(spec->plan, ready, r->d, r->e);
	if (code == 0)
		code = resolve_plan(ready, false, r->d, r->e);
	if (code < 0 && r->d->n == 0)
		return err_wrap(r->e, "the sandbox of %s", spec->name);
	return 0; /* what is in r->d is told with the rest */
}

int resolve_plan(struct ready *rd, bool dry, struct diags *d, struct err *e)
{
	const struct plan *p = rd->plan;
	struct resolver r = { .p = p,
		.a = p->arena,
		.rd = rd,
		.h = &rd->host,
		.d = d,
		.e = e,
		.dry = dry };

	int code = subid_resolve(rd, e);
	if (code < 0)
		return code;
	rd->host.vars[VAR_UID] = arena_printf(r.a, "%u", rd->uid);
	resolve_namespaces(rd);
	resolve_capabilities(rd);
	label_resolve(rd, d);
	rd->own_keyring = reaches_keys(p);
	refuse_directories(&r);
	resolve_pass_fds(&r);
	rd->home = places_home_inside(&r);
	environ_begin(rd, &r.env);
	code = overlay_begin(&r);
	if (code < 0)
		return code;
	(void)resolve_root(&r); /* its mistakes are in @d, with those that follow */
	code = resolve_name(&r);
	if (code == 0)
		code = wish_contents(&r);
	if (code == 0)
		code = resolve_helper(&r, rd->dbus);
	if (code == 0)
		code = resolve_helper(&r, rd->sound);
	if (code < 0)
		return code;
	refuse_top(&r);
	refuse_groups(&r);
	if (d->n > 0)
		return -EINVAL;
	mount_plan_order(r.a, &rd->ops, &rd->root);
	code = places_settle(&r);
	if (code < 0)
		return code;
	if (d->n == 0)
		code = overlay_settle(&r);
	if (code < 0)
		return code;
	if (d->n > 0)
		return -EINVAL;
	environ_finish(rd, &r.env);
	rd->envp = r.env.v;
	program_resolve(rd, &r.env);
	if (rd->chdir_required) {
		const char **first = (const char **)rd->chdirs;
		*first = expand_chdir(&r);
		if (!*first)
			return -EINVAL;
	}
	code = filter_resolve(p, &rd->host, dry, &rd->filter, e);
	if (code < 0)
		return code;
	rd->source_fds = arena_alloc(r.a, (rd->ops.n + 1) * sizeof(int));
	rd->top_fds = arena_alloc(r.a, (rd->ops.n + 1) * sizeof(int));
	return 0;
}

void resolve_undo(const struct ready *rd, bool failed)
{
	overlay_end(rd, failed);
	places_undo(rd, failed);
	instance_remove(rd->instance);
}
