/* SPDX-License-Identifier: MIT */
/* child.c - from the clone to the program: the stages in their order
 *
 * Theory of operation. The child is born in its new namespaces and is PID 1 of its own. It
 * has every capability over them and none over the host. It forks at once. The first
 * process, later init, becomes somebody (id map) and builds the root; the second one, later
 * the program, makes the network namespace meanwhile, which takes the kernel as long as
 * all the mounts. When the old root is gone they meet: init joins the network, and tells
 * the second process what its root must be. That one looks whether it is, gives up what it
 * still may do, each reduction read back, and executes.
 *
 * Why this order: sources are opened before groups are dropped, since the caller's groups
 * are what lets the caller reach them; nothing of the host can be reached after the pivot;
 * capabilities go before no_new_privs by custom only, but both before the filter, and the
 * filter last of all.
 *
 * The second process exists before the pivot, which moves the root and the working
 * directory of every process in the mount namespace that has them at the old root. It holds
 * no descriptor of the old root, stands in "/", and runs no foreign instruction until it
 * has seen for itself that it stands in the new one.
 */
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"
#include "stage/mounter.h"
#include "stage/stage.h"

typedef int stage_function(struct child *c);

static stage_function *const begin[] = {
	stage_parent, stage_oom_score,
	stage_clocks, /* before the fork: only children enter the namespace */
};

static stage_function *const furnish[] = {
	stage_id_map,
	stage_sources,
	stage_groups,
	stage_hostname,
	stage_root,
	stage_mounts,
	stage_pivot,
};

static stage_function *const meanwhile[] = {
	stage_hello,
	stage_session,
	stage_keyring,
	stage_network,
};

static stage_function *const become[] = {
	stage_groups,
	stage_helpers_ready,
	stage_chdir,
	stage_descriptors,
	stage_limits, /* before the capability that a cgroup namespace needs goes */
	stage_capabilities,
	stage_no_new_privs,
	stage_landlock,
	stage_label,
	stage_seccomp,
	stage_exec,
};

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

/* ---- the second process ---- */

static _Noreturn void program_main(struct child *c)
{
	struct root_facts facts = { 0 };
	if (chdir("/") < 0) {
		stage_fail(c, STEP_FORK, -1, -errno);
		give_up(c);
	}
	run(c, meanwhile, ARRAY_SIZE(meanwhile));
	if (fd_write_all(c->peer_fd, "n", 1) < 0 ||
		fd_read_full(c->peer_fd, &facts, sizeof(facts)) != (ssize_t)sizeof(facts))
		_exit(EXIT_SBOX); /* init has failed, and has told */
	if (!root_is(&facts)) {
		stage_fail(c, STEP_PIVOT, -1, -EXDEV);
		give_up(c);
	}
	run(c, become, ARRAY_SIZE(become));
	give_up(c); /* not reached: stage_exec() does not return without a failure */
}

/* ---- the first process ---- */

/* The program's end of the socket closes when it is executed, or has failed to be. A terminal
 * may stop it before that, and its shell waits until it sees us stopped. */
static void await_program(const struct child *c, int program_pidfd)
{
	enum { LOOK_MS = 20 };
	struct pollfd peer = { .fd = c->peer_fd, .events = POLLIN };
	while (RETRY(poll(&peer, 1, LOOK_MS)) == 0) {
		siginfo_t info = { .si_pid = 0 };
		if (waitid(P_PIDFD, (id_t)program_pidfd, &info, WSTOPPED | WNOHANG) ==
				0 &&
			info.si_pid != 0)
			report_send(c->report_fd,
				&(struct report){ .kind = REPORT_STOPPED,
					.value = info.si_status });
	}
}

/* Should: be in the program's network too, or /proc/1/net would show the host's. Mustn't:
 * be looked into from now on. Not dumpable: /proc/1 belongs to nobody inside and cannot be
 * traced, not even with every capability there, for this memory belongs to the host's user
 * namespace. */
static int meet(struct child *c, int program_pidfd)
{
	struct root_facts facts = { 0 };
	char byte;
	if (fd_read_full(c->peer_fd, &byte, 1) != 1)
		return stage_fail(c, STEP_FORK, -1, -ECANCELED);
	if ((c->rd->namespaces & CLONE_NEWNET) && setns(program_pidfd, CLONE_NEWNET) < 0)
		return stage_fail(c, STEP_NETWORK, -1, -errno);
	if (prctl(PR_SET_DUMPABLE, 0) < 0 || prctl(PR_GET_DUMPABLE) != 0)
		return stage_fail(c, STEP_FORK, -1, -errno);
	forget_words(c);
	int r = root_facts(c, &facts);
	if (r == 0)
		r = fd_write_all(c->peer_fd, &facts, sizeof(facts));
	if (r < 0)
		return stage_fail(c, STEP_PIVOT, -1, r);
	await_program(c, program_pidfd);
	return 0;
}

void child_main(struct child *c)
{
	int peers[2], program_pidfd = -1;
	c->mounter = mounter_choose();
	c->root_fd = c->staging_fd = c->memory_fd = c->peer_fd = c->children_fd = -1;
	c->init = getpid();
	run(c, begin, ARRAY_SIZE(begin));

	pid_t program = -1;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, peers) == 0)
		program = sys_fork(0, &program_pidfd);
	if (program < 0) {
		stage_fail(c, STEP_FORK, -1, -errno);
		give_up(c);
	}
	c->peer_fd = peers[program == 0];
	fd_close(peers[program != 0]);
	if (program == 0)
		program_main(c);

	run(c, furnish, ARRAY_SIZE(furnish));
	if (meet(c, program_pidfd) < 0)
		give_up(c);
	init_main(c, program);
}
