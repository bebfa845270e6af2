/* SPDX-License-Identifier: MIT */
/* network_drain.c - what a program has sent before its end, awaited for a moment
 *
 * The kernel goes on sending for a program that has ended. Here it sends to the helper, at
 * whose end all that it has not passed on is lost: the last words of a log, a file that was
 * written to a socket. So two things are awaited: that no closed socket inside has anything
 * left, which is told by their states, and that the helper sleeps, which it does only when
 * it has read all packets; for those of UDP are in nobody's books.
 */
#include "stage/network_drain.h"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/fd.h"

/* A peer that takes nothing more is not waited for. */
enum { PATIENCE_MS = 1000, LOOK_NS = 2000000, TABLE_MAX = 4 * 1024 * 1024 };

/* False when the time is over. */
static bool look_again(int64_t until_ms)
{
	(void)nanosleep(&(struct timespec){ .tv_nsec = LOOK_NS }, NULL);
	return now_ms() < until_ms;
}

/* Whether a socket in the kernel's table was closed with something left to send. */
static bool is_unsent(const char *table)
{
	struct arena a = { 0 };
	char *text = NULL;
	bool found = false;
	if (fd_read_file(&a, AT_FDCWD, table, TABLE_MAX, &text, NULL) < 0)
		return false;
	for (const char *line = strchr(text, '\n'); line && !found;
		line = strchr(line + 1, '\n')) {
		unsigned state;
		found = sscanf(line, "%*s %*s %*s %x", &state) == 1 &&
			(state == TCP_FIN_WAIT1 || state == TCP_LAST_ACK ||
				state == TCP_CLOSING);
	}
	arena_done(&a);
	return found;
}

static int wait_until_sent(void)
{
	const int64_t until_ms = now_ms() + PATIENCE_MS;
	while (is_unsent("/proc/self/net/tcp") || is_unsent("/proc/self/net/tcp6"))
		if (!look_again(until_ms))
			break;
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

void network_drain(const struct network_place *place, const struct side *helper)
{
	if (helper->pid <= 0)
		return;
	const int64_t until_ms = now_ms() + PATIENCE_MS;
	(void)network_act_inside(place, wait_until_sent);
	while (is_running(helper->pid) && look_again(until_ms))
		;
}
