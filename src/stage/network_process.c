/* SPDX-License-Identifier: MIT */
/* network_process.c - one program of the host that works for the sandbox's network
 *
 * Two kinds: those that enter the sandbox's network, with the one capability over it that
 * they need, and slirp4netns, which stays outside as the caller, without any capability.
 * What it has to read are frames made by the program, so it is walled off: its own seccomp
 * filter, no_new_privs, and Landlock, by which it can read the system's libraries and
 * resolv.conf, and write nothing but the tun device.
 */
#include "stage/network_process.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "base/sys.h"

/* ---- before the execve ---- */

/* In a user namespace that one enters one has every capability; what is not given up here
 * and is ambient outlasts the execve. */
int network_enter(const void *place_data)
{
	const struct network_place *place = place_data;
	struct __user_cap_header_struct header = { .version =
							   _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[2] = { 0 };
	if (setns(place->user_ns, CLONE_NEWUSER) < 0 ||
		setns(place->net_ns, CLONE_NEWNET) < 0)
		return -errno;
	for (int cap = 0; cap < 64; cap++)
		if (!(place->capabilities >> cap & 1) &&
			prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
			break; /* EINVAL: beyond the last one */
	for (unsigned i = 0; i < 2; i++)
		sets[i].effective = sets[i].permitted = sets[i].inheritable =
			(uint32_t)(place->capabilities >> (32 * i));
	if (syscall(SYS_capset, &header, sets) < 0)
		return -errno;
	for (int cap = 0; cap < 64; cap++)
		if ((place->capabilities >> cap & 1) &&
			prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
			return -errno;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
}

static int allow(int ruleset, const char *path, uint64_t rights)
{
	_cleanup_fd_ int fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	struct landlock_path_beneath_attr rule = { .parent_fd = fd,
		.allowed_access = rights };
	if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule,
		    0) < 0)
		return -errno;
	return 0;
}

static int wall_rules(int ruleset, const struct network_wall *wall)
{
	const uint64_t read = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
	const struct {
		const char *path;
		uint64_t rights;
	} all[] = {
		{ "/usr", read | LANDLOCK_ACCESS_FS_EXECUTE },
		{ "/lib", read | LANDLOCK_ACCESS_FS_EXECUTE },
		{ "/lib64", read | LANDLOCK_ACCESS_FS_EXECUTE },
		{ "/etc", read },
		{ "/run/systemd/resolve", read }, /* where /etc/resolv.conf may lead */
		{ "/run/resolvconf", read },
		{ "/run/NetworkManager", read },
		{ "/dev/net/tun",
			LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE },
		{ wall->folder,
			LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_REMOVE_FILE },
	};
	int r = 0;
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(all); i++)
		if (all[i].path)
			r = allow(ruleset, all[i].path, all[i].rights);
	return r;
}

int network_wall_off(const void *wall_data)
{
	const struct network_wall *wall = wall_data;
	/* the thirteen rights of the first ABI: enough for what is refused here */
	const uint64_t handled = (UINT64_C(1) << 13) - 1;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	_cleanup_fd_ int ruleset =
		(int)syscall(SYS_landlock_create_ruleset, &handled, sizeof(handled), 0);
	if (ruleset < 0) {
		bool excused =
			!wall->required && (errno == ENOSYS || errno == EOPNOTSUPP);
		return excused ? 0 : -errno;
	}
	int r = wall_rules(ruleset, wall);
	if (r == 0 && syscall(SYS_landlock_restrict_self, ruleset, 0) < 0)
		r = -errno;
	return r;
}

/* ---- its life ---- */

int network_memory(const char *text)
{
	int fd = memfd_create("sbox", MFD_CLOEXEC);
	if (fd >= 0 &&
		(fd_write_all(fd, text, strlen(text)) < 0 || lseek(fd, 0, SEEK_SET) < 0))
		return fd_close(fd);
	return fd;
}

int network_process_start(
	struct network_process *p, struct proc_spec *spec, struct err *e)
{
	p->log = network_memory("");
	if (spec->stdout_fd < 0)
		spec->stdout_fd = p->log;
	spec->stderr_fd = p->log;
	pid_t pid = proc_start(spec, &p->pidfd, e);
	if (pid < 0)
		return pid;
	p->pid = pid;
	return 0;
}

int network_process_wait(struct network_process *p)
{
	int code = p->pid > 0 ? proc_wait(p->pid) : 0;
	p->pid = 0;
	p->pidfd = fd_close(p->pidfd);
	return code;
}

void network_process_stop(struct network_process *p)
{
	if (p->pid > 0)
		(void)sys_pidfd_send_signal(p->pidfd, SIGKILL, 0);
	(void)network_process_wait(p);
	p->channel = fd_close(p->channel);
	p->log = fd_close(p->log);
}

/* The last line that is no mere remark. */
static const char *last_words(const struct network_process *p, char *buf, size_t size)
{
	off_t end = p->log < 0 ? 0 : lseek(p->log, 0, SEEK_END);
	off_t from = end > (off_t)size - 1 ? end - (off_t)size + 1 : 0;
	ssize_t len = end > 0 ? pread(p->log, buf, size - 1, from) : 0;
	const char *best = "";
	buf[len > 0 ? len : 0] = '\0';
	for (char *line = buf, *next; *line; line = next) {
		next = line + strcspn(line, "\n");
		if (*next)
			*next++ = '\0';
		if (*line && *line != '*' && !str_starts(line, "WARNING:"))
			best = line;
	}
	return best;
}

int network_process_failed(
	const struct network_process *p, const char *what, struct err *e)
{
	char said[2000], safe[512];
	str_escape_controls(safe, sizeof(safe), last_words(p, said, sizeof(said)));
	return err_set(e, -ECHILD, "network = user: %s %s%s%s", p->name, what,
		*safe ? ": " : "", safe);
}
