/* SPDX-License-Identifier: MIT */
/* proc.c - starting a program of the system and waiting for it */
#include "base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/sys.h"

const char *proc_find_helper(const char *name, char *buf, size_t size)
{
	static const char *const dirs[] = { "/usr/bin", "/bin", "/usr/sbin", "/sbin" };
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		(void)snprintf(buf, size, "%s/%s", dirs[i], name);
		if (access(buf, X_OK) == 0)
			return buf;
	}
	return NULL;
}

/* The lowest descriptor from @from on that is passed on; ~0u: none. */
static unsigned next_kept(const struct proc_spec *spec, unsigned from)
{
	unsigned best = ~0u;
	if (spec->keep_fd >= 0 && (unsigned)spec->keep_fd >= from)
		best = (unsigned)spec->keep_fd;
	for (size_t i = 0; i < spec->n_keep_fds; i++) {
		unsigned fd = (unsigned)spec->keep_fds[i];
		if (fd >= from && fd < best)
			best = fd;
	}
	return best;
}

static void close_others(const struct proc_spec *spec)
{
	unsigned next = 3;
	for (unsigned fd; (fd = next_kept(spec, next)) != ~0u; next = fd + 1) {
		(void)fcntl((int)fd, F_SETFD, 0);
		if (fd > next)
			(void)sys_close_range(next, fd - 1, 0);
	}
	(void)fd_close_from(next);
}

static _Noreturn void become(const struct proc_spec *spec, pid_t parent)
{
	static char *const clean[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
		"LANG=C.UTF-8", NULL };
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);

	/* 0 to 2 first move away from each other's places */
	int fds[3] = { spec->stdin_fd, spec->stdout_fd, spec->stderr_fd };
	for (int i = 0; i < 3; i++) {
		fds[i] = fds[i] < 0 ? open("/dev/null", O_RDWR | O_CLOEXEC) : fds[i];
		fds[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, 3);
		if (fds[i] < 0)
			_exit(EXIT_SBOX);
	}
	for (int i = 0; i < 3; i++)
		if (dup2(fds[i], i) < 0)
			_exit(EXIT_SBOX);
	if (spec->own_session)
		(void)setsid(); /* a new process leads no group: it cannot fail */
	if (spec->prepare && spec->prepare(spec->data) < 0)
		_exit(EXIT_SBOX);
	close_others(spec);
	/* after prepare(): other credentials clear it */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(EXIT_SBOX);
	execve(spec->path, spec->argv, spec->envp ? spec->envp : clean);
	_exit(errno == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_EXEC);
}

pid_t proc_start(const struct proc_spec *spec, int *ret_pidfd, struct err *e)
{
	pid_t parent = getpid();
	pid_t pid = sys_fork(0, ret_pidfd);
	if (pid < 0)
		return err_sys(e, -errno, "cannot start '%s'", spec->path);
	if (pid == 0)
		become(spec, parent);
	return pid;
}

pid_t proc_parent(pid_t pid)
{
	char path[64], text[512];
	int parent = 0;
	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : fd_read_full(fd, text, sizeof(text) - 1);
	text[n < 0 ? 0 : n] = '\0';
	const char *name_end = strrchr(text, ')');
	return name_end && sscanf(name_end, ") %*c %d", &parent) == 1 ? parent : 0;
}

int proc_exit_code(int status)
{
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	return EXIT_SIGNAL_BASE + WTERMSIG(status);
}

int proc_wait(pid_t pid)
{
	int status;
	if (RETRY(waitpid(pid, &status, 0)) < 0)
		return -errno;
	return proc_exit_code(status);
}

static int capture(const char *path, char *const *argv, int stream, char *out,
	size_t size, size_t *ret_size, struct err *e)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(e, -errno, "cannot make a pipe for '%s'", path);
	struct proc_spec spec = {
		.path = path,
		.argv = argv,
		.stdin_fd = -1,
		.stdout_fd = stream == 1 ? ends[1] : -1,
		.stderr_fd = stream == 2 ? ends[1] : -1,
		.keep_fd = -1,
	};
	pid_t pid = proc_start(&spec, NULL, e);
	fd_close(ends[1]);
	if (pid < 0) {
		fd_close(ends[0]);
		return pid;
	}
	ssize_t n = fd_read_full(ends[0], out, size);
	*ret_size = n < 0 ? 0 : (size_t)n;
	fd_close(ends[0]); /* a program with more to say gets EPIPE */
	return proc_wait(pid);
}

int proc_capture_bytes(const char *path, char *const *argv, char *out, size_t size,
	size_t *ret_size, struct err *e)
{
	return capture(path, argv, 1, out, size, ret_size, e);
}

int proc_capture(const char *path, char *const *argv, int stream, char *out, size_t size,
	struct err *e)
{
	size_t n;
	int r = capture(path, argv, stream, out, size - 1, &n, e);
	out[r < 0 ? 0 : n] = '\0';
	return r;
}
