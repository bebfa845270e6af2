/* SPDX-License-Identifier: MIT */
/* template.h - paths as profiles write them: ~ and a closed list of variables */
#pragma once

#include <stdbool.h>

enum path_variable {
	VAR_HOME,
	VAR_CWD,
	VAR_UID,
	VAR_XDG_CONFIG_HOME,
	VAR_XDG_DATA_HOME,
	VAR_XDG_CACHE_HOME,
	VAR_XDG_STATE_HOME,
	VAR_XDG_RUNTIME_DIR,
	VAR_XDG_DESKTOP_DIR,
	VAR_XDG_DOCUMENTS_DIR,
	VAR_XDG_DOWNLOAD_DIR,
	VAR_XDG_MUSIC_DIR,
	VAR_XDG_PICTURES_DIR,
	VAR_XDG_PUBLICSHARE_DIR,
	VAR_XDG_TEMPLATES_DIR,
	VAR_XDG_VIDEOS_DIR,
	VAR_COUNT
};

extern const char *const path_variable_names[VAR_COUNT];

/* The variable whose "${NAME}" begins at @s, and how long that is; VAR_COUNT: none such. */
enum path_variable template_variable(const char *s, unsigned *ret_len);

/* Checks a path's form. Relative ones only where @relative (the command line).
 * NULL when it is well-formed, else what is wrong (static text), with the offset. */
const char *template_check(const char *path, bool relative, unsigned *ret_offset);
