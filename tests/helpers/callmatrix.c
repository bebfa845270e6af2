/* SPDX-License-Identifier: MIT */
/* callmatrix.c - asks the kernel what its filters answer to each of many system calls
 *
 * usage: callmatrix <LINES
 *
 * A line is "CALL ABI [ARG]..." with the call's name or number, native, i386 or x32, and up
 * to five arguments (C notation, 0 where left out). For each it prints "CALL ABI ARG..." and
 * the answer: allowed, killed, the errno's name, no-number where the ABI or the library has
 * none, no-abi where the kernel has no such callers. No call is really made; see verdict.h.
 */
#include <ctype.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "verdict.h"

enum { ARGS = 5, NO_NUMBER = -1 };

static _Noreturn void die(const char *what, const char *line)
{
	fprintf(stderr, "callmatrix: %s: %s\n", what, line);
	exit(2);
}

static enum abi parse_abi(const char *word)
{
	static const char *const words[] = { "native", "i386", "x32" };
	for (unsigned i = 0; i < 3; i++)
		if (strcmp(words[i], word) == 0)
			return (enum abi)i;
	die("no such ABI", word);
}

static long number_of(const char *name, enum abi abi)
{
	if (isdigit((unsigned char)*name))
		return strtol(name, NULL, 0);
	int number = abi == ABI_I386
		? seccomp_syscall_resolve_name_arch(SCMP_ARCH_X86, name)
		: seccomp_syscall_resolve_name(name);
	return number < 0 ? NO_NUMBER : number;
}

static const char *answer_text(int answer)
{
	switch (answer) {
	case VERDICT_ALLOWED:
		return "allowed";
	case VERDICT_KILLED:
		return "killed";
	case VERDICT_NO_ABI:
		return "no-abi";
	case VERDICT_UNKNOWN:
		return "unknown";
	}
	const char *name = strerrorname_np(answer);
	return name != NULL ? name : "strange";
}

static void ask(char *line)
{
	char *save, *name = strtok_r(line, " ", &save),
		    *abi_word = strtok_r(NULL, " ", &save);
	uint64_t args[ARGS] = { 0 };
	if (name == NULL || abi_word == NULL)
		die("not a line", line);
	printf("%s %s", name, abi_word);
	char *word;
	for (unsigned i = 0; (word = strtok_r(NULL, " ", &save)) != NULL; i++) {
		if (i == ARGS)
			die("too many arguments", name);
		args[i] = strtoull(word, NULL, 0);
		printf(" %s", word);
	}
	enum abi abi = parse_abi(abi_word);
	long number = number_of(name, abi);
	fflush(stdout); /* or children would print it again */
	printf(" %s\n",
		number == NO_NUMBER ? "no-number"
				    : answer_text(verdict_ask(abi, number, args)));
}

int main(void)
{
	char line[256];
	while (fgets(line, sizeof(line), stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (*line != '\0')
			ask(line);
	}
	return fflush(stdout) == 0 ? 0 : 1;
}
