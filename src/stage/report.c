/* SPDX-License-Identifier: MIT */
/* report.c - the sending side of what the child tells its parent */
#include "stage/report.h"

#include <unistd.h>

void report_send(int fd, const struct report *report)
{
	/* no reader: we are about to be killed */
	(void)!write(fd, report, sizeof(*report));
}
