/* SPDX-License-Identifier: MIT */
/* pulse.c - what clients ask of a sound server, read and made harmless
 *
 * PulseAudio and pipewire-pulse load modules when a client asks them to, among these such
 * as load any shared library into the server: whoever speaks to the socket runs code as the
 * user, outside of every sandbox. Properties do the same: module-filter-apply makes modules
 * of a stream's "filter.apply", and PipeWire graphs of "audioconvert.filter-graph". So what
 * passes is a list: commands for streams, and questions; properties that tell who plays what.
 */
#include "resolve/pulse.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/macros.h"
#include "base/str.h"

/* Numbers of the protocol. */
enum { AUTH = 8, GET_MODULE_INFO = 25, COMMANDS = 105 };
enum { VERSION_MASK = 0xffff, SHARED_MEMORY = 0xff }; /* in the first byte of the flags */

static const bool allowed[COMMANDS] = {
	/* streams: make, end, drain, latency, upload and play a sample */
	[3 ... 6] = true,
	[12] = true,
	[14 ... 18] = true,
	[41 ... 43] = true,
	[46 ... 47] = true,
	[57 ... 60] = true,
	[72 ... 75] = true,
	/* their volume, and whether they are silent */
	[37] = true,
	[69] = true,
	[98 ... 99] = true,
	/* who one is */
	[AUTH] = true,
	[9] = true,
	[80 ... 85] = true,
	/* questions: the server, its devices, modules, streams and cards, and what changes */
	[10 ... 11] = true,
	[13] = true,
	[20 ... 35] = true,
	[88 ... 89] = true,
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
	if (bytes[16] & SHARED_MEMORY)
		return -EPROTO;
	return ret->channel == PULSE_CONTROL && ret->size > PULSE_PACKET_MAX ? -EPROTO
									     : 0;
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

/* ---- packets ---- */

int pulse_tame(uint8_t *packet, size_t *size)
{
	struct reader r = { packet, packet + *size };
	uint32_t command, tag, version;
	if (!number(&r, &command) || !number(&r, &tag))
		return -EPROTO;
	uint8_t *rest = r.p;
	if (command >= COMMANDS || !allowed[command]) {
		/* what has no words to write the question over would end the server */
		if (r.end - rest < 5)
			return -EPROTO;
		write_u32(packet + 1, GET_MODULE_INFO);
		rest[0] = 'L';
		write_u32(rest + 1, UINT32_MAX);
		*size = (size_t)(rest + 5 - packet);
		return 0;
	}
	if (command == AUTH) {
		if (!number(&r, &version))
			return -EPROTO;
		write_u32(rest + 1, version & VERSION_MASK);
	}
	while (r.p < r.end)
		if (!value(&r))
			return -EPROTO;
	return 0;
}
