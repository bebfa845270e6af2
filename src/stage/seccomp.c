/* SPDX-License-Identifier: MIT */
/* seccomp.c - the system-call filter, put on last and tried at once */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "stage/stage.h"

/* Should: install the program, then see by a call that every filter of ours refuses that
 * the kernel judges by it. Mustn't: come before a stage that needs what is refused. */
int stage_seccomp(struct child *c)
{
	const struct filter *filter = &c->rd->filter;
	const struct sock_fprog program = { .len = (unsigned short)filter->count,
		.filter = (struct sock_filter *)filter->code };
	enum { INJECT = 0x5412 }; /* TIOCSTI */

	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0)
		return stage_fail(c, STEP_SECCOMP, -1, -errno);
	/* without a filter the answer to a bad descriptor is EBADF */
	if (ioctl(-1, INJECT, "") != -1 || errno != EPERM)
		return stage_fail(c, STEP_SECCOMP, -1, -EPROTO);
	return 0;
}
