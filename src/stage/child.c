/* SPDX-License-Identifier: MIT */
/* child.c - from the clone to the program: the stages in their order
 *
 * Theory of operation. The child is born in all its new namespaces and is PID 1 of its own.
 * It has every capability over them and none over the host. First it becomes somebody (id
 * map), then it furnishes the namespaces (host name, loopback, clocks, root), then it
 * leaves the old root, and only then it forks. The fork becomes the program: it gives up
 * what it still may do, each reduction read back, and executes. The first process stays
 * as init.
 *
 * Why this order: sources are opened before groups are dropped, since the caller's groups
 * are what lets the caller reach them; nothing of the host can be reached after the pivot;
 * the fork is made last so that no process of the program's kind ever sees the old root;
 * capabilities go before no_new_privs by custom only, but both before the program.
 */
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"
#include "stage/mounter.h"
#include "stage/stage.h"

typedef int stage_function(struct child *c);

static stage_function *const furnish[] = {
	stage_parent,
	stage_id_map,
	stage_sources,
	stage_groups,
	stage_hostname,
	stage_loopback,
	stage_clocks,
	stage_root,
	stage_mounts,
	stage_pivot,
};

static stage_function *const become[] = {
	stage_session,
	stage_helpers_ready,
	stage_chdir,
	stage_descriptors,
	stage_capabilities,
	stage_no_new_privs,
	stage_landlock,
	stage_label,
	stage_seccomp,
	stage_exec,
};

void report_send(int fd, const struct report *report)
{
	(void)!write(
		fd, report, sizeof(*report)); /* no reader: we are about to be killed */
}

static _Noreturn void give_up(struct child *c)
{
	report_send(c->report_fd, &c->failure);
	_exit(EXIT_SBOX);
}

static void run(struct child *c, stage_function *const *stages, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (stages[i](c) < 0)
			give_up(c);
}

/* The launcher's command line and environment are still in this process' memory, where
 * /proc/1/cmdline shows them to everyone inside (bubblewrap issues 503, 725). */
static void forget_words(const struct child *c)
{
	static const char name[] = "sbox-init";
	memset(c->words, 0, c->words_size);
	if (c->words_size > sizeof(name))
		memcpy(c->words, name, sizeof(name));
	(void)prctl(PR_SET_NAME, name); /* for ps(1); nothing rests on it */
}

void child_main(struct child *c)
{
	c->mounter = mounter_choose();
	c->root_fd = c->staging_fd = -1;
	run(c, furnish, ARRAY_SIZE(furnish));

	/* From here on the program will be able to look at us. Not dumpable: /proc/1 belongs
	 * to nobody inside and cannot be traced, not even with every capability there, for
	 * this memory belongs to the host's user namespace. */
	if (prctl(PR_SET_DUMPABLE, 0) < 0 || prctl(PR_GET_DUMPABLE) != 0) {
		stage_fail(c, STEP_FORK, -1, -errno);
		give_up(c);
	}
	forget_words(c);

	/* CLONE_VFORK: we go on when the program has been executed, or has failed to be;
	 * so one pipe is enough to tell which. */
	c->init = getpid();
	pid_t program = sys_fork(CLONE_VFORK, NULL);
	if (program < 0) {
		stage_fail(c, STEP_FORK, -1, -errno);
		give_up(c);
	}
	if (program == 0)
		run(c, become, ARRAY_SIZE(become));
	init_main(c, program);
}
