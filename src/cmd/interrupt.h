/* SPDX-License-Identifier: MIT */
/* interrupt.h - Ctrl-C in verbs that work for a while: they end at the next good place */
#pragma once

/* From now on the first SIGINT, SIGTERM or SIGHUP is noted; the next one ends the process as
 * it would without. One that the caller has ignored stays ignored. */
void interrupt_note(void);
/* The signal that was noted; 0: none was. */
int interrupt_noted(void);
