#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# app.sh - the last step of "make run": an application in a sandbox, out of the build tree
#
# APP: the program and its arguments (quotes as in a shell); a shell when empty.
# PROFILE: the profile's name or file; when empty, sbox picks it by the program's name, and
# a shell gets "default".
set -euo pipefail
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES MAKE_TERMOUT MAKE_TERMERR
tree=$(cd "$(dirname "$0")/.." && pwd)
build=${BUILD:-build}
# shellcheck source=tests/user.bash
. "$tree/tests/user.bash"

profile=${PROFILE:-}
if [ -n "${APP:-}" ]; then
	mapfile -t app < <(xargs printf '%s\n' <<<"$APP")
	"$tree/tests/deps.sh" "app:${app[0]}"
else
	app=(bash)
	profile=${profile:-default}
fi

environment=(TERM="${TERM:-dumb}" LANG="${LANG:-C.UTF-8}")
if [ "$(id -u)" = 0 ]; then
	if [ -n "${SUDO_USER:-}" ] && [ "$SUDO_USER" != root ]; then
		SBOX_USER=$SUDO_USER
	fi
	user_prepare
	user_say "sbox is for ordinary users, not for root: starting it as $SBOX_USER."
	uid=$(id -u "$SBOX_USER")
	install -d -m 755 /run/user
	install -d -m 700 -o "$SBOX_USER" -g "$(id -g "$SBOX_USER")" "/run/user/$uid"
	environment+=(XDG_RUNTIME_DIR="/run/user/$uid")
	for name in DISPLAY XAUTHORITY WAYLAND_DISPLAY COLORTERM; do
		[ -z "${!name:-}" ] || environment+=("$name=${!name}")
	done
fi

shown=$(user_tree "$tree")
cd "$shown"
environment+=(SBOX_PROFILE_PATH="$shown/profiles" SBOX_LIBEXEC="$shown/$build/libexec")
command=("$shown/$build/sbox" ${profile:+--profile="$profile"} -- "${app[@]}")
echo "sbox ${profile:+--profile=$profile }-- ${app[*]}" >&2

[ "$shown" = "$tree" ] || trap 'rm -rf "$shown"' EXIT
as_user env "${environment[@]}" "${command[@]}" || result=$?
# A shell's last command may have failed; that is between it and its user.
if [ -z "${APP:-}" ] && [ "${result:-0}" != 125 ]; then
	result=0
fi
exit "${result:-0}"
