/* SPDX-License-Identifier: MIT */
/* init.c - PID 1 of the sandbox: reaps, forwards signals, tells how the program ended
 *
 * It holds one descriptor (the report), no capability, nothing of the host but its own
 * memory, which nobody inside can read. All signals are blocked and waited for, so that
 * none is lost and no handler runs. Only those that the supervisor queued are forwarded:
 * what a terminal sends reaches the program by itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"
#include "stage/stage.h"
#include "stage/supervise.h"

static void drop_everything(const struct child *c)
{
	struct __user_cap_header_struct header = { .version =
							   _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2] = { { 0 } };
	/* a failure to reduce oneself ends the sandbox: PID 1 takes everyone along */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
		syscall(SYS_capset, &header, none) < 0)
		_exit(EXIT_SBOX);
	if (c->report_fd > 0)
		(void)sys_close_range(0, (unsigned)c->report_fd - 1, 0);
	(void)fd_close_from((unsigned)c->report_fd + 1);
}

/* In the host's pid namespace our end ends nobody: what is left is killed one by one, as
 * each child's children become ours (PR_SET_CHILD_SUBREAPER). */
static void kill_children(const struct child *c)
{
	if (c->rd->plan->pid == SHARING_PRIVATE)
		return;
	siginfo_t info;
	for (;;) {
		char path[64] = "/proc/thread-self/children", text[4096];
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
		fd_close(fd);
		pid_t pid = 0;
		for (ssize_t i = 0; i < n; i++) {
			if (text[i] != ' ') {
				pid = pid * 10 + (text[i] - '0');
				continue;
			}
			(void)kill(pid, SIGKILL);
			pid = 0;
		}
		if (waitid(P_ALL, 0, &info, WEXITED) < 0 && errno == ECHILD)
			return;
	}
}

/* There our own end would also leave the program's children alone, so the supervisor's end
 * only wakes us; a pipe without a reader tells that it is gone. */
static bool supervisor_gone(const struct child *c)
{
	struct pollfd reader = { .fd = c->report_fd };
	return c->rd->plan->pid == SHARING_HOST && poll(&reader, 1, 0) > 0 &&
		(reader.revents & POLLERR);
}

static void tell_stop(struct child *c, int sig)
{
	report_send(
		c->report_fd, &(struct report){ .kind = REPORT_STOPPED, .value = sig });
}

/* Everything that has changed among the children. True when the sandbox is over. */
static bool reap(struct child *c, pid_t program, int *status)
{
	int st;
	pid_t pid;
	while ((pid = waitpid(-1, &st, WNOHANG | WUNTRACED | __WALL)) > 0) {
		if (pid != program)
			continue;
		if (WIFSTOPPED(st)) {
			tell_stop(c, WSTOPSIG(st));
			continue;
		}
		*status = st;
		if (c->rd->plan->wait == WAIT_MAIN)
			return true;
	}
	return pid < 0 && errno == ECHILD;
}

void init_main(struct child *c, pid_t program)
{
	sigset_t all;
	siginfo_t info;
	int status = 0;

	sigfillset(&all);
	(void)sigprocmask(SIG_BLOCK, &all, NULL);
	drop_everything(c);
	if (c->rd->plan->pid == SHARING_HOST)
		(void)prctl(PR_SET_PDEATHSIG, SIGCHLD);
	report_send(
		c->report_fd, &(struct report){ .kind = REPORT_STARTED, .pid = program });

	while (!reap(c, program, &status) && !supervisor_gone(c)) {
		if (sigwaitinfo(&all, &info) < 0)
			continue;
		if (info.si_signo == FORWARDED && info.si_code == SI_QUEUE)
			(void)kill(program, info.si_value.sival_int);
	}
	kill_children(c);
	report_send(
		c->report_fd, &(struct report){ .kind = REPORT_EXITED, .value = status });
	_exit(0);
}
