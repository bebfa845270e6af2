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

/* Whether the plan leaves the label to what the caller's own gives. */
static bool left_alone(const char *label)
{
	return strcmp(label, "off") == 0 || strcmp(label, "auto") == 0;
}

static int apparmor(const char *label)
{
	/* before 5.8 there was one file for whichever module was on */
	static const char path[] = "/proc/thread-self/attr/apparmor/exec";
	char line[LABEL_MAX];
	if (left_alone(label))
		return 0;
	(void)snprintf(line, sizeof(line), "exec %s", label);
	return write_attr(path, line, label);
}

static int selinux(const char *label)
{
	if (left_alone(label))
		return 0;
	return write_attr("/proc/thread-self/attr/exec", label, label);
}

/* Should: set what the plan names, read back. Mustn't: go on without one that was named. */
int stage_label(struct child *c)
{
	int r = apparmor(c->rd->plan->apparmor);
	if (r == 0)
		r = selinux(c->rd->plan->selinux);
	return r < 0 ? stage_fail(c, STEP_LABEL, -1, r) : 0;
}
