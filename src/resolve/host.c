/* SPDX-License-Identifier: MIT */
/* host.c - the caller as the host knows it: ids, names, home, folders, environment
 *
 * Names come from /etc/passwd and /etc/group; where the caller is in neither (LDAP, SSSD),
 * getent(1) is asked, so that the launcher itself never loads NSS modules.
 */
#include "resolve/host.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/proc.h"
#include "base/str.h"

const char *host_env(const struct host *h, const char *name)
{
	size_t len = strlen(name);
	for (char *const *v = h->environ; *v; v++)
		if (strncmp(*v, name, len) == 0 && (*v)[len] == '=')
			return (*v)[len + 1] ? *v + len + 1 : NULL;
	return NULL;
}

/* Splits "a:b:c" at its colons in place; the number of fields. */
static size_t split(char *line, char **fields, size_t max)
{
	size_t n = 0;
	for (char *p = line; n < max; p++) {
		fields[n++] = p;
		p = strchr(p, ':');
		if (!p)
			break;
		*p = '\0';
	}
	return n;
}

/* The line of a passwd-like text whose third field is @id. */
static char *find_line(struct arena *a, const char *text, unsigned id)
{
	char want[16];
	(void)snprintf(want, sizeof(want), "%u", id);
	for (const char *p = text; *p;) {
		size_t len = strcspn(p, "\n");
		char *line = arena_strndup(a, p, len), *fields[3];
		if (split(line, fields, 3) == 3) {
			fields[2][strcspn(fields[2], ":")] = '\0';
			if (strcmp(fields[2], want) == 0)
				return arena_strndup(a, p, len);
		}
		p += len + (p[len] == '\n');
	}
	return NULL;
}

static char *database_line(
	struct arena *a, const char *database, const char *file, unsigned id)
{
	enum { DATABASE_MAX = 16 * 1024 * 1024 };
	char *text, *line = NULL;
	if (fd_read_file(a, AT_FDCWD, file, DATABASE_MAX, &text, NULL) == 0)
		line = find_line(a, text, id);
	if (line)
		return line;

	char path[64], number[16], out[2048];
	struct err ignored;
	(void)snprintf(number, sizeof(number), "%u", id);
	char *argv[] = { "getent", (char *)database, number, NULL };
	if (!proc_find_helper("getent", path, sizeof(path)) ||
		proc_capture(path, argv, 1, out, sizeof(out), &ignored) != 0)
		return NULL;
	return find_line(a, out, id);
}

bool host_has_user(struct arena *a, unsigned id)
{
	return database_line(a, "passwd", "/etc/passwd", id) != NULL;
}

static void read_names(struct host *h, struct arena *a)
{
	char *fields[7], *line = database_line(a, "passwd", "/etc/passwd", h->uid);
	size_t n = line ? split(line, fields, ARRAY_SIZE(fields)) : 0;
	h->user = n > 2 ? fields[0] : arena_printf(a, "%u", h->uid);
	h->home = n > 5 ? fields[5] : "/";
	h->shell = n > 6 && fields[6][0] == '/' ? fields[6] : "/bin/sh";

	line = database_line(a, "group", "/etc/group", h->gid);
	n = line ? split(line, fields, 4) : 0;
	h->group = n > 2 ? fields[0] : arena_printf(a, "%u", h->gid);
}

