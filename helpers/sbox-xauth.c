/* SPDX-License-Identifier: MIT */
/* sbox-xauth.c - the one X11 cookie that a sandbox needs, out of the user's whole file
 *
 *   sbox-xauth DISPLAY [FILE]
 *
 * Reads FILE, by default $XAUTHORITY or ~/.Xauthority, and writes one record to standard output: the cookie
 * of that local display, made valid under any host name (FamilyWild), since a sandbox may
 * have a host name of its own. Cookies of other displays stay outside. A program of its
 * own so that the launcher links no libXau and no parser of its own reads that file.
 *
 * Exit status: 0 with a record, 1 and silent where there is no cookie, 2 with a message
 * for a bad call or a file that cannot be read.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <X11/X.h>
#include <X11/Xauth.h>

enum { EXIT_COOKIE = 0, EXIT_NO_COOKIE = 1, EXIT_TROUBLE = 2 };
enum { FILE_MAX = 1024 * 1024 };

static const char cookie_name[] = "MIT-MAGIC-COOKIE-1";

struct wanted {
	const char *number; /* of the display, digits */
	size_t number_len;
	const char *hostname;
};

static _Noreturn void die(const char *what, const char *which, int error)
{
	fprintf(stderr, "sbox-xauth: %s '%s'%s%s\n", what, which, error ? ": " : "",
		error ? strerror(error) : "");
	exit(EXIT_TROUBLE);
}

static void limit(int resource, rlim_t value)
{
	struct rlimit both = { value, value };
	if (setrlimit(resource, &both) < 0)
		die("cannot set a limit", "setrlimit", errno);
}

/* The file is read once, by a library, with nothing left to do but to write the answer. */
static void drop_privileges(void)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		die("cannot drop privileges", "prctl", errno);
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_NOFILE, 0);
	limit(RLIMIT_NPROC, 0);
}

/* "[HOST]:NUMBER[.SCREEN]" with a host that means this machine. */
static bool parse_display(const char *display, struct wanted *w)
{
	static const char *const here[] = { "", "unix", "localhost", "127.0.0.1", "::1",
		"[::1]" };
	const char *colon = strrchr(display, ':');
	if (!colon)
		return false;
	size_t host_len = (size_t)(colon - display);
	if (host_len >= 5 && strncmp(colon - 5, "/unix", 5) == 0)
		host_len -= 5;
	bool local = host_len == strlen(w->hostname) &&
		strncmp(display, w->hostname, host_len) == 0;
	for (size_t i = 0; i < sizeof(here) / sizeof(here[0]); i++)
		local = local ||
			(host_len == strlen(here[i]) &&
				strncmp(display, here[i], host_len) == 0);

	w->number = colon + 1;
	w->number_len = strspn(w->number, "0123456789");
	const char *rest = w->number + w->number_len;
	if (*rest == '.')
		rest += 1 + strspn(rest + 1, "0123456789");
	return local && w->number_len > 0 && w->number_len <= 5 && !*rest;
}

/* How sure it is that a cookie is that of the display; 0: it is not. */
static unsigned rank(const Xauth *auth, const struct wanted *w)
{
	static const char loopback4[] = { 127, 0, 0, 1 };
	static const char loopback6[16] = { [15] = 1 };
	unsigned family;

	if (auth->name_length != sizeof(cookie_name) - 1 || auth->data_length == 0 ||
		memcmp(auth->name, cookie_name, sizeof(cookie_name) - 1) != 0)
		return 0;
	/* no number stands for any display */
	bool any = auth->number_length == 0;
	if (!any &&
		(auth->number_length != w->number_len ||
			memcmp(auth->number, w->number, w->number_len) != 0))
		return 0;

	if (auth->family == FamilyLocal && auth->address_length == strlen(w->hostname) &&
		memcmp(auth->address, w->hostname, auth->address_length) == 0)
		family = 4;
	else if (auth->family == FamilyWild)
		family = 3;
	else if (auth->family == FamilyLocal) /* from before the host changed its name */
		family = 2;
	else if ((auth->family == FamilyInternet &&
			 auth->address_length == sizeof(loopback4) &&
			 memcmp(auth->address, loopback4, sizeof(loopback4)) == 0) ||
		(auth->family == FamilyInternet6 &&
			auth->address_length == sizeof(loopback6) &&
			memcmp(auth->address, loopback6, sizeof(loopback6)) == 0))
		family = 1;
	else
		return 0;
	return 2 * family - any;
}

/* The best record, or NULL. A file that ends within a record counts up to there. */
static Xauth *pick(FILE *f, const struct wanted *w)
{
	Xauth *best = NULL;
	unsigned best_rank = 0;
	for (Xauth *auth; (auth = XauReadAuth(f));) {
		unsigned r = rank(auth, w);
		if (r > best_rank) { /* of equals the first, as Xlib does */
			Xauth *before = best;
			best = auth;
			best_rank = r;
			auth = before;
		}
		if (auth)
			XauDisposeAuth(auth);
	}
	return best;
}

static FILE *open_authority(const char *path)
{
	char buf[PATH_MAX];
	const char *home = getenv("HOME");
	if (!path)
		path = getenv("XAUTHORITY");
	if (!path || !*path) {
		if (!home || !*home)
			exit(EXIT_NO_COOKIE);
		if ((size_t)snprintf(buf, sizeof(buf), "%s/.Xauthority", home) >=
			sizeof(buf))
			die("HOME is too long:", home, 0);
		path = buf;
	}
	/* O_NONBLOCK: a fifo would keep us waiting */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		exit(EXIT_NO_COOKIE);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0)
		die("cannot read", path, errno);
	if (!S_ISREG(st.st_mode))
		die("not a regular file:", path, 0);
	if (st.st_size > FILE_MAX)
		die("larger than 1 MiB:", path, 0);
	FILE *f = fdopen(fd, "r");
	if (!f)
		die("cannot read", path, errno);
	return f;
}

int main(int argc, char **argv)
{
	char hostname[HOST_NAME_MAX + 1];
	struct wanted w = { .hostname = hostname };

	if (argc < 2 || argc > 4) {
		fputs("usage: sbox-xauth DISPLAY [FILE [NUMBER]]\n", stderr);
		return EXIT_TROUBLE;
	}
	if (gethostname(hostname, sizeof(hostname)) < 0)
		die("cannot tell the name of", "this host", errno);
	if (!parse_display(argv[1], &w))
		die("not a display of this machine:", argv[1], 0);

	FILE *f = open_authority(argc > 2 ? argv[2] : NULL);
	drop_privileges();
	Xauth *auth = pick(f, &w);
	if (ferror(f))
		die("cannot read", "the Xauthority file", errno);
	if (!auth)
		return EXIT_NO_COOKIE;

	Xauth out = *auth; /* borrows name and data */
	out.family = FamilyWild;
	out.address_length = 0;
	/* the sandbox may know the display by another number */
	const char *number = argc > 3 ? argv[3] : w.number;
	out.number = (char *)number;
	out.number_length = (unsigned short)strspn(number, "0123456789");
	if (!XauWriteAuth(stdout, &out) || fflush(stdout) != 0)
		die("cannot write to", "standard output", errno);
	return EXIT_COOKIE;
}
