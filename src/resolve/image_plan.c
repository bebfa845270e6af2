/* SPDX-License-Identifier: MIT */
/* image_plan.c - the sandbox in which an image's tree is worked on
 *
 * What is unpacked is foreign, so the helper that does it sees the system's libraries, the
 * tree, and nothing else: no home, no network, and of the archive an open descriptor. It is
 * root over the ids that a fake root has later, so that the owners are the same.
 */
#include "resolve/image_plan.h"

static struct item *add(struct arena *a, struct list *l, const char *text)
{
	struct item *item = ARENA_PUSH(a, l);
	item->text = text;
	return item;
}

static void show(
	struct arena *a, struct plan *q, const char *from, const char *at, bool write)
{
	struct item *item = add(a, &q->bind, at);
	item->arg = from;
	item->write = write;
}

void image_plan(struct plan *q, struct arena *a, const struct host *h,
	const struct image_work *work)
{
	static const char *const libraries[] = { "/usr", "/bin", "/lib", "/lib64",
		"/etc/ld.so.cache", "/etc/alternatives" };
	struct {
		char **v;
		size_t n;
	} argv = { 0 };

	plan_init(q, a);
	q->home = "none";
	q->machine_id = "host";
	if (work->any_depth)
		q->apparmor = "off";
	q->identity = IDENTITY_ROOT;
	q->id_map = work->range ? ID_MAP_RANGE : ID_MAP_SINGLE;
	q->groups = work->range ? GROUPS_DROP : GROUPS_KEEP;
	add(a, &q->capabilities, "root");
	for (size_t i = 0; i < ARRAY_SIZE(libraries); i++)
		add(a, &q->system, libraries[i])->optional = true;
	*ARENA_PUSH(a, &argv) = (char *)host_libexec(h, a, "sbox-image");
	add(a, &q->read, argv.v[0]);
	show(a, q, work->root, IMAGE_ROOT, work->write);
	if (work->source)
		show(a, q, work->source, IMAGE_SOURCE, false);
	for (size_t i = 0; i < ARRAY_SIZE(work->fds); i++)
		if (work->fds[i] >= 0)
			add(a, &q->pass_fd, arena_printf(a, "%d", work->fds[i]));
	for (char **word = work->argv; *word; word++)
		*ARENA_PUSH(a, &argv) = *word;
	*ARENA_PUSH(a, &argv) = NULL;
	q->argv = argv.v;
}
