#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# landlock.bats - the second wall: what it alone refuses, and that it is in no one's way
#
# Each refusal is shown to come from Landlock by --landlock=off, which must reach.
load lib

setup() {
	isolate
	secret=hunter2-$RANDOM$RANDOM
}

abi() {
	/usr/bin/python3 -I -S -c 'import ctypes; print(ctypes.CDLL(None).syscall(444, None, 0, 1))'
}

# need_abi N: this kernel's Landlock is at least so new.
need_abi() {
	need python3
	[ "$(abi)" -ge "$1" ] || skip_kernel "Landlock's ABI is $(abi), not $1"
}

@test "abstract sockets of the host are out of reach even in the host's network" {
	need_abi 6
	mkfifo "$T/ready"
	/usr/bin/python3 -I -S -c '
import signal, socket, sys
u = socket.socket(socket.AF_UNIX); u.bind("\0sbox-test-" + sys.argv[1]); u.listen()
d = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); d.bind("\0sbox-test-d" + sys.argv[1])
open(sys.argv[2], "w").close()
signal.pause()' "$secret" "$T/ready" 3>&- &
	all_started+=("$!")
	read -r _ <"$T/ready" || true
	local client="
import socket
for kind, name in (socket.SOCK_STREAM, ''), (socket.SOCK_DGRAM, 'd'):
    try: socket.socket(socket.AF_UNIX, kind).connect('\\0sbox-test-' + name + '$secret'); print('reached')
    except OSError as e: print(e.strerror)
a, b = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
a.bind('\\0sbox-own'); a.listen(); b.connect('\\0sbox-own'); print('own')"
	run --separate-stderr sbox --network=host --landlock=off -- /usr/bin/python3 -I -S -c "$client"
	assert_equal "$output" $'reached\nreached\nown'
	run --separate-stderr sbox --network=host -- /usr/bin/python3 -I -S -c "$client"
	assert_equal "$output" $'Operation not permitted\nOperation not permitted\nown'
}

@test "processes of the host get no signal even with the host's process ids" {
	need_abi 6
	sleep 1000 3>&- &
	local other=$!
	all_started+=("$other")
	run --separate-stderr sbox --pid=host --landlock=off --apparmor=off -c \
		"kill -0 $other && echo reached"
	assert_equal "$output" reached
	run --separate-stderr sbox --pid=host -c "kill -0 $other && echo reached; kill -KILL $other
		sleep 1000 & kill \$! && echo own"
	assert_equal "$output" own
	kill -0 "$other"
}

@test "what is open for writing can be opened anew, but not read, and not where it only grows" {
	need_abi 1
	"$SBOX" -c 'echo one; echo two >/dev/stderr' >"$T/work/out" 2>"$T/work/file" 3>&-
	assert_equal "$(<"$T/work/out") $(<"$T/work/file")" "one two"
	"$SBOX" -c 'echo one; cat /dev/stdout' >"$T/work/out" 2>"$T/work/file" 3>&- || true
	assert_equal "$(<"$T/work/out")" one
	assert_contains "$(<"$T/work/file")" "Permission denied"
	echo kept >"$T/work/file"
	"$SBOX" -c 'echo more; echo lost >/dev/stdout' >>"$T/work/file" 2>"$T/work/err" 3>&- ||
		true
	assert_equal "$(<"$T/work/file")" $'kept\nmore'
}

@test "what is open for reading cannot be opened anew for writing" {
	need_abi 1
	echo kept >"$T/work/file"
	run --separate-stderr sbox --landlock=off -c 'echo changed >/proc/self/fd/0' <"$T/work/file"
	assert_equal "$(<"$T/work/file")" changed
	echo kept >"$T/work/file"
	run --separate-stderr sbox -c 'cat; echo changed >/proc/self/fd/0' <"$T/work/file"
	assert_equal "$output" kept
	assert_contains "$stderr" "Permission denied"
	assert_equal "$(<"$T/work/file")" kept
	# nor what is open for writing, for reading
	echo "$secret" >"$T/work/file"
	run --separate-stderr sbox -c 'cat <&7; cat /proc/self/fd/7' --pass-fd=7 7>>"$T/work/file"
	refute_contains "$output" "$secret"
}

@test "a directory passed open gives what is below it and no way up" {
	need_abi 1
	mkdir "$T/dir"
	echo passed >"$T/dir/file"
	echo "$secret" >"$T/diary"
	run --separate-stderr sbox --pass-fd=7 -c '
		cat /proc/self/fd/7/file; cat /proc/self/fd/7/../diary; ls /proc/self/fd/7/..' 7<"$T/dir"
	assert_equal "$output" passed
	assert_contains "$stderr" "Permission denied"
}

