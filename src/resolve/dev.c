/* SPDX-License-Identifier: MIT */
/* dev.c - the wishes that make a minimal /dev: nodes, links, terminals, shared memory
 *
 * A node is a bind of the host's, since a user namespace cannot make one.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "resolve/wish.h"

static void node(struct resolver *r, const char *path)
{
	struct mount_op *op = wish_if_there(r, path, SET_DEV, true);
	if (op)
		op->device = true;
}

static void link_to(struct resolver *r, const char *path, const char *target)
{
	wish(r, OP_LINK, path, SET_DEV, NULL)->source = target;
}

/* The caller's terminal is not in the sandbox's own /dev/pts; as /dev/console it can still
 * be found by ttyname(3), which compares device numbers. */
static void console(struct resolver *r)
{
	for (int fd = 0; fd < 3; fd++) {
		char name[64];
		struct stat of_fd, of_name;
		if (!isatty(fd) || ttyname_r(fd, name, sizeof(name)) != 0 ||
			fstat(fd, &of_fd) < 0 || stat(name, &of_name) < 0 ||
			of_fd.st_rdev != of_name.st_rdev)
			continue;
		struct mount_op *op = wish(r, OP_BIND, "/dev/console", SET_DEV, NULL);
		op->source = arena_strdup(r->a, name);
		op->write = op->device = true;
		return;
	}
}

void wish_dev(struct resolver *r)
{
	struct mount_op *op = wish(r, OP_TMPFS, "/dev", SET_DEV, NULL);
	op->mode = 0755;
	op->seal = true;
	node(r, "/dev/null");
	node(r, "/dev/zero");
	node(r, "/dev/full");
	node(r, "/dev/random");
	node(r, "/dev/urandom");
	node(r, "/dev/tty");
	console(r);
	wish(r, OP_DEVPTS, "/dev/pts", SET_DEV, NULL);
	wish(r, OP_TMPFS, "/dev/shm", SET_DEV, NULL)->mode = 01777;
	link_to(r, "/dev/ptmx", "pts/ptmx");
	link_to(r, "/dev/fd", "/proc/self/fd");
	link_to(r, "/dev/stdin", "/proc/self/fd/0");
	link_to(r, "/dev/stdout", "/proc/self/fd/1");
	link_to(r, "/dev/stderr", "/proc/self/fd/2");
}
