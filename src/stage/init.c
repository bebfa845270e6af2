/* SPDX-License-Identifier: MIT */
/* init.c - PID 1 of the sandbox: reaps, forwards signals, tells how the program ended
 *
 * It holds one descriptor (the report; with the host's process ids the list of its children,
 * too), no capability, nothing of the host but its own memory, which nobody inside can read.
 * All signals are blocked and waited for, so that none is lost and no handler runs. Only
 * those that the supervisor queued are forwarded: what a terminal sends reaches the program
 * by itself.
 */
#include <errno.h>
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

/* All but the two; -1: there is no second one. */
static void close_others(int x, int y)
{
	int low = y < 0 || x < y ? x : y, high = x > y ? x : y;
	if (low > 0)
		(void)sys_close_range(0, (unsigned)low - 1, 0);
	if (high > low + 1)
		(void)sys_close_range((unsigned)low + 1, (unsigned)high - 1, 0);
	(void)fd_close_from((unsigned)high + 1);
}

static void drop_everything(const struct child *c)
{
	struct __user_cap_header_struct header = { .version =
							   _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2] = { { 0 } };
	/* a failure to reduce oneself ends the sandbox: PID 1 takes everyone along */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
		syscall(SYS_capset, &header, none) < 0)
		_exit(EXIT_SBOX);
	close_others(c->report_fd, c->children_fd);
}

/* In the host's pid namespace our end ends nobody: what is left is killed one by one, as
 * each child's children become ours (PR_SET_CHILD_SUBREAPER). The list is the kernel's, and
 * was opened before the program had a say in what is at /proc. */
static void kill_children(const struct child *c)
{
	siginfo_t info;
	if (c->rd->plan->pid == SHARING_PRIVATE)
		return;
	do {
		char text[4096];
		ssize_t n = pread(c->children_fd, text, sizeof(text) - 1, 0);
		pid_t pid = 0;
		for (ssize_t i = 0; i < n; i++) {
			if (text[i] != ' ') {
				pid = pid * 10 + (text[i] - '0');
				continue;
			}
			(void)kill(pid, SIGKILL);
			pid = 0;
		}
	} while (waitid(P_ALL, 0, &info, WEXITED | __WALL) == 0 || errno != ECHILD);
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
static bool reap(struct child *c, pid_t *program, int *status)
{
	int st;
	pid_t pid;
	while ((pid = waitpid(-1, &st, WNOHANG | WUNTRACED | __WALL)) > 0) {
		if (pid != *program)
			continue;
		if (WIFSTOPPED(st)) {
			tell_stop(c, WSTOPSIG(st));
			continue;
		}
		*status = st;
		*program = 0; /* its number may be anybody's from now on */
		if (c->rd->plan->wait == WAIT_MAIN)
			return true;
	}
	return pid < 0 && errno == ECHILD;
}

/* To kill is to end all. In a pid namespace of our own the supervisor need not ask, and who
 * asks may be a program inside. */
static void pass_on(const struct child *c, pid_t program, int sig)
{
	if (sig == SIGKILL && c->rd->plan->pid == SHARING_HOST) {
		kill_children(c);
		_exit(0);
	}
	if (program > 0)
		(void)kill(program, sig);
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

	while (!reap(c, &program, &status) && !supervisor_gone(c)) {
		if (sigwaitinfo(&all, &info) >= 0 && info.si_signo == FORWARDED &&
			info.si_code == SI_QUEUE)
			pass_on(c, program, info.si_value.sival_int);
	}
	kill_children(c);
	report_send(
		c->report_fd, &(struct report){ .kind = REPORT_EXITED, .value = status });
	_exit(0);
}
