/* SPDX-License-Identifier: MIT */
/* pulse.c - what clients ask of a sound server, read and made harmless
 *
 * PulseAudio and pipewire-pulse load modules when a client asks them to, among these such
 * as load any shared library into the server: whoever speaks to the socket runs code as the
 * user, outside of every sandbox. Properties do the same: module-filter-apply makes modules
 * of a stream's "filter.apply", and PipeWire graphs of "audioconvert.filter-graph". So what
 * passes is a list: commands for streams, and questions; properties that tell who plays what.
 * Of all streams of the server a client has to do with its own only: their numbers are taken
 * from the server's answers.
 */
#include "resolve/pulse.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/macros.h"
#include "base/str.h"

/* Numbers of the protocol. */
enum { ERROR = 0, REPLY = 2, AUTH = 8, GET_MODULE_INFO = 25, COMMANDS = 105 };
enum { PLAYBACK_KILLED = 64, RECORD_KILLED = 65, EVENT = 66 };
enum { VERSION_MASK = 0xffff, SHARED_MEMORY = 0xff }; /* in the first byte of the flags */
enum { ERROR_ACCESS = 1 };
enum {
	KIND_MASK = 0xf,
	SINK = 0,
	SOURCE,
	SINK_INPUT,
	SOURCE_OUTPUT,
	SERVER = 7,
	CARD = 9
};

/* Where the numbers of a packet are; each is behind a letter. */
enum { AT_COMMAND = 1, AT_TAG = 6, AT_FIRST = 11, AT_SECOND = 16, NUMBER = 5, BARE = 10 };

/* Tags of ours. Those of clients count from 0. */
#define OURS UINT32_C(0x80000000)

enum {
	PASSES = 1,
	NEW = 2, /* makes a stream */
	END = 4, /* ends one: its first number is the channel */
	OWN = 8, /* its first number is the index of a stream, which is to be its own */
	EMPTY = 16, /* a list of what others have: answered, but with nothing in it */
	RECORDS = 32, /* only for who may record; a list is empty for others */
	REFUSED = 64, /* none of the above */
};

static const uint8_t commands[COMMANDS] = {
	/* streams: make, end, drain, latency, play a sample that is there */
	[3] = NEW,
	[4] = END,
	[5] = NEW | RECORDS,
	[6] = END | RECORDS,
	[12] = PASSES,
	[14] = PASSES,
	[18] = PASSES,
	[41 ... 43] = PASSES,
	[46] = PASSES,
	[47] = RECORDS,
	[57 ... 59] = RECORDS,
	[60] = PASSES,
	[72] = PASSES,
	[73] = RECORDS,
	[74] = PASSES,
	[75] = RECORDS,
	/* their volume, and whether they are silent */
	[37] = OWN,
	[69] = OWN,
	[98 ... 99] = OWN | RECORDS,
	/* who one is, and what one plays */
	[AUTH] = PASSES,
	[9] = PASSES,
	[80] = RECORDS,
	[81 ... 82] = PASSES,
	[83] = RECORDS,
	[84 ... 85] = PASSES,
	/* questions: the server, its sinks, sources and cards, and what changes */
	[10] = PASSES,
	[11] = RECORDS,
	[13] = PASSES,
	[20 ... 22] = PASSES,
	[23] = RECORDS,
	[24] = EMPTY | RECORDS,
	[35] = PASSES,
	[88 ... 89] = PASSES,
	/* questions: streams; modules, clients, samples */
	[29] = OWN,
	[30] = EMPTY,
	[31] = OWN | RECORDS,
	[32] = EMPTY,
	[26] = EMPTY,
	[28] = EMPTY,
	[34] = EMPTY,
};

static uint32_t read_u32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void write_u32(uint8_t *p, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(value >> (24 - 8 * i));
}

int pulse_read_header(const uint8_t bytes[PULSE_HEADER], struct pulse_header *ret)
{
	*ret = (struct pulse_header){ .size = read_u32(bytes),
		.channel = read_u32(bytes + 4) };
	return bytes[16] & SHARED_MEMORY ? -EPROTO : 0;
}

void pulse_write_size(uint8_t bytes[PULSE_HEADER], uint32_t size)
{
	write_u32(bytes, size);
}

/* ---- values, each behind a letter for its type ---- */

struct reader {
	uint8_t *p, *end;
};

static bool skip(struct reader *r, size_t n)
{
	if ((size_t)(r->end - r->p) < n)
		return false;
	r->p += n;
	return true;
}

