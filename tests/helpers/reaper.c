/* SPDX-License-Identifier: MIT */
/* reaper.c - runs a command and adopts every process that it leaves without a parent
 *
 * usage: reaper CMD [ARG...]
 *
 * A process that loses its parent becomes a child of the nearest "child subreaper" above
 * it, whatever session or namespace it has gone to. So a test below can find everything
 * that it ever started by walking down from SBOX_TEST_REAPER (this program's pid). What is
 * still there when the command has ended is killed and named, and makes the result 1.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* The first living child, or 0. */
static pid_t first_child(void)
{
	char path[64];
	snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());
	FILE *f = fopen(path, "re");
	int pid = 0;

	if (f == NULL)
		return 0;
	if (fscanf(f, "%d", &pid) != 1)
		pid = 0;
	fclose(f);
	return pid;
}

static void print_name(pid_t pid)
{
	char path[64], name[64] = "?";
	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	FILE *f = fopen(path, "re");

	if (f != NULL) {
		if (fscanf(f, "%63[^\n]", name) != 1)
			name[0] = '\0';
		fclose(f);
	}
	fprintf(stderr, "reaper: left behind and killed: %d (%s)\n", pid, name);
}

static int kill_strays(void)
{
	int n = 0;
	pid_t pid;

	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	while ((pid = first_child()) > 0) {
		print_name(pid);
		n++;
		if (kill(pid, SIGKILL) < 0)
			break;
		waitpid(pid, NULL, 0);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
	return n;
}

int main(int argc, char **argv)
{
	char self[16];

	if (argc < 2) {
		fputs("usage: reaper CMD [ARG...]\n", stderr);
		return 2;
	}
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0) {
		perror("reaper: PR_SET_CHILD_SUBREAPER");
		return 2;
	}
	snprintf(self, sizeof(self), "%d", getpid());
	setenv("SBOX_TEST_REAPER", self, 1);

	pid_t command = fork();
	if (command < 0) {
		perror("reaper: fork");
		return 2;
	}
	if (command == 0) {
		execvp(argv[1], argv + 1);
		perror(argv[1]);
		_exit(127);
	}
	/* The terminal's signals are for the command, whose end is waited for. */
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);

	int status;
	for (;;) {
		pid_t pid = waitpid(-1, &status, 0);
		if (pid == command)
			break;
		if (pid < 0 && errno != EINTR) {
			perror("reaper: waitpid");
			return 2;
		}
	}
	int result = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	return kill_strays() > 0 && result == 0 ? 1 : result;
}
