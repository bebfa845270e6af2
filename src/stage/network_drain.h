/* SPDX-License-Identifier: MIT */
/* network_drain.h - what a program has sent before its end, awaited for a moment */
#pragma once

#include "stage/network_wall.h"
#include "stage/side.h"

/* Returns when nothing is on its way any more, or nothing of it has moved for a second, or
 * after some seconds. All programs inside have ended. */
void network_drain(const struct network_place *place, const struct side *helper,
	const struct side *forward);
