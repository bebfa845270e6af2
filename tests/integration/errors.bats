#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# errors.bats - what cannot be done is refused with one clear sentence, and leaves nothing
load lib

# fails EXPECTED-TEXT... -- ARGS...: sbox ARGS gives 125, says each text, and leaves nothing.
fails() {
	local texts=() text
	while [ "$1" != -- ]; do
		texts+=("$1")
		shift
	done
	shift
	run --separate-stderr "$@"
	assert_status 125
	assert_equal "$output" ""
	for text in "${texts[@]}"; do
		assert_contains "$stderr" "$text"
	done
	# made in a namespace that the test made, which is gone with it
	nothing_left
}

# The cache of compiled filters is no part of a start.
nothing_left() {
	no_leftovers 'home/.cache*' "$@"
}

# in_mounts COMMANDS CMD...: CMD, as the caller and with no more rights, behind mounts that a
# user can only make in namespaces of one's own.
in_mounts() {
	local commands=$1
	shift
	unshare --user --map-root-user --mount sh -ec "$commands"'
		exec unshare --user --map-user='"$(id -u)"' --map-group='"$(id -g)"' "$@"' sh "$@"
}

# ---- user namespaces --------------------------------------------------------------------

@test "user namespaces forbidden by a limit: the limit is named, and how to raise it" {
	fails "sbox: cannot make the namespaces: No space left on device" \
		"hint: the limit of user namespaces is 0" \
		"sysctl -w user.max_user_namespaces" -- \
		unshare --user --map-root-user sh -c \
		'echo 0 >/proc/sys/user/max_user_namespaces; exec "$0" "$@"' \
		"$SBOX" --quiet -- true
	fails "sbox: cannot make the network namespace: No space left on device" \
		"hint: a limit of namespaces" -- \
		unshare --user --map-root-user sh -c \
		'echo 0 >/proc/sys/user/max_net_namespaces; exec "$0" "$@"' \
		"$SBOX" --quiet -- true
}

@test "user namespaces forbidden by a filter: that is said, and nothing weaker is started" {
	fails "sbox: cannot make the namespaces: Operation not permitted" "hint: " \
		"filter" -- \
		"$TEST_BIN/deny" EPERM clone3,clone:0:0x10000000,unshare:0:0x10000000 -- \
		"$SBOX" -- true
	# a filter that judges clone's flags has to let clone3 fail with ENOSYS
	fails "sbox: cannot make the namespaces: Operation not permitted" -- \
		"$TEST_BIN/deny" ENOSYS clone3 -- \
		"$TEST_BIN/deny" EPERM clone:0:0x10000000 -- "$SBOX" -- true
}

