/* SPDX-License-Identifier: MIT */
/* test_walk.c - promises of src/layer/walk.c, overlay.c, access.c, began.c and copy.c */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.h"
#include "layer/access.h"
#include "layer/began.h"
#include "layer/copy.h"
#include "layer/remove.h"
#include "layer/walk.h"

/* not in /tmp, which is a file system without such attributes on older kernels */
static char dir[] = "/var/tmp/sbox-unit-walk.XXXXXX";
static struct arena arena;
static struct err err;
static struct layer layer;
static int upper, base;

static void make(void)
{
	cr_assert(mkdtemp(dir));
	const char *tree = arena_printf(&arena, "%s/base", dir);
	cr_assert_eq(mkdir(tree, 0755), 0);
	int layers = layers_open(dir, true, &err);
	cr_assert_eq(
		layer_open(&arena, layers, "x", LAYER_MAKE | LAYER_LOCK, &layer, &err), 0,
		"%s", err.msg);
	cr_assert_eq(layer_add(&arena, &layer, tree, ENGINE_KERNEL, 0755, &err), 0);
	upper = layer_tree_open(&layer, &layer.trees.v[0], "upper");
	base = walk_open_base(&layer, &layer.trees.v[0], -1, &err);
	cr_assert(upper >= 0 && base >= 0);
}

static void take_away(void)
{
	cr_assert_eq(tree_remove(AT_FDCWD, dir), 0);
}

TestSuite(walk, .init = make, .fini = take_away);

static void must(int r)
{
	cr_assert_eq(r, 0, "%s", strerror(errno));
}

