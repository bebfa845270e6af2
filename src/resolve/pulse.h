/* SPDX-License-Identifier: MIT */
/* pulse.h - what clients ask of a sound server, read and made harmless */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum {
	PULSE_HEADER = 20, /* bytes before each packet and each piece of sound */
	PULSE_PACKET_MAX =
		64 * 1024, /* of a packet; what clients send are some hundred */
};

struct pulse_header {
	uint32_t size; /* of what follows */
	uint32_t channel; /* of the piece of sound; PULSE_CONTROL: a packet */
};

#define PULSE_CONTROL UINT32_C(0xffffffff)

/* 0, or -EPROTO: memory that is shared, or more than a packet may have. */
int pulse_read_header(const uint8_t bytes[PULSE_HEADER], struct pulse_header *ret);
void pulse_write_size(uint8_t bytes[PULSE_HEADER], uint32_t size);

/* Changes the packet so that it asks for no more than sound: a command that is not on the
 * list becomes a question which the server answers with an error; properties that are not
 * become others that nobody reads; memory is not shared. It never grows. 0, or -EPROTO where
 * it cannot be read. */
int pulse_tame(uint8_t *packet, size_t *size);
