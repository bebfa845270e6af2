/* SPDX-License-Identifier: MIT */
/* proxy.c - the filters of the session bus and of the sound server, as runs of their own
 *
 * xdg-dbus-proxy and sbox-sound read what an untrusted program writes, so each gets a sandbox
 * too: a plan like any other, with the server's socket and a folder for its own and nothing
 * else of the user. Here it is only written; resolve.c makes it ready like any other.
 */
#include "resolve/proxy.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"

struct words {
	char **v;
	size_t n;
};

/* A name's length at the start of @text, with ".*" behind it or not; 0: it is none. */
static size_t bus_name(const char *text)
{
	const char *p = text;
	unsigned parts = 0;
	while (isalpha((unsigned char)*p) || *p == '_' || *p == '-') {
		while (isalnum((unsigned char)*p) || *p == '_' || *p == '-')
			p++;
		parts++;
		if (*p != '.')
			break;
		p++;
	}
	if (parts > 1 && p[-1] == '.' && *p == '*')
		return (size_t)(p + 1 - text);
	return parts > 1 && p[-1] != '.' ? (size_t)(p - text) : 0;
}

static void rules(
	struct resolver *r, struct words *argv, const char *flag, const struct list *l)
{
	bool call = strcmp(flag, "call") == 0;
	for (size_t i = 0; i < l->n; i++) {
		const char *text = l->v[i].text;
		size_t len = bus_name(text);
		if (len == 0 || text[len] != (call ? '=' : '\0'))
			diag_add(r->d, &l->v[i].at, "'%s' is not a rule of the bus", text)
				->hint = call
				? "such as org.example.App=org.example.Iface.*@/path"
				: "a name such as org.example.App, or "
				  "org.example.App.* for those below too";
		*ARENA_PUSH(r->a, argv) = arena_printf(r->a, "--%s=%s", flag, text);
	}
}

static struct item *add(struct arena *a, struct list *l, const char *text)
{
	struct item *item = ARENA_PUSH(a, l);
	item->text = text;
	return item;
}

/* "%2b" is "+", as D-Bus has it. */
static int unescape(const char *p, size_t n, char *to, size_t size)
{
	const char *end = p + n;
	for (; p < end; p++) {
		char hex[3] = "";
		char c = *p;
		if (c == '%') {
			if (end - p < 3 || !isxdigit((unsigned char)p[1]) ||
				!isxdigit((unsigned char)p[2]))
				return -EINVAL;
			memcpy(hex, p + 1, 2);
			c = (char)strtol(hex, NULL, 16);
			p += 2;
		}
		if (size-- <= 1)
			return -ENAMETOOLONG;
		*to++ = c;
	}
	*to = '\0';
	return 0;
}

int proxy_address(const char *address, struct sockaddr_un *ret, socklen_t *ret_size)
{
	static const char unix_prefix[] = "unix:";
	*ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (!str_starts(address, unix_prefix) || strchr(address, ';'))
		return -EPROTONOSUPPORT;
	const char *p = address + strlen(unix_prefix);
	for (size_t len; *p; p += len + (p[len] == ',')) {
		len = strcspn(p, ",");
		bool abstract = str_starts(p, "abstract=");
		if (!abstract && !str_starts(p, "path="))
			continue;
		size_t key = strcspn(p, "=") + 1;
		char *name = ret->sun_path + abstract;
		int r = unescape(
			p + key, len - key, name, sizeof(ret->sun_path) - abstract);
		if (r < 0)
			return r;
		*ret_size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
			abstract + strlen(name) + !abstract);
		return 0;
	}
	return -EPROTONOSUPPORT;
}

int proxy_try(const char *address)
{
	struct sockaddr_un sun;
	socklen_t size;
	int r = proxy_address(address, &sun, &size);
	if (r < 0)
		return r;
	_cleanup_fd_ int fd =
		socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* EAGAIN: it has much to do, but it is there */
	if (fd < 0 || (connect(fd, (struct sockaddr *)&sun, size) < 0 && errno != EAGAIN))
		return -errno;
	return 0;
}

/* ---- the plan of a proxy's own run ---- */

struct proxy {
	struct plan *plan;
	struct helper_spec *spec;
	struct words argv;
};

