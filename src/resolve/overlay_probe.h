/* SPDX-License-Identifier: MIT */
/* overlay_probe.h - whether the kernel's overlay works over a tree: tried, not guessed */
#pragma once

#include <stdbool.h>

/* Whether something is mounted below @path, which the kernel's overlay cannot show: a mount
 * in a user namespace may not uncover what lies beneath another (mount_namespaces(7)). */
bool overlay_has_mounts_below(const char *path);
/* Mounts it in namespaces of its own, over @lower, with upper and work in @folder, or in
 * memory where that is NULL. 0, or the negative errno that stands against it. */
int overlay_probe(const char *lower, const char *folder);
