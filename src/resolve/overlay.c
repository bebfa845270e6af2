/* SPDX-License-Identifier: MIT */
/* overlay.c - which trees a layer lies over, by which engine, and where what is written goes
 *
 * Each tree has an engine of its own. The kernel's overlay is as fast as no overlay, but it
 * changes only what the id map can name; fuse-overlayfs runs as the caller and shows all of
 * a tree as the program's own. So auto takes the kernel for trees of the caller (a home, an
 * image that was unpacked by sbox), and fuse-overlayfs for the rest (/usr, /etc).
 */
#include "resolve/overlay.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/path.h"
#include "base/proc.h"
#include "config/settings.h"
#include "layer/began.h"
#include "layer/known.h"
#include "layer/place.h"
#include "resolve/overlay_probe.h"
#include "resolve/subid.h"

static const char *const engine_names[ENGINE_COUNT] = {
	[ENGINE_KERNEL] = "kernel", [ENGINE_FUSE] = "fuse-overlayfs"
};

bool overlay_wanted(const struct plan *p)
{
	return strcmp(p->layer, "none") != 0;
}

bool overlay_is_kept(const struct plan *p)
{
	return overlay_wanted(p) && strcmp(p->layer, "ephemeral") != 0;
}

static const char *data_home(const struct resolver *r)
{
	return r->h->vars[VAR_XDG_DATA_HOME];
}

/* ---- the layers themselves ---- */

/* What the trees of this run lie in, as the layer's record has it. */
static void base_of(struct resolver *r, enum layer_base *ret_base, const char **ret_name)
{
	const struct ready *rd = r->rd;
	*ret_base = rd->image ? BASE_IMAGE : rd->root.source ? BASE_DIRECTORY : BASE_HOST;
	*ret_name = rd->image ? rd->image : rd->root.source;
}

static int open_layer(struct resolver *r, int layers, const char *name, unsigned flags,
	const struct origin *at, struct layer *ret)
{
	int code = layer_open(r->a, layers, name, flags, ret, r->e);
	if (code < 0)
		diag_add(r->d, at, "%s", r->e->msg)->hint =
			r->e->hint[0] ? arena_strdup(r->a, r->e->hint) : NULL;
	return code;
}

static int open_under(struct resolver *r, int layers)
{
	const struct list *l = &r->p->layer_under;
	struct layers_used *used = r->rd->layers;
	used->under = arena_alloc(r->a, (l->n + 1) * sizeof(*used->under));
	for (size_t i = 0; i < l->n; i++) {
		const struct item *item = &l->v[i];
		if (!layer_name_is_good(item->text)) {
			diag_add(r->d, &item->at, "'%s' is no name of a layer",
				item->text);
			continue;
		}
		if (open_layer(r, layers, item->text, LAYER_LOCK, &item->at,
			    &used->under[used->n_under]) == 0)
			used->n_under++;
	}
	return 0;
}

/* "run-1" and "run-2" are no slips of the pen, nor are the shortest names. */
static bool looks_counted(const char *one, const char *other)
{
	static const char digits[] = "0123456789";
	if (strlen(one) < 4)
		return true;
	for (;;) {
		one += strspn(one, digits);
		other += strspn(other, digits);
		if (*one != *other)
			return false;
		if (!*one)
			return true;
		one++;
		other++;
	}
}

/* A name that is not there yet makes a layer. */
static void tell_near(struct resolver *r, int layers, const char *name)
{
	const char *near = layer_nearest(r->a, layers, name);
	if (near && !looks_counted(name, near))
		log_note("the layer '%s' is new; there is one '%s'", name, near);
}

