/* SPDX-License-Identifier: MIT */
/* resolve.c - the plan, held against this machine, made into all that a start needs
 *
 * Wishes are gathered from all settings, ordered by mount_plan.c, and then each source is
 * opened once: what does not exist, leads out of a place that a sandbox may write, or has
 * nowhere to be mounted is a mistake told here, before anything is started.
 */
#include "resolve/resolve.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "config/settings.h"
#include "resolve/expand.h"
#include "resolve/filter.h"
#include "resolve/group.h"
#include "resolve/ident.h"
#include "resolve/image.h"
#include "resolve/label.h"
#include "resolve/overlay.h"
#include "resolve/places.h"
#include "resolve/program.h"
#include "resolve/subid.h"
#include "resolve/wish.h"

/* ---- wishes ---- */

struct mount_op *wish(struct resolver *r, enum op_kind kind, const char *dest,
	enum setting_id id, const struct origin *at)
{
	struct mount_op *op = ARENA_PUSH(r->a, &r->rd->ops);
	*op = (struct mount_op){ .kind = kind,
		.dest = dest,
		.id = id,
		.rank = ++r->rank,
		.parent = OP_NO_PARENT };
	if (at) {
		op->at = *at;
		op->layer = at->layer + 1;
	}
	return op;
}

struct mount_op *wish_if_there(
	struct resolver *r, const char *path, enum setting_id id, bool write)
{
	struct stat st;
	if (stat(path, &st) < 0)
		return NULL;
	struct mount_op *op = wish(r, OP_BIND, path, id, NULL);
	op->source = path;
	op->write = write;
	return op;
}

static const char *expand(struct resolver *r, const struct item *item, const char *text)
{
	return expand_path(r->a, r->h, r->d, text, item->optional, &item->at);
}

/* A path of the host that must exist unless it is optional. */
static bool source_exists(struct resolver *r, const struct item *item, const char *path)
{
	struct stat st;
	if (lstat(path, &st) == 0)
		return true;
	if (item->optional && (errno == ENOENT || errno == ENOTDIR || errno == EACCES))
		return false;
	struct diag *d = diag_add(r->d, &item->at, "'%s': %s", path, strerror(errno));
	if (errno == ENOENT)
		d->hint =
			arena_printf(r->a, "write ?%s if it may be missing", item->text);
	return false;
}

static bool is_directory(const char *path)
{
	struct stat st;
	return lstat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static void wish_binds(struct resolver *r, const struct list *l, enum setting_id id)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct item *item = &l->v[i];
		const char *path = expand(r, item, item->text);
		if (!path || !source_exists(r, item, path))
			continue;
		struct mount_op *op = wish(r, OP_BIND, path, id, &item->at);
		op->source = path;
		op->overlaid = id == SET_OVERLAY ||
			(id == SET_SYSTEM && overlay_wanted(r->p) && is_directory(path));
		op->write = id == SET_WRITE || id == SET_DEVICE || op->overlaid;
		op->device = id == SET_DEVICE;
	}
}

static void wish_bind_elsewhere(struct resolver *r, const struct item *item)
{
	const char *source = expand(r, item, item->arg);
	const char *dest = expand(r, item, item->text);
	if (!source || !dest || !source_exists(r, item, source))
		return;
	struct mount_op *op = wish(r, OP_BIND, dest, SET_BIND, &item->at);
	op->source = source;
	op->write = item->write;
}

static void wish_made(
	struct resolver *r, const struct list *l, enum op_kind kind, enum setting_id id)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct item *item = &l->v[i];
		const char *path = expand(r, item, item->text);
		if (!path)
			continue;
		struct mount_op *op = wish(r, kind, path, id, &item->at);
		op->mode = item->mode;
		op->size = item->size;
		op->source = item->arg;
		op->content = item->arg;
		op->implied = kind == OP_TMPFS && item->optional;
		if (kind == OP_FILE)
			op->size = strlen(item->arg);
		if (kind == OP_PROTECT || kind == OP_SECRET)
			op->make_dir = str_ends(item->text, "/");
	}
}

