# SPDX-License-Identifier: MIT
# user.bash - the ordinary user that sandboxes are run as, when root does the asking
#
# Sourced. Gives:
#   user_prepare     chooses the user, makes it when there is none, and what it needs
#   as_user CMD...   runs CMD as that user with a login's environment and nothing else;
#                    "${user_prefix[@]}" CMD... is the same where a function won't do
#   user_tree DIR    prints where that user can read the tree DIR: DIR, or a copy of it
# Where the caller is not root, the user is the caller, and nothing is made.
# shellcheck shell=bash

SBOX_USER=${SBOX_USER:-}
user_prefix=()

user_say() {
	echo "$*" >&2
}

# A range of subordinate ids behind all that have been given.
user_ensure_subids() {
	local file next
	for file in subuid subgid; do
		grep -qs "^$1:" /etc/$file && continue
		touch /etc/$file
		next=$(awk -F: '$2 + $3 > n { n = $2 + $3 } END { print n < 100000 ? 100000 : n }' \
			/etc/$file)
		usermod --add-${file/sub/sub}s "$next-$((next + 65535))" "$1"
	done
}

user_prepare() {
	if [ "$(id -u)" != 0 ]; then
		SBOX_USER=$(id -un)
		return
	fi
	PATH=$PATH:/usr/sbin:/sbin
	SBOX_USER=${SBOX_USER:-sbox-test}
	if ! id -u "$SBOX_USER" >/dev/null 2>&1; then
		user_say "Making the user $SBOX_USER: sandboxes are for ordinary users."
		# in a second group, since sandboxes treat those in a way of their own
		useradd --create-home --shell /bin/bash --groups users "$SBOX_USER"
	fi
	user_ensure_subids "$SBOX_USER"
	# The caller's own variables reach a command only by "env NAME=VALUE".
	user_prefix=(setpriv --reuid="$SBOX_USER" --regid="$(id -g "$SBOX_USER")"
		--init-groups --inh-caps=-all --reset-env --)
}

as_user() {
	"${user_prefix[@]}" "$@"
}

# A directory for the user alone that is gone when the script ends.
user_tmpdir() {
	local dir
	dir=$(mktemp -d "/var/tmp/$1.XXXXXX")
	chown "$SBOX_USER:" "$dir"
	echo "$dir"
}

user_tree() {
	local copy
	if as_user sh -c 'test -r "$1/Makefile" && test -x "$1/tests/run"' sh "$1" &&
		as_user sh -c 'ls "$1" "$1/$2"' sh "$1" "${BUILD:-build}" >/dev/null 2>&1; then
		echo "$1"
		return
	fi
	copy=$(mktemp -d /var/tmp/sbox-tree.XXXXXX)
	user_say "$SBOX_USER cannot read $1: using a copy of it in $copy"
	chmod 755 "$copy"
	tar -C "$1" --exclude=./.git --exclude=obj -cf - . | tar -C "$copy" --no-same-owner -xf -
	chmod -R go+rX "$copy"
	echo "$copy"
}
