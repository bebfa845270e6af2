/* SPDX-License-Identifier: MIT */
/* main.c - picks the verb, prints the one error, turns it into an exit code */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/macros.h"
#include "cmd/words.h"

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

/* Whether a verb is asked for its usage; those that run a program have flags for that. */
static bool wants_usage(const struct command *c, char **words)
{
	for (; c->actions && *words && strcmp(*words, "--") != 0; words++)
		if (strcmp(*words, "--help") == 0 || strcmp(*words, "-h") == 0)
			return true;
	return false;
}

int main(int argc, char **argv)
{
	struct err e = { .exit_status = EXIT_SBOX };
	fill_standard_descriptors();
	want_children();
	log_init();

	/* "sbox CMD" is "sbox run CMD"; a program that has a verb's name goes behind "--" */
	const struct command *command = command_find(argc > 1 ? argv[1] : NULL);
	if (command && wants_usage(command, argv + 2)) {
		words_usage(stdout, command);
		return 0;
	}
	int r = command ? command->run(argc - 1, argv + 1, &e)
			: cmd_run.run(argc, argv, &e);
	/* listings that end up nowhere; of the programs that it runs sbox writes nothing */
	if (r == 0 && command && command->actions && fflush(stdout) != 0)
		r = err_sys(&e, -errno, "cannot write to standard output");
	if (r >= 0)
		return r;
	log_err(&e);
	return e.exit_status;
}
