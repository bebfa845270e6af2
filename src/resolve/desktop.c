/* SPDX-License-Identifier: MIT */
/* desktop.c - the desktop's words made into sockets, devices, files and variables
 *
 * "auto" takes what the session has; "yes" is an error where the session has not.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/num.h"
#include "base/path.h"
#include "base/proc.h"
#include "base/str.h"
#include "resolve/proxy.h"
#include "resolve/wish.h"

static void missing(
	struct resolver *r, enum setting_id id, int want, int yes, const char *what)
{
	if (want == yes)
		diag_add(r->d, &r->p->origin[id], "this session has no %s", what);
}

static void pass(struct resolver *r, const char *name)
{
	const char *value = host_env(r->h, name);
	if (value && !env_get(&r->env, name))
		env_set(r->a, &r->env, name, value);
}

static void pass_all(struct resolver *r, const char *const *names)
{
	for (; *names; names++)
		pass(r, *names);
}

/* The folder of the session's sockets inside: what programs derive them from. */
static const char *runtime_inside(struct resolver *r, const char *name)
{
	return arena_printf(r->a, "/run/user/%u/%s", r->rd->uid, name);
}

static bool is_socket(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISSOCK(st.st_mode);
}

static bool is_link(const char *path)
{
	struct stat st;
	return lstat(path, &st) == 0 && S_ISLNK(st.st_mode);
}

static void show_at(struct resolver *r, enum setting_id id, const char *source,
	const char *dest, bool write)
{
	struct mount_op *op = wish(r, OP_BIND, dest, id, NULL);
	op->source = source;
	op->write = write;
}

/* ---- displays ---- */

static bool wayland(struct resolver *r)
{
	const char *display = host_env(r->h, "WAYLAND_DISPLAY");
	if (r->p->wayland == WANT_NO)
		return false;
	if (!display)
		display = "wayland-0";
	const char *path = display[0] == '/' ? display
		: r->h->runtime_dir
		? arena_printf(r->a, "%s/%s", r->h->runtime_dir, display)
		: "";
	if (!is_socket(path)) {
		missing(r, SET_WAYLAND, r->p->wayland, WANT_YES, "Wayland compositor");
		return false;
	}
	show_at(r, SET_WAYLAND, path, runtime_inside(r, "wayland-0"), false);
	env_set(r->a, &r->env, "WAYLAND_DISPLAY", "wayland-0");
	env_set(r->a, &r->env, "MOZ_ENABLE_WAYLAND", "1");
	return true;
}

/* ":1" and ":1.0" and "unix:1"; displays of other hosts need the network, not us. */
static bool display_number(const char *display, uint64_t *ret)
{
	char digits[8];
	if (str_starts(display, "unix:"))
		display += 4;
	if (display[0] != ':')
		return false;
	(void)snprintf(digits, sizeof(digits), "%.*s", (int)strcspn(display + 1, "."),
		display + 1);
	return num_u64(digits, 0, 65535, ret) == 0;
}

/* The one key for this display, under a name that any host name matches, as the key of the
 * display's number inside. */
static void x11_key(struct resolver *r, const char *display, const char *number)
{
	char out[1024];
	const char *helper = host_libexec(r->h, r->a, "sbox-xauth");
	const char *file = host_env(r->h, "XAUTHORITY");
	if (!file)
		file = arena_printf(r->a, "%s/.Xauthority", r->h->home);
	if (access(file, R_OK) < 0)
		return; /* a server without keys, as Xvfb is by default */

	char *argv[] = { (char *)helper, (char *)display, (char *)file, (char *)number,
		NULL };
	size_t size = 0;
	int code = proc_capture_bytes(helper, argv, out, sizeof(out), &size, r->e);
	if (code == 1)
		return; /* no key for it */
	if (code != 0 || size == 0) {
		log_warning("the X server's key was not found: '%s' failed", helper);
		return;
	}
	const char *path = runtime_inside(r, "Xauthority");
	struct mount_op *op = wish(r, OP_FILE, path, SET_X11, NULL);
	char *copy = arena_alloc(r->a, size);
	memcpy(copy, out, size);
	op->content = copy;
	op->size = size;
	op->mode = 0400;
	env_set(r->a, &r->env, "XAUTHORITY", path);
}

