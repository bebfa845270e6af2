/* SPDX-License-Identifier: MIT */
/* end.c - how a run ended: the exit code for the caller, and what is told of it */
#include "stage/end.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

#include "base/log.h"
#include "base/proc.h"
#include "config/settings.h"
#include "config/show.h"
#include "stage/group.h"
#include "stage/network.h"
#include "stage/status.h"

/* What the group's limits did to the program. */
static void tell_limits(const struct plan *p, const struct group_facts *facts)
{
	char peak[64] = "";
	if (facts->memory_peak >= 0)
		(void)snprintf(peak, sizeof(peak), " (it used up to %lld MiB)",
			(long long)(facts->memory_peak >> 20));
	if (facts->oom_kills > 0 && p->memory != LIMIT_NONE) {
		log_warning(
			"the memory limit was reached, and the kernel killed for it%s",
			peak);
		log_advice("--memory=SIZE raises it; now it is %s (%s)",
			setting_text(p, SET_MEMORY),
			origin_text(p->arena, &p->origin[SET_MEMORY]));
	} else if (facts->oom_kills > 0) {
		log_warning(
			"the machine's memory was used up, and the kernel killed in the "
			"sandbox%s",
			peak);
	}
	if (facts->pids_refused > 0) {
		log_warning(
			"the limit of processes was reached: %llu could not be started",
			(unsigned long long)facts->pids_refused);
		log_advice("--pids=N raises it; now it is %s (%s)",
			setting_text(p, SET_PIDS),
			origin_text(p->arena, &p->origin[SET_PIDS]));
	}
}

static void tell_program(const struct plan *p, const struct run_end *end)
{
	if (end->limit != SET_COUNT)
		log_warning("the limit %s = %s was reached", settings[end->limit].key,
			setting_text(p, end->limit));
	if (end->have_status && WIFSIGNALED(end->status) &&
		WTERMSIG(end->status) == SIGSYS) {
		log_warning(
			"the program was ended by a system call that its filter refuses");
		log_advice(
			"a 32-bit program needs --architectures=multiarch; 'sbox syscalls' "
			"tells what a profile allows");
	}
}

int end_tell(const struct run_end *end, const struct group *group,
	struct network_run *network, struct err *e)
{
	const struct ready *rd = network->rd;
	struct group_facts facts;
	if (end->failed)
		return end->failed;
	if (end->interrupted && !end->have_status)
		return EXIT_SIGNAL_BASE + end->interrupted;
	if (!end->started && !end->have_status)
		return err_set(
			e, -ECHILD, "the sandbox was killed before the program started");
	/* whatever a program without its files or its network has made of it */
	bool killed = end->helper_lost || !end->have_status;
	int by = end->interrupted ? end->interrupted : SIGKILL;
	struct status_end told = { .facts = &facts, .limit = end->limit };
	told.code = end->limit != SET_COUNT ? EXIT_TIMEOUT
		: killed		    ? EXIT_SIGNAL_BASE + by
					    : proc_exit_code(end->status);
	told.signal = killed ? by : WIFSIGNALED(end->status) ? WTERMSIG(end->status) : 0;
	group_facts(group, &facts);
	tell_program(rd->plan, end);
	tell_limits(rd->plan, &facts);
	network_tell(network);
	status_exited(rd, &told);
	return told.code;
}