int overlay_begin(struct resolver *r)
{
	const struct plan *p = r->p;
	struct layers_used *used;
	if (!overlay_wanted(p))
		return 0;
	r->rd->layers = used = arena_alloc(r->a, sizeof(*used));
	used->own = (struct layer){ .name = p->layer, .fd = -1 };
	if (!overlay_is_kept(p) && p->layer_under.n == 0)
		return 0;
	_cleanup_fd_ int layers =
		layers_open(data_home(r), overlay_is_kept(p) && !r->dry, r->e);
	if (layers < 0)
		return r->dry && layers == -ENOENT ? 0 : layers;
	(void)open_under(r, layers);
	if (!overlay_is_kept(p))
		return 0;
	struct layer probe;
	struct err ignored = { 0 };
	used->fresh = layer_open(r->a, layers, p->layer, 0, &probe, &ignored) == -ENOENT;
	if (!used->fresh)
		layer_close(&probe);
	else
		tell_near(r, layers, p->layer);
	if (r->dry && used->fresh)
		return 0;
	(void)open_layer(r, layers, p->layer, r->dry ? 0 : LAYER_MAKE | LAYER_LOCK,
		&p->origin[SET_LAYER], &used->own);
	return 0; /* mistakes are told with the rest */
}

static bool is_used(const struct layer *l)
{
	return l->trees.n > 0;
}

static bool same_base(const struct layer *l, enum layer_base base, const char *name)
{
	return l->base == base &&
		(!name || (l->base_name && strcmp(l->base_name, name) == 0));
}

/* A layer over one base means nothing over another. */
static void check_base(struct resolver *r, struct layer *l, const struct origin *at)
{
	enum layer_base base;
	const char *name;
	base_of(r, &base, &name);
	if (l->fd < 0 || same_base(l, base, name))
		return;
	if (!is_used(l) && l == &r->rd->layers->own) {
		l->base = base;
		l->base_name = name;
		return;
	}
	diag_add(r->d, at, "the layer '%s' lies over %s%s%s%s", l->name,
		l->base == BASE_IMAGE ? "the image " : "",
		l->base_name ? "'" : "the host's system",
		l->base_name ? l->base_name : "", l->base_name ? "'" : "")
		->hint = arena_printf(r->a,
		"run it with the root that it was begun with, or choose another name with "
		"--layer=NAME; 'sbox discard %s' throws it away",
		l->name);
}

/* ---- one tree ---- */

static int know(struct resolver *r, int fd, const char *path, struct known_dir *ret)
{
	struct stat st;
	(void)r;
	if (fd < 0 || fstat(fd, &st) < 0)
		return fd < 0 ? fd : -errno;
	*ret = (struct known_dir){ .path = path, .dev = st.st_dev, .ino = st.st_ino };
	return 0;
}

static const char *folder_of(
	struct resolver *r, const struct layer *l, const struct layer_tree *tree)
{
	return arena_printf(
		r->a, "%s/sbox/layers/%s/trees/%u", data_home(r), l->name, tree->number);
}

/* Layers below, as far as they have something of this tree. */
static void find_under(
	struct resolver *r, struct overlay *o, const char *dest, const struct origin *at)
{
	const struct layers_used *used = r->rd->layers;
	struct known_dir *under = arena_alloc(r->a, (used->n_under + 1) * sizeof(*under));
	o->under = under;
	for (size_t i = 0; i < used->n_under; i++) {
		const struct layer *l = &used->under[i];
		const struct layer_tree *tree = layer_find(l, dest);
		if (!tree)
			continue;
		if (tree->engine != o->engine) {
			diag_add(r->d, at,
				"'%s' was written by %s in the layer '%s', and is now to be "
				"read by %s",
				dest, engine_names[tree->engine], l->name,
				engine_names[o->engine])
				->hint = arena_printf(
				r->a, "choose engine = %s", engine_names[tree->engine]);
			continue;
		}
		const char *folder = folder_of(r, l, tree);
		if (o->engine == ENGINE_KERNEL &&
			path_is_below(path_real(r->a, folder),
				path_real(r->a, o->lower.path))) {
			diag_add(r->d, at,
				"the layer '%s' is kept inside of '%s': the kernel cannot lay "
				"one over the other",
				l->name, o->lower.path)
				->hint =
				"layers that were begun with engine = fuse-overlayfs can";
			continue;
		}
		_cleanup_fd_ int fd = layer_tree_open(l, tree, "upper");
		if (know(r, fd, arena_printf(r->a, "%s/upper", folder_of(r, l, tree)),
			    &under[o->n_under]) == 0)
			o->n_under++;
		else
			diag_add(r->d, at, "the layer '%s' lacks its files of '%s'",
				l->name, dest);
	}
}

