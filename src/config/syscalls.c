/* SPDX-License-Identifier: MIT */
/* syscalls.c - which system calls a plan allows, as decisions with their reasons */
#include "config/syscalls.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/macros.h"
#include "base/str.h"

static int compare(const void *key, const void *entry)
{
	return strcmp(key, *(const char *const *)entry);
}

int syscall_index(const char *name)
{
	const char *const *found = bsearch(
		name, syscall_names, n_syscall_names, sizeof(*syscall_names), compare);
	return found ? (int)(found - syscall_names) : -1;
}

const struct syscall_group *syscall_group_find(const char *name)
{
	for (const struct syscall_group *g = syscall_groups; g->name; g++)
		if (strcmp(g->name, name) == 0)
			return g;
	return NULL;
}

static const char *next_name(size_t i, const void *ctx)
{
	(void)ctx;
	if (i < n_syscall_names)
		return syscall_names[i];
	return syscall_groups[i - n_syscall_names].name;
}

const char *syscall_nearest(const char *word)
{
	return str_nearest(word, next_name, NULL);
}

static int errno_number(const char *name)
{
	enum { ERRNO_MAX = 133 };
	for (int i = 1; i <= ERRNO_MAX; i++) {
		const char *known = strerrorname_np(i);
		if (known && strcmp(known, name) == 0)
			return i;
	}
	return 0;
}

bool syscall_word(const char *word, char *name, size_t size, int *ret_errno)
{
	size_t len = strcspn(word, ":");
	*ret_errno = 0;
	if (len == 0 || len >= size)
		return false;
	memcpy(name, word, len);
	name[len] = '\0';
	if (!word[len])
		return true;
	*ret_errno =
		strcmp(word + len + 1, "kill") == 0 ? -1 : errno_number(word + len + 1);
	return *ret_errno != 0;
}

const struct socket_name socket_families[] = {
	{ "unix", AF_UNIX },
	{ "inet", AF_INET },
	{ "inet6", AF_INET6 },
	{ "netlink", AF_NETLINK },
	{ "packet", AF_PACKET },
	{ "bluetooth", AF_BLUETOOTH },
	{ "vsock", AF_VSOCK },
	{ "alg", AF_ALG },
	{ "can", AF_CAN },
	{ "all", FAMILIES_MAX },
	{ 0 },
};

int socket_family(const char *name)
{
	for (const struct socket_name *f = socket_families; f->name; f++)
		if (strcmp(f->name, name) == 0)
			return f->family;
	return -1;
}

bool socket_is_allowed(const struct plan *p, unsigned family)
{
	if (p->sockets.n == 0)
		return p->architectures != ARCH_NATIVE || family == AF_UNIX ||
			family == AF_INET || family == AF_INET6 || family == AF_NETLINK;
	for (size_t i = 0; i < p->sockets.n; i++) {
		int named = socket_family(p->sockets.v[i].text);
		if (named == FAMILIES_MAX || named == (int)family)
			return true;
	}
	return false;
}

/* ---- rules ---- */

/* The next of some names with one blank between them; false at the end. */
static bool next_member(const char **p, char *name, size_t size)
{
	size_t len = strcspn(*p, " ");
	(void)snprintf(name, size, "%.*s", (int)len, *p);
	*p += len + ((*p)[len] == ' ');
	return len > 0;
}

/* What has decided a call so far: nothing, a group, or its own name. */
enum rank { RANK_NONE, RANK_GROUP, RANK_NAME };

struct deciding {
	struct decision *v;
	unsigned char rank[SYSCALLS_MAX];
	const struct item *rule;
	enum verdict verdict;
	int error;
};

static void decide_one(struct deciding *d, int i, enum rank rank)
{
	if (i < 0 || rank < d->rank[i] ||
		(rank == d->rank[i] && d->v[i].verdict == VERDICT_DENY))
		return;
	d->rank[i] = rank;
	d->v[i].verdict = d->verdict;
	d->v[i].error = d->error;
	d->v[i].rule = d->rule;
}

static void decide_group(struct deciding *d, const char *members, unsigned depth)
{
	enum { DEPTH_MAX = 8 };
	char name[64];
	for (const char *p = members;
		depth < DEPTH_MAX && next_member(&p, name, sizeof(name));) {
		const struct syscall_group *group =
			name[0] == '@' ? syscall_group_find(name) : NULL;
		if (group)
			decide_group(d, group->members, depth + 1);
		else
			decide_one(d, syscall_index(name), RANK_GROUP);
	}
}

static void decide_list(struct deciding *d, const struct list *l, enum verdict verdict)
{
	char name[64];
	d->verdict = verdict;
	for (size_t i = 0; i < l->n; i++) {
		d->rule = &l->v[i];
		if (!syscall_word(l->v[i].text, name, sizeof(name), &d->error))
			continue; /* told when it was read */
		const struct syscall_group *group = syscall_group_find(name);
		if (group)
			decide_group(d, group->members, 0);
		else if (strcmp(name, "@known") == 0)
			for (size_t k = 0; k < n_syscall_names; k++)
				decide_one(d, (int)k, RANK_GROUP);
		else
			decide_one(d, syscall_index(name), RANK_NAME);
	}
}

/* ---- words for single subjects ---- */

