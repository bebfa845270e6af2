/* SPDX-License-Identifier: MIT */
/* side.c - one program of the host that works beside the sandbox, and ends with it */
#include "stage/side.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "base/sys.h"

/* In a user namespace that one enters one has every capability; what is not given up here
 * and is ambient outlasts the execve. */
int side_keep(uint64_t capabilities)
{
	struct __user_cap_header_struct header = { .version =
							   _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[2] = { 0 };
	for (int cap = 0; cap < 64; cap++)
		if (!(capabilities >> cap & 1) &&
			prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
			break; /* EINVAL: beyond the last one */
	for (unsigned i = 0; i < 2; i++)
		sets[i].effective = sets[i].permitted = sets[i].inheritable =
			(uint32_t)(capabilities >> (32 * i));
	if (syscall(SYS_capset, &header, sets) < 0)
		return -errno;
	for (int cap = 0; cap < 64; cap++)
		if ((capabilities >> cap & 1) &&
			prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
			return -errno;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
}

int side_memory(const char *text)
{
	int fd = memfd_create("sbox", MFD_CLOEXEC);
	if (fd >= 0 &&
		(fd_write_all(fd, text, strlen(text)) < 0 || lseek(fd, 0, SEEK_SET) < 0))
		return fd_close(fd);
	return fd;
}

int side_start(struct side *p, struct proc_spec *spec, struct err *e)
{
	p->log = side_memory("");
	if (spec->stdout_fd < 0)
		spec->stdout_fd = p->log;
	if (spec->stderr_fd < 0)
		spec->stderr_fd = p->log;
	spec->own_session = true;
	pid_t pid = proc_start(spec, &p->pidfd, e);
	if (pid < 0)
		return pid;
	p->pid = pid;
	return 0;
}

/* Nothing is kept open but the two, least of all what a reader of the caller's waits to see
 * the end of. */
static _Noreturn void guard(int leave, int pidfd)
{
	int fds[] = { leave, pidfd };
	for (int i = 0; i < 2; i++)
		fds[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, 3);
	for (int i = 0; i < 2; i++)
		(void)dup2(fds[i], i);
	(void)fd_close_from(2);
	(void)setsid(); /* what a terminal sends is not for it */
	struct pollfd either[] = { { .fd = 0 }, { .fd = 1, .events = POLLIN } };
	(void)RETRY(poll(either, 2, -1));
	(void)sys_pidfd_send_signal(1, SIGKILL, 0);
	_exit(0);
}

int side_guard(const struct side *p, int leave, struct side *ret, struct err *e)
{
	sigset_t all, before;
	sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, &before);
	pid_t pid = sys_fork(0, &ret->pidfd);
	int error = errno;
	if (pid == 0)
		guard(leave, p->pidfd);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	if (pid < 0)
		return err_sys(e, -error, "cannot watch over %s", p->name);
	ret->pid = pid;
	return 0;
}

int side_wait(struct side *p)
{
	int code = p->pid > 0 ? proc_wait(p->pid) : 0;
	p->pid = 0;
	p->pidfd = fd_close(p->pidfd);
	return code;
}

int side_wait_ms(struct side *p, int ms)
{
	struct pollfd end = { .fd = p->pidfd, .events = POLLIN };
	if (p->pid > 0 && RETRY(poll(&end, 1, ms)) == 0)
		return -ETIMEDOUT;
	return side_wait(p);
}

void side_stop(struct side *p)
{
	if (p->pid > 0)
		(void)sys_pidfd_send_signal(p->pidfd, SIGKILL, 0);
	(void)side_wait(p);
	p->channel = fd_close(p->channel);
	p->log = fd_close(p->log);
}

/* The last line that is no mere remark. */
static const char *last_words(const struct side *p, char *buf, size_t size)
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

const char *side_words(const struct side *p, char buf[SIDE_WORDS_MAX])
{
	char said[2000];
	str_escape_controls(buf, SIDE_WORDS_MAX, last_words(p, said, sizeof(said)));
	return buf;
}

int side_failed(const struct side *p, const char *what, struct err *e)
{
	char buf[SIDE_WORDS_MAX];
	const char *words = side_words(p, buf);
	return err_set(e, -ECHILD, "%s: %s %s%s%s", p->about, p->name, what,
		*words ? ": " : "", words);
}
