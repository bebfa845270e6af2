/* SPDX-License-Identifier: MIT */
/* label.c - the AppArmor profile or SELinux context that the program gets at its exec */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "resolve/label.h"
#include "stage/stage.h"

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
	/* AppArmor tells the mode, too: "NAME (enforce)" */
	size_t len = strlen(want);
	return strncmp(said, want, len) == 0 && strchr(" \n", said[len]) ? 0 : -EPROTO;
}

static int apparmor(const char *profile)
{
	/* before 5.8 there was one file for whichever module was on */
	static const char path[] = "/proc/thread-self/attr/apparmor/exec";
	char line[LABEL_MAX];
	(void)snprintf(line, sizeof(line), "exec %s", profile);
	return write_attr(path, line, profile);
}

static int selinux(const char *context)
{
	return write_attr("/proc/thread-self/attr/exec", context, context);
}

/* Should: set what was resolved, read back. Mustn't: go on without it. */
int stage_label(struct child *c)
{
	const struct label *l = &c->rd->label;
	int r = l->apparmor ? apparmor(l->apparmor) : 0;
	if (r < 0)
		return stage_fail(c, STEP_APPARMOR, -1, r);
	r = l->selinux ? selinux(l->selinux) : 0;
	return r < 0 ? stage_fail(c, STEP_SELINUX, -1, r) : 0;
}
