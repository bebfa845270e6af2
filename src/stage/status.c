/* SPDX-License-Identifier: MIT */
/* status.c - what --json-status tells: one line of JSON an event */
#include "stage/status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/json.h"
#include "config/settings.h"
#include "stage/group.h"

struct line {
	struct json json;
	char *text;
	size_t size;
	int fd;
};

static bool begin(struct line *l, int64_t fd, const char *event)
{
	memset(l, 0, sizeof(*l));
	if (fd < 0)
		return false;
	l->fd = (int)fd;
	l->json.f = open_memstream(&l->text, &l->size);
	if (!l->json.f)
		return false;
	json_begin(&l->json, NULL, '{');
	json_string(&l->json, "event", event);
	return true;
}

/* A reader that went away is its own affair; the program's end is not delayed by it. */
static void end(struct line *l)
{
	json_end(&l->json, '}');
	fclose(l->json.f);
	(void)fd_write_all(l->fd, l->text, l->size);
	free(l->text);
}

void status_started(const struct ready *rd, pid_t init, enum held limits)
{
	struct line l;
	if (!begin(&l, rd->plan->json_status_fd, "started"))
		return;
	json_string(&l.json, "profile", rd->plan->profile_name);
	json_string(&l.json, "id", rd->instance->id);
	json_number(&l.json, "init_pid", init);
	json_string(&l.json, "limits", held_words[limits]);
	end(&l);
}

void status_exited(const struct ready *rd, const struct status_end *how)
{
	struct line l;
	const struct group_facts *facts = how->facts;
	if (!begin(&l, rd->plan->json_status_fd, "exited"))
		return;
	json_number(&l.json, "code", how->code);
	if (how->signal)
		json_number(&l.json, "signal", how->signal);
	json_bool(&l.json, "timeout", how->limit == SET_TIMEOUT);
	if (how->limit != SET_COUNT)
		json_string(&l.json, "limit", settings[how->limit].key);
	if (facts->known) {
		json_bool(&l.json, "oom", facts->oom_kills > 0);
		json_number(&l.json, "pids_refused", (int64_t)facts->pids_refused);
		json_number(&l.json, "memory_peak", facts->memory_peak);
		json_number(&l.json, "cpu_us", facts->cpu_us);
	}
	end(&l);
}

void status_refused(const struct ready *rd, const char *destination, uint64_t count)
{
	struct line l;
	if (!begin(&l, rd->plan->json_status_fd, "refused"))
		return;
	json_string(&l.json, "destination", destination);
	json_number(&l.json, "count", (int64_t)count);
	end(&l);
}

void status_failed(int64_t fd, const struct err *e)
{
	struct line l;
	if (!begin(&l, fd, "failed"))
		return;
	json_number(&l.json, "code", e->exit_status);
	json_string(&l.json, "message", e->msg);
	json_string(&l.json, "hint", e->hint[0] ? e->hint : NULL);
	end(&l);
}
