/* SPDX-License-Identifier: MIT */
/* userns.c - becoming somebody in the new user namespace: parent, id map, groups, clocks
 *
 * A single id is mapped by the child itself; ranges are written by the parent through
 * newuidmap and newgidmap while the child waits.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/keyctl.h>
#include <linux/sockios.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <net/if.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "stage/control.h"
#include "stage/stage.h"

static int wait_go(struct child *c)
{
	return control_receive(c->control_fd, NULL, NULL) == CONTROL_GO ? 0 : -ECANCELED;
}

/* Should: tie our life to the supervisor's, and, with the host's process ids, adopt what the
 * program leaves behind from its first moment on. Mustn't: assume that the supervisor still
 * lives. */
int stage_parent(struct child *c)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return stage_fail(c, STEP_PARENT, -1, -errno);
	if (c->rd->plan->pid == SHARING_HOST) {
		c->children_fd = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
		if (c->children_fd < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
			return stage_fail(c, STEP_PARENT, -1, -errno);
	}
	/* it may have died before; getppid() says 0 for any parent outside our namespace, but
	 * a pipe without a reader cannot lie */
	struct pollfd reader = { .fd = c->report_fd };
	if (poll(&reader, 1, 0) < 0 || (reader.revents & POLLERR))
		return stage_fail(c, STEP_PARENT, -1, -ECANCELED);
	return 0;
}

static int map_single(const char *file, uint32_t inside, uint32_t outside)
{
	char line[64];
	(void)snprintf(line, sizeof(line), "%u %u 1\n", inside, outside);
	return fd_write_file(AT_FDCWD, file, line);
}

/* Should: map one's own id, or wait for the parent to have mapped ranges. Mustn't: fall
 * back from ranges to one id. */
int stage_id_map(struct child *c)
{
	const struct ready *rd = c->rd;
	int r;
	if (rd->map_range) {
		r = wait_go(c);
	} else {
		/* user_namespaces(7): gid_map needs setgroups denied first */
		r = fd_write_file(AT_FDCWD, "/proc/self/setgroups", "deny");
		if (r == 0)
			r = map_single("/proc/self/gid_map", rd->gid, rd->host.gid);
		if (r == 0)
			r = map_single("/proc/self/uid_map", rd->uid, rd->host.uid);
	}
	if (r == 0 && (getuid() != rd->uid || getgid() != rd->gid))
		r = -EINVAL;
	return r < 0 ? stage_fail(c, STEP_ID_MAP, -1, r) : 0;
}

/* Should: drop the caller's supplementary groups. Mustn't: go on with one left. */
int stage_groups(struct child *c)
{
	if (!c->rd->drop_groups)
		return 0;
	if (setgroups(0, NULL) < 0)
		return stage_fail(c, STEP_GROUPS, -1, -errno);
	if (getgroups(0, NULL) != 0)
		return stage_fail(c, STEP_GROUPS, -1, -EPERM);
	return 0;
}

int stage_hostname(struct child *c)
{
	const char *name = c->rd->plan->hostname;
	if (!(c->rd->namespaces & CLONE_NEWUTS))
		return 0;
	if (sethostname(name, strlen(name)) < 0)
		return stage_fail(c, STEP_HOSTNAME, -1, -errno);
	return 0;
}

/* The socket names the namespace; /proc may be the old root's, the new one's or none. */
static int send_network(struct child *c, int socket_fd)
{
	_cleanup_fd_ int ns = ioctl(socket_fd, SIOCGSKNS);
	if (ns < 0)
		return stage_fail(c, STEP_NETWORK, -1, -errno);
	int r = control_send(c->control_fd, CONTROL_NETWORK, ns);
	return r < 0 ? stage_fail(c, STEP_PARENT, -1, r) : 0;
}

/* Should: make a network namespace and bring up loopback in it; its routes come with it.
 * The supervisor gets it at once where a helper connects it to the world. */
int stage_network(struct child *c)
{
	struct ifreq request = { .ifr_name = "lo" };
	if (!(c->rd->namespaces & CLONE_NEWNET))
		return 0;
	if (unshare(CLONE_NEWNET) < 0)
		return stage_fail(c, STEP_NETWORK, -1, -errno);
	_cleanup_fd_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &request) < 0)
		return stage_fail(c, STEP_LOOPBACK, -1, -errno);
	request.ifr_flags |= IFF_UP;
	if (ioctl(fd, SIOCSIFFLAGS, &request) < 0)
		return stage_fail(c, STEP_LOOPBACK, -1, -errno);
	return c->rd->network ? send_network(c, fd) : 0;
}

/* Should: leave the caller's session keyring, which holds tickets and keys that any process
 * with it may read, where the program's filter lets it at keys. A kernel without keys has
 * none; a filter around us that refuses keyctl refuses it to the program too. */
int stage_keyring(struct child *c)
{
	if (c->rd->own_keyring &&
		syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0 &&
		errno != ENOSYS && errno != EPERM)
		return stage_fail(c, STEP_KEYRING, -1, -errno);
	return 0;
}

/* Seconds and nanoseconds, the latter never negative (time_namespaces(7)). */
static void split_time(int64_t ns, long long *ret_s, long long *ret_ns)
{
	const int64_t second = 1000000000;
	*ret_s = ns / second;
	*ret_ns = ns % second;
	if (*ret_ns < 0) {
		*ret_ns += second;
		*ret_s -= 1;
	}
}

/* Should: make a time namespace for the children. We stay in the host's: the offsets can
 * only be written while nobody is inside. */
int stage_clocks(struct child *c)
{
	const struct plan *p = c->rd->plan;
	char text[128];
	long long s[2], ns[2];
	if (p->time == SHARING_HOST)
		return 0;
	if (unshare(CLONE_NEWTIME) < 0)
		return stage_fail(c, STEP_TIME, -1, -errno);
	split_time(p->monotonic_offset_ns, &s[0], &ns[0]);
	split_time(p->boottime_offset_ns, &s[1], &ns[1]);
	(void)snprintf(text, sizeof(text), "monotonic %lld %lld\nboottime %lld %lld\n",
		s[0], ns[0], s[1], ns[1]);
	int r = fd_write_file(AT_FDCWD, "/proc/self/timens_offsets", text);
	return r < 0 ? stage_fail(c, STEP_TIME, -1, r) : 0;
}

/* Should: wait for the helpers that the program needs from its first instruction on. */
int stage_helpers_ready(struct child *c)
{
	if (!stage_is_awaited(c->rd))
		return 0;
	int r = wait_go(c);
	return r < 0 ? stage_fail(c, STEP_HELPER, -1, r) : 0;
}

/* Should: let the supervisor know this process, which only the kernel can name to it. */
int stage_hello(struct child *c)
{
	if (!stage_is_awaited(c->rd))
		return 0;
	int r = control_send(c->control_fd, CONTROL_PROGRAM, -1);
	return r < 0 ? stage_fail(c, STEP_PARENT, -1, r) : 0;
}
