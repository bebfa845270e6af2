/* SPDX-License-Identifier: MIT */
/* test_limits.c - limits of a plan as what is written into a control group */
#include "plans.h"

#include <sys/sysinfo.h>

#include "resolve/host.h"
#include "resolve/limits.h"

/* What would be written into @file; NULL: nothing. */
static const char *written(char **words, const char *file)
{
	struct plan p = good_words(words);
	struct host host = { 0 };
	struct group_writes writes;
	limits_writes(&p, &host, &diags, &writes);
	expect_no_mistake();
	for (size_t i = 0; i < writes.n; i++)
		if (strcmp(writes.v[i].file, file) == 0)
			return writes.v[i].value;
	return NULL;
}

static void expect_written(char **words, const char *file, const char *value)
{
	const char *is = written(words, file);
	cr_assert(is && strcmp(is, value) == 0, "%s: '%s', should be '%s'", file,
		is ? is : "nothing", value);
}

Test(limits, without_limits_nothing_is_written)
{
	const char *const files[] = { "memory.max", "memory.high", "memory.swap.max",
		"cpu.max", "cpu.weight", "pids.max", "io.weight", "io.max", "cpuset.cpus",
		"memory.oom.group" };
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		cr_assert_null(written(WORDS("--nofile=10"), files[i]));
}

Test(limits, numbers_are_in_the_kernels_units)
{
	expect_written(WORDS("--memory=1G"), "memory.max", "1073741824");
	expect_written(WORDS("--cpus=1.5"), "cpu.max", "150000 100000");
	expect_written(WORDS("--cpus=0.01"), "cpu.max", "1000 100000");
	expect_written(WORDS("--pids=7"), "pids.max", "7");
	expect_written(WORDS("--cpuset=0-3,6"), "cpuset.cpus", "0-3,6");
}

Test(limits, memory_alone_leaves_no_swap_to_flee_to)
{
	expect_written(WORDS("--memory=64M"), "memory.swap.max", "0");
	expect_written(WORDS("--memory=64M", "--swap=1M"), "memory.swap.max", "1048576");
	cr_assert_null(written(WORDS("--memory=64M", "--swap=max"), "memory.swap.max"));
	cr_assert_null(written(WORDS("--memory-high=64M"), "memory.swap.max"));
}

Test(limits, max_takes_a_limit_back)
{
	cr_assert_null(written(WORDS("--memory=64M", "--memory=max"), "memory.max"));
	cr_assert_null(written(WORDS("--memory=64M", "--memory=max"), "memory.swap.max"));
	cr_assert_null(written(WORDS("--pids=64", "--pids=max"), "pids.max"));
}

Test(limits, a_share_is_the_machines)
{
	struct sysinfo info;
	cr_assert_eq(sysinfo(&info), 0);
	long long all = (long long)(info.totalram * info.mem_unit);
	const char *half = written(WORDS("--memory=50%"), "memory.max");
	cr_assert(half && llabs(atoll(half) - all / 2) <= 10000, "%s of %lld", half, all);
	expect_written(WORDS("--cpus=100%"), "cpu.max",
		arena_printf(
			&arena, "%ld 100000", sysconf(_SC_NPROCESSORS_ONLN) * 100000));
	/* a hundredth of a percent of few is still one */
	cr_assert_geq(atoll(written(WORDS("--pids=0.01%"), "pids.max")), 1);
}

Test(limits, killing_all_is_said_to_the_kernel)
{
	expect_written(WORDS("--memory=64M", "--oom-kill=all"), "memory.oom.group", "1");
	cr_assert_null(written(WORDS("--memory=64M"), "memory.oom.group"));
}

Test(limits, a_disk_is_named_by_its_number)
{
	struct plan p = good_words(WORDS("--io-max=/proc rbps=1M"));
	struct host host = { 0 };
	struct group_writes writes;
	limits_writes(&p, &host, &diags, &writes);
	cr_assert_contains(only_mistake().msg, "'/proc' is on no disk");
}