@test "a directory on standard input, output or error is an error" {
	local fd
	for fd in 0 1 2; do
		run "$SBOX" true 3>&- {fd}<&- 7<"$HOME"
		assert_status 0
	done
	run --separate-stderr sbox true <"$HOME"
	assert_status 125
	assert_contains "$stderr" "descriptor 0 is a directory"
	assert_contains "$stderr" "hint: "
}

@test "what is for writing can be used in every way" {
	need_abi 1
	cp "$TEST_BIN/probe" "$T/work/probe"
	run --separate-stderr sbox --write="$T/work" -c '
		set -e
		for place in ~ /tmp /dev/shm /run "$PWD"; do
			cd $place; mkdir -p a/b c
			echo one >a/file; echo two >>a/file; : >a/file; echo x >a/file
			ln -s file a/link; ln a/file a/b/hard; mkfifo a/fifo
			mv a/file c/file; mv a/b c/b; mv c/b/hard a/again; ln c/file a/linked
			/usr/bin/python3 -I -S -c "
import os, socket
os.truncate(\"c/file\", 0)
s = socket.socket(socket.AF_UNIX); s.bind(\"a/socket\"); s.listen()
socket.socket(socket.AF_UNIX).connect(\"a/socket\")
os.rename(\"a/again\", \"c/file\")"
			rm -r a c
		done
		cp "$0" /tmp/probe; /tmp/probe ids >/dev/null; rm /tmp/probe
		stty -a </dev/ptmx >/dev/null; echo x >/dev/null; head -c 1 /dev/zero >/dev/full && exit 1
		echo fine' "$T/work/probe"
	assert_contains "$output" fine
}

# What no mount lets happen, Landlock is not seen to forbid: so its rules are looked at.
@test "its rules allow writing where the plan does, and nowhere else" {
	need_abi 1
	need strace
	mkdir "$T/tree"
	strace -f -y -e trace=landlock_add_rule -o "$T/trace" \
		"$SBOX" --read="$T/tree" --write="$T/work" -- true 3>&-
	sed -n 's/.*allowed_access=\([^,]*\),.*parent_fd=[0-9]*<\(.*\)>}.*/\2 \1/p' "$T/trace" >"$T/rules"
	assert_equal "$(sed -n 's/ .*\(WRITE_FILE\|MAKE_REG\|REMOVE_FILE\).*//p' "$T/rules" | sort)" \
		"$(printf '%s\n' /proc /tmp /run /var/tmp "$HOME" "$T/work" /dev/pts /dev/shm \
			/dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty | sort)"
	# one rule for everything else
	assert_equal "$(grep -v 'WRITE_FILE' "$T/rules" | cut -d ' ' -f 1)" /
}

# ---- kernels that have less of it -------------------------------------------------------

@test "a kernel without Landlock: auto goes without and tells, required is an error" {
	local error
	for error in ENOSYS EOPNOTSUPP; do
		run --separate-stderr "$TEST_BIN/deny" $error landlock_create_ruleset -- "$SBOX" -n true
		assert_contains "$output" "no Landlock: this kernel has none"
		run --separate-stderr "$TEST_BIN/deny" $error landlock_create_ruleset -- "$SBOX" -c 'echo runs'
		assert_equal "$output" runs
		run --separate-stderr "$TEST_BIN/deny" $error landlock_create_ruleset -- \
			"$SBOX" --landlock=required true
		assert_status 125
		assert_contains "$stderr" Landlock
		assert_contains "$stderr" "hint: "
	done
}

@test "Landlock that fails for another reason ends the start" {
	need_abi 1
	local call
	for call in landlock_create_ruleset landlock_add_rule landlock_restrict_self; do
		run --separate-stderr "$TEST_BIN/deny" EPERM $call -- "$SBOX" -c 'echo started'
		assert_status 125
		assert_equal "$output" ""
		assert_contains "$stderr" "cannot put on the Landlock rules"
	done
}

@test "landlock=required works here, and not with nested=full" {
	need_abi 1
	run --separate-stderr sbox --landlock=required -c 'echo runs'
	assert_equal "$output" runs
	run --separate-stderr sbox -n --landlock=required true
	assert_contains "$output" "put on Landlock rules, ABI $(abi)"
	run --separate-stderr sbox --landlock=required --nested=full true
	assert_status 125
	assert_contains "$stderr" "landlock = auto"
	run --separate-stderr sbox -n --nested=full true
	assert_contains "$output" "no Landlock: the program may mount"
}

@test "a program inside can put on Landlock rules of its own" {
	need_abi 1
	run --separate-stderr sbox -- /usr/bin/python3 -I -S -c '
import ctypes, struct
libc = ctypes.CDLL(None, use_errno=True)
rules = libc.syscall(444, struct.pack("Q", 1 << 1), 8, 0)
print(rules > 2, libc.syscall(446, rules, 0))
try: open("/tmp/x", "w")
except OSError as e: print(e.strerror)'
	assert_equal "$output" $'True 0\nPermission denied'
}
