/* SPDX-License-Identifier: MIT */
/* subid.h - which ids exist inside: one's own, or the subordinate ranges too */
#pragma once

#include "resolve/ready.h"

/* Fills @rd->uids, gids, map_range, uid, gid, drop_groups from the plan. 0 or negative
 * errno with @e set: a range that was needed and is not there. */
int subid_resolve(struct ready *rd, struct err *e);
/* Whether the caller has ranges of both kinds of ids. */
bool subid_has(struct arena *a, const struct host *h);

/* Pure. Reads the ranges of @user (or of the number @uid) out of a text like /etc/subuid:
 * lines of NAME:FIRST:COUNT. Ranges that hold the caller's @own id are left out, as podman
 * does. The number of ranges. */
size_t subid_parse(const char *text, const char *user, uint32_t uid, uint32_t own,
	struct id_extent *ret, size_t max);
/* Pure. Lays the ranges out: for fake root 0 is @id and the ranges follow; else every id
 * up to @id comes from the ranges, @id is itself, and the rest follows. */
void subid_layout(uint32_t id, bool root, const struct id_extent *ranges, size_t n,
	struct id_table *ret);
/* Pure. Whether the host's @id has a name inside. */
bool subid_is_mapped(const struct id_table *t, uint32_t id);