/* The caller's working directory, unless that would show the home or something secret; in
 * something protected read-only. Standing there is no rule that names it. */
static void wish_cwd(struct resolver *r)
{
	char *cwd;
	const struct origin *at = &r->p->origin[SET_CWD];
	bool overlaid = overlay_wanted(r->p);
	bool write = r->p->cwd == ACCESS_WRITE || overlaid;
	if (r->p->cwd == ACCESS_NONE || !r->h->cwd ||
		path_normalize(r->a, r->h->cwd, &cwd) < 0 ||
		path_is_below(r->h->home, cwd))
		return;
	for (size_t i = 0; i < r->rd->ops.n; i++) {
		const struct mount_op *op = &r->rd->ops.v[i];
		bool hides = op->kind == OP_HIDE || op->kind == OP_SECRET;
		if ((!hides && op->kind != OP_PROTECT) ||
			(!path_is_below(cwd, op->dest) &&
				!path_is_below(cwd, path_real(r->a, op->dest))))
			continue;
		if (hides)
			return;
		write = overlaid;
	}
	struct mount_op *op = wish(r, OP_BIND, cwd, SET_CWD, at);
	op->source = cwd;
	op->write = write;
	op->overlaid = overlaid;
}

void wish_text(struct resolver *r, const char *dest, const char *text, enum setting_id id)
{
	struct mount_op *op = wish(r, OP_FILE, dest, id, NULL);
	op->content = text;
	op->size = strlen(text);
	op->mode = 0444;
	op->implied = true;
}

/* Who the program is, in the host's /etc; another root keeps its own. */
static int wish_identity(struct resolver *r)
{
	const char *machine_id;
	int code = ident_machine_id(r->rd, &machine_id, r->e);
	if (code < 0)
		return code;
	if (strcmp(r->p->root, "host") == 0) {
		wish_text(r, "/etc/passwd", ident_passwd(r->rd), SET_IDENTITY);
		wish_text(r, "/etc/group", ident_group(r->rd), SET_IDENTITY);
	}
	if (machine_id)
		wish_text(r, "/etc/machine-id", machine_id, SET_MACHINE_ID);
	return 0;
}

/* The folders of other instances, with their sockets and what "sbox kill" goes by; and the
 * one in /tmp that the next start may use, unless it is not ours: then it never will be. */
static void wish_instances(struct resolver *r)
{
	const char *last = arena_printf(r->a, "/tmp/sbox-%u", r->h->uid);
	const char *place = r->rd->instance->place;
	struct stat st;
	bool usable =
		lstat(last, &st) < 0 || (S_ISDIR(st.st_mode) && st.st_uid == r->h->uid);
	if (strcmp(place, last) != 0)
		wish(r, OP_SECRET, place, SET_SECRET, NULL)->make_dir = true;
	if (usable)
		wish(r, OP_SECRET, last, SET_SECRET, NULL)->make_dir = true;
}