/* @folder: where it listens. Its first argument is its end of a socket pair. */
static int begin(struct resolver *r, struct proxy *p, const char *program,
	const char *fd_option, const char *folder)
{
	int ends[2];
	struct plan *q = p->plan = arena_alloc(r->a, sizeof(*q));
	p->spec = arena_alloc(r->a, sizeof(*p->spec));
	p->argv = (struct words){ 0 };
	const char *name = path_basename(program);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return err_sys(r->e, -errno, "cannot make a socket for %s", name);
	*p->spec = (struct helper_spec){
		.name = name, .our_fd = ends[0], .its_fd = ends[1]
	};
	plan_init(q, r->a);
	q->home = "none";
	q->machine_id = "host";
	q->new_session = true; /* Ctrl-C is for the program, not for its servers */
	add(r->a, &q->system, "/usr");
	add(r->a, &q->system, "/etc/ld.so.cache")->optional = true;
	add(r->a, &q->system, "/bin")->optional = true;
	add(r->a, &q->system, "/lib")->optional = true;
	add(r->a, &q->system, "/lib64")->optional = true;
	add(r->a, &q->write, folder);
	add(r->a, &q->pass_fd, arena_printf(r->a, "%d", ends[1]));
	*ARENA_PUSH(r->a, &p->argv) = (char *)program;
	*ARENA_PUSH(r->a, &p->argv) = arena_printf(r->a, "%s%d", fd_option, ends[1]);
	return 0;
}

static struct helper_spec *finish(struct resolver *r, struct proxy *p)
{
	*ARENA_PUSH(r->a, &p->argv) = NULL;
	p->plan->argv = p->argv.v;
	p->spec->plan = p->plan;
	return p->spec;
}

static void show_bus(struct resolver *r, struct plan *q, const char *address)
{
	struct sockaddr_un sun;
	socklen_t size;
	if (proxy_address(address, &sun, &size) == 0 && sun.sun_path[0]) {
		add(r->a, &q->read, arena_strdup(r->a, sun.sun_path));
	} else {
		/* an abstract socket: in the host's network, and out of Landlock's scope */
		q->network = NETWORK_HOST;
		q->landlock = LANDLOCK_OFF;
	}
}

int proxy_resolve(
	struct resolver *r, const char *program, const char *address, const char *folder)
{
	struct proxy p;
	int code = begin(r, &p, program, "--fd=", folder);
	if (code < 0)
		return code;
	p.spec->hint =
		"is DBUS_SESSION_BUS_ADDRESS right? --dbus=none runs without the bus";
	show_bus(r, p.plan, address);
	*ARENA_PUSH(r->a, &p.argv) = arena_strdup(r->a, address);
	*ARENA_PUSH(r->a, &p.argv) = arena_printf(r->a, "%s/bus", folder);
	*ARENA_PUSH(r->a, &p.argv) = arena_strdup(r->a, "--filter");
	rules(r, &p.argv, "own", &r->p->dbus_own);
	rules(r, &p.argv, "talk", &r->p->dbus_talk);
	rules(r, &p.argv, "see", &r->p->dbus_see);
	rules(r, &p.argv, "call", &r->p->dbus_call);
	r->rd->dbus = finish(r, &p);
	return 0;
}

int proxy_resolve_sound(struct resolver *r, const char *server, const char *folder)
{
	struct proxy p;
	const char *program = host_libexec(r->h, r->a, "sbox-sound");
	if (access(program, X_OK) < 0) {
		diag_add(r->d, &r->p->origin[SET_SOUND], "sound needs '%s': %s", program,
			strerror(errno))
			->hint = "install sbox as a whole, or run with --sound=no";
		return 0;
	}
	int code = begin(r, &p, program, "", folder);
	if (code < 0)
		return code;
	p.spec->hint = "--sound=no runs without sound";
	add(r->a, &p.plan->read, program);
	add(r->a, &p.plan->read, server);
	*ARENA_PUSH(r->a, &p.argv) = arena_printf(r->a, "%s/native", folder);
	*ARENA_PUSH(r->a, &p.argv) = arena_strdup(r->a, server);
	r->rd->sound = finish(r, &p);
	return 0;
}