const char *host_shell_in(struct arena *a, const char *tree, unsigned id)
{
	enum { PASSWD_MAX = 1024 * 1024 };
	char name[64], *text, *fields[7];
	struct stat st;
	_cleanup_fd_ int top = open(tree, O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_fd_ int file = top < 0 ? -1 : path_open_in_root(top, "/etc/passwd", 0);
	if (file < 0 || fstat(file, &st) < 0 || !S_ISREG(st.st_mode))
		return NULL;
	(void)snprintf(name, sizeof(name), "/proc/self/fd/%d", file);
	if (fd_read_file(a, AT_FDCWD, name, PASSWD_MAX, &text, NULL) < 0)
		return NULL;
	char *line = find_line(a, text, id);
	if (!line || split(line, fields, ARRAY_SIZE(fields)) < 7 || fields[6][0] != '/')
		return NULL;
	_cleanup_fd_ int shell = path_open_in_root(top, fields[6], 0);
	return shell < 0 ? NULL : fields[6];
}

static void xdg_dir(struct host *h, struct arena *a, enum path_variable id,
	const char *name, const char *below_home)
{
	const char *value = host_env(h, name);
	char *path;
	if (!value || path_normalize(a, value, &path) < 0)
		path = below_home
			? arena_printf(a, "%s%s", strcmp(h->home, "/") ? h->home : "",
				  below_home)
			: NULL;
	h->named[id] = path;
	h->vars[id] = path ? path_real(a, path) : NULL;
}

int host_init(struct host *h, struct arena *a, struct err *e)
{
	extern char **environ;
	char *path, buf[PATH_MAX];

	*h = (struct host){ .uid = getuid(), .gid = getgid(), .environ = environ };
	if (h->uid != geteuid() || h->gid != getegid())
		return err_set(e, -EPERM,
			"sbox is installed setuid or setgid; it must not be, and needs not be");
	read_names(h, a);
	if (host_env(h, "HOME") && path_normalize(a, host_env(h, "HOME"), &path) == 0)
		h->home = path;
	else if (path_normalize(a, h->home, &path) == 0)
		h->home = path;
	/* By its real name, as getcwd(3) tells it: where /home is a link, a caller in the home
	 * would otherwise not seem to be there, and all secrets lie elsewhere. */
	h->home = path_real(a, h->home);
	if (getcwd(buf, sizeof(buf)) && buf[0] == '/')
		h->cwd = arena_strdup(a, buf);

	h->vars[VAR_HOME] = h->home;
	h->vars[VAR_CWD] = h->cwd;
	h->vars[VAR_UID] = arena_printf(a, "%u", h->uid);
	xdg_dir(h, a, VAR_XDG_CONFIG_HOME, "XDG_CONFIG_HOME", "/.config");
	xdg_dir(h, a, VAR_XDG_DATA_HOME, "XDG_DATA_HOME", "/.local/share");
	xdg_dir(h, a, VAR_XDG_CACHE_HOME, "XDG_CACHE_HOME", "/.cache");
	xdg_dir(h, a, VAR_XDG_STATE_HOME, "XDG_STATE_HOME", "/.local/state");
	xdg_dir(h, a, VAR_XDG_RUNTIME_DIR, "XDG_RUNTIME_DIR", NULL);
	h->runtime_dir = h->vars[VAR_XDG_RUNTIME_DIR];
	return 0;
}

/* XDG_DOWNLOAD_DIR="$HOME/Downloads" */
static void user_dir_line(struct host *h, struct arena *a, char *line)
{
	char *quote = strstr(line, "=\""), *path;
	if (line[0] == '#' || !quote)
		return;
	*quote = '\0';
	char *value = quote + 2;
	value[strcspn(value, "\"")] = '\0';
	if (str_starts(value, "$HOME"))
		value = arena_printf(a, "%s/%s", h->home, value + 5);
	if (path_normalize(a, value, &path) < 0)
		return;
	/* A rule with this variable names what it stands for, and would show a secret or write
	 * what is protected: but neither the home nor anything hidden in it is for documents. */
	const char *rest = path_is_below(path, h->home) ? path_rest(path, h->home) : "";
	bool hidden = rest[0] == '.' || strstr(rest, "/.");
	for (unsigned i = VAR_XDG_DESKTOP_DIR; i < VAR_COUNT; i++)
		if (strcmp(path_variable_names[i], line) == 0)
			h->vars[i] = hidden || path_is_below(h->home, path) ? NULL : path;
}

void host_user_dirs(struct host *h, struct arena *a)
{
	static const char *const usual[VAR_COUNT] = {
		[VAR_XDG_DESKTOP_DIR] = "Desktop",
		[VAR_XDG_DOCUMENTS_DIR] = "Documents",
		[VAR_XDG_DOWNLOAD_DIR] = "Downloads",
		[VAR_XDG_MUSIC_DIR] = "Music",
		[VAR_XDG_PICTURES_DIR] = "Pictures",
		[VAR_XDG_PUBLICSHARE_DIR] = "Public",
		[VAR_XDG_TEMPLATES_DIR] = "Templates",
		[VAR_XDG_VIDEOS_DIR] = "Videos",
	};
	enum { USER_DIRS_MAX = 64 * 1024 };
	char *text, *save = NULL;

	if (h->user_dirs_read)
		return;
	h->user_dirs_read = true;
	for (unsigned i = VAR_XDG_DESKTOP_DIR; i < VAR_COUNT; i++)
		h->vars[i] = arena_printf(a, "%s/%s", h->home, usual[i]);
	const char *file =
		arena_printf(a, "%s/user-dirs.dirs", h->vars[VAR_XDG_CONFIG_HOME]);
	if (fd_read_file(a, AT_FDCWD, file, USER_DIRS_MAX, &text, NULL) < 0)
		return;
	for (char *line = strtok_r(text, "\n", &save); line;
		line = strtok_r(NULL, "\n", &save))
		user_dir_line(h, a, line);
}

const char *host_libexec(const struct host *h, struct arena *a, const char *name)
{
	const char *folder = host_env(h, "SBOX_LIBEXEC"); /* of a build tree */
	return arena_printf(a, "%s/%s", folder ? folder : SBOX_LIBEXECDIR, name);
}