static void put(int at, const char *path, const char *text)
{
	int fd = openat(at, path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	cr_assert_eq(fd_write_all(fd, text, strlen(text)), 0, "%s", path);
	fd_close(fd);
}

static void mark(const char *path, const char *name, const char *value)
{
	int fd = openat(upper, path, O_RDONLY);
	cr_assert_eq(fsetxattr(fd, name, value, strlen(value), 0), 0, "%s", path);
	fd_close(fd);
}

/* All that is told, as "+added *changed -removed", directories' ends as "<". */
static const char *told(unsigned flags)
{
	static const char signs[CHANGE_COUNT] = { '=', '+', '*', '-' };
	struct walk w;
	const struct walk_entry *entry;
	const char *text = "";
	cr_assert_eq(walk_begin(&w, &layer, &layer.trees.v[0], base, flags, &err), 0);
	while (walk_next(&w, &entry, &err) == 1)
		text = arena_printf(&arena, "%s%s%c%s", text, *text ? " " : "",
			entry->code	       ? '!'
				: entry->leave ? '<'
					       : signs[entry->kind],
			entry->path);
	walk_end(&w);
	return text;
}

Test(walk, entries_come_sorted_directories_before_what_is_in_them)
{
	put(base, "b", "1");
	must(mkdirat(upper, "d", 0755));
	put(upper, "d/x", "");
	put(upper, "b", "2");
	put(upper, "d.x", "");
	put(upper, "a", "");
	cr_assert_str_eq(told(0), "+a *b +d +d/x +d.x");
	cr_assert_str_eq(told(WALK_LEAVE), "+a *b +d +d/x <d +d.x");
}

Test(walk, a_whiteout_takes_away_what_is_there_and_else_nothing)
{
	put(base, "a", "1");
	cr_assert_eq(mknodat(upper, "a", S_IFCHR, makedev(0, 0)), 0);
	cr_assert_eq(mknodat(upper, "b", S_IFCHR, makedev(0, 0)), 0);
	cr_assert_str_eq(told(0), "-a");
	cr_assert_str_eq(told(WALK_ALL), "-a =b");
}

Test(walk, an_attribute_can_be_a_whiteout_where_its_directory_says_so)
{
	must(mkdirat(base, "d", 0755));
	must(mkdirat(upper, "d", 0755));
	put(base, "d/a", "1");
	put(upper, "d/a", "");
	put(base, "d/b", "1");
	mark("d/a", "user.overlay.whiteout", "y");
	cr_assert_str_eq(told(0), "*d/a", "an ordinary file");
	mark("d", "user.overlay.opaque", "x");
	cr_assert_str_eq(told(0), "-d/a", "and the directory is merged");
}

Test(walk, what_lies_in_an_opaque_directory_is_opaque_as_well)
{
	must(mkdirat(base, "d", 0755));
	must(mkdirat(base, "d/s", 0755));
	put(base, "d/s/old", "1");
	put(base, "d/old", "1");
	must(mkdirat(upper, "d", 0755));
	must(mkdirat(upper, "d/s", 0755));
	put(upper, "d/s/new", "1");
	cr_assert_str_eq(told(0), "+d/s/new");
	mark("d", "user.overlay.opaque", "y");
	cr_assert_str_eq(told(0), "-d/old +d/s/new -d/s/old");
}

static void unfold(const char *path)
{
	struct walk w;
	const struct walk_entry *entry;
	cr_assert_eq(walk_begin(&w, &layer, &layer.trees.v[0], base, WALK_ALL, &err), 0);
	while (walk_next(&w, &entry, &err) == 1)
		if (strcmp(entry->path, path) == 0)
			cr_assert_eq(walk_unfold(&w, entry), 0);
	walk_end(&w);
}

Test(walk, an_opaque_directory_that_is_unfolded_hides_the_same)
{
	for (int engine = 0; engine < ENGINE_COUNT; engine++) {
		layer.trees.v[0].engine = (enum layer_engine)engine;
		const char *attribute = engine == ENGINE_KERNEL
			? "user.overlay.opaque"
			: "user.fuseoverlayfs.opaque";
		tree_empty(upper);
		must(tree_remove(base, "d"));
		must(mkdirat(base, "d", 0755));
		must(mkdirat(base, "d/s", 0755));
		must(mkdirat(base, "d/t", 0755));
		put(base, "d/s/old", "1");
		put(base, "d/old", "1");
		must(mkdirat(upper, "d", 0755));
		must(mkdirat(upper, "d/s", 0755));
		put(upper, "d/s/new", "1");
		mark("d", attribute, "y");
		const char *before = told(0);
		cr_assert_str_eq(before, "-d/old +d/s/new -d/s/old -d/t");
		/* nor does a mode that keeps its owner out hinder */
		must(fchmodat(base, "d", 0500, 0));
		must(fchmodat(upper, "d", 0500, 0));
		unfold("d");
		cr_assert_str_eq(told(0), before);
		struct stat st;
		char value;
		int fd = openat(upper, "d", O_RDONLY);
		cr_assert(fstat(fd, &st) == 0 && (st.st_mode & 0777) == 0500);
		cr_assert_lt(fgetxattr(fd, attribute, &value, 1), 0);
		unfold("d/s");
		cr_assert_str_eq(told(0), before);
		must(fchmodat(base, "d", 0755, 0));
		fd_close(fd);
	}
}

Test(walk, the_other_engines_marks_are_names_and_attributes_like_any)
{
	must(mkdirat(base, "d", 0755));
	put(base, "d/old", "1");
	put(base, "gone", "1");
	must(mkdirat(upper, "d", 0755));
	put(upper, ".wh.gone", "");
	put(upper, "d/.wh..wh..opq", "");
	mark("d", "user.fuseoverlayfs.opaque", "y");
	cr_assert_str_eq(told(0), "+.wh.gone +d/.wh..wh..opq");
	layer.trees.v[0].engine = ENGINE_FUSE;
	cr_assert_str_eq(told(0), "-d/old -gone");
	cr_assert_eq(unlinkat(upper, "d/.wh..wh..opq", 0), 0);
	mark("d", "user.fuseoverlayfs.opaque", "n");
	mark("d", "user.overlay.opaque", "y");
	cr_assert_str_eq(told(0), "-gone");
	/* a file beside its whiteout was made again */
	put(upper, "gone", "2");
	cr_assert_str_eq(told(0), "*gone");
}

Test(walk, what_is_the_same_but_for_its_time_or_the_overlays_marks_is_no_change)
{
	put(base, "a", "12");
	put(upper, "a", "12");
	mark("a", "user.overlay.origin", "z");
	cr_assert_str_eq(told(0), "");
	mark("a", "user.mine", "z");
	cr_assert_str_eq(told(0), "*a");
	put(base, "b", "12");
	put(upper, "b", "21");
	must(symlinkat("x", base, "l"));
	must(symlinkat("x", upper, "l"));
	must(symlinkat("x", base, "m"));
	must(symlinkat("y", upper, "m"));
	cr_assert_str_eq(told(0), "*a *b *m");
}

Test(walk, neither_depth_nor_a_link_of_the_base_leads_astray)
{
	enum { DEPTH = 1500 };
	struct rlimit few = { 64, 64 };
	must(symlinkat("/etc", base, "d"));
	put(base, "passwd", "1");
	cr_assert_eq(mkdirat(upper, "d", 0755), 0);
	put(upper, "d/passwd", "2");
	cr_assert_str_eq(told(0), "*d +d/passwd");
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	int at = openat(upper, "d", O_RDONLY | O_DIRECTORY);
	for (unsigned i = 0; i < DEPTH; i++) {
		cr_assert_eq(mkdirat(at, "dir", 0755), 0);
		int next = openat(at, "dir", O_RDONLY | O_DIRECTORY);
		fd_close(at);
		at = next;
	}
	put(at, "end", "");
	const char *text = told(0);
	cr_assert(strstr(text, " !d/dir/dir/dir"), "what is too deep is told");
	cr_assert(strstr(text, " +d/passwd"), "and passed");
}

Test(walk, an_interrupted_change_of_a_mode_is_taken_back)
{
	struct access ac;
	struct stat st;
	must(mkdirat(upper, "d", 0755));
	must(mkdirat(upper, "d/a b\n", 0500));
	int fd = openat(upper, "d/a b\n", O_RDONLY | O_DIRECTORY);
	cr_assert_eq(access_begin(&ac, &layer, &layer.trees.v[0], fd, "d/a b\n/c", 6), 0);
	cr_assert(fstat(fd, &st) == 0 && (st.st_mode & 0777) == 0700);
	cr_assert_eq(access_recover(&layer), 0);
	cr_assert(fstat(fd, &st) == 0 && (st.st_mode & 0777) == 0500);
	cr_assert_eq(access_recover(&layer), 0, "once is enough");
}

Test(walk, a_copy_keeps_holes_and_drops_set_id_bits)
{
	struct stat st;
	unsigned lost = 0;
	int fd = openat(upper, "a", O_RDWR | O_CREAT, 0644);
	cr_assert_eq(pwrite(fd, "1", 1, 5 << 20), 1);
	cr_assert_eq(pwrite(fd, "1", 1, 100000), 1);
	cr_assert_eq(ftruncate(fd, 9 << 20), 0);
	cr_assert_eq(fchmod(fd, 06711), 0);
	int to = openat(base, ".", O_RDONLY);
	cr_assert_eq(copy_file(ENGINE_KERNEL, upper, "a", to, "t", &lost), 0);
	cr_assert_eq(copy_file(ENGINE_KERNEL, upper, "a", to, "t", &lost), -EEXIST);
	cr_assert_eq(fstatat(to, "t", &st, 0), 0);
	cr_assert_eq(st.st_mode & 07777, 0711);
	cr_assert_eq(st.st_size, 9 << 20);
	cr_assert_lt(st.st_blocks * 512, 1 << 20);
	cr_assert_eq(renameat(to, "t", to, "a"), 0);
	cr_assert_eq(fchmod(fd, 0711), 0);
	cr_assert_str_eq(told(0), "");
}

Test(walk, what_began_when_is_kept_for_names_of_any_bytes)
{
	static const char *const names[] = { "name", " name", "\nname", "name ",
		"+ 1 x" };
	struct began b;
	must(began_run(&layer) == 1 ? 0 : -1);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		put(upper, names[i], "");
	must(began_note(&layer));
	must(began_read(&b, &arena, &layer));
	cr_assert_eq(b.n, sizeof(names) / sizeof(names[0]));
	for (size_t i = 0; i < b.n; i++) {
		const struct began_entry *e = began_find(&b, 1, names[i]);
		cr_assert(e, "'%s'", names[i]);
		cr_assert_str_eq(e->path, names[i]);
	}
}
