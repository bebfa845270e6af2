/* SPDX-License-Identifier: MIT */
/* test_mount_plan.c - promises of src/resolve/mount_plan.c */
#include <criterion/criterion.h>
#include <string.h>

#include "resolve/mount_plan.h"

static struct arena arena;
static struct mount_ops ops;
static struct mount_root root;

static void begin(void)
{
	ops = (struct mount_ops){ 0 };
	root = (struct mount_root){ 0 };
}

static void end(void)
{
	arena_done(&arena);
}

TestSuite(mount_plan, .init = begin, .fini = end);

static struct mount_op *want(enum op_kind kind, const char *dest, unsigned layer)
{
	struct mount_op *op = ARENA_PUSH(&arena, &ops);
	*op = (struct mount_op){
		.kind = kind, .dest = dest, .layer = layer, .rank = (unsigned)ops.n
	};
	return op;
}

static struct mount_op *bind_at(
	const char *source, const char *dest, bool write, unsigned layer)
{
	struct mount_op *op = want(OP_BIND, dest, layer);
	op->source = source;
	op->write = write;
	return op;
}

static struct mount_op *show(const char *path, bool write, unsigned layer)
{
	return bind_at(path, path, write, layer);
}

static const struct mount_op *find(const char *dest)
{
	const struct mount_op *found = NULL;
	mount_plan_order(&arena, &ops, &root);
	for (size_t i = 0; i < ops.n; i++)
		if (strcmp(ops.v[i].dest, dest) == 0) {
			cr_assert_null(found, "two ops for %s", dest);
			found = &ops.v[i];
		}
	return found;
}

Test(mount_plan, what_lies_above_is_mounted_first)
{
	show("/a/b/c", true, 1);
	show("/z", false, 1);
	show("/a", false, 1);
	mount_plan_order(&arena, &ops, &root);
	cr_assert_str_eq(ops.v[0].dest, "/a");
	cr_assert_str_eq(ops.v[1].dest, "/z");
	cr_assert_str_eq(ops.v[2].dest, "/a/b/c");
	cr_assert_eq(ops.v[2].parent, 0);
	cr_assert_eq(ops.v[1].parent, OP_NO_PARENT);
}

Test(mount_plan, a_name_that_only_begins_alike_is_not_below)
{
	show("/ab", false, 1);
	show("/a", true, 1);
	cr_assert_eq(find("/ab")->parent, OP_NO_PARENT);
}

Test(mount_plan, the_most_specific_path_wins_whatever_the_layer)
{
	show("/home/u/src", true, 1);
	show("/home/u", false, 9);
	cr_assert(find("/home/u/src")->write);
	cr_assert_not(find("/home/u")->write);
}

Test(mount_plan, at_one_path_the_later_layer_wins)
{
	show("/data", false, 1);
	show("/data", true, 2);
	cr_assert(find("/data")->write);
}

Test(mount_plan, at_one_path_in_one_layer_reading_wins)
{
	show("/data", true, 1);
	show("/data", false, 1);
	cr_assert_not(find("/data")->write);
}

Test(mount_plan, hiding_wins_at_one_path_over_any_layer)
{
	show("/home/u", false, 1);
	want(OP_HIDE, "/home/u/x", 1);
	show("/home/u/x", true, 9);
	cr_assert_eq(find("/home/u/x")->kind, OP_HIDE);
}

Test(mount_plan, what_nothing_shows_needs_no_hiding)
{
	want(OP_TMPFS, "/home/u", 1);
	want(OP_HIDE, "/home/u/x", 1);
	want(OP_HIDE, "/elsewhere", 1);
	cr_assert_null(find("/home/u/x"));
	cr_assert_eq(ops.n, 1);
}

Test(mount_plan, a_hidden_path_can_show_a_part_again)
{
	show("/home/u", false, 1);
	want(OP_HIDE, "/home/u/.ssh", 1);
	show("/home/u/.ssh/config", false, 1);
	cr_assert_not_null(find("/home/u/.ssh/config"));
	cr_assert_eq(ops.v[ops.n - 1].parent, 1);
}

Test(mount_plan, a_secret_yields_to_a_rule_that_names_it)
{
	show("/home/u", true, 1);
	want(OP_SECRET, "/home/u/.ssh", 1);
	want(OP_SECRET, "/home/u/.gnupg", 1);
	show("/home/u/.ssh", false, 1);
	cr_assert_eq(find("/home/u/.ssh")->kind, OP_BIND);
	cr_assert_not(find("/home/u/.ssh")->write);
	cr_assert_eq(find("/home/u/.gnupg")->kind, OP_HIDE);
}

