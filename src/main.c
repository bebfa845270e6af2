/* SPDX-License-Identifier: MIT */
/* main.c - picks the verb, prints the one error, turns it into an exit code */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/macros.h"
#include "cmd/command.h"

const struct command *const commands[] = { &cmd_run, &cmd_try, &cmd_diff, &cmd_apply,
	&cmd_discard, &cmd_layer, &cmd_ps, &cmd_stats, &cmd_top, &cmd_kill, &cmd_pause,
	&cmd_resume, &cmd_set, &cmd_port, &cmd_image, &cmd_profile, &cmd_desktop,
	&cmd_syscalls, &cmd_help, &cmd_completion, NULL };

/* A descriptor of ours must never get a number that the program takes for its own input or
 * output. */
static void fill_standard_descriptors(void)
{
	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
			_exit(EXIT_SBOX);
}

/* Where it is ignored, children leave no status to wait for; the program, too, is better off
 * with the default than with what some callers leave behind. */
static void want_children(void)
{
	(void)signal(SIGCHLD, SIG_DFL);
}

static const struct command *find(const char *word)
{
	for (size_t i = 0; word && commands[i]; i++)
		if (strcmp(commands[i]->name, word) == 0)
			return commands[i];
	return NULL;
}

int main(int argc, char **argv)
{
	struct err e = { .exit_status = EXIT_SBOX };
	fill_standard_descriptors();
	want_children();
	log_init();

	/* "sbox CMD" is "sbox run CMD"; a program that has a verb's name goes behind "--" */
	const struct command *command = argc > 1 ? find(argv[1]) : NULL;
	int r = command ? command->run(argc - 1, argv + 1, &e)
			: cmd_run.run(argc, argv, &e);
	if (r >= 0)
		return r;
	log_err(&e);
	return e.exit_status;
}
