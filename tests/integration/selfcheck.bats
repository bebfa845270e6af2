#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# selfcheck.bats - what each shipped profile promises, looked at and asked for from inside
#
# tests/helpers/selfcheck does the asking, promises.py reads the promises off the profile.
# The second half sees to it that the self-check notices when one of them is broken.
load lib

setup() {
	isolate
	secret=hunter2-$RANDOM$RANDOM
	selfcheck=$TEST_BIN/selfcheck
	start_neighbour
	plant
}

teardown() {
	[ -z "${sysv:-}" ] || ipcrm -m "$sysv" || true
	rm -f "/dev/shm/$secret"
	clean_up
}

# A process of the host's that listens where a sandbox must not come, and its memory.
start_neighbour() {
	need python3 ipcmk ipcrm
	mkfifo "$T/ready"
	/usr/bin/python3 -I -S -c '
import signal, socket, sys
u = socket.socket(socket.AF_UNIX); u.bind("\0sbox-test-" + sys.argv[1]); u.listen()
t = socket.socket(); t.bind(("127.0.0.1", 0)); t.listen()
open(sys.argv[2], "w").write("%d\n" % t.getsockname()[1])
signal.pause()' "$secret" "$T/ready" 3>&- &
	neighbour=$!
	all_started+=("$neighbour")
	read -r port <"$T/ready"
	sysv=$(ipcmk -M 12345)
	sysv=${sysv##* }
}

# Files of the caller's, and sbox's own.
plant() {
	hidden=("$HOME/diary" "$HOME/.ssh/id_rsa" "$HOME/.config/sbox" "$HOME/.cache/sbox"
		"$HOME/.local/share/sbox/homes" "/dev/shm/$secret" "$T/run" "$T/stdin")
	mkdir -p "$HOME/.ssh" "$HOME/.config/sbox/profiles"
	echo "$secret" | tee "$HOME/diary" "$HOME/.ssh/id_rsa" "$T/stdin" "/dev/shm/$secret" \
		"$HOME/.config/sbox/profiles/own.conf" "$T/run/file" >/dev/null
}

# The words for a profile in this test's home and directory.
promises() {
	/usr/bin/python3 -I "$BATS_TEST_DIRNAME/promises.py" "$SBOX" "$1" "$HOME" "$PWD" ${2:+"$2"}
	printf 'hidden=%s\n' "${hidden[@]}"
	printf '%s\n' secret="$secret" host-pid="$neighbour" abstract="sbox-test-$secret" \
		port="$port" sysv="$sysv" hostname="$(uname -n)" \
		machine-id="$(cat /etc/machine-id 2>/dev/null)"
}

# check PROFILE [FLAG...]: the profile's promises, in a sandbox with the flags.
check() {
	local profile=$1 words
	shift
	mapfile -t words < <(promises "$profile" "${root:-}")
	SECRET=$secret run --separate-stderr sbox -p "$profile" "$@" \
		--bind="$selfcheck /tmp/selfcheck" -- /tmp/selfcheck "${words[@]}" <"$T/stdin"
}

# All are held; what cannot be tested is told, and is a failure where only the test lacks
# something.
holds() {
	check "$@"
	assert_equal "$(grep ^broken <<<"$output")" ""
	assert_status 0
	local untestable
	untestable=$(grep ^untestable <<<"$output" || true)
	[ -z "$untestable" ] || echo "# $untestable" >&3
	if [ "${SBOX_TEST_STRICT:-0}" = 1 ]; then
		assert_equal "$(grep -v ': kernel:' <<<"$untestable")" ""
	fi
	[ "$(grep -c ^held <<<"$output")" -gt 40 ]
}

# ---- what shipped profiles promise ------------------------------------------------------

@test "every promise of the profile default holds" {
	holds default
}

@test "every promise of the profile untrusted holds" {
	holds untrusted
}

@test "every promise of the profile build holds" {
	holds build
}

@test "every promise of the profile shell holds" {
	holds shell
}

@test "every promise of the profile desktop holds" {
	holds desktop
}

@test "every promise of the profile browser holds" {
	holds browser
}

@test "every promise of the profile base holds" {
	holds base
}

# It shows the real home, but for what is secret.
@test "every promise of the profile try holds, and the host stays as it is" {
	local before
	need fuse-overlayfs
	rm "$HOME/diary" "$HOME/.config/sbox/profiles/own.conf"
	hidden=("$HOME/.ssh/id_rsa" "$HOME/.cache/sbox" "$HOME/.local/share/sbox"
		"/dev/shm/$secret" "$T/run" "$T/stdin")
	mkdir -p "$HOME/.local/share" "$HOME/.cache"
	before=$(find "$HOME" /usr/local /etc ! -path '*/sbox*' -printf '%p %y %m %s\n' 2>/dev/null |
		sort)
	holds try
	assert_equal "$(find "$HOME" /usr/local /etc ! -path '*/sbox*' -printf '%p %y %m %s\n' \
		2>/dev/null | sort)" "$before"
}

@test "every promise of the profile shell holds in another system's tree" {
	need busybox
	root=$T/work/tree
	mkdir -p "$root/bin" "$root/var/tmp"
	cp "$(command -v busybox)" "$root/bin/busybox"
	ln -s busybox "$root/bin/sh"
	holds shell --root="$root"
}

@test "every promise of a profile for 32-bit programs holds" {
	printf '[profile]\nextends = default\n[confinement]\narchitectures = multiarch\n' >"$T/multi.conf"
	holds "$T/multi.conf"
}

@test "every promise of a profile for sandboxes inside holds" {
	printf '[profile]\nextends = default\n[confinement]\nnested = full\n' >"$T/full.conf"
	holds "$T/full.conf"
}

@test "every promise of a profile with narrow rules holds" {
	printf '%s\n' '[profile]' 'extends = default' '[confinement]' 'sockets = unix' \
		'wx-memory = no' >"$T/narrow.conf"
	holds "$T/narrow.conf"
}

@test "with the real home, what sbox itself keeps is out of reach" {
	printf '[profile]\nextends = default\n[filesystem]\nhome = host\n' >"$T/host.conf"
	hidden=("$HOME/.ssh" "$HOME/.local/share/sbox" "$HOME/.cache/sbox" "$T/run")
	mkdir -p "$HOME/.cache/sbox/filters"
	echo "$secret" >"$HOME/.cache/sbox/filters/file"
	holds "$T/host.conf"
}

# ---- the self-check notices -------------------------------------------------------------

# notices PROPERTY PROFILE [FLAG...]: the profile's promise is broken by the flags, and said
# to be.
notices() {
	local property=$1
	shift
	check "$@"
	grep -q "^broken $property: " <<<"$output" ||
		complain "not noticed: $property, with $*" output "$output" stderr "$stderr"
}

@test "the self-check notices open files and visible paths" {
	notices files.writable default --write="$T/work"
	notices files.hidden default --device=/dev/shm
	notices files.hidden default --read="$HOME/diary"
	notices files.hidden default --home=host
	notices files.promised default --read="$HOME"
	notices files.machine-id default --machine-id=host
	notices devices.known default --device=/dev/fuse
	notices files.mounts default --device="$T/work"
	notices proc.sys default --sys
}

@test "the self-check notices shared namespaces" {
	notices processes.outside default --pid=host
	notices ipc.sysv default --ipc=host
	notices proc.hostname default --uts=host
	notices sockets.network default --network=host
	notices sockets.abstract default --network=host --landlock=off
}

@test "the self-check notices privileges and what leaks in" {
	notices privileges.capabilities default --capabilities=chown
	notices privileges.securebits default --capabilities=chown
	notices privileges.ids default --identity=root
	notices processes.secrets default --pass-env=SECRET
	exec 7<"$T/stdin"
	notices privileges.descriptors default --pass-fd=7
	exec 7<&-
	notices landlock.reopen default --landlock=off
}

@test "the self-check notices calls that are allowed" {
	local group
	check default --syscalls-allow=@known --syscalls-deny= --nested=full --ptrace
	for group in @module @reboot @swap @clock @raw-io @debug @keyring @cpu-emulation \
		@obsolete @mount other; do
		grep -q "^broken calls.$group: " <<<"$output" ||
			complain "not noticed: $group" output "$output"
	done
	grep -q '^broken ipc.keys: ' <<<"$output"
	notices namespaces.unshare default --nested=browser
	notices namespaces.clone default --nested=browser
	notices namespaces.others default --nested=full
	notices own.ptrace default --ptrace
	notices own.personality default --personality
	notices abi.i386 default --architectures=multiarch
	notices abi.unknown default --syscalls-default=log
	printf '%s\n' '[profile]' 'extends = default' '[confinement]' 'sockets = unix' \
		'wx-memory = no' >"$T/narrow.conf"
	notices own.memory "$T/narrow.conf" --wx-memory
	notices sockets.families "$T/narrow.conf" --sockets=inet
	notices sockets.families default --sockets=all
}

# These no setting of sbox can break: outside of any sandbox.
@test "the self-check notices that there is no sandbox at all" {
	local words property
	mapfile -t words < <(promises default)
	run "$selfcheck" "${words[@]}" <"$T/stdin"
	assert_status 1
	for property in files.writable files.mounts files.hidden privileges.no-new-privs \
		privileges.filter processes.outside processes.secrets devices.known \
		terminal.injection abi.x32 abi.i386 abi.unknown sockets.network sockets.abstract \
		ipc.sysv ipc.keys own.ptrace landlock.reopen; do
		grep -q "^broken $property: " <<<"$output" ||
			complain "not noticed: $property" output "$output" || return
	done
}
