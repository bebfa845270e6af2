/* SPDX-License-Identifier: MIT */
/* test_instance.c - promises of src/resolve/instance.c and registry.c */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/path.h"
#include "resolve/registry.h"

static char dir[] = "/tmp/sbox-unit-instance.XXXXXX";
static struct arena arena;
static struct err err;

static void make(void)
{
	cr_assert(mkdtemp(dir));
	setenv("XDG_RUNTIME_DIR", dir, 1);
}

static void take_away(void)
{
	path_remove_tree(AT_FDCWD, dir);
}

TestSuite(instance, .init = make, .fini = take_away);

static struct instance *new_one(const char *name)
{
	return instance_new(&arena, getuid(), dir, name);
}

static void publish(struct instance *in)
{
	struct instance_state s = { .init = 1, .started = 1 };
	cr_assert_eq(instance_publish(in, &s, &err), 0, "%s", err.msg);
}

/* Runs @child and tells its exit code. */
static int in_child(int (*child)(void))
{
	int status;
	pid_t pid = fork();
	if (pid == 0)
		_exit(child());
	waitpid(pid, &status, 0);
	return WEXITSTATUS(status);
}

static int take_x(void)
{
	return -instance_make(new_one("x"), &err);
}

Test(instance, a_name_is_one_instances_until_it_ends_however_it_ends)
{
	struct instance *in = new_one("x");
	cr_assert_eq(instance_make(in, &err), 0);
	cr_assert_str_eq(in->id, "x");
	cr_assert_eq(in_child(take_x), EEXIST);
	instance_remove(in);
	cr_assert_eq(in_child(take_x), 0, "and it ends without removing it");
	cr_assert_eq(in_child(take_x), 0);
}

Test(instance, who_has_no_name_has_a_number_whoever_else_has_it)
{
	char path[128], number[16];
	(void)snprintf(number, sizeof(number), "%d", (int)getpid());
	(void)snprintf(path, sizeof(path), "%s/sbox", dir);
	cr_assert_eq(mkdir(path, 0700), 0);
	struct instance *in = new_one(NULL), *second = new_one(NULL);
	cr_assert_eq(instance_make(in, &err), 0);
	cr_assert_str_eq(in->id, number);
	/* as another pid namespace's process of that number would */
	cr_assert_eq(instance_make(second, &err), 0);
	cr_assert_str_eq(second->id, arena_printf(&arena, "%s-1", number));
	instance_remove(in);
	instance_remove(second);
	cr_assert_eq(rmdir(path), 0, "nothing is left");
}

/* Exit code: how often the folder was not the taker's alone; one in forty dies with it. */
static int take_often(void)
{
	enum { ROUNDS = 6000, WRONG_MAX = 100 };
	char marker[128];
	int wrong = 0;
	(void)snprintf(marker, sizeof(marker), "%s/marker", dir);
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct stat ours, there;
		if (i % 40 == 0)
			(void)in_child(take_x);
		struct instance *in = new_one("x");
		if (instance_make(in, &err) < 0)
			continue;
		int fd = open(marker, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
		if (fd < 0 || fstat(in->fd, &ours) < 0 || stat(in->dir, &there) < 0 ||
			ours.st_ino != there.st_ino)
			wrong++;
		close(fd);
		unlink(marker);
		instance_remove(in);
	}
	return wrong < WRONG_MAX ? wrong : WRONG_MAX;
}

Test(instance, of_many_who_want_a_name_and_sweep_the_dead_one_has_it)
{
	enum { MANY = 6 };
	pid_t pids[MANY];
	for (unsigned i = 0; i < MANY; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			_exit(take_often());
	}
	for (unsigned i = 0; i < MANY; i++) {
		int status;
		waitpid(pids[i], &status, 0);
		cr_assert_eq(status, 0, "wrong %d times", WEXITSTATUS(status));
	}
}

static int list_sees_parent(void)
{
	struct registry r;
	struct instances all;
	if (registry_open(&r, &arena, &err) < 0)
		return 1;
	registry_list(&r, &arena, &all);
	return all.n != 1 || all.v[0].pid != getppid() ||
		strcmp(all.v[0].state.id, "x") != 0;
}

Test(instance, it_is_listed_with_the_pid_that_the_kernel_tells)
{
	struct instance *in = new_one("x");
	cr_assert_eq(instance_make(in, &err), 0);
	cr_assert_neq(in_child(list_sees_parent), 0, "not before it has told of itself");
	publish(in);
	cr_assert_eq(in_child(list_sees_parent), 0);
	instance_remove(in);
	cr_assert_neq(in_child(list_sees_parent), 0);
}

static int hold_parent(void)
{
	struct registry r;
	struct handle h;
	char pid[16];
	(void)snprintf(pid, sizeof(pid), "%d", (int)getppid());
	if (registry_open(&r, &arena, &err) < 0 ||
		registry_hold(&r, &arena, pid, &h, &err) < 0)
		return 1;
	bool lives = handle_lives(&h) && h.pidfd >= 0;
	return !lives || registry_hold(&r, &arena, "y", &h, &err) != -ESRCH ||
		!strstr(err.hint, "'x'");
}

Test(instance, it_is_held_by_its_id_or_by_its_pid)
{
	struct instance *in = new_one("x");
	publish(in);
	cr_assert_eq(in_child(hold_parent), 0, "%s", err.msg);
	instance_remove(in);
}

Test(instance, the_place_is_the_sessions_or_one_of_our_own)
{
	const char *place = instance_place(&arena, getuid(), dir);
	cr_assert_str_eq(place, arena_printf(&arena, "%s/sbox", dir));
	/* another user's, which su(1) has kept in the variable, or nobody's */
	const char *other = instance_place(&arena, getuid() + 1, dir);
	cr_assert_neq(strncmp(other, dir, strlen(dir)), 0, "%s", other);
	other = instance_place(&arena, getuid(), "/nonexistent");
	cr_assert(strncmp(other, "/run/user/", 10) == 0 ||
			strncmp(other, "/tmp/sbox-", 10) == 0,
		"%s", other);
}
