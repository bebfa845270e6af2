/* SPDX-License-Identifier: MIT */
/* syscalls.h - which system calls a plan allows, as decisions with their reasons
 *
 * Pure: names, not numbers. src/resolve/filter.c makes a program of them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "config/plan.h"

enum { SYSCALLS_MAX = 640 };

struct syscall_group {
	const char *name; /* with its @; NULL ends the table */
	const char *doc;
	const char *members; /* names and groups, one blank between them */
};

extern const struct syscall_group syscall_groups[];
extern const char *const syscall_names[];
extern const size_t n_syscall_names;

/* The index in syscall_names, or -1. */
int syscall_index(const char *name);
const struct syscall_group *syscall_group_find(const char *name);
/* The nearest name or group, for "did you mean"; NULL: none. */
const char *syscall_nearest(const char *word);

/* One word of a rule: "@group", "name", either with ":ERRNO" or ":kill" behind it.
 * @ret_errno: 0 where none is given, -1 for kill. False for a word of another form. */
bool syscall_word(const char *word, char *name, size_t size, int *ret_errno);

struct socket_name {
	const char *name; /* NULL ends the table */
	int family;
};
extern const struct socket_name socket_families[];
/* AF_..., FAMILIES_MAX for "all", or -1. */
int socket_family(const char *name);
enum { FAMILIES_MAX = 64 }; /* more than AF_MAX of any kernel yet */
/* Whether programs of the plan may make sockets of the family; FAMILIES_MAX: of all. Where it
 * names none: those that programs for everyday have. The others are modules that no desktop
 * uses and that had many faults, or, as vsock, which leads from a virtual machine to its host,
 * are bounded by no network namespace. With 32-bit programs all: most make their sockets
 * through socketcall, where no filter sees the family, and would have none. */
bool socket_is_allowed(const struct plan *p, unsigned family);

enum verdict {
	VERDICT_DEFAULT, /* named by no rule: refused as the plan's default says */
	VERDICT_ALLOW,
	VERDICT_DENY, /* with an errno of its own, or the default */
};

struct decision {
	enum verdict verdict;
	int error; /* of VERDICT_DENY: errno, 0: the default's, -1: kill */
	const struct item *rule; /* what decided; NULL: none did */
	const char *reason; /* where no rule did: which setting; may be NULL */
	bool judged; /* allowed, but its arguments are looked at */
};

/* Decides every name of syscall_names into @ret, which has n_syscall_names places.
 *
 * A rule that names the call itself beats one that names a group, whatever their order; of
 * two alike, deny wins. Then the words for single subjects (nested, ptrace, ...) refuse or
 * add theirs, unless a rule names the call itself. */
void syscalls_decide(const struct plan *p, struct decision *ret);
