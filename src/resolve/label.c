/* SPDX-License-Identifier: MIT */
/* label.c - the AppArmor profile and the SELinux context that the program is to get
 *
 * A label that is named and not there is told before anything is started. For "auto" the
 * kernel is asked whether our profile is loaded, and not just tried: an attempt that fails
 * leaves a line in the kernel's log, at every start.
 */
#include "resolve/label.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"

static bool named(const char *label)
{
	return strcmp(label, "auto") != 0 && strcmp(label, "off") != 0;
}

/* The first line of a file; empty where it cannot be read. */
static const char *first_line(const char *path, char *buf, size_t size)
{
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : fd_read_full(fd, buf, size - 1);
	buf[n > 0 ? n : 0] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	return buf;
}

/* ---- AppArmor ---- */

static bool apparmor_is_on(void)
{
	char text[8];
	return strcmp(first_line("/sys/module/apparmor/parameters/enabled", text,
			      sizeof(text)),
		       "Y") == 0;
}

bool label_confines(char *buf, size_t size)
{
	/* "unconfined", or "NAME (MODE)" */
	first_line("/proc/self/attr/apparmor/current", buf, size);
	return *buf && strcmp(buf, "unconfined") != 0 && !str_ends(buf, " (unconfined)");
}

/* 0 where a profile of that name is loaded, -ENOENT where none is; another error where the
 * kernel cannot be asked. The question is what the profile says of the file "/". */
static int apparmor_ask(const char *name)
{
	static const char about[] = "\2/";
	char text[LABEL_MAX];
	size_t size = sizeof("label") + strlen(name) + sizeof(about);
	if (!*name || size >= sizeof(text))
		return -ENOENT;
	(void)snprintf(text, sizeof(text), "label%c%s%c%s", '\0', name, '\0', about);
	_cleanup_fd_ int fd =
		open("/sys/kernel/security/apparmor/.access", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -EOPNOTSUPP; /* securityfs is not for us, in a container */
	return RETRY(write(fd, text, size)) < 0 ? -errno : 0;
}

static const char *why_not_ours(struct ready *rd)
{
	char own[LABEL_MAX];
	const struct plan *p = rd->plan;
	if (strcmp(p->apparmor, "off") == 0)
		return "the caller's stays";
	if (p->nested == NESTED_FULL)
		return "the program may mount";
	if (!apparmor_is_on())
		return "it is off here";
	if (label_confines(own, sizeof(own)))
		return arena_printf(p->arena, "the caller's stays, %s", own);
	if (apparmor_ask(APPARMOR_PAYLOAD) < 0)
		return APPARMOR_PAYLOAD " is not loaded";
	return p->proc ? NULL : "there is no /proc to put it on through";
}

static void apparmor(struct ready *rd, struct diags *d)
{
	const struct plan *p = rd->plan;
	const struct origin *at = &p->origin[SET_APPARMOR];
	if (!named(p->apparmor)) {
		rd->label.why_not = why_not_ours(rd);
		rd->label.apparmor = rd->label.why_not ? NULL : APPARMOR_PAYLOAD;
		return;
	}
	rd->label.apparmor = p->apparmor;
	if (!apparmor_is_on())
		diag_add(d, at, "'%s' needs AppArmor, which is off here", p->apparmor)
			->hint = "apparmor = auto does without";
	else if (apparmor_ask(p->apparmor) == -ENOENT)
		diag_add(d, at, "no AppArmor profile '%s' is loaded", p->apparmor)->hint =
			"an administrator loads one with: apparmor_parser -r FILE "
			"(those of the system are in /etc/apparmor.d; aa-status "
			"lists what is loaded)";
}

/* ---- SELinux ---- */

/* The kernel takes a context only if its policy knows all parts of it. */
static int selinux_ask(const char *context)
{
	_cleanup_fd_ int fd = open("/sys/fs/selinux/context", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return RETRY(write(fd, context, strlen(context) + 1)) < 0 ? -errno : 0;
}

static void selinux(struct ready *rd, struct diags *d)
{
	const struct plan *p = rd->plan;
	const struct origin *at = &p->origin[SET_SELINUX];
	if (!named(p->selinux))
		return;
	rd->label.selinux = p->selinux;
	if (access("/sys/fs/selinux/enforce", F_OK) < 0)
		diag_add(d, at, "'%s' needs SELinux, which is off here", p->selinux)
			->hint = "selinux = auto does without";
	else if (selinux_ask(p->selinux) == -EINVAL)
		diag_add(d, at, "SELinux's policy knows no context '%s'", p->selinux)
			->hint =
			"a context is user:role:type:level, as 'ps -Z' shows them";
}

void label_resolve(struct ready *rd, struct diags *d)
{
	apparmor(rd, d);
	selinux(rd, d);
}
