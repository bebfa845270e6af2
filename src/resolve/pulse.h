/* SPDX-License-Identifier: MIT */
/* pulse.h - what clients ask of a sound server, read and made harmless */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	PULSE_HEADER = 20, /* bytes before each packet and each piece of sound */
	PULSE_PACKET_MAX = 64 * 1024, /* of a client's packet; most are some hundred */
	PULSE_LOOK = 20, /* of a server's packet, what is looked at */
	PULSE_WAITING_MAX = 128, /* questions that wait for their answers */
	PULSE_STREAMS = 128,
};

struct pulse_header {
	uint32_t size; /* of what follows */
	uint32_t channel; /* of the piece of sound; PULSE_CONTROL: a packet */
};

#define PULSE_CONTROL UINT32_C(0xffffffff)

/* A question whose answer is changed, too. It goes to the server with a tag of ours, so that
 * a client cannot have the answer to something else taken for it. */
struct pulse_question {
	uint32_t tag, ours;
	uint8_t kind; /* 0: none */
};

struct pulse_stream {
	uint32_t channel, index; /* on this connection; among all of the server's */
	bool used, records;
};

/* One connection. Begins as zeros but for @record. */
struct pulse_client {
	bool record; /* it may */
	bool wanted_record; /* it tried to, and may not */
	uint32_t waiting; /* questions without their answers; for who passes them on */
	uint32_t asked;
	struct pulse_question questions[PULSE_WAITING_MAX];
	struct pulse_stream streams[PULSE_STREAMS];
};

/* 0, or -EPROTO: memory that is shared. */
int pulse_read_header(const uint8_t bytes[PULSE_HEADER], struct pulse_header *ret);
void pulse_write_size(uint8_t bytes[PULSE_HEADER], uint32_t size);

/* Changes the client's packet so that it asks for no more than sound: a command that is not
 * on the list, or that is for what others play, becomes a question which the server answers
 * with an error; properties that are not on theirs become others that nobody reads; memory
 * is not shared. It never grows. 0, or -EPROTO where it cannot be read. */
int pulse_tame(struct pulse_client *c, uint8_t *packet, size_t *size);

/* Looks at the server's packet, of which the first bytes are there: PULSE_LOOK, or all @size
 * where it has fewer. Learns which streams are the client's. @size becomes what of it the
 * client is to get: all, less where it tells of others, or 0 for nothing. 0, or -EPROTO. */
int pulse_answer(struct pulse_client *c, uint8_t *packet, uint32_t *size);