/* In a layered tree no place is made, and one that sbox makes later could be seen there. */
static void make_own_folder(struct resolver *r, const char *base)
{
	_cleanup_fd_ int top = -1, folder = -1;
	if (r->dry || !overlay_wanted(r->p) || strcmp(r->p->home, "host") != 0)
		return;
	top = open(base, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (top < 0 && errno == ENOENT && mkdir(base, 0700) == 0)
		top = open(base, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (top >= 0)
		(void)path_make_dirs(top, "sbox", &folder, NULL);
}

/* sbox's own folders: who could write there would decide over the next start. They are made
 * where a wider rule would let the program make them. */
static void wish_own_state(struct resolver *r)
{
	static const struct {
		enum path_variable base;
		enum op_kind kind;
		enum setting_id id;
	} all[] = {
		{ VAR_XDG_DATA_HOME, OP_SECRET, SET_SECRET }, /* other homes */
		{ VAR_XDG_CACHE_HOME, OP_SECRET, SET_SECRET }, /* compiled filters */
		{ VAR_XDG_CONFIG_HOME, OP_PROTECT, SET_PROTECT }, /* profiles */
	};
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		const char *base = r->h->vars[all[i].base];
		struct stat st;
		if (stat(base, &st) == 0 && !S_ISDIR(st.st_mode))
			continue; /* such as /dev/null, for those who want no cache */
		if (all[i].kind == OP_SECRET)
			make_own_folder(r, base);
		wish(r, all[i].kind, arena_printf(r->a, "%s/sbox", base), all[i].id, NULL)
			->make_dir = true;
	}
	wish_instances(r);
}

static int gather(struct resolver *r)
{
	const struct plan *p = r->p;
	if (strcmp(p->root, "host") == 0)
		wish_binds(r, &p->system, SET_SYSTEM);
	if (p->proc && p->pid == SHARING_PRIVATE)
		wish(r, OP_PROC, "/proc", SET_PROC, NULL);
	else if (p->proc)
		wish_if_there(r, "/proc", SET_PID, true);
	if (p->dev)
		wish_dev(r);
	if (p->sys)
		wish_if_there(r, "/sys", SET_SYS, false);

	wish_binds(r, &p->read, SET_READ);
	wish_binds(r, &p->write, SET_WRITE);
	wish_binds(r, &p->device, SET_DEVICE);
	wish_binds(r, &p->overlay, SET_OVERLAY);
	for (size_t i = 0; i < p->bind.n; i++)
		wish_bind_elsewhere(r, &p->bind.v[i]);
	wish_made(r, &p->tmpfs, OP_TMPFS, SET_TMPFS);
	wish_made(r, &p->dir, OP_DIR, SET_DIR);
	wish_made(r, &p->file, OP_FILE, SET_FILE);
	wish_made(r, &p->link, OP_LINK, SET_LINK);
	wish_made(r, &p->hide, OP_HIDE, SET_HIDE);
	wish_made(r, &p->secret, OP_SECRET, SET_SECRET);
	wish_made(r, &p->protect, OP_PROTECT, SET_PROTECT);
	wish_own_state(r);
	wish_cwd(r);

	int code = places_home(r);
	wish_guards_elsewhere(r);
	if (code == 0)
		code = wish_identity(r);
	if (code == 0)
		code = wish_network(r);
	return code < 0 ? code : wish_desktop(r);
}

/* ---- the rest ---- */

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

static int refuse_root(struct resolver *r, const char *path, int code)
{
	const struct origin *at = &r->p->origin[SET_ROOT];
	struct diag *d = diag_add(r->d, at, "the root '%s': %s", path, strerror(-code));
	if (code == -ENOENT && image_is_name(r->p->root))
		d->hint =
			"there is no image of that name either; 'sbox image list' shows "
			"the images";
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

static int resolve_root(struct resolver *r)
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

static void resolve_pass_fds(struct resolver *r)
{
	const struct list *l = &r->p->pass_fd;
	struct ready *rd = r->rd;
	rd->pass_fds = arena_alloc(r->a, (l->n + 1) * sizeof(int));
	for (size_t i = 0; i < l->n; i++) {
		int fd = atoi(l->v[i].text); /* digits only: value_list.c saw to it */
		if (fcntl(fd, F_GETFD) < 0)
			diag_add(r->d, &l->v[i].at, "descriptor %d is not open", fd);
		else
			rd->pass_fds[rd->n_pass_fds++] = fd;
	}
	qsort(rd->pass_fds, rd->n_pass_fds, sizeof(int), by_number);

	/* else a descriptor of our own could come to have the number */
	int status = (int)r->p->json_status_fd;
	if (status >= 0 && fcntl(status, F_GETFD) < 0)
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
		code = gather(&r);
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
	return 0;
}

void resolve_undo(const struct ready *rd, bool failed)
{
	overlay_end(rd, failed);
	places_undo(rd, failed);
	instance_remove(rd->instance);
}
