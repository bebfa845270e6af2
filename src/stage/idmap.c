/* SPDX-License-Identifier: MIT */
/* idmap.c - writing ranges of ids through newuidmap(1) and newgidmap(1)
 *
 * They are setuid programs of the system, in Debian's package uidmap. The pid they get is
 * our own unreaped child's, so it cannot have become another process.
 */
#include "stage/idmap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/proc.h"

static const char *const programs[] = { "newuidmap", "newgidmap" };

int idmap_check(const struct ready *rd, struct err *e)
{
	char path[64];
	if (!rd->map_range)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(programs); i++) {
		if (proc_find_helper(programs[i], path, sizeof(path)))
			continue;
		err_set(e, -ENOENT, "a range of ids needs the program %s", programs[i]);
		return err_hint(e,
			"install the package uidmap (shadow-utils elsewhere), or run "
			"with --id-map=single --groups=keep");
	}
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1) {
		err_set(e, -EPERM,
			"a range of ids needs newuidmap, which no_new_privs makes powerless");
		return err_hint(e,
			"whoever started sbox set no_new_privs (a service with "
			"NoNewPrivileges=, another sandbox); run with --id-map=single");
	}
	return 0;
}

struct map_run {
	pid_t pid;
	int output;
};

static int start(struct map_run *run, const char *program, const struct id_table *t,
	pid_t pid, struct err *e)
{
	enum { WORDS = 2 + 3 * ID_EXTENTS_MAX + 1 };
	char path[64], text[WORDS][16];
	char *argv[WORDS];
	size_t n = 0;
	int ends[2];

	argv[n++] = (char *)program;
	(void)snprintf(text[n], sizeof(text[n]), "%d", (int)pid);
	argv[n] = text[n];
	n++;
	for (size_t i = 0; i < t->n; i++) {
		const uint32_t fields[] = { t->v[i].inside, t->v[i].outside,
			t->v[i].count };
		for (size_t k = 0; k < 3; k++, n++) {
			(void)snprintf(text[n], sizeof(text[n]), "%u", fields[k]);
			argv[n] = text[n];
		}
	}
	argv[n] = NULL;
	if (!proc_find_helper(program, path, sizeof(path)))
		return err_set(e, -ENOENT, "the program %s is gone", program);
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(e, -errno, "cannot make a pipe for %s", program);
	const struct proc_spec spec = { .path = path,
		.argv = argv,
		.stdin_fd = -1,
		.stdout_fd = -1,
		.stderr_fd = ends[1],
		.keep_fd = -1 };
	run->pid = proc_start(&spec, NULL, e);
	fd_close(ends[1]);
	run->output = ends[0];
	return run->pid < 0 ? run->pid : 0;
}

static int finish(struct map_run *run, const char *program, struct err *e)
{
	char said[300] = "";
	struct stat st;
	char path[64];
	ssize_t n = fd_read_full(run->output, said, sizeof(said) - 1);
	said[n < 0 ? 0 : n] = '\0';
	said[strcspn(said, "\n")] = '\0';
	fd_close(run->output);
	int code = proc_wait(run->pid);
	if (code == 0)
		return 0;
	err_set(e, -EPERM, "%s failed: %s", program,
		said[0] ? said : "it did not say why");
	if (!proc_find_helper(program, path, sizeof(path)) || stat(path, &st) < 0)
		return e->code;
	if (strstr(said, "not allowed"))
		err_hint(e,
			"the ranges in /etc/subuid or /etc/subgid changed meanwhile, or "
			"overlap");
	else if (strstr(said, "different user"))
		err_hint(e,
			"your group id is not that of your account: newgrp or sg was used; "
			"start from a fresh log-in");
	else if (!(st.st_mode & S_ISUID))
		err_hint(e,
			"'%s' has neither the setuid bit nor, it seems, file capabilities; "
			"reinstall its package",
			path);
	else
		err_hint(e,
			"a nosuid mount or a container without CAP_SETUID makes it "
			"powerless; run with --id-map=single");
	return e->code;
}

int idmap_write(const struct ready *rd, pid_t pid, struct err *e)
{
	struct map_run runs[2];
	const struct id_table *tables[] = { &rd->uids, &rd->gids };
	int r = 0;
	size_t started = 0;
	for (; started < 2 && r == 0; started++)
		r = start(&runs[started], programs[started], tables[started], pid, e);
	if (r < 0)
		started--; /* its own start is what failed */
	for (size_t i = 0; i < started; i++) {
		struct err other;
		int r2 = finish(&runs[i], programs[i], r == 0 ? e : &other);
		r = r == 0 ? r2 : r;
	}
	return r;
}
