/* SPDX-License-Identifier: MIT */
/* group.h - which control group can hold limits: systemd's to delegate, or the caller's own */
#pragma once

#include <stddef.h>

#define GROUP_TOP "/sys/fs/cgroup"

struct arena;
struct host;
struct ready;

/* The way and its details, into rd->limits. NULL, or why there is none, with what to do about
 * it in @ret_hint. */
const char *group_find(struct ready *rd, const char **ret_hint);
/* The folder with the sockets of the caller's user manager; NULL: none is running. */
const char *group_manager(struct arena *a, const struct host *h);
/* Our own group's path below GROUP_TOP, as the unified hierarchy has it. 0 or negative errno. */
int group_own_path(char *buf, size_t size);
