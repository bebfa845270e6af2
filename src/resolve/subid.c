/* SPDX-License-Identifier: MIT */
/* subid.c - which ids exist inside: one's own, or the subordinate ranges too
 *
 * Ranges are read from /etc/subuid and /etc/subgid. Where nsswitch.conf names another
 * source for them, getsubids(1) is asked, which knows libsubid's plugins.
 */
#include "resolve/subid.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/num.h"
#include "base/proc.h"
#include "base/str.h"

size_t subid_parse(const char *text, const char *user, uint32_t uid, uint32_t own,
	struct id_extent *ret, size_t max)
{
	char number[16];
	size_t n = 0;
	(void)snprintf(number, sizeof(number), "%u", uid);

	for (const char *line = text; *line && n < max;
		line += strcspn(line, "\n"), line += *line == '\n') {
		char copy[256];
		size_t len = strcspn(line, "\n");
		if (len >= sizeof(copy))
			continue;
		memcpy(copy, line, len);
		copy[len] = '\0';
		char *first = strchr(copy, ':');
		char *count = first ? strchr(first + 1, ':') : NULL;
		uint64_t begin, length;
		if (!count)
			continue;
		*first++ = *count++ = '\0';
		if ((strcmp(copy, user) != 0 && strcmp(copy, number) != 0) ||
			num_u64(first, 1, UINT32_MAX - 1, &begin) < 0 ||
			num_u64(count, 1, UINT32_MAX - begin, &length) < 0)
			continue;
		if (own >= begin && own < begin + length)
			continue;
		ret[n++] = (struct id_extent){ .outside = (uint32_t)begin,
			.count = (uint32_t)length };
	}
	return n;
}

static void add_extent(
	struct id_table *t, uint32_t inside, uint32_t outside, uint32_t count)
{
	if (count > 0 && t->n < ID_EXTENTS_MAX)
		t->v[t->n++] = (struct id_extent){ inside, outside, count };
}

void subid_layout(uint32_t id, bool root, const struct id_extent *ranges, size_t n,
	struct id_table *ret)
{
	uint32_t inside = root ? 1 : 0; /* the next free one */
	uint32_t own = root ? 0 : id;
	ret->n = 0;
	add_extent(ret, own, id, 1);
	for (size_t i = 0; i < n; i++) {
		uint32_t outside = ranges[i].outside, left = ranges[i].count;
		while (left > 0 && inside < UINT32_MAX - left) {
			if (inside == own)
				inside++;
			uint32_t part = left;
			if (inside < own && part > own - inside)
				part = own - inside;
			add_extent(ret, inside, outside, part);
			inside += part;
			outside += part;
			left -= part;
		}
	}
}

/* Whether nsswitch.conf has another source of ranges than files. */
static bool other_source(struct arena *a)
{
	enum { NSSWITCH_MAX = 64 * 1024 };
	char *text;
	if (fd_read_file(a, AT_FDCWD, "/etc/nsswitch.conf", NSSWITCH_MAX, &text, NULL) <
		0)
		return false;
	const char *line = str_starts(text, "subid:") ? text : strstr(text, "\nsubid:");
	if (!line)
		return false;
	line += strcspn(line, ":") + 1;
	line += strspn(line, " \t");
	return !str_starts(line, "files");
}

/* "0: user 100000 65536" lines, as getsubids prints them. */
static size_t ask(struct arena *a, const struct host *h, bool groups,
	struct id_extent *ret, size_t max)
{
	char path[64], out[4096];
	struct err ignored;
	char *argv[] = { "getsubids", groups ? "-g" : (char *)h->user,
		groups ? (char *)h->user : NULL, NULL };
	if (!proc_find_helper("getsubids", path, sizeof(path)) ||
		proc_capture(path, argv, 1, out, sizeof(out), &ignored) != 0)
		return 0;
	char *lines = arena_strdup(a, ""), *save = NULL;
	for (char *l = strtok_r(out, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		char name[128];
		unsigned long first, count;
		if (sscanf(l, "%*u: %127s %lu %lu", name, &first, &count) == 3)
			lines = arena_printf(
				a, "%s%s:%lu:%lu\n", lines, name, first, count);
	}
	return subid_parse(lines, h->user, h->uid, groups ? h->gid : h->uid, ret, max);
}

static size_t ranges_of(struct arena *a, const struct host *h, bool groups,
	struct id_extent *ret, size_t max)
{
	enum { SUBID_MAX = 16 * 1024 * 1024 };
	const char *file = groups ? "/etc/subgid" : "/etc/subuid";
	char *text;
	if (other_source(a))
		return ask(a, h, groups, ret, max);
	if (fd_read_file(a, AT_FDCWD, file, SUBID_MAX, &text, NULL) < 0)
		return 0;
	/* subgid, too, is listed by the user's name or number */
	return subid_parse(text, h->user, h->uid, groups ? h->gid : h->uid, ret, max);
}

bool subid_has(struct arena *a, const struct host *h)
{
	struct id_extent one[1];
	return ranges_of(a, h, false, one, 1) > 0 && ranges_of(a, h, true, one, 1) > 0;
}

static int need_range(const struct ready *rd, struct err *e, const char *file)
{
	const char *why = rd->plan->identity == IDENTITY_ROOT ? "identity = root"
		: rd->plan->groups == GROUPS_DROP	      ? "groups = drop"
							      : "id-map = range";
	err_set(e, -ENOENT, "%s needs a range of subordinate ids, and %s has none for %s",
		why, file, rd->host.user);
	return err_hint(e,
		"an administrator gives one with: usermod --add-subuids 100000-165535 "
		"--add-subgids 100000-165535 %s%s",
		rd->host.user,
		rd->plan->groups == GROUPS_DROP ? "; or run with --groups=keep"
						: "; or run with --id-map=single");
}

bool subid_is_mapped(const struct id_table *t, uint32_t id)
{
	for (size_t i = 0; i < t->n; i++)
		if (id - t->v[i].outside < t->v[i].count)
			return true;
	return false;
}

int subid_resolve(struct ready *rd, struct err *e)
{
	const struct plan *p = rd->plan;
	const struct host *h = &rd->host;
	bool root = p->identity == IDENTITY_ROOT;
	struct id_extent uids[ID_EXTENTS_MAX / 2 - 1], gids[ID_EXTENTS_MAX / 2 - 1];

	rd->uid = root ? 0 : h->uid;
	rd->gid = root ? 0 : h->gid;
	rd->map_range = p->id_map == ID_MAP_RANGE ||
		(p->id_map == ID_MAP_AUTO && (root || p->groups == GROUPS_DROP));
	rd->drop_groups = rd->map_range && p->groups != GROUPS_KEEP;
	if (!rd->map_range) {
		subid_layout(h->uid, root, NULL, 0, &rd->uids);
		subid_layout(h->gid, root, NULL, 0, &rd->gids);
		return 0;
	}
	size_t n_uids = ranges_of(p->arena, h, false, uids, ARRAY_SIZE(uids));
	size_t n_gids = ranges_of(p->arena, h, true, gids, ARRAY_SIZE(gids));
	if (n_uids == 0)
		return need_range(rd, e, "/etc/subuid");
	if (n_gids == 0)
		return need_range(rd, e, "/etc/subgid");
	subid_layout(h->uid, root, uids, n_uids, &rd->uids);
	subid_layout(h->gid, root, gids, n_gids, &rd->gids);
	return 0;
}
