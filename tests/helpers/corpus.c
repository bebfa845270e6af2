/* SPDX-License-Identifier: MIT */
/* corpus.c - runs a fuzz target over the files of its corpus, each as a test of its own
 *
 * usage: fuzz-NAME DIR...
 *
 * Linked with a target's LLVMFuzzerTestOneInput(). Every file is given to it in a process
 * of its own with ten seconds to live, so one that crashes does not hide the next. TAP on
 * standard output.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int not_hidden(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* In the child. The copy is of the exact size, so that a sanitizer sees reading beyond. */
static int try_file(const char *path)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st) < 0) {
		perror(path);
		return 1;
	}
	size_t size = (size_t)st.st_size;
	uint8_t *data = malloc(size > 0 ? size : 1);
	if (data == NULL || read(fd, data, size) != (ssize_t)size) {
		perror(path);
		return 1;
	}
	close(fd);
	alarm(10);
	LLVMFuzzerTestOneInput(data, size);
	free(data);
	return 0;
}

static bool survives(const char *path)
{
	int status;

	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0)
		exit(try_file(path));
	if (pid < 0 || waitpid(pid, &status, 0) < 0) {
		perror("corpus");
		return false;
	}
	if (WIFSIGNALED(status))
		printf("# %s: %s\n", path, strsignal(WTERMSIG(status)));
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

int main(int argc, char **argv)
{
	const char *name =
		strrchr(argv[0], '/') != NULL ? strrchr(argv[0], '/') + 1 : argv[0];
	int tests = 0, failed = 0;

	for (int i = 1; i < argc; i++) {
		struct dirent **files;
		int n = scandir(argv[i], &files, not_hidden, alphasort);
		if (n < 0) {
			perror(argv[i]);
			failed++;
		}
		for (int j = 0; j < n; j++) {
			char path[4096];
			snprintf(path, sizeof(path), "%s/%s", argv[i], files[j]->d_name);
			bool ok = survives(path);
			failed += !ok;
			printf("%sok %d %s::%s\n", ok ? "" : "not ", ++tests, name,
				files[j]->d_name);
			free(files[j]);
		}
		if (n >= 0)
			free(files);
	}
	printf("1..%d\n", tests);
	return failed > 0 || tests == 0;
}
