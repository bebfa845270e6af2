/* SPDX-License-Identifier: MIT */
/* deny.c - runs a command for which some system calls fail with an errno of one's choice
 *
 * usage: deny ERRNO SYSCALL[:ARG:MASK],... -- CMD [ARG...]
 *
 * With 0 for ERRNO they do nothing and say that they succeeded.
 *
 * A kernel without open_tree: deny ENOSYS open_tree,move_mount -- CMD. With ARG and MASK
 * (C notation) the call fails only where that argument (0 to 5) has a bit of MASK set:
 * "clone:0:0x10000000" forbids CLONE_NEWUSER. Names or numbers, of this machine's own
 * architecture. To combine errnos, let one deny start another.
 *
 * It sets no_new_privs, as an ordinary user must; setuid programs below it get nothing.
 */
#include <errno.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static _Noreturn void die(const char *what, const char *detail)
{
	fprintf(stderr, "deny: %s: %s\n", what, detail);
	exit(2);
}

static int parse_errno(const char *name)
{
	for (int i = 0; i < 200; i++) {
		const char *known = strerrorname_np(i);
		if (known != NULL && strcmp(known, name) == 0)
			return i;
	}
	die("no such errno", name);
}

static uint64_t parse_number(const char *text)
{
	char *end;
	errno = 0;
	uint64_t n = strtoull(text, &end, 0);
	if (errno != 0 || end == text || *end != '\0')
		die("not a number", text);
	return n;
}

static int parse_syscall(const char *name)
{
	int nr = seccomp_syscall_resolve_name(name);
	return nr != __NR_SCMP_ERROR ? nr : (int)parse_number(name);
}

/* seccomp compares the whole masked value, so each bit of the mask is a rule. */
static int add_masked(scmp_filter_ctx filter, int error, int nr, char *arg)
{
	char *mask_text = strchr(arg, ':');
	if (mask_text == NULL)
		die("ARG without :MASK", arg);
	*mask_text++ = '\0';

	uint64_t index = parse_number(arg), mask = parse_number(mask_text);
	if (index > 5)
		die("no such argument", arg);
	for (unsigned bit = 0; bit < 64; bit++) {
		uint64_t one = UINT64_C(1) << bit;
		if ((mask & one) == 0)
			continue;
		int r = seccomp_rule_add_exact(filter, SCMP_ACT_ERRNO((unsigned)error),
			nr, 1, SCMP_CMP64((unsigned)index, SCMP_CMP_MASKED_EQ, one, one));
		if (r < 0)
			return r;
	}
	return 0;
}

static void add_rule(scmp_filter_ctx filter, int error, char *spec)
{
	char *arg = strchr(spec, ':');
	if (arg != NULL)
		*arg++ = '\0';

	int nr = parse_syscall(spec);
	int r = arg != NULL
		? add_masked(filter, error, nr, arg)
		: seccomp_rule_add_exact(filter, SCMP_ACT_ERRNO((unsigned)error), nr, 0);
	if (r < 0)
		die(spec, strerror(-r));
}

int main(int argc, char **argv)
{
	if (argc < 5 || strcmp(argv[3], "--") != 0) {
		fputs("usage: deny ERRNO SYSCALL[:ARG:MASK],... -- CMD [ARG...]\n",
			stderr);
		return 2;
	}
	int error = parse_errno(argv[1]);
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	if (filter == NULL)
		die("seccomp_init", "failed");

	char *rest = argv[2], *spec;
	while ((spec = strsep(&rest, ",")) != NULL)
		add_rule(filter, error, spec);
	int r = seccomp_load(filter);
	if (r < 0)
		die("seccomp_load", strerror(-r));
	seccomp_release(filter);

	execvp(argv[4], argv + 4);
	die(argv[4], strerror(errno));
}