static bool letter(struct reader *r, char want)
{
	return r->p < r->end && *r->p == (uint8_t)want && skip(r, 1);
}

static bool number(struct reader *r, uint32_t *ret)
{
	if (!letter(r, 'L') || r->end - r->p < 4)
		return false;
	*ret = read_u32(r->p);
	return skip(r, 4);
}

/* Behind its letter. */
static bool string(struct reader *r)
{
	uint8_t *nul = memchr(r->p, '\0', (size_t)(r->end - r->p));
	return nul && skip(r, (size_t)(nul + 1 - r->p));
}

/* Behind its letter: a size of one byte, and so many of @each. */
static bool counted(struct reader *r, size_t each)
{
	return r->p < r->end && skip(r, 1 + *r->p * each);
}

static bool bytes(struct reader *r)
{
	return r->end - r->p >= 4 && skip(r, 4 + (size_t)read_u32(r->p));
}

static bool is_harmless(const char *key)
{
	static const char *const whole[] = { "media.name", "media.title", "media.artist",
		"media.copyright", "media.software", "media.language", "media.filename",
		"media.icon", "media.icon_name", "media.role", "module-stream-restore.id",
		"format.sample_format", "format.rate", "format.channels",
		"format.channel_map" };
	static const char *const begins[] = { "application.", "window.", "event." };
	for (size_t i = 0; i < ARRAY_SIZE(whole); i++)
		if (strcmp(key, whole[i]) == 0)
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(begins); i++)
		if (str_starts(key, begins[i]))
			return true;
	return false;
}

/* Behind its letter: names with values. One that is not on the list gets another name. */
static bool properties(struct reader *r)
{
	uint32_t size;
	while (!letter(r, 'N')) {
		uint8_t *key = r->p + 1;
		if (!letter(r, 't') || !string(r) || !number(r, &size) ||
			!letter(r, 'x') || !bytes(r))
			return false;
		if (!is_harmless((const char *)key) && *key)
			*key = '_';
	}
	return true;
}

static bool value(struct reader *r)
{
	if (r->p == r->end)
		return false;
	char type = (char)*r->p++;
	switch (type) {
	case 't':
		return string(r);
	case 'N':
	case '0':
	case '1':
		return true;
	case 'B':
		return skip(r, 1);
	case 'L':
	case 'V':
		return skip(r, 4);
	case 'R':
	case 'r':
	case 'T':
	case 'U':
		return skip(r, 8);
	case 'a':
		return skip(r, 6);
	case 'm':
		return counted(r, 1);
	case 'v':
		return counted(r, 4);
	case 'x':
		return bytes(r);
	case 'P':
		return properties(r);
	case 'f':
		return letter(r, 'B') && skip(r, 1) && letter(r, 'P') && properties(r);
	default:
		return false;
	}
}

/* ---- questions and streams of a client ---- */

/* The oldest gives way: its answer reaches nobody then, and teaches nothing. */
static void ask(struct pulse_client *c, uint8_t *packet, uint8_t kind)
{
	struct pulse_question *q = &c->questions[c->asked % PULSE_WAITING_MAX];
	*q = (struct pulse_question){
		.tag = read_u32(packet + AT_TAG), .ours = OURS | c->asked, .kind = kind
	};
	c->asked = (c->asked + 1) & ~OURS;
	write_u32(packet + AT_TAG, q->ours);
}

static void learn(struct pulse_client *c, uint32_t channel, uint32_t index, bool records)
{
	for (size_t i = 0; i < PULSE_STREAMS; i++) {
		if (c->streams[i].used)
			continue;
		c->streams[i] = (struct pulse_stream){ channel, index, true, records };
		return;
	}
}

static void forget(struct pulse_client *c, uint32_t channel, bool records)
{
	for (size_t i = 0; i < PULSE_STREAMS; i++) {
		struct pulse_stream *s = &c->streams[i];
		if (s->used && s->channel == channel && s->records == records)
			s->used = false;
	}
}

static bool owns(const struct pulse_client *c, uint32_t index, bool records)
{
	for (size_t i = 0; i < PULSE_STREAMS; i++) {
		const struct pulse_stream *s = &c->streams[i];
		if (s->used && s->index == index && s->records == records)
			return true;
	}
	return false;
}

/* ---- what the client sends ---- */

/* A question that has no other answer than an error, told as that one may not. What has no
 * words to write it over would end the server. */
