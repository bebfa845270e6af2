/* SPDX-License-Identifier: MIT */
/* interrupt.c - Ctrl-C in verbs that work for a while: they end at the next good place */
#include "cmd/interrupt.h"

#include <signal.h>
#include <stddef.h>

#include "base/macros.h"

static volatile sig_atomic_t noted;

static void note(int sig)
{
	noted = sig;
}

void interrupt_note(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		struct sigaction old,
			new = { .sa_handler = note,
				.sa_flags = SA_RESTART | (int)SA_RESETHAND };
		if (sigaction(signals[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
			(void)sigaction(signals[i], &new, NULL);
	}
}

int interrupt_noted(void)
{
	return noted;
}
