/* SPDX-License-Identifier: MIT */
/* test_layer.c - promises of src/layer/store.c, record.c and remove.c */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "layer/record.h"
#include "layer/remove.h"

static char dir[] = "/tmp/sbox-unit-layer.XXXXXX";
static struct arena arena;
static struct err err;
static int layers;

static void make(void)
{
	cr_assert(mkdtemp(dir));
	const char *data = arena_printf(&arena, "%s/a/data", dir);
	cr_assert_eq(layers_open(data, false, &err), -ENOENT);
	layers = layers_open(data, true, &err);
	cr_assert_geq(layers, 0, "%s", err.msg);
}

static void take_away(void)
{
	cr_assert_eq(tree_remove(AT_FDCWD, dir), 0);
}

TestSuite(layer, .init = make, .fini = take_away);

static struct layer opened(const char *name, unsigned flags)
{
	struct layer l = { .fd = -1 };
	cr_assert_eq(layer_open(&arena, layers, name, flags, &l, &err), 0, "%s", err.msg);
	return l;
}

static int code_of(const char *name, unsigned flags)
{
	struct layer l = { .fd = -1 };
	int r = layer_open(&arena, layers, name, flags, &l, &err);
	if (r == 0)
		layer_close(&l);
	return r;
}

static int in_child(int (*child)(void))
{
	int status;
	pid_t pid = fork();
	if (pid == 0)
		_exit(child());
	waitpid(pid, &status, 0);
	return WEXITSTATUS(status);
}

/* ---- the record ---- */

static int parse(const char *text, struct layer *l)
{
	unsigned version;
	return record_parse(&arena, text, strlen(text), l, &version);
}

#define START "sbox-layer 1\nbase=host\nsince=7\n"

Test(layer, what_is_written_is_read_back)
{
	struct layer_tree trees[] = {
		{ "/usr", ENGINE_FUSE, 2 },
		{ "/home/ann/a b\n\\x41\x7f\xc3\xa4", ENGINE_KERNEL, 1 },
	};
	const char *places[] = { "/proc", "/usr/a b\n" };
	const struct layer l = { .base = BASE_DIRECTORY,
		.base_name = "/srv/x y",
		.since_ns = 1763770000123456789,
		.trees = { trees, 2 },
		.places = { places, 2 } };
	struct layer t;
	const char *text = record_format(&arena, &l);
	cr_assert_eq(parse(text, &t), 0, "%s", text);
	cr_assert(t.base == l.base && t.since_ns == l.since_ns && t.trees.n == 2);
	cr_assert_str_eq(t.base_name, l.base_name);
	cr_assert_eq(t.places.n, 2);
	for (size_t i = 0; i < 2; i++) {
		cr_assert_str_eq(t.places.v[i], places[i]);
		cr_assert_str_eq(t.trees.v[i].path, trees[i].path);
		cr_assert(t.trees.v[i].engine == trees[i].engine &&
			t.trees.v[i].number == trees[i].number);
	}
}

Test(layer, a_damaged_record_is_refused_and_a_newer_one_told_apart)
{
	static const char *const bad[] = { "", "sbox-layer 1\n", "sbox-layer x\n",
		"sbox-layer 1\nbase=host\n", START "since=8\n", START "wrong\n",
		START "tree=1 kernel usr\n", START "tree=0 kernel /usr\n",
		START "tree=1 other /usr\n", START "tree=1 kernel /usr/../etc\n",
		START "tree=1 kernel /usr /etc\n", START "tree=1 kernel /a\\x0\n",
		START "tree=1 kernel /usr\ntree=1 kernel /etc\n",
		START "tree=1 kernel /usr\ntree=2 kernel /usr\n", START "tree=1 kernel",
		START "place=\n", START "place=a\n", START "place=/a/../b\n",
		START "place=/a\nplace=/a\n", "sbox-layer 1\nbase=host x\nsince=7\n",
		"sbox-layer 1\nbase=image\nsince=7\n",
		"sbox-layer 1\nbase=host\nsince=-1\n" };
	struct layer l = { .name = "kept" };
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		cr_assert_eq(parse(bad[i], &l), -EBADMSG, "%s", bad[i]);
	cr_assert_eq(parse("sbox-layer 2\nwhat=ever\n", &l), -EPROTONOSUPPORT);
	cr_assert_str_eq(l.name, "kept");
	cr_assert_eq(parse(START "tree=1 kernel /usr\n", &l), 0);
	cr_assert_eq(record_parse(&arena, START "\0\n", sizeof(START) + 1, &l,
			     &(unsigned){ 0 }),
		-EBADMSG);
}

