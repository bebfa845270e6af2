/* SPDX-License-Identifier: MIT */
/* use.c - what an instance uses, as "sbox stats" and "sbox top" show it */
#include "cmd/use.h"

#include "base/fd.h"
#include "base/human.h"
#include "cmd/instances.h"
#include "stage/running.h"

void use_read(const struct handle *h, struct use *ret)
{
	struct err ignored;
	_cleanup_fd_ int group = -1;
	*ret = (struct use){ .info = h->info };
	ret->has_group = running_group(h, &group, &ignored) == 0;
	if (ret->has_group)
		usage_read(group, &ret->usage);
	else
		usage_none(&ret->usage);
}

/* What is no number; NULL: it is one. */
static const char *no_number(int64_t n)
{
	return n < 0 ? UNKNOWN : n == USAGE_UNLIMITED ? "max" : NULL;
}

const char *use_size(struct arena *a, int64_t bytes)
{
	char text[HUMAN_MAX];
	const char *word = no_number(bytes);
	return word ? word : arena_strdup(a, human_size(text, (uint64_t)bytes));
}

const char *use_of(struct arena *a, int64_t n, int64_t limit)
{
	if (no_number(n))
		return no_number(n);
	if (no_number(limit))
		return arena_printf(a, "%lld", (long long)n);
	return arena_printf(a, "%lld/%lld", (long long)n, (long long)limit);
}

const char *use_time(struct arena *a, int64_t us)
{
	char text[HUMAN_MAX];
	const char *word = no_number(us);
	return word ? word : arena_strdup(a, human_time(text, (uint64_t)us / 1000));
}

const char *use_share(struct arena *a, int64_t hundredths)
{
	const char *word = no_number(hundredths);
	return word ? word
		    : arena_printf(a, "%lld.%lld%%", (long long)hundredths / 100,
			      (long long)hundredths % 100 / 10);
}
