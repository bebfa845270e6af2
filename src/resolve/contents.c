/* SPDX-License-Identifier: MIT */
/* contents.c - what the settings want in the root, gathered
 *
 * The rules for paths as they are written, sbox's own folders, the working directory, and
 * what the parts for the home, identity, network and desktop add.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "resolve/expand.h"
#include "resolve/ident.h"
#include "resolve/overlay.h"
#include "resolve/places.h"
#include "resolve/wish.h"

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

/* A layer goes over /usr, /etc and their like. What the system keeps further down, in
 * /var/lib, is many small trees, and each tree may take a server of its own. */
static bool is_system_tree(const char *path)
{
	struct stat st;
	return !strchr(path + 1, '/') && lstat(path, &st) == 0 && S_ISDIR(st.st_mode);
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
			(id == SET_SYSTEM && overlay_wanted(r->p) &&
				is_system_tree(path));
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

/* Whether @cwd is a place that is not shown for standing there: one that holds the home or the
 * session's sockets, through which a read-only mount lets pass all that a program asks for, or
 * that the plan fills with something of its own, as it does /tmp and /run. */
static bool is_common_place(const struct resolver *r, const char *cwd)
{
	const char *session = arena_printf(r->a, "/run/user/%u", r->h->uid);
	const char *runtime = r->h->runtime_dir ? r->h->runtime_dir : session;
	if (path_is_below(r->h->home, cwd) || path_is_below(session, cwd) ||
		path_is_below(runtime, cwd) || path_is_below(cwd, session) ||
		path_is_below(cwd, runtime))
		return true;
	for (size_t i = 0; i < r->rd->ops.n; i++) {
		const struct mount_op *op = &r->rd->ops.v[i];
		bool made = op->kind == OP_TMPFS || op->kind == OP_DIR;
		if ((made && strcmp(op->dest, cwd) == 0) ||
			(op->kind == OP_PROC && path_is_below(cwd, op->dest)))
			return true;
	}
	return false;
}

/* The most that standing in @cwd may give: nothing of what is secret, and what is protected
 * read-only. Standing there is no rule that names it. */
static enum access_mode cwd_access(const struct resolver *r, const char *cwd)
{
	enum access_mode most = ACCESS_WRITE;
	for (size_t i = 0; i < r->rd->ops.n; i++) {
		const struct mount_op *op = &r->rd->ops.v[i];
		bool hides = op->kind == OP_HIDE || op->kind == OP_SECRET;
		if ((!hides && op->kind != OP_PROTECT) ||
			(!path_is_below(cwd, op->dest) &&
				!path_is_below(cwd, path_real(r->a, op->dest))))
			continue;
		if (hides)
			return ACCESS_NONE;
		most = ACCESS_READ;
	}
	return most;
}

static void wish_cwd(struct resolver *r)
{
	char *cwd;
	bool overlaid = overlay_wanted(r->p);
	if (r->p->cwd == ACCESS_NONE || !r->h->cwd ||
		path_normalize(r->a, r->h->cwd, &cwd) < 0 || is_common_place(r, cwd))
		return;
	enum access_mode most = cwd_access(r, cwd);
	if (most == ACCESS_NONE)
		return;
	struct mount_op *op = wish(r, OP_BIND, cwd, SET_CWD, &r->p->origin[SET_CWD]);
	op->source = cwd;
	op->write = overlaid || (r->p->cwd == ACCESS_WRITE && most == ACCESS_WRITE);
	op->overlaid = overlaid;
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
		const char *named = r->h->named[all[i].base];
		wish(r, all[i].kind, arena_printf(r->a, "%s/sbox", named), all[i].id,
			NULL)
			->make_dir = true;
	}
	wish_instances(r);
}

int wish_contents(struct resolver *r)
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
	if (code == 0)
		code = wish_identity(r);
	if (code == 0)
		code = wish_network(r);
	if (code == 0)
		code = wish_desktop(r);
	wish_guards_elsewhere(r); /* all that shows the caller's things is wished */
	return code;
}
