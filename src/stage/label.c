/* SPDX-License-Identifier: MIT */
/* label.c - the AppArmor profile or SELinux context that the program gets at its exec */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "stage/stage.h"

enum { LABEL_MAX = 4096 };

/* Writes @text and reads it back; @want is what must then be there. */
static int write_attr(const char *path, const char *text, const char *want)
{
	char said[LABEL_MAX];
	_cleanup_fd_ int fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ssize_t n = RETRY(write(fd, text, strlen(text)));
	if (n < 0)
		return -errno;
	n = RETRY(pread(fd, said, sizeof(said) - 1, 0));
	if (n < 0)
		return -errno;
	said[n] = '\0';
	return strncmp(said, want, strlen(want)) == 0 ? 0 : -EPROTO;
}

static bool is(const char *label, const char *word)
{
	return strcmp(label, word) == 0;
}

/* Our own profile for programs, where an administrator has loaded it; a caller who is
 * confined already keeps that. Not for those who are to mount, which it forbids. */
static int apparmor_auto(const struct plan *p, const char *path)
{
	if (p->nested == NESTED_FULL)
		return 0;
	int r = write_attr(path, "exec " APPARMOR_PAYLOAD, APPARMOR_PAYLOAD);
	/* ENOENT: no AppArmor, or no such profile; the others: it may not be chosen here */
	return r == -ENOENT || r == -EACCES || r == -EPERM || r == -EINVAL ? 0 : r;
}

static int apparmor(const struct plan *p)
{
	/* before 5.8 there was one file for whichever module was on */
	static const char path[] = "/proc/thread-self/attr/apparmor/exec";
	char line[LABEL_MAX];
	if (is(p->apparmor, "off"))
		return 0;
	if (is(p->apparmor, "auto"))
		return apparmor_auto(p, path);
	(void)snprintf(line, sizeof(line), "exec %s", p->apparmor);
	return write_attr(path, line, p->apparmor);
}

static int selinux(const struct plan *p)
{
	if (is(p->selinux, "off") || is(p->selinux, "auto"))
		return 0;
	return write_attr("/proc/thread-self/attr/exec", p->selinux, p->selinux);
}

/* Should: set what the plan names, read back. Mustn't: go on without one that was named. */
int stage_label(struct child *c)
{
	int r = apparmor(c->rd->plan);
	if (r < 0)
		return stage_fail(c, STEP_APPARMOR, -1, r);
	r = selinux(c->rd->plan);
	return r < 0 ? stage_fail(c, STEP_SELINUX, -1, r) : 0;
}
