/* SPDX-License-Identifier: MIT */
/* exec.c - the last steps of the program's own process: session, directory, descriptors
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"
#include "stage/stage.h"

/* Should: a session of its own where asked, and where there is no terminal. At one the
 * caller's session stays, so that Ctrl-C, Ctrl-Z and job control are as in a plain shell;
 * but kill(2) of one's own process group, which is then the caller's, reaches out of a pid
 * namespace, and only Landlock's scopes (6.12) keep it in. */
int stage_session(struct child *c)
{
	const struct plan *p = c->rd->plan;
	if ((p->new_session || c->alone) && setsid() < 0)
		return stage_fail(c, STEP_SESSION, -1, -errno);
	/* in the host's pid namespace init's end does not end us; and it may have ended
	 * before this */
	if (p->pid == SHARING_HOST && prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return stage_fail(c, STEP_SESSION, -1, -errno);
	if (p->pid == SHARING_HOST && getppid() != c->init)
		return stage_fail(c, STEP_SESSION, -1, -ECANCELED);
	return 0;
}

/* Where init itself stands must not be left open to the program: it starts in "/". */
int stage_chdir(struct child *c)
{
	const struct ready *rd = c->rd;
	for (size_t i = 0; rd->chdirs[i]; i++) {
		if (chdir(rd->chdirs[i]) == 0)
			return 0;
		if (rd->chdir_required)
			break;
	}
	return stage_fail(c, STEP_CHDIR, -1, -errno);
}

/* The lowest descriptor from @from on that stays: one asked for, the report's or init's,
 * which execve() closes; ~0u: none. */
static unsigned next_kept(const struct child *c, unsigned from, bool *ret_asked)
{
	const unsigned own[] = { (unsigned)c->report_fd, (unsigned)c->peer_fd };
	unsigned best = ~0u;
	*ret_asked = false;
	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		if (own[i] >= from && own[i] < best)
			best = own[i];
	for (size_t i = 0; i < c->rd->n_pass_fds; i++) {
		unsigned fd = (unsigned)c->rd->pass_fds[i];
		if (fd >= from && fd < best) {
			best = fd;
			*ret_asked = true;
		}
	}
	return best;
}

/* Should: leave 0 to 2 and those asked for. Mustn't: trust that everything else was born
 * close-on-exec: the caller's was not. */
int stage_descriptors(struct child *c)
{
	for (unsigned next = 3;;) {
		bool asked;
		unsigned fd = next_kept(c, next, &asked);
		if (fd > next && sys_close_range(next, fd - 1, 0) < 0)
			return stage_fail(c, STEP_DESCRIPTORS, -1, -errno);
		if (fd == ~0u)
			break;
		if (asked && fcntl((int)fd, F_SETFD, 0) < 0)
			return stage_fail(c, STEP_DESCRIPTORS, -1, -errno);
		next = fd + 1;
	}
	(void)sigprocmask(SIG_SETMASK, &c->mask, NULL); /* the caller's; cannot fail */
	return 0;
}

/* As execvp(3): a name is tried in each directory; a file that is no program the kernel
 * knows is a shell script. */
int stage_exec(struct child *c)
{
	const struct ready *rd = c->rd;
	int error = -ENOENT;
	struct stat st;

	for (size_t i = 0; rd->candidates[i]; i++) {
		execve(rd->candidates[i], rd->argv, rd->envp);
		if (errno == ENOEXEC) {
			rd->shell_argv[1] = (char *)rd->candidates[i];
			execve("/bin/sh", rd->shell_argv, rd->envp);
			errno = ENOEXEC;
		}
		/* the file is there: its interpreter or its loader is what is missing */
		if (errno == ENOENT && stat(rd->candidates[i], &st) == 0)
			errno = ELIBBAD;
		if (errno != ENOENT && errno != ENOTDIR)
			error = -errno;
		if (errno != ENOENT && errno != ENOTDIR && errno != EACCES)
			break;
	}
	return stage_fail(c, STEP_EXEC, -1, error);
}
