/* SPDX-License-Identifier: MIT */
/* network_drain.c - what a program has sent before its end, awaited for a moment
 *
 * The kernel goes on sending for a program that has ended. Here it sends to the helper, at
 * whose end all that it has not passed on is lost: the last words of a log, a file that was
 * written to a socket. So three things are awaited: that no closed socket inside has anything
 * left, which is told by their states; that the helper sleeps, which it does when it has read
 * all packets, for those of UDP are in nobody's books; and that its own sockets have nothing
 * left, for while they have, it may sleep with more in its hands than they would take.
 */
#include "stage/network_drain.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/sys.h"

/* A peer that takes nothing more is not waited for, nor one that takes ages. */
enum {
	PATIENCE_MS = 1000,
	ALL_MS = 5000,
	LOOK_NS = 2000000,
	TABLE_MAX = 4 * 1024 * 1024
};

struct patience {
	int64_t until_ms, end_ms;
	uint64_t left; /* of what is awaited, when it was last looked at */
};

static struct patience new_patience(void)
{
	const int64_t now = now_ms();
	return (struct patience){
		.until_ms = now + PATIENCE_MS, .end_ms = now + ALL_MS, .left = UINT64_MAX
	};
}

/* Whether to look again, when @left is awaited still: while it becomes less. */
static bool look_again(struct patience *p, uint64_t left)
{
	const int64_t now = now_ms();
	if (left < p->left)
		p->until_ms =
			now + PATIENCE_MS < p->end_ms ? now + PATIENCE_MS : p->end_ms;
	p->left = left;
	if (left == 0 || now >= p->until_ms)
		return false;
	(void)nanosleep(&(struct timespec){ .tv_nsec = LOOK_NS }, NULL);
	return true;
}

/* What sockets in the kernel's table that are closed have left to send, their ends counted
 * too. */
static uint64_t unsent_inside(const char *table)
{
	struct arena a = { 0 };
	char *text = NULL;
	uint64_t all = 0;
	if (fd_read_file(&a, AT_FDCWD, table, TABLE_MAX, &text, NULL) < 0)
		return 0;
	for (const char *line = strchr(text, '\n'); line; line = strchr(line + 1, '\n')) {
		unsigned state, queue;
		if (sscanf(line, "%*s %*s %*s %x %x", &state, &queue) == 2 &&
			(state == TCP_FIN_WAIT1 || state == TCP_LAST_ACK ||
				state == TCP_CLOSING))
			all += (uint64_t)queue + 1;
	}
	arena_done(&a);
	return all;
}

static int wait_until_sent(void)
{
	struct patience p = new_patience();
	while (look_again(&p,
		unsent_inside("/proc/self/net/tcp") +
			unsent_inside("/proc/self/net/tcp6")))
		;
	return 0;
}

/* "PID (NAME) STATE ..." */
static bool is_running(pid_t pid)
{
	char path[64], text[128];
	(void)snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t size = fd < 0 ? -1 : fd_read_full(fd, text, sizeof(text) - 1);
	if (size < 0)
		return false;
	text[size] = '\0';
	const char *end = strrchr(text, ')');
	return end && strncmp(end, ") R", 3) == 0;
}

/* Of one of the helper's descriptors; 0 where the kernel does not let us look, and for so
 * little that the socket would have taken more: a far peer's word that it has come is not
 * waited for. */
static uint64_t unsent_of(const struct side *helper, int number)
{
	enum { LITTLE = 4096 };
	struct stat st;
	int size = 0;
	_cleanup_fd_ int fd = sys_pidfd_getfd(helper->pidfd, number);
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISSOCK(st.st_mode) ||
		ioctl(fd, SIOCOUTQ, &size) < 0 || size < LITTLE)
		return 0;
	return (uint64_t)size;
}

static uint64_t unsent_outside(const struct side *helper)
{
	char path[64];
	uint64_t all = 0;
	(void)snprintf(path, sizeof(path), "/proc/%d/fd", helper->pid);
	DIR *dir = opendir(path);
	if (!dir)
		return 0;
	for (const struct dirent *d; (d = readdir(dir));)
		if (d->d_name[0] != '.')
			all += unsent_of(helper, atoi(d->d_name));
	closedir(dir);
	return all;
}

/* Looked at twice, since it may write what it has just read before it sleeps. */
static uint64_t in_hand(const struct side *helper)
{
	uint64_t all = unsent_outside(helper);
	if (all == 0 && is_running(helper->pid))
		all = 1;
	return all > 0 ? all : unsent_outside(helper);
}

static void drain_helper(const struct side *helper)
{
	struct patience p = new_patience();
	while (helper->pid > 0 && look_again(&p, in_hand(helper)))
		;
}

void network_drain(const struct network_place *place, const struct side *helper,
	const struct side *forward)
{
	(void)network_act_inside(place, wait_until_sent);
	drain_helper(helper);
	drain_helper(forward);
}
