/* SPDX-License-Identifier: MIT */
/* overlay_server.c - fuse-overlayfs: one process a tree, outside of the sandbox
 *
 * It belongs to the sandbox's user namespace, for the ids that it gives to files, and to no
 * other one of its namespaces: no program inside can see or reach it. It has a mount
 * namespace of its own, in which the directories that it works with stand at fixed places:
 * what they are was compared there, so that nobody can exchange one by its path, and no
 * path has to be quoted in its options. A layer in memory lies in a tmpfs that all servers
 * of the instance share, and is gone with the last of them.
 */
#include "stage/overlay_server.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/sys.h"
#include "stage/stage.h"
#include "stage/supervise.h"

/* Always there, and nothing that the server needs lies in it. */
#define STAND "/sys"

struct server {
	const struct overlay *overlay;
	const struct ready *rd;
	const char *options; /* of its own tmpfs, where no other memory was lent */
	int memory; /* lent, or -1 */
	int user_ns;
};

void overlay_init(struct overlay_run *o, const struct ready *rd, struct supervisor *s)
{
	*o = (struct overlay_run){
		.rd = rd, .supervisor = s, .user_ns = -1, .memory = -1
	};
}

/* ---- before its execve ---- */

/* To the log, where the supervisor finds it as the last words of what did not start. */
static int say(int code, const char *path)
{
	char text[SIDE_WORDS_MAX];
	int n = snprintf(text, sizeof(text), "'%s': %s\n", path,
		code == -ESTALE ? "another directory is in its place now"
				: strerror(-code));
	size_t size = n < 0 ? 0 : (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1;
	(void)fd_write_all(STDERR_FILENO, text, size);
	return code;
}

/* Shows the directory at @place, if it still is what it was. */
static int stand(const struct known_dir *dir, const char *place)
{
	char source[64];
	struct stat st;
	_cleanup_fd_ int fd = open(dir->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (st.st_dev != dir->dev || st.st_ino != dir->ino)
		return -ESTALE;
	(void)snprintf(source, sizeof(source), "/proc/self/fd/%d", fd);
	if (mkdir(place, 0700) < 0 ||
		mount(source, place, NULL, MS_BIND | MS_REC, NULL) < 0)
		return -errno;
	return 0;
}

/* An empty one over what is hidden, each with an inode of its own: to fuse-overlayfs two
 * with the same are one thing with two names. */
static int cover(int top, const char *path, size_t number)
{
	char empty[64], place[64];
	struct stat st;
	_cleanup_fd_ int fd = path_open_beneath(top, path, O_NOFOLLOW);
	/* gone, or a link: what it leads to is hidden under its own name */
	if (fd == -ENOENT || fd == -ENOTDIR || fd == -ELOOP || fd == -EXDEV)
		return 0;
	if (fd < 0 || fstat(fd, &st) < 0)
		return fd < 0 ? fd : -errno;
	if (S_ISLNK(st.st_mode))
		return 0;
	(void)snprintf(empty, sizeof(empty), STAND "/empty-%zu", number);
	(void)snprintf(place, sizeof(place), "/proc/self/fd/%d", fd);
	if ((S_ISDIR(st.st_mode) ? mkdir(empty, 0555) : mknod(empty, S_IFREG | 0444, 0)) <
			0 ||
		mount(empty, place, NULL, MS_BIND, NULL) < 0)
		return -errno;
	return 0;
}

static int cover_hidden(const struct overlay *o)
{
	_cleanup_fd_ int top = open(STAND "/lower", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r = top < 0 ? -errno : 0;
	for (size_t i = 0; r == 0 && i < o->n_hidden; i++)
		r = cover(top, o->hidden[i], i);
	return r;
}

/* upper and work are one mount, or the server could not move files between them. */
static int stand_folder(const struct overlay *o, int memory)
{
	struct stat upper, work;
	if (mkdir(STAND "/layer", 0700) < 0)
		return -errno;
	if (!o->folder && memory >= 0)
		return sys_move_mount(memory, "", AT_FDCWD, STAND "/layer",
			       SYS_MOVE_MOUNT_F_EMPTY_PATH) < 0
			? -errno
			: 0;
	if (!o->folder)
		return mkdir(STAND "/layer/upper", o->mode) < 0 ||
				mkdir(STAND "/layer/work", 0700) < 0
			? -errno
			: 0;
	if (mount(o->folder, STAND "/layer", NULL, MS_BIND, NULL) < 0 ||
		lstat(STAND "/layer/upper", &upper) < 0 ||
		lstat(STAND "/layer/work", &work) < 0)
		return -errno;
	return upper.st_dev == o->upper.dev && upper.st_ino == o->upper.ino &&
			work.st_dev == o->work.dev && work.st_ino == o->work.ino
		? 0
		: -ESTALE;
}

/* Where the kernel judges by the files' true owners, the server must be able to do all for
 * them; where all is shown as the program's own, the server's rights are the only judge,
 * and are the program's.
 * One more is never used, and no program inside can have it: so none may look into the
 * server, which sees the host's files, not even where it shares the host's processes. */
static uint64_t capabilities(const struct server *server)
{
	static const unsigned for_owners[] = { CAP_CHOWN, CAP_DAC_OVERRIDE,
		CAP_DAC_READ_SEARCH, CAP_FOWNER, CAP_FSETID, CAP_SETUID, CAP_SETGID,
		CAP_MKNOD };
	uint64_t set = 0;
	for (size_t i = 0; i < ARRAY_SIZE(for_owners); i++)
		set |= UINT64_C(1) << for_owners[i];
	if (server->overlay->squash)
		set &= server->rd->capabilities;
	return set | UINT64_C(1) << CAP_SYS_BOOT;
}

static int prepare(const void *data)
{
	const struct server *server = data;
	const struct overlay *o = server->overlay;
	char place[64];
	(void)umask(0);
	if (setns(server->user_ns, CLONE_NEWUSER) < 0 ||
		/* what a group of the caller's may read, the program may not */
		(server->rd->drop_groups && setgroups(0, NULL) < 0) ||
		unshare(CLONE_NEWNS) < 0 ||
		mount("layer", STAND, "tmpfs", MS_NOSUID | MS_NODEV, server->options) < 0)
		return -errno;
	int r = stand(&o->lower, STAND "/lower");
	if (r < 0)
		return say(r, o->lower.path);
	r = cover_hidden(o);
	for (size_t i = 0; r == 0 && i < o->n_under; i++) {
		(void)snprintf(place, sizeof(place), STAND "/under-%zu", i);
		r = stand(&o->under[i], place);
		if (r < 0)
			return say(r, o->under[i].path);
	}
	if (r == 0 && (r = stand_folder(o, server->memory)) < 0)
		return say(r, o->folder ? o->folder : STAND "/layer");
	return r < 0 ? r : side_keep(capabilities(server));
}

/* ---- its life ---- */

static char *options(const struct overlay_run *run, const struct overlay *o)
{
	struct arena *a = run->rd->plan->arena;
	const char *lower = STAND "/lower";
	for (size_t i = o->n_under; i-- > 0;)
		lower = arena_printf(a, STAND "/under-%zu:%s", i, lower);
	const char *squash = o->squash
		? arena_printf(a, ",squash_to_uid=%u,squash_to_gid=%u",
			  (unsigned)run->rd->uid, (unsigned)run->rd->gid)
		: "";
	return arena_printf(a,
		"lowerdir=%s,upperdir=" STAND "/layer/upper,workdir=" STAND
		"/layer/work%s",
		lower, squash);
}

void overlay_enter(struct overlay_run *run, int user_ns)
{
	fd_close(run->user_ns);
	run->user_ns = user_ns;
}

void overlay_lend(struct overlay_run *run, int memory)
{
	fd_close(run->memory);
	run->memory = memory;
}

static size_t in_memory(const struct layers_used *used)
{
	size_t n = 0;
	for (size_t i = 0; i < used->n_servers; i++)
		n += !used->servers[i]->folder;
	return n;
}

/* Of a tmpfs that only one server sees: they divide what is theirs together. */
static const char *memory_options(const struct overlay_run *run)
{
	char size[OVERLAY_MEMORY_MAX], files[OVERLAY_MEMORY_MAX];
	if (!overlay_memory(run->rd, in_memory(run->rd->layers), size, files))
		return "mode=0700";
	return arena_printf(
		run->rd->plan->arena, "mode=0700,size=%s,nr_inodes=%s", size, files);
}

int overlay_serve(struct overlay_run *run, int device, struct err *e)
{
	struct arena *a = run->rd->plan->arena;
	const struct layers_used *used = run->rd->layers;
	_cleanup_fd_ int taken = device;
	if (taken < 0 || run->user_ns < 0 || !used || run->n == used->n_servers)
		return err_set(
			e, -EPROTO, "a mount for fuse-overlayfs that nobody awaits");
	const struct overlay *o = used->servers[run->n];
	const struct server server = { .overlay = o,
		.rd = run->rd,
		.options = memory_options(run),
		.memory = run->memory,
		.user_ns = run->user_ns };
	char *const argv[] = { "fuse-overlayfs", "-f", "-o", options(run, o),
		arena_printf(a, "/dev/fd/%d", taken), NULL };
	struct proc_spec spec = { .path = used->fuse_path,
		.argv = argv,
		.stdin_fd = -1,
		.stdout_fd = -1,
		.stderr_fd = -1,
		.keep_fd = taken,
		.prepare = prepare,
		.data = &server };
	struct side *side = &run->servers[run->n];
	*side = (struct side)SIDE_NONE;
	side->name = "fuse-overlayfs";
	side->about = arena_printf(a, "layer over '%s'", o->lower.path);
	int r = side_start(side, &spec, e);
	run->memory = fd_close(run->memory);
	if (r == 0) {
		run->n++;
		struct watched *w = supervise_watch(
			run->supervisor, "fuse-overlayfs", side->pidfd, SET_LAYER);
		w->side = side;
		w->serves = true;
		w->keeps = o->folder != NULL;
	}
	return r;
}

bool overlay_all_served(const struct overlay_run *run)
{
	return !run->rd->layers || run->n == run->rd->layers->n_servers;
}

void overlay_stop(struct overlay_run *run)
{
	for (size_t i = 0; i < run->n; i++)
		side_stop(&run->servers[i]);
	run->user_ns = fd_close(run->user_ns);
	run->memory = fd_close(run->memory);
}
