/* SPDX-License-Identifier: MIT */
/* killat.c - runs a program and kills it, or gets in its way, at its N-th system call
 *
 * usage: killat N PROGRAM [ARGS...]
 *
 * With KILLAT_RUN in the environment, that is run by a shell while the program stands still,
 * which then goes on; else it is killed with SIGKILL.
 *
 * Every point at which a killed program can leave something behind lies before one of its
 * system calls, so all of them can be tried, and each again. Where it ends before, its exit
 * code is ours; the number of its system calls goes to descriptor 9 if that is open.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int status;
	const char *script = getenv("KILLAT_RUN");
	unsigned long n = 0, at = argc > 2 ? strtoul(argv[1], NULL, 10) : 0;
	if (argc < 3)
		return 2;
	pid_t pid = fork();
	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		execv(argv[2], argv + 2);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) < 0 || !WIFSTOPPED(status))
		return 2;
	ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD);
	for (int sig = 0;;) {
		(void)ptrace(PTRACE_SYSCALL, pid, NULL, (long)sig); /* it may be dead */
		if (waitpid(pid, &status, 0) < 0)
			return 2;
		if (!WIFSTOPPED(status))
			break;
		sig = WSTOPSIG(status);
		if (sig != (SIGTRAP | 0x80))
			continue;
		sig = 0;
		/* each call stops twice; half of the kills come after the call was made */
		if (++n != at)
			continue;
		if (!script)
			kill(pid, SIGKILL);
		else if (system(script) != 0)
			return 2;
	}
	dprintf(9, "%lu\n", n);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
