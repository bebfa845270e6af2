/* SPDX-License-Identifier: MIT */
/* test_usage.c - promises of src/resolve/usage.c: the kernel's files as numbers */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "resolve/usage.h"

static char dir[] = "/tmp/sbox-unit-usage.XXXXXX";
static int group = -1;

static void make(void)
{
	cr_assert(mkdtemp(dir));
	group = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	cr_assert_geq(group, 0);
}

static void take_away(void)
{
	close(group);
	path_remove_tree(AT_FDCWD, dir);
}

TestSuite(usage, .init = make, .fini = take_away);

static void put(const char *name, const char *text)
{
	int fd = openat(group, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	cr_assert_geq(fd, 0);
	cr_assert_eq(fd_write_all(fd, text, strlen(text)), 0);
	close(fd);
}

static struct usage usage(void)
{
	struct usage u;
	usage_read(group, &u);
	return u;
}

Test(usage, each_figure_comes_from_its_file)
{
	put("memory.current", "1048576\n");
	put("memory.peak", "2097152\n");
	put("memory.max", "1073741824\n");
	put("cpu.stat", "user_usec 1\nusage_usec 1234567\nsystem_usec 5\n");
	put("pids.current", "12\n");
	put("pids.max", "64\n");
	put("io.stat",
		"8:0 rbytes=4096 wbytes=1 rios=1 wios=1 dbytes=0 dios=0\n"
		"253:1 rbytes=1 wbytes=8192 rios=9 wios=9 dbytes=0 dios=0\n");
	put("cpu.pressure", "some avg10=12.34 avg60=1.00 avg300=0.00 total=9\n");
	put("memory.pressure",
		"some avg10=0.05 avg60=0.00 avg300=0.00 total=9\n"
		"full avg10=99.00 avg60=0.00 avg300=0.00 total=0\n");
	put("io.pressure", "some avg10=100.00 avg60=0.00 avg300=0.00 total=9\n");
	put("cgroup.events", "populated 1\nfrozen 1\n");
	struct usage u = usage();
	cr_assert_eq(u.memory, 1048576);
	cr_assert_eq(u.memory_peak, 2097152);
	cr_assert_eq(u.memory_limit, 1073741824);
	cr_assert_eq(u.cpu_us, 1234567);
	cr_assert_eq(u.pids, 12);
	cr_assert_eq(u.pids_limit, 64);
	cr_assert_eq(u.read, 4097);
	cr_assert_eq(u.written, 8193);
	cr_assert_eq(u.pressure[PRESSURE_CPU], 1234);
	cr_assert_eq(u.pressure[PRESSURE_MEMORY], 5);
	cr_assert_eq(u.pressure[PRESSURE_IO], 10000);
	cr_assert(u.frozen);
}

Test(usage, what_is_missing_is_unknown_and_no_limit_is_no_number)
{
	struct usage u = usage(), none;
	usage_none(&none);
	cr_assert_eq(u.memory, USAGE_UNKNOWN);
	cr_assert_eq(memcmp(&u, &none, sizeof(u)), 0);
	put("memory.max", "max\n");
	put("pids.max", "max\n");
	put("io.stat", "");
	put("cgroup.events", "populated 1\nfrozen 0\n");
	u = usage();
	cr_assert_eq(u.memory_limit, USAGE_UNLIMITED);
	cr_assert_eq(u.pids_limit, USAGE_UNLIMITED);
	cr_assert_eq(u.read, 0, "nothing was read yet");
	cr_assert_not(u.frozen);
}

Test(usage, nonsense_is_unknown)
{
	put("memory.current", "many\n");
	put("cpu.stat", "usage_usec\nusage_usecs 4\n");
	put("pids.current", "-5\n");
	put("memory.peak", "99999999999999999999\n");
	put("cpu.pressure", "some avg10=x\n");
	put("io.stat",
		"8:0 rbytes=9223372036854775807 wbytes=x\n"
		"8:1 rbytes=9223372036854775807\n");
	struct usage u = usage();
	cr_assert_eq(u.memory, USAGE_UNKNOWN);
	cr_assert_eq(u.cpu_us, USAGE_UNKNOWN);
	cr_assert_eq(u.pids, USAGE_UNKNOWN);
	cr_assert_eq(u.memory_peak, USAGE_UNKNOWN);
	cr_assert_eq(u.pressure[PRESSURE_CPU], USAGE_UNKNOWN);
	cr_assert_eq(u.read, USAGE_UNKNOWN);
	cr_assert_eq(u.written, 0);
}
