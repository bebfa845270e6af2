/* SPDX-License-Identifier: MIT */
/* proxy.c - the filter of the session bus, as a run of its own
 *
 * xdg-dbus-proxy reads what an untrusted program writes, so it gets a sandbox too: a plan
 * like any other, with the bus's socket and the instance's folder and nothing else of the
 * user.
 */
#include "resolve/proxy.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/str.h"
#include "resolve/resolve.h"

struct words {
	char **v;
	size_t n;
};

static void rules(
	struct resolver *r, struct words *argv, const char *flag, const struct list *l)
{
	for (size_t i = 0; i < l->n; i++)
		*ARENA_PUSH(r->a, argv) =
			arena_printf(r->a, "--%s=%s", flag, l->v[i].text);
}

static struct item *add(struct arena *a, struct list *l, const char *text)
{
	struct item *item = ARENA_PUSH(a, l);
	item->text = text;
	return item;
}

const char *proxy_socket(struct arena *a, const char *address)
{
	static const char key[] = "unix:path=";
	if (!str_starts(address, key) || strchr(address, ';') || strchr(address, '%'))
		return NULL;
	const char *path = address + strlen(key);
	return arena_strndup(a, path, strcspn(path, ","));
}

static void fill_plan(struct resolver *r, struct plan *q, const char *address, int fd)
{
	const char *socket = proxy_socket(r->a, address);
	plan_init(q, r->a);
	q->home = "none";
	q->machine_id = "host";
	add(r->a, &q->system, "/usr");
	add(r->a, &q->system, "/etc/ld.so.cache")->optional = true;
	add(r->a, &q->system, "/bin")->optional = true;
	add(r->a, &q->system, "/lib")->optional = true;
	add(r->a, &q->system, "/lib64")->optional = true;
	add(r->a, &q->write, r->rd->instance_dir);
	if (socket)
		add(r->a, &q->read, socket);
	else
		q->network =
			NETWORK_HOST; /* an abstract socket lives in the network namespace */
	add(r->a, &q->pass_fd, arena_printf(r->a, "%d", fd));
}

int proxy_resolve(struct resolver *r, const char *program, const char *address)
{
	struct ready *ready = arena_alloc(r->a, sizeof(*ready));
	struct plan *q = arena_alloc(r->a, sizeof(*q));
	struct helper_spec *spec = arena_alloc(r->a, sizeof(*spec));
	struct words argv = { 0 };
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return err_sys(r->e, -errno, "cannot make a socket for xdg-dbus-proxy");
	fill_plan(r, q, address, ends[1]);

	*ARENA_PUSH(r->a, &argv) = (char *)program;
	*ARENA_PUSH(r->a, &argv) = arena_printf(r->a, "--fd=%d", ends[1]);
	*ARENA_PUSH(r->a, &argv) = arena_strdup(r->a, address);
	*ARENA_PUSH(r->a, &argv) = arena_printf(r->a, "%s/bus", r->rd->instance_dir);
	*ARENA_PUSH(r->a, &argv) = arena_strdup(r->a, "--filter");
	rules(r, &argv, "own", &r->p->dbus_own);
	rules(r, &argv, "talk", &r->p->dbus_talk);
	rules(r, &argv, "see", &r->p->dbus_see);
	rules(r, &argv, "call", &r->p->dbus_call);
	*ARENA_PUSH(r->a, &argv) = NULL;
	q->argv = argv.v;

	*spec = (struct helper_spec){ .name = "xdg-dbus-proxy",
		.ready = ready,
		.our_fd = ends[0],
		.its_fd = ends[1] };
	r->rd->dbus = spec;
	int code = resolve_plan(q, false, ready, r->d, r->e);
	if (code < 0 && r->d->n == 0)
		return err_wrap(r->e, "the sandbox of xdg-dbus-proxy");
	return 0; /* what is in r->d is told with the rest */
}
