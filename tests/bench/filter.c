/* SPDX-License-Identifier: MIT */
/* filter.c - what a system-call filter costs: each call, and making one at a start
 *
 * usage: filter calls
 *        filter programs PROFILE...
 *
 * "calls" prints the nanoseconds of some system calls in whatever sandbox it runs: one that
 * is cheap and allowed, two whose arguments are judged, one that is refused. "programs"
 * prints for each profile the instructions of its filter and the microseconds that it takes
 * to compile it, and to find it in the cache instead; medians.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/macros.h"
#include "config/check.h"
#include "config/profile.h"
#include "resolve/filter.h"

enum { CALLS = 100000, ROUNDS = 15, COMPILES = 41, HITS = 201 };

static double now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;
	return (*x > *y) - (*x < *y);
}

static double median(double *v, size_t n)
{
	qsort(v, n, sizeof(*v), compare);
	return v[n / 2];
}

/* ---- calls ---- */

static void cheap(void)
{
	(void)syscall(SYS_getppid);
}

static void judged_ioctl(void)
{
	(void)syscall(SYS_ioctl, -1, 0, 0);
}

static void judged_clone(void)
{
	/* CLONE_SIGHAND without CLONE_VM: allowed, and then an error of the kernel's own */
	(void)syscall(SYS_clone, 0x800, 0, 0, 0, 0);
}

static void refused(void)
{
	(void)syscall(SYS_keyctl, 1000, 0, 0, 0, 0);
}

static void time_calls(void)
{
	static const struct {
		const char *name;
		void (*make)(void);
	} all[] = {
		{ "getppid", cheap },
		{ "ioctl", judged_ioctl },
		{ "clone", judged_clone },
		{ "keyctl", refused },
	};
	double v[ROUNDS];
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		for (size_t round = 0; round < ROUNDS; round++) {
			double begin = now_ns();
			for (int n = 0; n < CALLS; n++)
				all[i].make();
			v[round] = (now_ns() - begin) / CALLS;
		}
		printf("%s %.1f\n", all[i].name, median(v, ROUNDS));
	}
}

/* ---- programs ---- */

static void fail(const struct err *e)
{
	fprintf(stderr, "filter: %s\n", e->msg);
	exit(1);
}

static double compile_us(const struct plan *p, struct filter *ret)
{
	struct err e = { 0 };
	double v[COMPILES];
	for (size_t i = 0; i < COMPILES; i++) {
		double begin = now_ns();
		if (filter_compile(p, ret, &e) < 0)
			fail(&e);
		v[i] = (now_ns() - begin) / 1000;
	}
	return median(v, COMPILES);
}

static double hit_us(const struct plan *p)
{
	struct err e = { 0 };
	struct host h;
	struct filter filter;
	double v[HITS];
	if (host_init(&h, p->arena, &e) < 0 ||
		filter_resolve(p, &h, false, &filter, &e) < 0)
		fail(&e);
	for (size_t i = 0; i < HITS; i++) {
		double begin = now_ns();
		filter = (struct filter){ 0 };
		if (filter_resolve(p, &h, false, &filter, &e) < 0)
			fail(&e);
		v[i] = (now_ns() - begin) / 1000;
		if (!filter.cached) {
			fputs("filter: not from the cache\n", stderr);
			exit(1);
		}
	}
	return median(v, HITS);
}

static void time_program(const char *name)
{
	struct arena arena = { 0 };
	struct diags d = { .arena = &arena };
	struct profile_dirs dirs;
	struct filter filter;
	struct plan p;
	plan_init(&p, &arena);
	profile_dirs_init(&dirs, &arena);
	profile_load(&p, &d, &dirs, name, &(struct origin){ 0 });
	check_plan(&p, &d);
	if (diag_print_all(&d) > 0)
		exit(1);
	double compile = compile_us(&p, &filter), hit = hit_us(&p);
	printf("%s %zu %.0f %.0f\n", name, filter.count, compile, hit);
	arena_done(&arena);
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "calls") == 0) {
		time_calls();
	} else if (argc > 2 && strcmp(argv[1], "programs") == 0) {
		for (int i = 2; i < argc; i++)
			time_program(argv[i]);
	} else {
		fputs("usage: filter calls | filter programs PROFILE...\n", stderr);
		return 2;
	}
	return fflush(stdout) == 0 ? 0 : 1;
}
