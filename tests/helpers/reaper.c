/* SPDX-License-Identifier: MIT */
/* reaper.c - runs a command and adopts every process that it leaves without a parent
 *
 * usage: reaper SECONDS CMD [ARG...]
 *
 * A process that loses its parent becomes a child of the nearest "child subreaper" above
 * it, whatever session or namespace it has gone to. So a test below can find everything
 * that it ever started by walking down from SBOX_TEST_REAPER (this program's pid). What is
 * still there when the command has ended is killed and named, and makes the result 1.
 *
 * An orphan is killed after SECONDS even before that: bats ends a test that takes too long,
 * but then waits for all that the test has started, if it takes forever.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAX_CHILDREN = 256 };

static size_t list_children(pid_t list[MAX_CHILDREN])
{
	char path[64];
	snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());
	FILE *f = fopen(path, "re");
	size_t n = 0;

	if (f == NULL)
		return 0;
	while (n < MAX_CHILDREN && fscanf(f, "%d", &list[n]) == 1)
		n++;
	fclose(f);
	return n;
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
	fprintf(stderr, "reaper: left behind, now killed: %d (%s)\n", pid, name);
}

static int kill_strays(void)
{
	pid_t children[MAX_CHILDREN];
	int n = 0;

	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	/* Those whose parent has died of it come next. */
	while (list_children(children) > 0) {
		print_name(children[0]);
		n++;
		if (kill(children[0], SIGKILL) < 0)
			break;
		waitpid(children[0], NULL, 0);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
	return n;
}

/* Called about once a second with the list of who was there the last time. */
static void kill_old_orphans(pid_t command, unsigned limit_s)
{
	static struct {
		pid_t pid;
		unsigned age_s;
	} known[MAX_CHILDREN];
	static size_t n_known;
	pid_t children[MAX_CHILDREN];
	size_t n = list_children(children);
	unsigned ages[MAX_CHILDREN] = { 0 };

	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n_known; j++)
			if (known[j].pid == children[i])
				ages[i] = known[j].age_s + 1;
	for (size_t i = 0; i < n; i++) {
		known[i].pid = children[i];
		known[i].age_s = ages[i];
		if (children[i] != command && ages[i] >= limit_s) {
			print_name(children[i]);
			kill(children[i], SIGKILL);
		}
	}
	n_known = n;
}

static pid_t start(char **argv)
{
	char self[16];
	snprintf(self, sizeof(self), "%d", getpid());
	setenv("SBOX_TEST_REAPER", self, 1);

	sigset_t child;
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, NULL);

	pid_t pid = fork();
	if (pid == 0) {
		sigprocmask(SIG_UNBLOCK, &child, NULL);
		execvp(argv[0], argv);
		perror(argv[0]);
		_exit(127);
	}
	return pid;
}

int main(int argc, char **argv)
{
	unsigned limit_s = argc > 2 ? (unsigned)strtoul(argv[1], NULL, 10) : 0;

	if (limit_s == 0) {
		fputs("usage: reaper SECONDS CMD [ARG...]\n", stderr);
		return 2;
	}
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0) {
		perror("reaper: PR_SET_CHILD_SUBREAPER");
		return 2;
	}
	pid_t command = start(argv + 2);
	if (command < 0) {
		perror("reaper: fork");
		return 2;
	}
	/* The terminal's signals are for the command, whose end is waited for. */
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);

	sigset_t child;
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	time_t looked = time(NULL);
	int status;
	for (;;) {
		pid_t pid = waitpid(-1, &status, WNOHANG);
		if (pid == command)
			break;
		if (time(NULL) != looked) {
			looked = time(NULL);
			kill_old_orphans(command, limit_s);
		}
		if (pid == 0)
			sigtimedwait(&child, NULL, &(struct timespec){ .tv_sec = 1 });
	}
	int result = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	return kill_strays() > 0 && result == 0 ? 1 : result;
}
