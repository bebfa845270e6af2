/* SPDX-License-Identifier: MIT */
/* pulse.c - any bytes as a packet for a sound server: what passes once passes unchanged again
 *
 * A packet that was made harmless has nothing left to be changed but its tag, and none has
 * grown. The same bytes as a packet from the server: nothing of them is added to either.
 */
#include <stdlib.h>
#include <string.h>

#include "resolve/pulse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TAG = 6, TAG_SIZE = 4 };

static uint8_t *copy_of(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);
	if (size)
		memcpy(copy, data, size);
	return copy;
}

static void as_client(const uint8_t *data, size_t size, bool record)
{
	struct pulse_client first = { .record = record }, second = { .record = record };
	size_t tamed = size;
	uint8_t *packet = copy_of(data, size);
	if (pulse_tame(&first, packet, &tamed) == 0) {
		size_t again = tamed;
		memcpy(packet + TAG, data + TAG, TAG_SIZE);
		uint8_t *copy = copy_of(packet, tamed);
		if (tamed > size || pulse_tame(&second, copy, &again) < 0 ||
			again != tamed)
			abort();
		memcpy(copy + TAG, data + TAG, TAG_SIZE);
		if (memcmp(copy, packet, tamed) != 0 || (!record && packet[4] == 5))
			abort();
		free(copy);
	}
	free(packet);
}

/* The client has asked one question of each kind before. */
static void as_server(const uint8_t *data, size_t size, bool record)
{
	const uint8_t asked[] = { 3, 5, 30, 51 };
	struct pulse_client c = { .record = record };
	uint8_t *packet = copy_of(data, size < PULSE_LOOK ? size : PULSE_LOOK);
	uint32_t left = (uint32_t)size;
	for (size_t i = 0; i < sizeof(asked); i++) {
		uint8_t question[] = { 'L', 0, 0, 0, asked[i], 'L', 0, 0, 0, 1, 'L', 0, 0,
			0, 0 };
		size_t n = sizeof(question);
		(void)pulse_tame(&c, question, &n);
	}
	if (pulse_answer(&c, packet, &left) == 0 && left > size)
		abort();
	free(packet);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (int record = 0; record < 2; record++) {
		as_client(data, size, record);
		as_server(data, size, record);
	}
	return 0;
}
