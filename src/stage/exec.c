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

/* Should: a session of its own where asked. By default the caller's session stays, so that
 * Ctrl-C, Ctrl-Z and job control are as in a plain shell. */
int stage_session(struct child *c)
{
	const struct plan *p = c->rd->plan;
	if (p->new_session && setsid() < 0)
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

/* Should: leave 0 to 2 and those asked for, and the report's, which execve() closes.
 * Mustn't: trust that everything else was born close-on-exec: the caller's was not. */
int stage_descriptors(struct child *c)
{
	const struct ready *rd = c->rd;
	unsigned next = 3;
	for (size_t i = 0; i <= rd->n_pass_fds; i++) {
		/* the report's descriptor takes its turn among the sorted ones */
		unsigned report = (unsigned)c->report_fd;
		unsigned fd = i < rd->n_pass_fds ? (unsigned)rd->pass_fds[i] : ~0u;
		if (report >= next && report < fd) {
			if (report > next && sys_close_range(next, report - 1, 0) < 0)
				return stage_fail(c, STEP_DESCRIPTORS, -1, -errno);
			next = report + 1;
		}
		if (fd == ~0u)
			break;
		if (fd < next)
			continue; /* named twice */
		if (fd > next && sys_close_range(next, fd - 1, 0) < 0)
			return stage_fail(c, STEP_DESCRIPTORS, -1, -errno);
		if (fcntl((int)fd, F_SETFD, 0) < 0)
			return stage_fail(c, STEP_DESCRIPTORS, -1, -errno);
		next = fd + 1;
	}
	int r = fd_close_from(next);
	if (r < 0)
		return stage_fail(c, STEP_DESCRIPTORS, -1, r);
	if (c->files.rlim_max > 0 && setrlimit(RLIMIT_NOFILE, &c->files) < 0)
		return stage_fail(c, STEP_DESCRIPTORS, -1, -errno);
	/* the caller's own again; neither can fail */
	(void)umask(c->umask);
	(void)sigprocmask(SIG_SETMASK, &c->mask, NULL);
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
