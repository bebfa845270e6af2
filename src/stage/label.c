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

/* "auto" takes the profile that sbox ships, where AppArmor is on and has it loaded. */
static int apparmor(const char *label)
{
	/* before 5.8 there was one file for whichever module was on */
	static const char path[] = "/proc/thread-self/attr/apparmor/exec";
	static const char shipped[] = "sbox_app";
	char line[LABEL_MAX];
	bool is_auto = strcmp(label, "auto") == 0;
	if (strcmp(label, "off") == 0)
		return 0;
	(void)snprintf(line, sizeof(line), "exec %s", is_auto ? shipped : label);
	int r = write_attr(path, line, is_auto ? shipped : label);
	/* ENOENT: no AppArmor, or no such profile; EINVAL: AppArmor is built in but off */
	if (is_auto && (r == -ENOENT || r == -EINVAL || r == -EACCES))
		return 0;
	return r;
}

static int selinux(const char *label)
{
	if (strcmp(label, "off") == 0 || strcmp(label, "auto") == 0)
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
