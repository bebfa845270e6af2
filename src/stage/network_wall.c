/* SPDX-License-Identifier: MIT */
/* network_wall.c - what the programs of the network are before their execve
 *
 * Two kinds: those that enter the sandbox's network, with the one capability over it that
 * they need, and those that stay outside as the caller, without any capability: slirp4netns
 * and sbox-forward. What they have to read is made by the program, so they are walled off:
 * their own seccomp filters, no_new_privs, and Landlock, by which they can read the system's
 * libraries and resolv.conf, and write nothing but the tun device.
 */
#include "stage/network_wall.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "base/sys.h"
#include "stage/side.h"

int network_enter(const void *place_data)
{
	const struct network_place *place = place_data;
	if (setns(place->user_ns, CLONE_NEWUSER) < 0 ||
		setns(place->net_ns, CLONE_NEWNET) < 0)
		return -errno;
	return side_keep(place->capabilities);
}

int network_act_inside(const struct network_place *place, int (*act)(void))
{
	int status;
	pid_t pid = sys_fork(0, NULL);
	if (pid < 0)
		return -errno;
	if (pid == 0) {
		int r = network_enter(place);
		_exit(-(r < 0 ? r : act()) & 0xff);
	}
	if (RETRY(waitpid(pid, &status, 0)) < 0)
		return -errno;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -ECHILD;
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
		{ wall->program,
			LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_EXECUTE },
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