/* ---- on disk ---- */

Test(layer, it_is_there_from_its_making_to_its_removal)
{
	const char **names;
	cr_assert_eq(code_of("x", 0), -ENOENT);
	struct layer l = opened("x", LAYER_MAKE | LAYER_LOCK);
	cr_assert_eq(l.base, BASE_HOST);
	cr_assert_gt(l.since_ns, 0);
	cr_assert_eq(layer_add(&arena, &l, "/usr", ENGINE_FUSE, 0755, &err), 0);
	cr_assert_eq(layer_add(&arena, &l, "/etc", ENGINE_KERNEL, 0711, &err), 0);
	cr_assert_eq(layer_save(&l, &err), 0);
	layer_close(&l);

	struct layer t = opened("x", 0);
	cr_assert_eq(t.since_ns, l.since_ns);
	cr_assert_eq(t.trees.n, 2);
	const struct layer_tree *tree = layer_find(&t, "/etc");
	cr_assert(tree && tree->engine == ENGINE_KERNEL && !layer_find(&t, "/et"));
	struct stat st;
	int upper = layer_tree_open(&t, tree, "upper");
	cr_assert(fstat(upper, &st) == 0 && (st.st_mode & 07777) == 0711);
	cr_assert_geq(layer_tree_open(&t, tree, "work"), 0);
	cr_assert(layer_is_empty(&t));
	cr_assert_eq(mkdirat(upper, "d", 0700), 0);
	cr_assert(!layer_is_empty(&t));
	layer_close(&t);

	cr_assert_eq(layers_list(&arena, layers, &names, &err), 0);
	cr_assert(names[0] && strcmp(names[0], "x") == 0 && !names[1]);
	l = opened("x", LAYER_LOCK);
	cr_assert_eq(layer_remove(layers, &l, &err), 0, "%s", err.msg);
	layer_close(&l);
	cr_assert_eq(code_of("x", 0), -ENOENT);
	cr_assert_eq(layers_list(&arena, layers, &names, &err), 0);
	cr_assert(!names[0]);
}

static int lock_x(void)
{
	return -code_of("x", LAYER_LOCK);
}

Test(layer, one_at_a_time_has_it_locked_and_all_can_look)
{
	struct layer l = opened("x", LAYER_MAKE);
	cr_assert(!layer_in_use(&l));
	layer_close(&l);
	l = opened("x", LAYER_LOCK);
	cr_assert(layer_in_use(&l));
	cr_assert_eq(in_child(lock_x), EBUSY);
	cr_assert_eq(code_of("x", 0), 0);
	layer_close(&l);
	cr_assert_eq(in_child(lock_x), 0);
}

static int make_x(void)
{
	struct layer l;
	for (unsigned i = 0; i < 30; i++) {
		if (layer_open(&arena, layers, "x", LAYER_MAKE | LAYER_LOCK, &l, &err) <
			0) {
			if (err.code == -EBUSY)
				continue;
			return 1;
		}
		if (layer_add(&arena, &l, "/a", ENGINE_KERNEL, 0700, &err) < 0 ||
			layer_save(&l, &err) < 0 || layer_remove(layers, &l, &err) < 0)
			return 2;
		layer_close(&l);
	}
	return 0;
}

Test(layer, many_who_make_and_remove_it_do_not_meet)
{
	pid_t pids[4];
	for (unsigned i = 0; i < ARRAY_SIZE(pids); i++)
		if ((pids[i] = fork()) == 0)
			_exit(make_x());
	for (unsigned i = 0; i < ARRAY_SIZE(pids); i++) {
		int status;
		waitpid(pids[i], &status, 0);
		cr_assert_eq(status, 0);
	}
	/* the last of them may have made it once more than it was removed */
	cr_assert_eq(code_of("x", 0), -ENOENT);
}