/* Another number than any display of the host's. libxcb tries the abstract socket of a
 * display first, takes only "there is none" for a reason to try the path, and would with
 * the host's network meet the one that Landlock refuses. */
static const char *number_inside(struct resolver *r)
{
	enum { FIRST = 90, LAST = 990 };
	for (unsigned n = FIRST; n < LAST; n++)
		if (!is_socket(arena_printf(r->a, "/tmp/.X11-unix/X%u", n)))
			return arena_printf(r->a, "%u", n);
	return "0";
}

static void x11(struct resolver *r, bool has_wayland)
{
	const char *display = host_env(r->h, "DISPLAY");
	uint64_t n;
	if (r->p->x11 == X11_NO || (r->p->x11 == X11_FALLBACK && has_wayland))
		return;
	if (!display || !display_number(display, &n)) {
		missing(r, SET_X11, r->p->x11, X11_YES, "local X server (DISPLAY)");
		return;
	}
	const char *socket = arena_printf(r->a, "/tmp/.X11-unix/X%u", (unsigned)n);
	if (!is_socket(socket)) {
		missing(r, SET_X11, r->p->x11, X11_YES,
			"X server's socket in /tmp/.X11-unix");
		return;
	}
	const char *number = number_inside(r);
	show_at(r, SET_X11, socket, arena_printf(r->a, "/tmp/.X11-unix/X%s", number),
		false);
	env_set(r->a, &r->env, "DISPLAY", arena_printf(r->a, ":%s", number));
	x11_key(r, display, number);
}

/* ---- sound ---- */

/* PulseAudio's socket through a filter, since who speaks to it as it is can have the server
 * run code (pulse.c). No cookie: the server knows its user. PipeWire's own socket is not
 * shown: it has the same fault, and nobody filters it.
 *
 * The filter sees the socket's folder, where a server that starts anew makes another one. A
 * socket behind a link may be in any folder, so that one is shown alone. */
static int sound(struct resolver *r)
{
	if (r->p->sound == SOUND_NO)
		return 0;
	const char *dir = r->h->runtime_dir ? r->h->runtime_dir : "/nonexistent";
	const char *its_dir = arena_printf(r->a, "%s/pulse", dir);
	const char *pulse = arena_printf(r->a, "%s/native", its_dir);
	if (!is_socket(pulse)) {
		missing(r, SET_SOUND, r->p->sound, SOUND_YES,
			"sound server that speaks PulseAudio's protocol");
		return 0;
	}
	const char *inside = runtime_inside(r, "pulse");
	env_set(r->a, &r->env, "PULSE_SERVER",
		arena_printf(r->a, "unix:%s/native", inside));
	if (r->dry)
		return 0;
	const char *shown = instance_subdir(r->rd->instance, r->a, "sound", r->e);
	if (!shown)
		return r->e->code;
	show_at(r, SET_SOUND, shown, inside, false);
	return proxy_resolve_sound(r, pulse, is_link(pulse) ? pulse : its_dir, shown);
}

/* ---- graphics ---- */

static bool devices(struct resolver *r, const char *prefix)
{
	DIR *d = opendir("/dev");
	bool any = false;
	for (struct dirent *entry; d && (entry = readdir(d));) {
		if (!str_starts(entry->d_name, prefix))
			continue;
		const char *path = arena_printf(r->a, "/dev/%s", entry->d_name);
		struct mount_op *op = wish_if_there(r, path, SET_GPU, true);
		if (op)
			op->device = true;
		any = any || op;
	}
	if (d)
		closedir(d);
	return any;
}

static void gpu(struct resolver *r)
{
	/* what libdrm, Mesa and the browsers' GPU processes read */
	static const char *const sys[] = { "/sys/dev/char", "/sys/class/drm",
		"/sys/devices/system/cpu", NULL };
	if (r->p->gpu == WANT_NO)
		return;
	bool dri = devices(r, "dri"), nvidia = devices(r, "nvidia"),
	     kfd = devices(r, "kfd");
	if (!dri && !nvidia && !kfd) {
		missing(r, SET_GPU, r->p->gpu, WANT_YES, "graphics device");
		return;
	}
	for (size_t i = 0; sys[i]; i++)
		wish_if_there(r, sys[i], SET_GPU, false);
	DIR *d = opendir("/sys/devices");
	for (struct dirent *entry; d && (entry = readdir(d));)
		if (str_starts(entry->d_name, "pci"))
			wish_if_there(r,
				arena_printf(r->a, "/sys/devices/%s", entry->d_name),
				SET_GPU, false);
	if (d)
		closedir(d);
}

