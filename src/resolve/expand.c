/* SPDX-License-Identifier: MIT */
/* expand.c - paths as profiles write them, made into paths of the host */
#include "resolve/expand.h"

#include <string.h>

#include "base/path.h"

/* The value of "${NAME}" at @s; NULL where it stands for nothing here. */
static const char *variable(
	struct arena *a, struct host *h, const char *s, unsigned *ret_len)
{
	enum path_variable var = template_variable(s, ret_len);
	if (var == VAR_COUNT)
		return NULL;
	if (var >= VAR_XDG_DESKTOP_DIR)
		host_user_dirs(h, a);
	return h->vars[var];
}

const char *expand_path(struct arena *a, struct host *h, struct diags *d,
	const char *text, bool optional, const struct origin *at)
{
	const char *rest = text;
	char *out = arena_strdup(a, "");

	if (text[0] == '~' && (!text[1] || text[1] == '/')) {
		out = arena_strdup(a, h->home);
		rest = text + 1;
	}
	while (*rest) {
		size_t plain = strcspn(rest, "$");
		out = arena_printf(a, "%s%.*s", out, (int)plain, rest);
		rest += plain;
		if (!*rest)
			break;
		unsigned len = 1;
		const char *value = variable(a, h, rest, &len);
		if (!value) {
			if (!optional)
				diag_add(d, at, "'%s': '%.*s' stands for nothing here",
					text, (int)len, rest);
			return NULL;
		}
		out = arena_printf(a, "%s%s", out, value);
		rest += len;
	}

	char *path;
	if (out[0] != '/' && !h->cwd) {
		diag_add(d, at, "'%s' is relative, and the working directory is gone",
			text);
		return NULL;
	}
	if (path_absolute(a, h->cwd ? h->cwd : "/", out, &path) < 0) {
		diag_add(d, at, "an empty path");
		return NULL;
	}
	return path;
}
