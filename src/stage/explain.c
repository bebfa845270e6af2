/* SPDX-License-Identifier: MIT */
/* explain.c - the sentence for a failed step: what, where, why, and what to do */
#include "stage/explain.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/num.h"
#include "base/path.h"
#include "config/settings.h"
#include "resolve/label.h"

static const char *const step_texts[STEP_COUNT] = {
	[STEP_NONE] = "cannot start",
	[STEP_CLONE] = "cannot make the namespaces",
	[STEP_PARENT] = "the start was given up",
	[STEP_ID_MAP] = "cannot write the id map of the user namespace",
	[STEP_GROUPS] = "cannot drop the supplementary groups",
	[STEP_HOSTNAME] = "cannot set the host name",
	[STEP_NETWORK] = "cannot make the network namespace",
	[STEP_KEYRING] = "cannot leave the session keyring",
	[STEP_LOOPBACK] = "cannot bring up the loopback interface",
	[STEP_TIME] = "cannot make the time namespace",
	[STEP_ROOT] = "cannot make the new root",
	[STEP_SOURCE] = "cannot open the source",
	[STEP_CHANGED] = "the source was replaced while the sandbox was being made",
	[STEP_PLACE] = "there is no place to mount on",
	[STEP_MOUNT] = "cannot mount",
	[STEP_OVERLAY] = "cannot put a layer over the tree",
	[STEP_FILE] = "cannot make the file",
	[STEP_SEAL] = "cannot make read-only",
	[STEP_PIVOT] = "cannot enter the new root",
	[STEP_SESSION] = "cannot start a session",
	[STEP_FORK] = "cannot start the program's process",
	[STEP_HELPER] = "a helper did not start",
	[STEP_CAPABILITIES] = "cannot drop capabilities",
	[STEP_NO_NEW_PRIVS] = "cannot set no_new_privs",
	[STEP_LANDLOCK] = "cannot put on the Landlock rules",
	[STEP_APPARMOR] = "cannot put on the AppArmor profile",
	[STEP_SELINUX] = "cannot put on the SELinux context",
	[STEP_SECCOMP] = "cannot put on the system-call filter",
	[STEP_LIMITS] = "cannot set the program's own limits",
	[STEP_DESCRIPTORS] = "cannot close descriptors",
	[STEP_CHDIR] = "cannot enter the directory",
	[STEP_EXEC] = "cannot execute",
};

/* The number in a file of /proc/sys; -1 where there is none. */
static int64_t sysctl(const char *name)
{
	char path[128], text[32];
	uint64_t n;
	(void)snprintf(path, sizeof(path), "/proc/sys/%s", name);
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t size = fd < 0 ? -1 : fd_read_full(fd, text, sizeof(text) - 1);
	if (size <= 0)
		return -1;
	text[size] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return num_u64(text, 0, INT64_MAX, &n) == 0 ? (int64_t)n : -1;
}

/* Ubuntu 23.10 and later: the namespace is made, and then no capability works in it. The
 * mend is a profile for this very executable. */
static void hint_apparmor(struct err *e)
{
	char self[256] = "";
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (n <= 0)
		return;
	err_hint(e,
		"AppArmor keeps programs from using user namespaces here; an administrator "
		"allows them to sbox with: printf 'abi <abi/4.0>,\\nprofile sbox \"%s\" "
		"flags=(unconfined) {\\n userns,\\n}\\n' | sudo tee /etc/apparmor.d/sbox && "
		"sudo apparmor_parser -r /etc/apparmor.d/sbox",
		self);
}

/* A profile of its own that confines sbox, or the caller's. */
static bool hint_confined(struct err *e)
{
	char own[LABEL_MAX];
	if (!label_confines(own, sizeof(own)))
		return false;
	err_hint(e,
		"sbox runs under the AppArmor profile %.200s; to make user namespaces that "
		"has to allow: userns, capability, mount, umount, pivot_root",
		own);
	return true;
}

