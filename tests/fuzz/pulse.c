/* SPDX-License-Identifier: MIT */
/* pulse.c - any bytes as a packet for a sound server: what passes once passes unchanged again
 *
 * A packet that was made harmless has nothing left to be changed, and none has grown.
 */
#include <stdlib.h>
#include <string.h>

#include "resolve/pulse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t tamed = size;
	uint8_t *packet = malloc(size ? size : 1), *copy = NULL;
	if (size)
		memcpy(packet, data, size);
	if (pulse_tame(packet, &tamed) == 0) {
		size_t again = tamed;
		copy = malloc(tamed ? tamed : 1);
		memcpy(copy, packet, tamed);
		if (tamed > size || pulse_tame(copy, &again) < 0 || again != tamed ||
			memcmp(copy, packet, tamed) != 0)
			abort();
	}
	free(packet);
	free(copy);
	return 0;
}