static int refuse(struct pulse_client *c, uint8_t *packet, size_t *size)
{
	if (*size < BARE + NUMBER)
		return -EPROTO;
	write_u32(packet + AT_COMMAND, GET_MODULE_INFO);
	packet[BARE] = 'L';
	write_u32(packet + AT_FIRST, UINT32_MAX);
	ask(c, packet, REFUSED);
	*size = BARE + NUMBER;
	return 0;
}

static uint8_t what_becomes_of(
	const struct pulse_client *c, uint32_t command, struct reader r)
{
	uint8_t how = command < COMMANDS ? commands[command] : 0;
	bool records = how & RECORDS;
	uint32_t first;
	if (records && !c->record)
		return how & EMPTY ? EMPTY : REFUSED;
	if (how & OWN && (!number(&r, &first) || !owns(c, first, records)))
		return REFUSED;
	if (how == (EMPTY | RECORDS))
		return PASSES;
	return how ? how : REFUSED;
}

int pulse_tame(struct pulse_client *c, uint8_t *packet, size_t *size)
{
	struct reader r = { packet, packet + *size };
	uint32_t command, tag, first;
	if (!number(&r, &command) || !number(&r, &tag) || tag & OURS)
		return -EPROTO;
	uint8_t how = what_becomes_of(c, command, r);
	if (how == REFUSED) {
		c->wanted_record |=
			command < COMMANDS && commands[command] == (NEW | RECORDS);
		return refuse(c, packet, size);
	}
	struct reader rest = r;
	while (r.p < r.end)
		if (!value(&r))
			return -EPROTO;
	if (command == AUTH) {
		if (!number(&rest, &first))
			return -EPROTO;
		write_u32(packet + AT_FIRST, first & VERSION_MASK);
	}
	if (how & END && number(&rest, &first))
		forget(c, first, how & RECORDS);
	if (how & (NEW | EMPTY))
		ask(c, packet, how);
	return 0;
}

/* ---- what the server sends ---- */

static bool reads_two(const uint8_t *packet, uint32_t size)
{
	return size >= BARE + 2 * NUMBER && packet[AT_FIRST - 1] == 'L' &&
		packet[AT_SECOND - 1] == 'L';
}

static void answer(struct pulse_client *c, uint8_t *packet, uint32_t *size, bool is_error)
{
	uint32_t tag = read_u32(packet + AT_TAG);
	struct pulse_question *q = &c->questions[(tag & ~OURS) % PULSE_WAITING_MAX];
	if (!(tag & OURS))
		return;
	if (!q->kind || q->ours != tag) {
		*size = 0;
		return;
	}
	write_u32(packet + AT_TAG, q->tag);
	if (is_error) {
		if (q->kind == REFUSED && *size >= BARE + NUMBER)
			write_u32(packet + AT_FIRST, ERROR_ACCESS);
	} else if (!(q->kind & NEW)) {
		*size = BARE;
	} else if (reads_two(packet, *size)) {
		learn(c, read_u32(packet + AT_FIRST), read_u32(packet + AT_SECOND),
			q->kind & RECORDS);
	}
	q->kind = 0;
}

/* Whether an event is of what the client may ask about. */
static bool is_for(const struct pulse_client *c, const uint8_t *packet, uint32_t size)
{
	if (!reads_two(packet, size))
		return false;
	uint32_t index = read_u32(packet + AT_SECOND);
	switch (read_u32(packet + AT_FIRST) & KIND_MASK) {
	case SINK:
	case SERVER:
	case CARD:
		return true;
	case SOURCE:
		return c->record;
	case SINK_INPUT:
		return owns(c, index, false);
	case SOURCE_OUTPUT:
		return owns(c, index, true);
	default:
		return false;
	}
}

int pulse_answer(struct pulse_client *c, uint8_t *packet, uint32_t *size)
{
	if (*size < BARE || packet[AT_COMMAND - 1] != 'L' || packet[AT_TAG - 1] != 'L')
		return -EPROTO;
	uint32_t command = read_u32(packet + AT_COMMAND);
	if (command == ERROR || command == REPLY) {
		c->waiting -= c->waiting > 0;
		answer(c, packet, size, command == ERROR);
	} else if (command == PLAYBACK_KILLED || command == RECORD_KILLED) {
		if (*size >= BARE + NUMBER)
			forget(c, read_u32(packet + AT_FIRST), command == RECORD_KILLED);
	} else if (command == EVENT && !is_for(c, packet, *size)) {
		*size = 0;
	}
	return 0;
}