/* The knobs that forbid user namespaces, most telling first. */
static void hint_user_namespaces(struct err *e, int error)
{
	if (sysctl("kernel/unprivileged_userns_clone") == 0)
		err_hint(e,
			"user namespaces are switched off; an administrator allows them with: "
			"sysctl -w kernel.unprivileged_userns_clone=1");
	else if (sysctl("user/max_user_namespaces") == 0)
		err_hint(e,
			"the limit of user namespaces is 0; an administrator raises it with: "
			"sysctl -w user.max_user_namespaces=10000");
	else if ((error == -EPERM || error == -EACCES) && hint_confined(e))
		return; /* whatever AppArmor lets unconfined programs do */
	else if (sysctl("kernel/apparmor_restrict_unprivileged_userns") > 0)
		hint_apparmor(e);
	else if (error == -ENOSPC || error == -EUSERS)
		err_hint(e,
			"a limit of namespaces is reached; see user.max_*_namespaces in "
			"namespaces(7), and whether many sandboxes run");
	else if (error == -EPERM)
		err_hint(e,
			"a system-call filter or a security module forbids it; in a container "
			"its own filter has to allow user namespaces");
	else if (error == -EINVAL)
		err_hint(e,
			"this kernel lacks a kind of namespace; sbox needs Linux 5.10 or "
			"later with all of them built in");
}

int explain_clone(int error, struct err *e)
{
	err_sys(e, error, "%s", step_texts[STEP_CLONE]);
	hint_user_namespaces(e, error);
	return error;
}

/* "read = /x (browser.conf:4): " and what is where. */
static void about_op(const struct ready *rd, const struct report *report, struct err *e)
{
	const struct mount_op *op = &rd->ops.v[report->op];
	const char *step = step_texts[report->step];
	bool two = op->kind == OP_BIND && op->source && strcmp(op->source, op->dest) != 0;
	err_sys(e, report->error, "%s: %s: '%s'%s%s%s (%s)", settings[op->id].key, step,
		two ? op->source : op->dest, two ? " at '" : "", two ? op->dest : "",
		two ? "'" : "", origin_text(rd->plan->arena, &op->at));
	if (report->step == STEP_CHANGED)
		err_hint(e,
			"something changes that path all the time; start again when it does not");
	else if (report->step == STEP_PLACE && report->error == -ENOENT)
		err_hint(e,
			"the root has nothing there; make it in the root, or mount a tmpfs above");
	else if (report->step == STEP_PLACE && report->error == -EXDEV)
		err_hint(e,
			"a link on the way leads out of a directory that the sandbox may "
			"write; such a link is not followed");
	else if (report->step == STEP_LANDLOCK && report->error == -ENOENT)
		err_hint(e,
			"a link that a program left on the way there, such as in its home, "
			"leads elsewhere; remove it, or run with another --home");
	else if (op->kind == OP_PROC && report->error == -EPERM)
		err_hint(e,
			"a container that hides parts of /proc forbids a fresh one; run it with "
			"its /proc unmasked, or with --proc=no");
	else if (report->error == -ENOSYS)
		err_hint(e,
			"a system call is missing: sbox needs Linux 5.10 or later, or a "
			"container whose filter knows openat2");
	else if (report->error == -EPERM || report->error == -EACCES)
		hint_user_namespaces(e, report->error);
}

/* Where the host has the program, for the hint. */
static const char *host_program(const struct ready *rd)
{
	struct arena *a = rd->plan->arena;
	const char *path = host_env(&rd->host, "PATH");
	if (!rd->program[0])
		return NULL;
	if (strchr(rd->program, '/'))
		return access(rd->program, X_OK) == 0 ? rd->program : NULL;
	for (const char *p = path ? path : ""; *p; p += strcspn(p, ":"), p += *p == ':') {
		const char *file =
			arena_printf(a, "%.*s/%s", (int)strcspn(p, ":"), p, rd->program);
		if (file[0] == '/' && access(file, X_OK) == 0)
			return file;
	}
	return NULL;
}