static void subject(struct deciding *d, const char *names, enum verdict verdict,
	int error, const char *reason)
{
	char name[64];
	for (const char *p = names; next_member(&p, name, sizeof(name));) {
		int i = syscall_index(name);
		if (i < 0 || d->rank[i] == RANK_NAME)
			continue;
		d->v[i] = (struct decision){
			.verdict = verdict, .error = error, .reason = reason
		};
	}
}

static void judge(struct deciding *d, const char *names)
{
	char name[64];
	for (const char *p = names; next_member(&p, name, sizeof(name));) {
		int i = syscall_index(name);
		if (i >= 0 && d->v[i].verdict == VERDICT_ALLOW)
			d->v[i].judged = true;
	}
}

static void decide_nested(struct deciding *d, const struct plan *p)
{
	static const char mounts[] =
		"mount umount umount2 pivot_root open_tree open_tree_attr move_mount "
		"fsopen fsconfig fsmount fspick mount_setattr";
	switch ((enum nested)p->nested) {
	case NESTED_NONE:
		subject(d, mounts, VERDICT_DENY, 0, "nested = none");
		subject(d, "chroot setns", VERDICT_DENY, 0, "nested = none");
		break;
	case NESTED_BROWSER:
		subject(d, mounts, VERDICT_DENY, 0, "nested = browser");
		subject(d, "setns", VERDICT_DENY, 0, "nested = browser");
		subject(d, "chroot clone unshare", VERDICT_ALLOW, 0, "nested = browser");
		break;
	case NESTED_FULL:
		subject(d, mounts, VERDICT_ALLOW, 0, "nested = full");
		subject(d, "chroot setns clone unshare clone3 sethostname setdomainname",
			VERDICT_ALLOW, 0, "nested = full");
		return;
	case NESTED_COUNT:
		break;
	}
	/* its flags are in memory, where a filter cannot look; programs that get ENOSYS use
	 * clone(2) (EPERM crashes browsers) */
	subject(d, "clone3", VERDICT_DENY, ENOSYS, "clone3's flags cannot be judged");
	judge(d, "clone unshare");
}

/* Whether each of @names is allowed, whatever its arguments. */
static bool all_allowed(const struct deciding *d, const char *names)
{
	char name[64];
	for (const char *p = names; next_member(&p, name, sizeof(name));) {
		int i = syscall_index(name);
		if (i >= 0 && (d->v[i].verdict != VERDICT_ALLOW || d->v[i].judged))
			return false;
	}
	return true;
}

/* 32-bit x86 has one number for all of System V IPC and one for all of sockets, with the
 * call as an argument (and for the first, a version in its upper half, which the kernel
 * mostly ignores): a second door to each, open only where all of them are. */
static void decide_multiplexed(struct deciding *d)
{
	static const char ipc[] =
		"semop semget semctl semtimedop msgsnd msgrcv msgget msgctl shmat shmdt "
		"shmget shmctl";
	static const char sockets[] =
		"socket bind connect listen accept accept4 getsockname getpeername "
		"socketpair send recv sendto recvfrom shutdown setsockopt getsockopt "
		"sendmsg recvmsg sendmmsg recvmmsg";
	if (!all_allowed(d, ipc))
		subject(d, "ipc", VERDICT_DENY, ENOSYS,
			"not all that it can do is allowed");
	if (!all_allowed(d, sockets))
		subject(d, "socketcall", VERDICT_DENY, ENOSYS,
			"not all that it can do is allowed");
}

/* By these a process reaches others of its user, whom it may send no signal: a limit of
 * processor time that is over ends them. With process ids of one's own there is nobody to
 * reach. */
static void decide_processes(struct deciding *d, const struct plan *p)
{
	if (p->pid == SHARING_HOST)
		judge(d,
			"prlimit64 sched_setaffinity sched_setattr sched_setparam "
			"sched_setscheduler setpriority ioprio_set migrate_pages "
			"move_pages");
}

void syscalls_decide(const struct plan *p, struct decision *ret)
{
	struct deciding d = { .v = ret };
	memset(ret, 0, n_syscall_names * sizeof(*ret));
	decide_list(&d, &p->syscalls_allow, VERDICT_ALLOW);
	decide_list(&d, &p->syscalls_deny, VERDICT_DENY);

	decide_nested(&d, p);
	if (p->ptrace)
		subject(&d, "ptrace process_vm_readv process_vm_writev", VERDICT_ALLOW, 0,
			"ptrace = yes");
	else
		subject(&d, "ptrace process_vm_readv process_vm_writev", VERDICT_DENY, 0,
			"ptrace = no");
	if (!p->wx_memory)
		judge(&d, "mmap mmap2 mprotect pkey_mprotect shmat");
	/* READ_IMPLIES_EXEC would make memory executable that nobody asked it for */
	if (!p->personality || !p->wx_memory)
		judge(&d, "personality");
	bool all_sockets = socket_is_allowed(p, FAMILIES_MAX);
	if (p->sockets.n > 0 && !all_sockets)
		judge(&d, "socket socketpair");
	judge(&d, "ioctl");
	decide_processes(&d, p);
	decide_multiplexed(&d);
	/* behind decide_multiplexed(): what holds by itself takes no socketcall away */
	if (!all_sockets)
		judge(&d, "socket socketpair");
}