/* What the kernel says of a file system that it cannot have an upper on is "invalid". */
static const char *bad_upper(const struct overlay *o)
{
	struct statfs fs;
	if (!o->folder || statfs(o->folder, &fs) < 0)
		return NULL;
	return fs.f_type == OVERLAYFS_SUPER_MAGIC ? "an overlay itself"
		: fs.f_type == NFS_SUPER_MAGIC	  ? "on another machine (NFS)"
						  : NULL;
}

static void refuse_kernel(
	struct resolver *r, const struct overlay *o, const struct origin *at, int why)
{
	const char *bad = bad_upper(o);
	struct diag *d = diag_add(r->d, at,
		"the kernel's overlay cannot lie over '%s': %s%s", o->lower.path,
		why == -EBUSY ? "other file systems are mounted in it"
			: bad ? "the file system that the layer would be kept on is "
			      : strerror(-why),
		why != -EBUSY && bad ? bad : "");
	d->hint = why == -EOPNOTSUPP && !bad
		? "the file system that the layer would be kept on lacks extended "
		  "attributes (user.*); engine = fuse-overlayfs does without"
		: why == -ENOSPC || why == -EDQUOT
		? "make room where the layer is kept, in ~/.local/share/sbox/layers"
		: "engine = fuse-overlayfs can";
}

static int fuse_is_missing(
	struct resolver *r, const struct overlay *o, const struct origin *at)
{
	char path[64];
	struct layers_used *used = r->rd->layers;
	const char *program = proc_find_helper("fuse-overlayfs", path, sizeof(path));
	struct diag *d = NULL;
	if (!program)
		d = diag_add(r->d, at,
			"'%s' needs fuse-overlayfs, which is not installed",
			o->lower.path);
	else if (access("/dev/fuse", R_OK | W_OK) < 0)
		d = diag_add(r->d, at, "'%s' needs fuse-overlayfs, but /dev/fuse: %s",
			o->lower.path, strerror(errno));
	if (!d) {
		used->fuse_path = arena_strdup(r->a, program);
		return 0;
	}
	d->hint = arena_printf(r->a,
		"%s; with engine = kernel it goes without, but what is not yours cannot be "
		"changed",
		program ? "the device must exist and be usable by you"
			: "an administrator installs it with: apt install fuse-overlayfs");
	return -ENOENT;
}

/* What stands against the kernel's overlay, 0: nothing. */
static int against_kernel(struct resolver *r, const struct overlay *o)
{
	if (overlay_has_mounts_below(path_real(r->a, o->lower.path)))
		return -EBUSY;
	return r->dry ? 0 : overlay_probe(o->lower.path, o->folder);
}

/* For a tree that no run has written to yet. */
static void choose_engine(struct resolver *r, struct overlay *o, const struct stat *top,
	const struct origin *at)
{
	bool ours = subid_is_mapped(&r->rd->uids, top->st_uid);
	if (r->p->engine == ENGINE_AUTO && !ours)
		o->engine = ENGINE_FUSE;
	if (r->p->engine == ENGINE_FUSE_OVERLAYFS || o->engine == ENGINE_FUSE) {
		o->engine = ENGINE_FUSE;
		return;
	}
	o->engine = ENGINE_KERNEL;
	int why = against_kernel(r, o);
	bool full = why == -ENOSPC || why == -EDQUOT; /* which says nothing of engines */
	if (why < 0 && !full && r->p->engine == ENGINE_AUTO)
		o->engine = ENGINE_FUSE;
	else if (why < 0)
		refuse_kernel(r, o, at, why);
}