@test "each step that the kernel refuses is named, and ends the start" {
	local row call text
	for row in 'pivot_root:cannot enter the new root' \
		'umount2:cannot enter the new root' \
		'sethostname:cannot set the host name' 'capset:cannot drop capabilities' \
		'prctl:the start was given up' 'close_range:cannot close descriptors' \
		'fsopen:cannot make the new root' 'move_mount:cannot make the new root' \
		'open_tree:cannot mount' 'mount_setattr:cannot mount' \
		'openat2:cannot mount' \
		'signalfd4:cannot wait for signals' 'seccomp:filter'; do
		call=${row%%:*}
		text=${row#*:}
		run --separate-stderr "$TEST_BIN/deny" EPERM "$call" -- "$SBOX" -c \
			'echo started'
		[ "$status" = 125 ] || complain "$call: status $status" "stderr" "$stderr"
		assert_equal "$output" ""
		assert_contains "$stderr" "$text"
		assert_contains "$stderr" "Operation not permitted"
	done
	nothing_left
	run --separate-stderr "$TEST_BIN/deny" EPERM setgroups -- "$SBOX" --id-map=range \
		-- true
	assert_status 125
	nothing_left
}

@test "a container that hides parts of /proc: what to do is said" {
	local hide='mount -t tmpfs none /proc/fs || mount -t tmpfs none /proc/sys'
	fails "proc: cannot mount: '/proc'" "a container that hides parts of /proc" -- \
		in_mounts "$hide" "$SBOX" --home=ephemeral -- true
	run --separate-stderr in_mounts "$hide" "$SBOX" --home=ephemeral --proc=no -c \
		'echo ran'
	assert_equal "$output" ran
}

# ---- ranges of ids ----------------------------------------------------------------------

@test "no newuidmap: the package is named, and how to do without" {
	fails "sbox: a range of ids needs the program newuidmap" \
		"hint: install the package uidmap" \
		"--id-map=single" -- in_mounts \
		'mount --bind /dev/null /usr/bin/newuidmap' "$SBOX" -p shell -- true
}

@test "newuidmap without its rights: that is said" {
	cp /usr/bin/newuidmap "$T/work/"
	chmod 755 "$T/work/newuidmap"
	fails "sbox: newuidmap failed: " \
		"hint: '/usr/bin/newuidmap' has neither the setuid bit" -- \
		in_mounts "mount --bind '$T/work/newuidmap' /usr/bin/newuidmap" "$SBOX" \
		-p shell -- true
	# in a namespace that does not have the program's owner the bit is worth nothing
	fails "sbox: newuidmap failed: " "hint: a nosuid mount or a container" \
		"--id-map=single" -- \
		in_mounts true "$SBOX" -p shell -- true
}

@test "no subordinate ids: the file and the command that gives some are named" {
	fails "identity = root needs a range of subordinate ids, and /etc/subuid has none for $(id -un)" \
		"hint: an administrator gives one with: usermod --add-subuids" -- \
		in_mounts 'mount --bind /dev/null /etc/subuid' "$SBOX" -p shell -- true
	fails "groups = drop needs a range of subordinate ids, and /etc/subgid has none" \
		"--groups=keep" -- \
		in_mounts 'mount --bind /dev/null /etc/subgid' "$SBOX" -p untrusted -- \
		true
}

@test "no_new_privs set by the caller: ranges are refused, the rest works" {
	fails "sbox: a range of ids needs newuidmap, which no_new_privs makes powerless" \
		"hint: whoever started sbox set no_new_privs" -- \
		setpriv --no-new-privs "$SBOX" -p shell -- true
	run --separate-stderr setpriv --no-new-privs "$SBOX" -c 'echo ran'
	assert_equal "$output" ran
}

@test "PATH, LD_PRELOAD and their like have no effect on what sbox runs" {
	mkdir "$T/bin"
	local name
	for name in newuidmap newgidmap getent getsubids; do
		printf '#!/bin/sh\ntouch %s/ran\n' "$T" >"$T/bin/$name"
	done
	chmod 755 "$T"/bin/*
	run --separate-stderr env PATH="$T/bin:$PATH" LD_PRELOAD="$T/evil.so" \
		LD_LIBRARY_PATH="$T/bin" \
		GCONV_PATH="$T/bin" BASH_ENV="$T/bin/newuidmap" ENV="$T/bin/newuidmap" \
		"$SBOX" -p shell -c 'id -u'
	[ ! -e "$T/ran" ]
	assert_equal "$output" 0
}

# bats test_tags=no-asan
@test "sbox that is setuid or setgid refuses to run" {
	local other
	for other in $(id -G) none; do
		[ "$other" = "$(id -g)" ] || break
	done
	if [ "$other" = none ]; then
		[ "${SBOX_TEST_STRICT:-0}" != 1 ] || complain \
			"$(id -un) is in no supplementary group"
		skip "needs a user with a supplementary group"
	fi
	cp "$SBOX" "$T/work/sbox"
	chgrp "$other" "$T/work/sbox"
	chmod 2755 "$T/work/sbox"
	fails "sbox is installed setuid or setgid; it must not be" -- "$T/work/sbox" -- \
		true
}

# ---- files ------------------------------------------------------------------------------

@test "a full disk for the home: that is said, and nothing is left on it" {
	run --separate-stderr in_mounts \
		"mount -t tmpfs -o nr_inodes=3,mode=777 none '$T/work'" \
		env XDG_DATA_HOME="$T/work" sh -c \
		'"$0" -- true; echo "code-$?"; find "$1" -mindepth 1' "$SBOX" "$T/work"
	assert_equal "$output" code-125
	assert_contains "$stderr" \
		"sbox: cannot make the private home '$T/work/sbox/homes/default': No space left on device"
	assert_contains "$stderr" \
		"hint: the disk is full; make room, or run with --home=ephemeral"
	run --separate-stderr in_mounts \
		"mount -t tmpfs -o nr_inodes=3,mode=777 none '$T/work'" \
		env XDG_DATA_HOME="$T/work" "$SBOX" --home=ephemeral -c 'echo ran'
	assert_equal "$output" ran
}

@test "a read-only place for the home, or a file in its way" {
	fails "cannot make the private home '$T/work/sbox/homes/default': Read-only file system" -- \
		in_mounts "mount -t tmpfs -o ro none '$T/work'" env \
		XDG_DATA_HOME="$T/work" "$SBOX" -- true
	: >"$T/work/sbox"
	fails "cannot make the private home '$T/work/sbox/homes/default': Not a directory" -- \
		env XDG_DATA_HOME="$T/work" "$SBOX" -- true
	assert_equal "$(ls -A "$T/work")" sbox
}

@test "a first start that fails leaves no home, wherever it fails" {
	fails "cannot enter the directory" -- "$SBOX" --chdir=/nosuch -- true
	fails "there is no '$HOME/.x/y' to show something at" -- \
		"$SBOX" --link="~/.y /etc" --bind='/etc /usr/nosuch' \
		--bind="/etc $HOME/.x/y/../../../x" -- true ||
		true
	run -127 --separate-stderr sbox -- no-such-program
	nothing_left
	run --separate-stderr sbox --tmpfs="$HOME/a/b" --file="$HOME/c/d text" \
		--chdir=/nosuch -- true
	assert_status 125
	nothing_left
	run --separate-stderr sbox --home=host --chdir=/nosuch -- true
	assert_status 125
	nothing_left
}

@test "a caller whose directory is gone can still start something" {
	mkdir "$T/work/gone"
	cd "$T/work/gone"
	rmdir "$T/work/gone"
	run --separate-stderr sbox -c pwd
	assert_equal "$output" "$HOME"
	run --separate-stderr sbox --cwd=write --read=. -- true
	assert_status 125
	assert_contains "$stderr" \
		"--read: '.' is relative, and the working directory is gone"
}

@test "closed input, output and errors are neither an error nor a way for files to slip in" {
	sbox --read="$TEST_BIN/probe" -- "$TEST_BIN/probe" fds >"$T/out" <&-
	output=$(<"$T/out")
	assert_equal "$(fact fds)" 0,1,2
	assert_equal "$(fact fd.0)" /dev/null
	sbox --write="$T/out" -c 'ls -l /proc/self/fd >"$0"' "$T/out" <&- >&- 2>&-
	refute_contains "$(<"$T/out")" "$T/home"
	run sbox -c 'exit 7' >&- 2>&-
	assert_status 7
}

# bats test_tags=no-asan
@test "few descriptors are enough, or are asked for" {
	local n
	for n in 4 5 6 8 10 12 16 24 64; do
		run --separate-stderr bash -c 'ulimit -n "$1"; exec "$0" -- true' \
			"$SBOX" $n
		[ "$status" = 0 ] || [ "$status" = 125 ] || complain \
			"with $n: status $status" "stderr" "$stderr"
		[ "$status" = 0 ] || assert_contains "$n: $stderr" "sbox: "
		nothing_left 'home/.local*'
	done
	assert_status 0
}

@test "a HOME that is not there, relative or empty" {
	run --separate-stderr env HOME=/nonexistent/x "$SBOX" -- true
	assert_status 125
	assert_contains "$stderr" "cannot make the private home '/nonexistent/x/"
	local home
	for home in relative ''; do
		run --separate-stderr env HOME="$home" "$SBOX" --home=ephemeral -c \
			'echo "$HOME"'
		assert_equal "$output" "$(getent passwd "$(id -u)" | cut -d: -f6)"
	done
}

# ---- the command line -------------------------------------------------------------------

@test "all mistakes of a command line are told at once, with what was meant" {
	run --separate-stderr sbox --redonly=/x --hostnam=y --tmpfs='/x size=lots' \
		--network=maybe \
		--read=/nosuch --timeout=soon -- true
	assert_status 125
	assert_contains "$stderr" "unknown flag '--redonly'"
	assert_contains "$stderr" "unknown flag '--hostnam'"
	assert_contains "$stderr" "--hostname"
	assert_contains "$stderr" "--tmpfs: "
	assert_contains "$stderr" "--network: "
	assert_contains "$stderr" "--timeout: "
	nothing_left
}

@test "output that cannot be shown is escaped, from files and from the command line" {
	local esc=$'\e[31m'
	run --separate-stderr sbox --read="/none${esc}x" -p "no${esc}profile" \
		--"bad${esc}flag" -- true
	assert_status 125
	refute_contains "$stderr" $'\e'
	assert_contains "$stderr" 'x1b[31m'
	run -127 --separate-stderr sbox -- "no${esc}program"
	refute_contains "$stderr" $'\e'
	run --separate-stderr sbox --read=$'/none\nsbox: fine' -- true
	[ "${#stderr_lines[@]}" -le 2 ]
}

@test "a flag's mistake names the flag once" {
	run -125 --separate-stderr sbox --memory=lots --timeout=5y -- true
	assert_contains "$stderr" "sbox: --memory: not a limit: 'lots'"
	assert_contains "$stderr" "sbox: --timeout: not a time: '5y'"
}

@test "errors are on stderr, quiet or not, and warnings are not with --quiet" {
	run --separate-stderr sbox --quiet --read=/nosuch -- true
	assert_equal "$output" ""
	assert_contains "$stderr" "--read: '/nosuch': No such file or directory"
	run --separate-stderr sbox -- true
	assert_equal "$stderr$output" ""
}