Test(layer, damage_is_told_and_loses_nothing)
{
	struct layer l = opened("x", LAYER_MAKE);
	cr_assert_eq(layer_add(&arena, &l, "/a", ENGINE_KERNEL, 0700, &err), 0);
	int upper = layer_tree_open(&l, &l.trees.v[0], "upper");
	cr_assert_eq(mkdirat(upper, "d", 0700), 0);
	cr_assert_eq(unlinkat(l.fd, "record", 0), 0);
	cr_assert_eq(code_of("x", LAYER_MAKE), -EBADMSG, "no new record over old files");
	cr_assert(strstr(err.msg, "missing"));
	cr_assert_eq(symlinkat("/etc/passwd", l.fd, "record"), 0);
	cr_assert_lt(code_of("x", LAYER_MAKE), 0);
	cr_assert_eq(unlinkat(l.fd, "record", 0), 0);
	cr_assert_eq(mkfifoat(l.fd, "record", 0600), 0);
	cr_assert_eq(code_of("x", LAYER_MAKE), -EBADMSG);
	cr_assert_eq(unlinkat(l.fd, "record", 0), 0);
	int fd = openat(l.fd, "record", O_CREAT | O_WRONLY, 0600);
	cr_assert_eq(fd_write_all(fd, "sbox-layer 9\n", 13), 0);
	cr_assert_eq(code_of("x", 0), -EPROTONOSUPPORT);
	cr_assert_eq(faccessat(upper, "d", F_OK, 0), 0);
	layer_close(&l);
	l = opened("x", LAYER_UNREAD | LAYER_LOCK);
	cr_assert_eq(layer_remove(layers, &l, &err), 0);
}

Test(layer, what_a_killed_start_has_left_is_no_tree)
{
	struct layer l = opened("x", LAYER_MAKE), again = opened("x", 0);
	cr_assert_eq(layer_add(&arena, &l, "/a", ENGINE_KERNEL, 0700, &err), 0);
	cr_assert_eq(layer_add(&arena, &again, "/b", ENGINE_KERNEL, 0700, &err), 0);
	cr_assert_eq(again.trees.v[0].number, 1);
	int upper = layer_tree_open(&again, &again.trees.v[0], "upper");
	cr_assert_eq(mkdirat(upper, "d", 0700), 0);
	layer_close(&again);
	again = opened("x", 0);
	cr_assert_eq(layer_add(&arena, &again, "/c", ENGINE_KERNEL, 0700, &err), 0);
	cr_assert_eq(again.trees.v[0].number, 2, "what has something in it stays");
}

Test(layer, folders_that_are_links_or_open_to_others_are_not_trusted)
{
	struct stat st;
	cr_assert_eq(symlinkat("/", layers, "x"), 0);
	cr_assert_lt(code_of("x", LAYER_MAKE | LAYER_LOCK), 0);
	cr_assert_eq(mkdirat(layers, "y", 0700), 0);
	cr_assert_eq(fchmodat(layers, "y", 0777, 0), 0);
	cr_assert_eq(code_of("y", LAYER_MAKE), 0);
	cr_assert_eq(fstatat(layers, "y", &st, 0), 0);
	cr_assert_eq(st.st_mode & 0777, 0700);
	const char *data = arena_printf(&arena, "%s/b", dir);
	cr_assert_eq(mkdir(data, 0700), 0);
	cr_assert_eq(symlink("/tmp", arena_printf(&arena, "%s/sbox", data)), 0);
	cr_assert_lt(layers_open(data, true, &err), 0);
	cr_assert(*err.hint);
}

Test(layer, names_are_plain)
{
	static const char *const bad[] = { "", "none", "ephemeral", "1", ".x", "-x",
		"a/b", "..", "a b" };
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		cr_assert(!layer_name_is_good(bad[i]), "%s", bad[i]);
		cr_assert_eq(code_of(bad[i], LAYER_MAKE), -EINVAL);
	}
	cr_assert(layer_name_is_good("try-2.x_y"));
}

/* ---- removing ---- */

Test(layer, a_tree_is_removed_however_deep_and_whatever_its_modes)
{
	enum { DEPTH = 1300 };
	int top = openat(layers, ".", O_RDONLY | O_DIRECTORY);
	cr_assert_eq(mkdirat(top, "t", 0700), 0);
	int at = openat(top, "t", O_RDONLY | O_DIRECTORY);
	for (unsigned i = 0; i < DEPTH; i++) {
		cr_assert_eq(mkdirat(at, "d", 0700), 0);
		cr_assert_eq(mkdirat(at, "deep-0", 0700), 0);
		int next = openat(at, "d", O_RDONLY | O_DIRECTORY);
		cr_assert_eq(symlinkat("/etc", next, "link"), 0);
		cr_assert_eq(fchmod(at, i % 7 ? 0000 : 0500), 0);
		fd_close(at);
		at = next;
	}
	cr_assert_eq(tree_remove(top, "t"), 0);
	cr_assert_lt(faccessat(top, "t", F_OK, 0), 0);
	cr_assert_eq(tree_remove(top, "t"), 0, "what is not there is gone");
	cr_assert_eq(access("/etc/passwd", F_OK), 0);
}