static bool fits(enum engine wanted, enum layer_engine engine)
{
	return wanted == ENGINE_AUTO ||
		(wanted == ENGINE_KERNEL_OVERLAY) == (engine == ENGINE_KERNEL);
}

/* The tree's folder in a layer that is kept; made where it is new. */
static int settle_kept(struct resolver *r, struct overlay *o, const char *dest,
	const struct stat *top, const struct origin *at)
{
	struct layer *l = &r->rd->layers->own;
	const struct layer_tree *tree = layer_find(l, dest);
	if (tree && !fits((enum engine)r->p->engine, tree->engine)) {
		diag_add(r->d, at, "'%s' was begun with %s in the layer '%s'", dest,
			engine_names[tree->engine], l->name)
			->hint = arena_printf(r->a,
			"leave engine = %s out, or choose another layer",
			settings[SET_ENGINE].choices[r->p->engine]);
		return 0;
	}
	if (tree) {
		o->engine = tree->engine;
	} else {
		r->rd->layers->changed = true;
		/* its folder must be there for the probe: the engine is entered after it */
		int code = layer_add(
			r->a, l, dest, ENGINE_KERNEL, top->st_mode & 07777, r->e);
		if (code < 0)
			return code;
		tree = layer_find(l, dest);
		o->folder = folder_of(r, l, tree);
		choose_engine(r, o, top, at);
		l->trees.v[l->trees.n - 1].engine = o->engine;
	}
	o->folder = folder_of(r, l, tree);
	_cleanup_fd_ int upper = layer_tree_open(l, tree, "upper");
	_cleanup_fd_ int work = layer_tree_open(l, tree, "work");
	int code = know(r, upper, arena_printf(r->a, "%s/upper", o->folder), &o->upper);
	/* where fuse-overlayfs makes it, it does not tell why it cannot */
	if (code == 0 && o->engine == ENGINE_FUSE && mkdirat(work, "work", 0700) < 0 &&
		errno != EEXIST)
		return err_sys(r->e, -errno, "cannot make a place for '%s' in '%s'", dest,
			o->folder);
	if (code == 0)
		code = know(r, work, arena_printf(r->a, "%s/work", o->folder), &o->work);
	return code < 0 ? err_sys(r->e, code, "the layer '%s' lacks its files of '%s'",
				  l->name, dest)
			: 0;
}

/* What the kernel tells of itself is no tree of files: a layer over /proc would show the
 * host's processes, and what is done to one is done through names that a server walks. */
static bool is_no_tree(
	struct resolver *r, const struct overlay *o, const struct origin *at)
{
	struct statfs fs;
	if (statfs(o->lower.path, &fs) < 0 ||
		(fs.f_type != PROC_SUPER_MAGIC && fs.f_type != SYSFS_MAGIC &&
			fs.f_type != CGROUP2_SUPER_MAGIC))
		return false;
	diag_add(r->d, at, "'%s' is the kernel's; a layer lies over files of a disk",
		o->lower.path);
	return true;
}

/* The server's rights over a squashed tree are the caller's. */
static bool is_closed(
	struct resolver *r, const struct overlay *o, const struct origin *at)
{
	if (!o->squash || access(o->lower.path, R_OK | X_OK) == 0)
		return false;
	diag_add(r->d, at, "'%s' cannot be read: %s", o->lower.path, strerror(errno));
	return true;
}

/* What the server itself must not see. Attributes and names that a program sets through
 * fuse-overlayfs (user.overlay.opaque, a rename to .wh.NAME) take away the place where
 * something was to be hidden, at the next start, and can be taken back after it. */
