/* SPDX-License-Identifier: MIT */
/* template.c - paths as profiles write them: ~ and a closed list of variables */
#include "config/template.h"

#include <assert.h>
#include <string.h>

#include "base/macros.h"

const char *const path_variable_names[] = {
	[VAR_HOME] = "HOME",
	[VAR_CWD] = "CWD",
	[VAR_UID] = "UID",
	[VAR_XDG_CONFIG_HOME] = "XDG_CONFIG_HOME",
	[VAR_XDG_DATA_HOME] = "XDG_DATA_HOME",
	[VAR_XDG_CACHE_HOME] = "XDG_CACHE_HOME",
	[VAR_XDG_STATE_HOME] = "XDG_STATE_HOME",
	[VAR_XDG_RUNTIME_DIR] = "XDG_RUNTIME_DIR",
	[VAR_XDG_DESKTOP_DIR] = "XDG_DESKTOP_DIR",
	[VAR_XDG_DOCUMENTS_DIR] = "XDG_DOCUMENTS_DIR",
	[VAR_XDG_DOWNLOAD_DIR] = "XDG_DOWNLOAD_DIR",
	[VAR_XDG_MUSIC_DIR] = "XDG_MUSIC_DIR",
	[VAR_XDG_PICTURES_DIR] = "XDG_PICTURES_DIR",
	[VAR_XDG_PUBLICSHARE_DIR] = "XDG_PUBLICSHARE_DIR",
	[VAR_XDG_TEMPLATES_DIR] = "XDG_TEMPLATES_DIR",
	[VAR_XDG_VIDEOS_DIR] = "XDG_VIDEOS_DIR",
};
static_assert(ARRAY_SIZE(path_variable_names) == VAR_COUNT, "a variable has no name");

enum path_variable template_variable(const char *s, unsigned *ret_len)
{
	const char *end = strchr(s, '}');
	if (s[0] != '$' || s[1] != '{' || !end)
		return VAR_COUNT;
	size_t len = (size_t)(end - s) - 2;
	*ret_len = (unsigned)len + 3;
	for (unsigned i = 0; i < VAR_COUNT; i++)
		if (strlen(path_variable_names[i]) == len &&
			strncmp(path_variable_names[i], s + 2, len) == 0)
			return i;
	return VAR_COUNT;
}

static const char *check_dollar(const char *path, const char *at)
{
	unsigned len = 0;
	if (at[1] != '{')
		return "a variable is written ${NAME}";
	enum path_variable var = template_variable(at, &len);
	if (var == VAR_COUNT)
		return "unknown variable";
	if (var == VAR_UID)
		return at == path ? "a path cannot begin with a number" : NULL;
	if (at != path)
		return "a variable that is a path can only begin one";
	if (at[len] && at[len] != '/')
		return "behind a variable that is a path comes '/'";
	return NULL;
}

const char *template_check(const char *path, bool relative, unsigned *ret_offset)
{
	*ret_offset = 0;
	if (!*path)
		return "an empty path";
	if (path[0] == '~' && path[1] && path[1] != '/')
		return "'~' stands for your own home only";
	if (!relative && path[0] != '/' && path[0] != '~' && path[0] != '$')
		return "a path must begin with '/', '~' or a variable";
	for (const char *p = path; *p; p++) {
		const char *wrong = NULL;
		*ret_offset = (unsigned)(p - path);
		if (*p == '$')
			wrong = check_dollar(path, p);
		else if (!relative && strncmp(p, "/..", 3) == 0 && (!p[3] || p[3] == '/'))
			wrong = "'..' is not allowed in a path";
		else if ((unsigned char)*p < 0x20)
			wrong = "a control character in a path";
		if (wrong)
			return wrong;
	}
	*ret_offset = 0;
	return NULL;
}
