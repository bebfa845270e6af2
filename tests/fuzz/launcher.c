/* SPDX-License-Identifier: MIT */
/* launcher.c - any bytes as a launcher: what is accepted keeps its promises
 *
 * A rewritten launcher can be read again, is ours, starts nothing without sbox, and gives
 * the source back when our words are taken out of it.
 */
#include "config/launcher.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char prefix[] = "/b/sbox --profile=fuzz -- ";

static void check(struct arena *a, const struct launcher *l)
{
	static const struct launcher_wrap wrap = {
		.sbox = "/b/sbox",
		.profile = "fuzz",
		.source = "/s",
	};
	struct launcher again;
	struct err e;
	char *out;
	size_t size, prefixes = 0;

	if (launcher_rewrite(a, l, &wrap, &out, &size, &e) < 0)
		return;
	size_t own = size - l->size - l->execs * strlen(prefix);
	if (size > LAUNCHER_MAX)
		return; /* a file at the limit grows over it */
	int r = launcher_read(a, "again", out, size, &again, &e);
	if (r < 0 && strstr(e.msg, "longer than"))
		return; /* so does a line */
	if (r < 0 || !again.managed || again.execs != l->execs || again.dbus_activatable)
		abort();
	if (again.checksum != launcher_checksum(l->text, l->size))
		abort();
	for (const char *p = out;
		(p = memmem(p, size - (size_t)(p - out), prefix, strlen(prefix)));
		p += strlen(prefix))
		prefixes++;
	if (prefixes < l->execs)
		abort();
	/* without D-Bus's key the length is known to the byte */
	if (!memmem(l->text, l->size, "DBusActivatable", 15) && (own < 70 || own > 90))
		abort();
	struct launcher_wrap back;
	const char *program = launcher_unwrap(a, again.exec, &back);
	const char *before = launcher_program(a, l->exec);
	const char *words[LAUNCHER_WORDS_MAX];
	/* ours are words too, and may push the program out of sight */
	bool all = launcher_words(a, l->exec, words) + 3 <= LAUNCHER_WORDS_MAX;
	if (!before || (program ? strcmp(program, before) != 0 : all))
		abort();
	if (strcmp(back.sbox, wrap.sbox) != 0 || strcmp(back.profile, wrap.profile) != 0)
		abort();
	if (launcher_rewrite(a, &again, &wrap, &out, &size, &e) == 0)
		abort(); /* never twice */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = { 0 };
	struct launcher l;
	struct err e;
	/* a copy of its own size, so that a sanitizer sees the end */
	char *text = malloc(size ? size : 1);
	if (size)
		memcpy(text, data, size);
	if (launcher_read(&a, "fuzz", text, size, &l, &e) == 0)
		check(&a, &l);
	free(text);
	arena_done(&a);
	return 0;
}
