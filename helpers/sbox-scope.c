/* SPDX-License-Identifier: MIT */
/* sbox-scope.c - asks systemd's user manager for a scope that is delegated to us
 *
 * usage: sbox-scope start DIR UNIT FD [PROPERTY=N]... <"PID..."
 *        sbox-scope set DIR UNIT PROPERTY=N...
 *
 * FD is a connection to the manager's own socket, which is what systemctl uses: it saves the
 * way through the bus, and there need not be one. With -1 the socket in DIR is tried, and
 * then the user's bus there. It asks when it is told the processes, and says "ok" on standard
 * output when they are in the scope, or why not, in one write. "set" gives other properties to
 * a scope that there is.
 * It is apart from sbox so that only a run with limits pays for libsystemd.
 *
 * Delegate: the scope's groups are ours to divide, and systemd leaves a scope alone that had
 * an OOM kill in it (systemd issue 25376). CollectMode: a scope that failed does not stay.
 */
#include <dlfcn.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "base/sys.h"

#define SYSTEMD	     "org.freedesktop.systemd1"
#define MANAGER	     SYSTEMD ".Manager"
#define SYSTEMD_PATH "/org/freedesktop/systemd1"

enum { PIDS_MAX = 16 };

struct pids {
	pid_t v[PIDS_MAX];
	size_t n;
};

/* The job that starts the scope. */
struct job {
	const char *path;
	bool done;
	char result[32];
};

/* Without the libraries' work at exit(3), which somebody may be waiting for. */
static _Noreturn void leave(int code)
{
	(void)fflush(stdout);
	_exit(code);
}

static _Noreturn void fail(const char *what, const char *why)
{
	printf("%s: %s\n", what, why);
	leave(EXIT_FAILURE);
}

static void must(const char *what, int r)
{
	if (r < 0)
		fail(what, strerror(-r));
}

static int on_job_removed(sd_bus_message *m, void *data, sd_bus_error *e)
{
	struct job *job = data;
	uint32_t id;
	const char *path, *unit, *result;
	(void)e;
	int r = sd_bus_message_read(m, "uoss", &id, &path, &unit, &result);
	if (r >= 0 && job->path && strcmp(path, job->path) == 0) {
		job->done = true;
		(void)snprintf(job->result, sizeof(job->result), "%s", result);
	}
	return 0;
}

/* @fd: connected already, else -1. @client: of a bus; else the other end is the manager. */
static int try_connect(
	const char *dir, const char *name, int fd, bool client, sd_bus **ret)
{
	char address[4096];
	sd_bus *bus = NULL;
	(void)snprintf(address, sizeof(address), "unix:path=%s/%s", dir, name);
	int r = sd_bus_new(&bus);
	if (r >= 0)
		r = fd >= 0 ? sd_bus_set_fd(bus, fd, fd)
			    : sd_bus_set_address(bus, address);
	if (r >= 0)
		r = sd_bus_set_bus_client(bus, client);
	if (r >= 0)
		r = sd_bus_start(bus);
	if (r < 0)
		sd_bus_unref(bus);
	else
		*ret = bus;
	return r;
}

static sd_bus *connect_in(const char *dir, int fd)
{
	sd_bus *bus = NULL;
	int r = try_connect(dir, "systemd/private", fd, false, &bus);
	if (r < 0)
		r = try_connect(dir, "bus", -1, true, &bus);
	must("cannot connect to the user manager", r);
	return bus;
}

static void read_pids(struct pids *ret)
{
	char line[PIDS_MAX * 12];
	if (!fgets(line, sizeof(line), stdin))
		exit(EXIT_FAILURE); /* nobody wants it any more */
	for (char *p = line, *end; ret->n < PIDS_MAX; p = end) {
		long pid = strtol(p, &end, 10);
		if (end == p)
			return;
		ret->v[ret->n++] = (pid_t)pid;
	}
}

/* By descriptor a process cannot be taken for another one. That came with systemd 255, whose
 * library has this function, and the library is of the manager's version: so what an older
 * one does not know is not asked first. */
static bool may_know_descriptors(void)
{
	return dlsym(RTLD_DEFAULT, "sd_device_enumerator_add_match_property_required");
}

static int append_processes(sd_bus_message *m, const struct pids *pids, bool by_fd)
{
	int r = sd_bus_message_open_container(m, 'r', "sv");
	if (r >= 0)
		r = sd_bus_message_append(m, "s", by_fd ? "PIDFDs" : "PIDs");
	if (r >= 0)
		r = sd_bus_message_open_container(m, 'v', by_fd ? "ah" : "au");
	if (r >= 0)
		r = sd_bus_message_open_container(m, 'a', by_fd ? "h" : "u");
	for (size_t i = 0; r >= 0 && i < pids->n; i++) {
		if (!by_fd) {
			r = sd_bus_message_append(m, "u", (uint32_t)pids->v[i]);
			continue;
		}
		int fd = sys_pidfd_open(pids->v[i]);
		r = fd < 0 ? -errno : sd_bus_message_append(m, "h", fd); /* copies it */
		if (fd >= 0)
			close(fd);
	}
	for (int depth = 0; r >= 0 && depth < 3; depth++)
		r = sd_bus_message_close_container(m);
	return r;
}

