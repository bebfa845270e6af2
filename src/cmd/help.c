/* SPDX-License-Identifier: MIT */
/* help.c - "sbox help": verbs and flags, and the parts of the man pages */
#include <stdio.h>
#include <string.h>

#include "cmd/command.h"
#include "config/show.h"

static const char examples[] =
	"examples:\n"
	"  sbox sh                            a shell; home and network are its own\n"
	"  sbox --profile browser firefox     a browser with a home of its own\n"
	"  sbox --profile untrusted ./tool    nothing of yours, no network\n"
	"  sbox --profile build make          this directory writable, no network\n"
	"  sbox --dry-run firefox             what would be done, step by step\n";

static void usage(void)
{
	puts("usage: sbox [FLAG...] [--] [COMMAND [ARG...]]");
	for (size_t i = 0; commands[i]; i++)
		if (!commands[i]->hidden)
			printf("       sbox %s %s\n", commands[i]->name,
				commands[i]->synopsis);
	putchar('\n');
	fputs(examples, stdout);
	show_help(stdout);
	puts("\nEvery setting is a key of a profile too: sbox-profile(5). More: sbox(1), "
	     "sbox-security(7).");
}

static int run(int argc, char **argv, struct err *e)
{
	static const struct {
		const char *flag;
		void (*show)(FILE *f);
	} parts[] = {
		{ "--keys", show_keys },
		{ "--roff-settings", show_mdoc_settings },
		{ "--roff-options", show_mdoc_options },
	};
	if (argc < 2) {
		usage();
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (strcmp(argv[1], parts[i].flag) == 0) {
			parts[i].show(stdout);
			return 0;
		}
	err_set(e, -1, "there is no help on '%s'", argv[1]);
	return err_hint(e,
		"'sbox help' shows verbs and flags; man sbox and man sbox-profile "
		"tell all");
}

const struct command cmd_help = {
	.name = "help",
	.synopsis = "",
	.summary = "print verbs and flags",
	.words = "",
	.run = run,
};