static void find_hidden(struct resolver *r, struct overlay *o)
{
	const struct mount_ops *ops = &r->rd->ops;
	o->hidden = arena_alloc(r->a, (ops->n + 1) * sizeof(*o->hidden));
	for (size_t i = 0; i < ops->n; i++) {
		const struct mount_op *op = &ops->v[i];
		if (op->kind == OP_HIDE && path_is_below(op->source, o->lower.path))
			o->hidden[o->n_hidden++] = path_rest(op->source, o->lower.path);
	}
}

static int settle(
	struct resolver *r, struct overlay *o, const char *dest, const struct origin *at)
{
	struct layers_used *used = r->rd->layers;
	struct stat top;
	if (stat(o->lower.path, &top) < 0) {
		diag_add(r->d, at, "'%s': %s", o->lower.path, strerror(errno));
		return 0;
	}
	if (is_no_tree(r, o, at))
		return 0;
	o->mode = top.st_mode & 07777;
	/* with one's own id alone the groups of files cannot be named either */
	o->squash = !r->rd->map_range || !subid_is_mapped(&r->rd->uids, top.st_uid);
	if (overlay_is_kept(r->p) && used->own.fd >= 0 && !r->dry) {
		int code = settle_kept(r, o, dest, &top, at);
		if (code < 0)
			return code;
	} else {
		const struct layer_tree *tree =
			used->own.fd >= 0 ? layer_find(&used->own, dest) : NULL;
		choose_engine(r, o, &top, at);
		if (tree)
			o->engine = tree->engine;
	}
	find_under(r, o, dest, at);
	if (o->engine != ENGINE_FUSE || fuse_is_missing(r, o, at) < 0 ||
		is_closed(r, o, at))
		return 0;
	if (used->n_servers == OVERLAY_SERVERS_MAX)
		diag_add(r->d, at, "a layer over more than %d trees by fuse-overlayfs",
			OVERLAY_SERVERS_MAX);
	else
		used->servers[used->n_servers++] = o;
	find_hidden(r, o);
	return 0;
}

/* ---- all trees ---- */

int overlay_root(struct resolver *r)
{
	struct overlay *o = arena_alloc(r->a, sizeof(*o));
	o->lower = (struct known_dir){
		.path = r->rd->root.source, .dev = r->rd->root_dev, .ino = r->rd->root_ino
	};
	r->rd->root.overlay = o;
	return 0;
}

static int settle_op(struct resolver *r, struct mount_op *op)
{
	if (op->kind != OP_BIND || !op->overlaid || op->pin)
		return 0;
	if (!op->directory) {
		diag_add(r->d, &op->at,
			"'%s' is not a directory; a layer lies over whole "
			"directories",
			op->source);
		return 0;
	}
	struct overlay *o = arena_alloc(r->a, sizeof(*o));
	o->lower =
		(struct known_dir){ .path = op->source, .dev = op->dev, .ino = op->ino };
	op->overlay = o;
	/* the host's trees by their real paths, which no link can lead elsewhere later */
	const char *tree = r->rd->root.source ? op->dest : path_real(r->a, op->source);
	for (struct mount_op *other = r->rd->ops.v; other != op; other++)
		if (other->overlay && other->overlay->lower.dev == op->dev &&
			other->overlay->lower.ino == op->ino) {
			diag_add(r->d, &op->at,
				"'%s' and '%s' are one directory, and would get two layers",
				other->dest, op->dest)
				->hint = "leave one of the two out";
			return 0;
		}
	return settle(r, o, tree, &op->at);
}