Test(mount_plan, a_protected_path_is_read_only_where_its_surroundings_are_not)
{
	show("/home/u", true, 1);
	want(OP_PROTECT, "/home/u/.bashrc", 1);
	const struct mount_op *op = find("/home/u/.bashrc");
	cr_assert_eq(op->kind, OP_BIND);
	cr_assert_not(op->write);
	cr_assert_str_eq(op->source, "/home/u/.bashrc");
}

Test(mount_plan, protecting_shows_nothing_that_was_not_shown)
{
	show("/home/u/work", true, 1);
	want(OP_PROTECT, "/home/u/.bashrc", 1);
	cr_assert_null(find("/home/u/.bashrc"));
}

Test(mount_plan, protecting_in_a_read_only_tree_is_needless)
{
	show("/home/u", false, 1);
	want(OP_PROTECT, "/home/u/.bashrc", 1);
	cr_assert_null(find("/home/u/.bashrc"));
}

Test(mount_plan, weak_wishes_are_about_the_host_and_not_a_private_home)
{
	bind_at("/home/u/.local/share/sbox/homes/x", "/home/u", true, 1);
	want(OP_SECRET, "/home/u/.ssh", 1);
	want(OP_PROTECT, "/home/u/.bashrc", 1);
	want(OP_HIDE, "/home/u/hidden", 1);
	cr_assert_null(find("/home/u/.ssh"));
	cr_assert_not_null(find("/home/u/hidden"));
	cr_assert_eq(ops.n, 2);
}

Test(mount_plan, a_weak_wish_for_another_place_says_what_it_is_about)
{
	bind_at("/home/u", "/x", true, 1);
	want(OP_SECRET, "/x/.ssh", 1)->about = "/home/u/.ssh";
	want(OP_PROTECT, "/x/.bashrc", 1)->about = "/home/u/.bashrc";
	want(OP_SECRET, "/x/.gnupg", 1)->about = "/home/other/.gnupg";
	cr_assert_eq(find("/x/.ssh")->kind, OP_HIDE);
	cr_assert_str_eq(find("/x/.bashrc")->source, "/home/u/.bashrc");
	cr_assert_null(find("/x/.gnupg"));
}

Test(mount_plan, a_guard_behind_a_link_is_for_where_the_link_leads)
{
	struct mount_op *home = show("/home/u", true, 1);
	home->real = "/home/u";
	struct mount_op *rc = want(OP_PROTECT, "/home/u/.bashrc", 1);
	rc->about = "/home/u/dot/bashrc";
	rc->link = "/home/u/.bashrc";
	want(OP_SECRET, "/home/u/.config/gh", 1)->about = "/home/u/dot/config/gh";
	want(OP_HIDE, "/home/u/link/x", 1)->about = "/home/u/dot/x";
	want(OP_SECRET, "/home/u/dot/config/gh", 1)->about = "/home/u/dot/config/gh";
	mount_plan_order(&arena, &ops, &root);
	cr_assert_eq(ops.n, 3);
	const struct mount_op *kept = find("/home/u/.bashrc");
	cr_assert_eq(kept->kind, OP_BIND);
	cr_assert_not_null(kept->link);
	cr_assert_not(kept->write);
	cr_assert_eq(find("/home/u/dot/config/gh")->kind, OP_HIDE);
}

Test(mount_plan, a_link_is_kept_only_where_it_could_be_replaced)
{
	show("/home/u", false, 1)->real = "/home/u";
	struct mount_op *rc = want(OP_SECRET, "/home/u/.netrc", 1);
	rc->about = "/home/u/dot/netrc";
	rc->link = "/home/u/.netrc";
	cr_assert_null(find("/home/u/.netrc"));
}

Test(mount_plan, a_guard_is_one_only_where_its_surroundings_are_writable)
{
	show("/usr", false, 1);
	want(OP_HIDE, "/usr/games", 1);
	mount_plan_order(&arena, &ops, &root);
	cr_assert_null(mount_plan_guard(&ops, &root));
	show("/home/u", true, 1);
	want(OP_PROTECT, "/home/u/.bashrc", 1)->id = SET_PROTECT;
	mount_plan_order(&arena, &ops, &root);
	cr_assert_str_eq(mount_plan_guard(&ops, &root)->dest, "/home/u/.bashrc");
}

Test(mount_plan, a_bind_that_changes_nothing_is_dropped)
{
	show("/usr", false, 1);
	show("/usr/share/fonts", false, 1);
	show("/usr/local/src", true, 1);
	cr_assert_null(find("/usr/share/fonts"));
	cr_assert(find("/usr/local/src")->write);
}