/* ---- fonts and themes ---- */

static void themes(struct resolver *r)
{
	static const char *const config[] = { "fontconfig", "gtk-3.0", "gtk-4.0", "qt5ct",
		"qt6ct", "Kvantum", "kdeglobals", "user-dirs.dirs", NULL };
	static const char *const data[] = { "fonts", "themes", "icons", NULL };
	static const char *const home[] = { ".fonts", ".themes", ".icons", ".gtkrc-2.0",
		NULL };
	const struct {
		const char *dir;
		const char *const *names;
	} all[] = {
		{ r->h->vars[VAR_XDG_CONFIG_HOME], config },
		{ r->h->vars[VAR_XDG_DATA_HOME], data },
		{ r->h->home, home },
	};
	if (!r->p->themes)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		for (size_t k = 0; all[i].names[k]; k++)
			wish_if_there(r,
				arena_printf(r->a, "%s/%s", all[i].dir, all[i].names[k]),
				SET_THEMES, false);
	wish_if_there(r, "/var/cache/fontconfig", SET_THEMES, false);
}

/* ---- the session bus ---- */

static int dbus(struct resolver *r)
{
	char path[64];
	if (r->p->dbus == DBUS_NONE)
		return 0;
	const char *address = host_env(r->h, "DBUS_SESSION_BUS_ADDRESS");
	if (!address && r->h->runtime_dir) {
		address = arena_printf(r->a, "unix:path=%s/bus", r->h->runtime_dir);
		if (proxy_try(address) < 0)
			return 0;
	}
	if (!address || strcmp(address, "disabled:") == 0)
		return 0; /* no bus: the program finds none, which is not more than asked */
	int code = proxy_try(address);
	if (code < 0) {
		diag_add(r->d, &r->p->origin[SET_DBUS],
			"the session bus at '%s' cannot be reached: %s", address,
			strerror(-code))
			->hint =
			"DBUS_SESSION_BUS_ADDRESS names it; --dbus=none runs without";
		return 0;
	}
	if (!proc_find_helper("xdg-dbus-proxy", path, sizeof(path))) {
		diag_add(r->d, &r->p->origin[SET_DBUS],
			"dbus = filtered needs the program xdg-dbus-proxy")
			->hint =
			"install the package xdg-dbus-proxy, or run with --dbus=none";
		return 0;
	}
	const char *folder = runtime_inside(r, "sbox");
	env_set(r->a, &r->env, "DBUS_SESSION_BUS_ADDRESS",
		arena_printf(r->a, "unix:path=%s/bus", folder));
	if (r->dry)
		return 0;
	/* of the instance's folder the program and its proxy see no more than this one */
	const char *shown = instance_subdir(r->rd->instance, r->a, "dbus", r->e);
	if (!shown)
		return r->e->code;
	show_at(r, SET_DBUS, shown, folder, false);
	return proxy_resolve(r, arena_strdup(r->a, path), address, shown);
}

int wish_desktop(struct resolver *r)
{
	static const char *const session[] = { "XDG_CURRENT_DESKTOP", "XDG_SESSION_TYPE",
		"DESKTOP_SESSION", "GTK_THEME", "XCURSOR_THEME", "XCURSOR_SIZE",
		"GDK_SCALE", "QT_SCALE_FACTOR", "QT_QPA_PLATFORMTHEME", "GTK_IM_MODULE",
		"QT_IM_MODULE", "XMODIFIERS", NULL };
	bool has_wayland = wayland(r);
	x11(r, has_wayland);
	int code = sound(r);
	gpu(r);
	themes(r);
	if (r->p->wayland != WANT_NO || r->p->x11 != X11_NO)
		pass_all(r, session);
	return code < 0 ? code : dbus(r);
}