static int append_properties(sd_bus_message *m, char **properties)
{
	int r = 0;
	for (; r >= 0 && *properties; properties++) {
		char name[64];
		uint64_t n;
		if (sscanf(*properties, "%63[A-Za-z]=%" SCNu64, name, &n) != 2)
			return -EINVAL;
		r = sd_bus_message_append(m, "(sv)", name, "t", n);
	}
	return r;
}

/* What is asked of systemd. */
struct wanted {
	const char *unit;
	char **properties;
	struct pids pids;
};

static int ask(sd_bus *bus, const struct wanted *wanted, bool by_fd, sd_bus_message **ret,
	sd_bus_error *error)
{
	sd_bus_message *m = NULL;
	int r = sd_bus_message_new_method_call(
		bus, &m, SYSTEMD, SYSTEMD_PATH, MANAGER, "StartTransientUnit");
	if (r >= 0)
		r = sd_bus_message_append(m, "ss", wanted->unit, "fail");
	if (r >= 0)
		r = sd_bus_message_open_container(m, 'a', "(sv)");
	if (r >= 0)
		r = sd_bus_message_append(m, "(sv)(sv)(sv)(sv)", "Description", "s",
			"sbox sandbox", "Delegate", "b", 1, "CollectMode", "s",
			"inactive-or-failed", "Slice", "s", "app.slice");
	if (r >= 0)
		r = append_properties(m, wanted->properties);
	if (r >= 0)
		r = append_processes(m, &wanted->pids, by_fd);
	if (r >= 0)
		r = sd_bus_message_close_container(m);
	if (r >= 0)
		r = sd_bus_message_append(m, "a(sa(sv))", 0);
	if (r >= 0)
		r = sd_bus_call(bus, m, 0, error, ret);
	sd_bus_message_unref(m);
	return r;
}

static void await_job(sd_bus *bus, const struct job *job)
{
	while (!job->done) {
		int r = sd_bus_process(bus, NULL);
		if (r == 0)
			r = sd_bus_wait(bus, UINT64_MAX);
		must("the connection to the user manager broke", r);
	}
	if (strcmp(job->result, "done") != 0)
		fail("starting the scope ended with", job->result);
}

static _Noreturn void refused(int r, const sd_bus_error *error)
{
	fail("the user manager refused", error->message ? error->message : strerror(-r));
}

static void start(sd_bus *bus, struct wanted *wanted)
{
	struct job job = { 0 };
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *reply = NULL;
	/* before the request: what comes during it is kept */
	must("cannot watch systemd's jobs",
		sd_bus_match_signal_async(bus, NULL, SYSTEMD, SYSTEMD_PATH, MANAGER,
			"JobRemoved", on_job_removed, NULL, &job));
	read_pids(&wanted->pids);

	bool by_fd = may_know_descriptors();
	int r = ask(bus, wanted, by_fd, &reply, &error);
	/* the name of the error for a property that it does not know */
	if (by_fd && sd_bus_error_has_name(&error, SD_BUS_ERROR_PROPERTY_READ_ONLY)) {
		sd_bus_error_free(&error);
		r = ask(bus, wanted, false, &reply, &error);
	}
	if (r < 0)
		refused(r, &error);
	must("the answer of the user manager",
		sd_bus_message_read(reply, "o", &job.path));
	await_job(bus, &job);
}

static void set(sd_bus *bus, const struct wanted *wanted)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *m = NULL;
	int r = sd_bus_message_new_method_call(
		bus, &m, SYSTEMD, SYSTEMD_PATH, MANAGER, "SetUnitProperties");
	if (r >= 0) /* true: for as long as the scope is there */
		r = sd_bus_message_append(m, "sb", wanted->unit, 1);
	if (r >= 0)
		r = sd_bus_message_open_container(m, 'a', "(sv)");
	if (r >= 0)
		r = append_properties(m, wanted->properties);
	if (r >= 0)
		r = sd_bus_message_close_container(m);
	if (r >= 0)
		r = sd_bus_call(bus, m, 0, &error, NULL);
	if (r < 0)
		refused(r, &error);
}

int main(int argc, char **argv)
{
	bool starts = argc > 4 && strcmp(argv[1], "start") == 0;
	if (!starts && (argc < 5 || strcmp(argv[1], "set") != 0))
		fail("usage",
			"sbox-scope start DIR UNIT FD [PROPERTY=N]..., or "
			"sbox-scope set DIR UNIT PROPERTY=N...");
	struct wanted wanted = { .unit = argv[3], .properties = argv + 4 + starts };
	sd_bus *bus = connect_in(argv[2], starts ? atoi(argv[4]) : -1);
	if (starts)
		start(bus, &wanted);
	else
		set(bus, &wanted);
	puts("ok");
	leave(EXIT_SUCCESS);
}