static int about_exec(const struct ready *rd, int error, struct err *e)
{
	const char *name = rd->program;
	if (error == -ENOENT) {
		err_set(e, error, "there is no program '%s' in the sandbox", name);
		const char *host = host_program(rd);
		if (host)
			err_hint(e, "the host has '%s'; show it with --read=%s", host,
				strchr(name, '/') ? name
						  : path_dirname(rd->plan->arena, host));
		e->exit_status = EXIT_NOT_FOUND;
		return error;
	}
	if (error == -ELIBBAD)
		err_set(e, error,
			"cannot execute '%s': the interpreter or loader that it names does not "
			"exist in the sandbox",
			name);
	else
		err_sys(e, error, "cannot execute '%s'", name);
	if (rd->label.selinux && (error == -EPERM || error == -EACCES))
		err_hint(e,
			"SELinux's policy may forbid the change to '%.200s': it takes "
			"process { transition } and process2 { nnp_transition "
			"nosuid_transition }; ausearch -m avc shows what was missing",
			rd->label.selinux);
	e->exit_status = EXIT_CANNOT_EXEC;
	return error;
}

/* Whatever else can be wrong with a label was found when it was resolved. */
static int about_label(const struct ready *rd, enum step step, int error, struct err *e)
{
	bool apparmor = step == STEP_APPARMOR;
	char own[LABEL_MAX];
	err_sys(e, error, "%s '%s'", step_texts[step],
		apparmor ? rd->label.apparmor : rd->label.selinux);
	if (apparmor && label_confines(own, sizeof(own)))
		return err_hint(e,
			"the caller is confined by %.200s, which has to allow it: "
			"change_profile -> %.200s,",
			own, rd->label.apparmor);
	return err_hint(e, "%s = auto does without", apparmor ? "apparmor" : "selinux");
}

int explain_report(const struct ready *rd, const struct report *report, struct err *e)
{
	int error = report->error < 0 ? report->error : -EPROTO;
	if (report->step == STEP_EXEC)
		return about_exec(rd, error, e);
	if (report->op >= 0 && (size_t)report->op < rd->ops.n) {
		about_op(rd, report, e);
		return error;
	}
	const char *text = report->step < STEP_COUNT ? step_texts[report->step]
						     : step_texts[STEP_NONE];
	if (report->step == STEP_CHDIR) {
		err_sys(e, error, "%s '%s' in the sandbox", text, rd->chdirs[0]);
		return err_hint(
			e, "show it with --read=%s, or leave --chdir out", rd->chdirs[0]);
	}
	if (report->step == STEP_APPARMOR || report->step == STEP_SELINUX)
		return about_label(rd, report->step, error, e);
	err_sys(e, error, "%s", text);
	if (report->step == STEP_TIME && error == -ERANGE)
		return err_hint(e, "a clock cannot become negative");
	if (report->step == STEP_KEYRING && error == -EDQUOT)
		return err_hint(e,
			"a program that may use keys gets a keyring of its own, and one user's "
			"number of those is limited: sysctl kernel.keys.maxkeys");
	if (report->step == STEP_LANDLOCK && error == -EPROTONOSUPPORT)
		return err_hint(e,
			"this kernel's Landlock cannot bar abstract sockets, which network = "
			"host leads to (Linux 6.12 can); landlock = auto runs without");
	if (report->step == STEP_LANDLOCK && (error == -ENOSYS || error == -EOPNOTSUPP))
		return err_hint(e,
			"this kernel has no Landlock, or it is off (the lsm= boot "
			"parameter); landlock = auto runs without");
	if (error == -EPERM || error == -EACCES || report->step == STEP_NETWORK)
		hint_user_namespaces(e, error);
	return error;
}