/* What is made for @op to be mounted on lies in the layer; NULL: nothing is. */
static const char *place_of(struct resolver *r, const struct mount_op *op)
{
	const struct ready *rd = r->rd;
	struct stat st;
	if (op->pin || op->kind == OP_LINK || op->kind == OP_SECRET ||
		op->kind == OP_PROTECT ||
		!mount_plan_overlaid(&rd->ops, &rd->root, op->parent))
		return NULL;
	const char *source =
		mount_plan_source(r->a, &rd->ops, &rd->root, op->parent, op->dest);
	if (!source || lstat(source, &st) == 0)
		return NULL; /* it is there in the base */
	if (rd->root.source || op->parent == OP_NO_PARENT)
		return op->dest;
	const struct mount_op *parent = &rd->ops.v[op->parent];
	return arena_printf(r->a, "%s/%s", path_real(r->a, parent->source),
		path_rest(op->dest, parent->dest));
}

static void note_places(struct resolver *r)
{
	struct layers_used *used = r->rd->layers;
	for (size_t i = 0; i < r->rd->ops.n; i++) {
		const char *place = place_of(r, &r->rd->ops.v[i]);
		if (place && place_note(r->a, &used->own, place))
			used->changed = true;
	}
}

static int save(struct resolver *r, struct layers_used *used)
{
	if (layer_is_empty(&used->own)) {
		known_forget(used->own.fd);
		began_forget(used->own.fd);
		return layer_settle(&used->own, r->e); /* it begins anew */
	}
	if (used->changed)
		return layer_save(&used->own, r->e);
	layer_touch(&used->own);
	return 0;
}

static int note_run(struct resolver *r, struct layers_used *used)
{
	int code = began_run(&used->own);
	used->noted = code > 0;
	return code < 0
		? err_sys(r->e, code, "cannot write to the layer '%s'", used->own.name)
		: 0;
}

int overlay_settle(struct resolver *r)
{
	struct layers_used *used = r->rd->layers;
	if (!used)
		return 0;
	const struct origin *at = &r->p->origin[SET_LAYER];
	check_base(r, &used->own, at);
	for (size_t i = 0; i < used->n_under; i++)
		check_base(r, &used->under[i], &r->p->origin[SET_LAYER_UNDER]);
	if (r->d->n > 0)
		return 0;
	int code = 0;
	if (r->rd->root.overlay)
		code = settle(r, (struct overlay *)r->rd->root.overlay, "/", at);
	for (size_t i = 0; code == 0 && i < r->rd->ops.n; i++)
		code = settle_op(r, &r->rd->ops.v[i]);
	if (code < 0 || r->d->n > 0 || used->own.fd < 0 || r->dry)
		return code;
	note_places(r);
	code = save(r, used);
	return code < 0 ? code : note_run(r, used);
}

bool overlay_is_untouched(const struct ready *rd)
{
	return layer_is_empty(&rd->layers->own);
}

/* What the kernel's overlay has left in the folder that it works in, else taken away at the next
 * mount: on a disk that takes as long as all the rest of a start. */
static void clear_work(const struct layer *l)
{
	for (size_t i = 0; i < l->trees.n; i++) {
		if (l->trees.v[i].engine != ENGINE_KERNEL)
			continue;
		_cleanup_fd_ int fd = layer_tree_open(l, &l->trees.v[i], "work");
		if (fd >= 0)
			(void)unlinkat(fd, "work", AT_REMOVEDIR);
	}
}

void overlay_end(const struct ready *rd, bool failed)
{
	struct layers_used *used = rd->layers;
	struct err ignored = { 0 };
	if (!used)
		return;
	for (size_t i = 0; i < used->n_under; i++)
		layer_close(&used->under[i]);
	if (used->own.fd < 0)
		return;
	if (!failed && began_note(&used->own) < 0)
		log_info(
			"what the host has in the places of changes in the layer '%s' is "
			"not known",
			used->own.name);
	if (!failed)
		clear_work(&used->own);
	if (failed && used->noted)
		began_undo(&used->own);
	if (failed && used->fresh) {
		_cleanup_fd_ int layers =
			layers_open(rd->host.vars[VAR_XDG_DATA_HOME], false, &ignored);
		if (layers >= 0)
			(void)layer_remove(layers, &used->own, &ignored);
	}
	layer_close(&used->own);
}
