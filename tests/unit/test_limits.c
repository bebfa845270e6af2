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
	cr_assert_null(written(WORDS("--cpuset=0", "--cpuset=all"), "cpuset.cpus"));
	cr_assert_null(written(WORDS("--io-max=/ rbps=1M", "--io-max=max"), "io.max"));
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

/* ---- changes of what runs ---- */

/* "FILE=VALUE ..." for KEY=VALUE words; an optional write has a '?' before it. */
static const char *changes(char **words)
{
	struct plan p;
	struct host host = { 0 };
	struct group_writes writes;
	enum setting_id which[8];
	size_t n = 0;
	const char *text = "";
	plan_init(&p, &arena);
	for (; *words; words++) {
		size_t len = strcspn(*words, "=");
		which[n] = setting_find(arena_strndup(&arena, *words, len));
		setting_apply(
			&p, &diags, which[n++], *words + len + 1, &(struct origin){ 0 });
	}
	limits_changes(&p, which, n, &host, &diags, &writes);
	for (size_t i = 0; i < writes.n; i++)
		text = arena_printf(&arena, "%s%s%s%s=%s", text, i ? " " : "",
			writes.v[i].optional ? "?" : "", writes.v[i].file,
			writes.v[i].value ? writes.v[i].value : "(all)");
	return text;
}

Test(limits, a_change_writes_what_was_named_and_nothing_else)
{
	cr_assert_str_eq(
		changes(WORDS("pids=5", "cpus=2")), "cpu.max=200000 100000 pids.max=5");
	cr_assert_str_eq(
		changes(WORDS("memory=1M")), "?memory.swap.max=0 memory.max=1048576");
	cr_assert_str_eq(changes(WORDS("memory=1M", "swap=2M")),
		"memory.swap.max=2097152 memory.max=1048576");
	cr_assert_str_eq(changes(WORDS("swap=0")), "memory.swap.max=0");
	expect_no_mistake();
}

Test(limits, a_change_can_lift_each_limit)
{
	cr_assert_str_eq(changes(WORDS("memory=max", "memory-high=max", "swap=max",
				 "cpus=max", "pids=max")),
		"memory.max=max memory.high=max memory.swap.max=max cpu.max=max "
		"pids.max=max");
	cr_assert_str_eq(changes(WORDS("io-max=max")), "io.max=(all)");
	/* the machine's, all of them: "0" or "0-3" */
	cr_assert_eq(strncmp(changes(WORDS("cpuset=all")), "cpuset.cpus=0", 13), 0);
	cr_assert_str_eq(changes(WORDS("oom-kill=all")), "memory.oom.group=1");
	cr_assert_str_eq(changes(WORDS("oom-kill=one")), "memory.oom.group=0");
	cr_assert_str_eq(changes(WORDS("memory=1M", "oom-kill=one", "swap=max")),
		"memory.max=1048576 memory.oom.group=0 memory.swap.max=max");
	expect_no_mistake();
}

Test(limits, what_a_group_does_not_hold_cannot_be_changed)
{
	static const char *const words[] = { "nofile=3", "cpu-time=1s", "limits=auto",
		"nice=3" };
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		diags.n = 0;
		changes((char *[]){ (char *)words[i], NULL });
		cr_assert_eq(diags.n, 1, "%s", words[i]);
	}
}