Test(mount_plan, another_thing_at_a_place_below_is_kept)
{
	show("/usr", false, 1);
	bind_at("/opt/fonts", "/usr/share/fonts", false, 1);
	cr_assert_str_eq(find("/usr/share/fonts")->source, "/opt/fonts");
}

Test(mount_plan, a_directory_root_is_the_parent_of_all)
{
	root = (struct mount_root){ .source = "/srv/root", .write = true };
	want(OP_HIDE, "/etc/secret", 1);
	const struct mount_op *op = find("/etc/secret");
	cr_assert_str_eq(op->source, "/srv/root/etc/secret");
}

Test(mount_plan, it_knows_what_of_the_host_is_seen_at_its_own_place)
{
	show("/usr", false, 1);
	bind_at("/srv/x", "/data", false, 1);
	want(OP_TMPFS, "/usr/tmp", 1);
	mount_plan_order(&arena, &ops, &root);
	cr_assert(mount_plan_shows(&ops, &root, "/usr/bin"));
	cr_assert_not(mount_plan_shows(&ops, &root, "/data/x"));
	cr_assert_not(mount_plan_shows(&ops, &root, "/usr/tmp/x"));
	cr_assert_not(mount_plan_shows(&ops, &root, "/etc"));
}

Test(mount_plan, a_directory_is_there_when_anything_else_is)
{
	show("/var", false, 1);
	want(OP_DIR, "/var", 5);
	cr_assert_eq(find("/var")->kind, OP_BIND);
}

Test(mount_plan, every_rule_wins_over_what_another_root_has_at_its_place)
{
	struct mount_op *own = bind_at("/srv/root/proc", "/proc", false, 0);
	own->id = SET_ROOT;
	bind_at("/proc", "/proc", true, 0)->id = SET_PID;
	bind_at("/srv/root/tmp", "/tmp", false, 0)->id = SET_ROOT;
	want(OP_TMPFS, "/tmp", 1);
	cr_assert_eq(find("/proc")->id, SET_PID);
	cr_assert_eq(find("/tmp")->kind, OP_TMPFS);
}

Test(mount_plan, but_a_directory_does_not_cover_what_another_root_has_there)
{
	bind_at("/srv/root/var", "/var", false, 0)->id = SET_ROOT;
	want(OP_DIR, "/var", 1);
	cr_assert_str_eq(find("/var")->source, "/srv/root/var");
}

static struct mount_op *lay_over(const char *path, unsigned layer)
{
	struct mount_op *op = show(path, true, layer);
	op->overlaid = true;
	return op;
}

Test(mount_plan, in_a_layered_tree_secrets_are_hidden_and_nothing_needs_protection)
{
	lay_over("/home/u", 1);
	want(OP_SECRET, "/home/u/.ssh", 1)->make_dir = true;
	want(OP_PROTECT, "/home/u/.bashrc", 1)->make_dir = true;
	const struct mount_op *secret = find("/home/u/.ssh");
	cr_assert_not_null(secret);
	cr_assert_eq(secret->kind, OP_HIDE);
	cr_assert_not(secret->make_dir, "it would be made on the host");
	cr_assert(secret->implied, "the layer may have removed it");
	cr_assert_null(find("/home/u/.bashrc"));
}

Test(mount_plan, a_tree_in_a_layered_one_is_one_with_it_unless_it_writes_to_the_host)
{
	lay_over("/home/u", 1);
	lay_over("/home/u/work", 2);
	show("/home/u/out", true, 2);
	cr_assert_null(find("/home/u/work"));
	cr_assert_not_null(find("/home/u/out"));
}

Test(mount_plan, a_part_of_the_system_in_a_layered_tree_is_one_with_it)
{
	lay_over("/var", 1);
	show("/var/lib/dpkg", false, 0)->id = SET_SYSTEM;
	show("/var/lib/mine", false, 2);
	cr_assert_null(find("/var/lib/dpkg"));
	cr_assert_not_null(find("/var/lib/mine"));
}

Test(mount_plan, what_pins_in_a_layered_tree_shows_the_layer)
{
	lay_over("/home/u", 1);
	want(OP_SECRET, "/home/u/.config/gh", 1);
	mount_plan_order(&arena, &ops, &root);
	mount_plan_pin(&arena, &ops, &root);
	bool found = false;
	for (size_t i = 0; i < ops.n; i++)
		if (strcmp(ops.v[i].dest, "/home/u/.config") == 0)
			found = ops.v[i].pin && ops.v[i].overlaid;
	cr_assert(found);
}
