/* SPDX-License-Identifier: MIT */
/* stage.h - what the stages share after the clone
 *
 * All functions here run between clone and exec: no allocation, no stdio, no locale, no
 * name service, no environment; only @rd, the stack and system calls.
 */
#pragma once

#include <sched.h>
#include <signal.h>

#include "resolve/overlay.h"
#include "resolve/ready.h"
#include "stage/report.h"

struct child {
	const struct ready *rd;
	const struct mounter *mounter;
	int report_fd; /* write end */
	int control_fd; /* to the supervisor, until the exec; -1: nothing to be waited for */
	int children_fd; /* tells the first process' children; -1: pid namespace of our own */
	int peer_fd; /* between the first process and the second */
	int root_fd; /* the new root, once it is mounted */
	int staging_fd; /* a tmpfs outside the new root, for files that are bound into it */
	int memory_fd; /* another, for layers in memory that fuse-overlayfs serves */
	sigset_t mask; /* the caller's signal mask, for the program */
	bool alone; /* no controlling terminal */
	pid_t init; /* our first process, as itself sees it */
	char *words; /* where the launcher's own argv and environment lie in memory */
	size_t words_size;
	struct report failure;
};

/* What tells one mounted root from all others. */
struct root_facts {
	uint64_t inode, mount_id; /* mount_id 0: this kernel does not tell (before 5.8) */
	uint32_t dev_major, dev_minor;
};

/* How many trees fuse-overlayfs is to serve. */
static inline size_t overlay_servers(const struct ready *rd)
{
	return rd->layers ? rd->layers->n_servers : 0;
}

/* Whether the program must not be executed before the supervisor has said so. */
static inline bool stage_is_awaited(const struct ready *rd)
{
	return rd->dbus || rd->sound || rd->network || overlay_servers(rd) > 0 ||
		rd->limits.way != GROUP_NONE;
}

/* The namespaces of the clone: the network's is made afterwards, by the second process. */
static inline uint64_t stage_clone_flags(const struct ready *rd)
{
	return rd->namespaces & ~(uint64_t)CLONE_NEWNET;
}

/* Fills c->failure; returns @error so that "return fail(...)" reads well. */
static inline int stage_fail(struct child *c, enum step step, int op, int error)
{
	c->failure = (struct report){
		.kind = REPORT_FAILED, .step = step, .op = op, .error = error
	};
	return error;
}

/* Each: 0, or negative errno with c->failure filled. See the files for what each must and
 * must not do. */
int stage_parent(struct child *c);
int stage_id_map(struct child *c);
int stage_sources(struct child *c);
int stage_groups(struct child *c);
int stage_hostname(struct child *c);
int stage_network(struct child *c);
int stage_hello(struct child *c);
int stage_keyring(struct child *c);
int stage_clocks(struct child *c);
int stage_root(struct child *c);
int stage_mounts(struct child *c);
int stage_pivot(struct child *c);
int stage_session(struct child *c);
int stage_capabilities(struct child *c);
int stage_no_new_privs(struct child *c);
int stage_helpers_ready(struct child *c);
int stage_limits(struct child *c);
int stage_oom_score(struct child *c);
int stage_landlock(struct child *c);
int stage_label(struct child *c);
int stage_seccomp(struct child *c);
int stage_descriptors(struct child *c);
int stage_chdir(struct child *c);
int stage_exec(struct child *c);

/* Puts a layer over the tree at @lower, on top of @place. @id: tells it from the others.
 * The descriptor of its top, or negative errno. */
int overlay_mount(struct child *c, const struct overlay *o, int lower, int id, int place);

enum { OVERLAY_MEMORY_MAX = 24 };
/* How large, and with how many files, the memory of @n servers together may be for each of
 * them, as options of a tmpfs. False: as large as it likes. */
bool overlay_memory(const struct ready *rd, size_t n, char size[OVERLAY_MEMORY_MAX],
	char files[OVERLAY_MEMORY_MAX]);

/* Of the new root; 0 or negative errno. */
int root_facts(const struct child *c, struct root_facts *ret);
/* Whether our own root is that one, with nothing on top of it. */
bool root_is(const struct root_facts *facts);

/* Everything from the clone on; never returns. */
_Noreturn void child_main(struct child *c);
/* PID 1: waits for @program, forwards signals, reaps; never returns. */
_Noreturn void init_main(struct child *c, pid_t program);
