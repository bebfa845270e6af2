#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# filter.bats - the kernel answers every system call as "sbox syscalls" says it would
#
# tests/helpers/callmatrix asks the kernel for its filters' answers without a call being
# made, so the matrix holds every call of the table, those that would reboot among them.
# tests/unit/test_filter.c runs the compiled program itself, with more arguments.
load lib

# A profile in $T with these lines in [confinement], on top of default; prints its path.
profile() {
	local file=$T/made.conf
	{
		printf '[profile]\nextends = default\n[confinement]\n'
		printf '%s\n' "$@"
	} >"$file"
	echo "$file"
}

# ask PROFILE [FLAG...] <LINES: the answers, a line each
ask() {
	local profile=$1
	shift
	sbox -p "$profile" "$@" --bind="$TEST_BIN/callmatrix /tmp/callmatrix" -- /tmp/callmatrix
}

# A line for each call, without the files that the rules are in.
decisions() {
	sbox syscalls "$1" | grep '^[^#]'
}

# "CALL ABI ANSWER" for every call of the table, as "sbox syscalls" tells it.
decided() {
	decisions "$1" | awk -v abi="$2" -v refuse="${3:-EPERM}" '
		$2 == "allow" || $2 == "judged" { print $1, abi, "allowed"; next }
		$2 == "deny:kill" { print $1, abi, "killed"; next }
		{ print $1, abi, $2 == "deny" ? refuse : substr($2, 6) }'
}

# matrix PROFILE ABI [REFUSAL] [FLAG...]: what was decided, against what the kernel answers.
matrix() {
	local profile=$1 abi=$2 refusal=${3:-EPERM}
	shift 2
	[ $# = 0 ] || shift
	decided "$profile" "$abi" "$refusal" >"$T/decided"
	[ "$(wc -l <"$T/decided")" -gt 500 ] || complain "no decisions" is "$(<"$T/decided")" || return
	# no family has the number 0
	cut -d ' ' -f 1,2 "$T/decided" | sed 's/^socket\(pair\)\? .*/& 1/' |
		ask "$profile" "$@" | sed 's/^\(socket[^ ]* [^ ]*\) 1 /\1 /' >"$T/all"
	grep -v ' no-number$' "$T/all" >"$T/answers"
	assert_equal "$(wc -l <"$T/all")" "$(wc -l <"$T/decided")" || return
	[ "$(wc -l <"$T/answers")" -gt 300 ] || complain "no answers" is "$(<"$T/all")" || return
	local wrong
	wrong=$(grep -vxFf "$T/decided" "$T/answers" || true)
	assert_equal "$wrong" "" || complain "decided was" lines \
		"$(grep -f <(sed 's/^\([^ ]*\) .*/^\1 /' <<<"$wrong") "$T/decided")"
}

need_i386() {
	[ "$("$TEST_BIN/callmatrix" <<<'20 i386')" = "20 i386 allowed" ] ||
		skip_kernel "no 32-bit programs"
}

answers() {
	run --separate-stderr ask "$@"
	assert_status 0
}

# ---- the matrix -------------------------------------------------------------------------

@test "outside of a sandbox no filter answers" {
	[ "$(printf '%s native\n' mount reboot exit_group clone3 1000 | "$TEST_BIN/callmatrix" |
		grep -c ' allowed$')" = 5 ]
}

@test "each call of every shipped profile is answered as decided" {
	local profile
	for profile in base default untrusted shell build desktop browser; do
		matrix "$profile" native || complain "with $profile" || return
	done
}

@test "each call of a 32-bit program is answered as decided, where such programs are allowed" {
	need_i386
	matrix "$(profile 'architectures = multiarch')" i386
	# its own doors to calls that a rule refuses
	matrix "$(profile 'architectures = multiarch' 'syscalls-deny = msgget @network-io:EACCES' \
		'wx-memory = no')" i386
	matrix "$(profile 'architectures = multiarch' 'sockets = unix')" i386
}

# socket(2) is 359 and msgget(2) 399 there; 102 is all of sockets and 117 all of System V IPC,
# the first argument saying which, with a version in its upper half.
@test "what a 32-bit program may not call it cannot call by another number" {
	need_i386
	answers "$(profile 'architectures = multiarch' 'sockets = unix')" < <(printf '%s\n' \
		'359 i386 1' '359 i386 2' '102 i386 1' '54 i386 0 0x5412' '120 i386 0x10000000')
	assert_equal "$(sed 's/.* //' <<<"$output" | tr '\n' ' ')" \
		"allowed EAFNOSUPPORT EAFNOSUPPORT EPERM EPERM "
	answers "$(profile 'architectures = multiarch' 'syscalls-deny = msgget')" < <(printf '%s\n' \
		'399 i386' '117 i386 13' '117 i386 0x2000d' '117 i386 23')
	assert_equal "$(sed 's/.* //' <<<"$output" | tr '\n' ' ')" "EPERM ENOSYS ENOSYS ENOSYS "
	answers "$(profile 'architectures = multiarch' 'wx-memory = no')" < <(printf '%s\n' \
		'397 i386 0 0 0x8000' '117 i386 21 0 0x8000' '117 i386 0x20015 0 0x8000' \
		'192 i386 0 0 6' '125 i386 0 0 4')
	assert_equal "$(sed 's/.* //' <<<"$output" | tr '\n' ' ')" "EPERM EPERM ENOSYS EPERM EPERM "
}

@test "a 32-bit program is ended by its first call, unless such programs are allowed" {
	need_i386
	cut -d ' ' -f 1 <(decisions default) | sed 's/$/ i386/' | ask default |
		grep -v ' no-number$' >"$T/answers"
	[ "$(grep -c ' killed$' "$T/answers")" -gt 300 ]
	assert_equal "$(grep -v ' killed$' "$T/answers")" ""
}

@test "a call of the x32 kind ends the program, whatever is allowed" {
	[ "$(uname -m)" = x86_64 ] || skip_kernel "x32 is x86-64's"
	local kind
	for kind in 'nested = none' 'syscalls-allow = @known' 'architectures = multiarch' \
		'syscalls-default = log' 'nested = full'; do
		cut -d ' ' -f 1 <(decisions default) | sed 's/$/ x32/' |
			ask "$(profile "$kind")" | grep -v ' no-number$' >"$T/answers"
		[ "$(grep -c ' killed$' "$T/answers")" -gt 300 ]
		assert_equal "$(grep -v ' killed$' "$T/answers")" ""
	done
}

@test "calls that nobody knows yet do not exist" {
	local abi
	for abi in native i386; do
		[ $abi = native ] || need_i386
		answers default --architectures=multiarch < <(printf '%s '$abi'\n' 600 1000 0x3fffffff)
		[ "$(grep -c ' ENOSYS$' <<<"$output")" = 3 ] || complain "answers" is "$output"
	done
}

# ---- the other answers ------------------------------------------------------------------

@test "each call is answered as decided where the default is to end the program, or to tell" {
	matrix "$(profile 'syscalls-default = kill')" native killed
	# one that is only told is made
	matrix "$(profile 'syscalls-default = log')" native allowed
	answers "$(profile 'syscalls-default = kill')" <<<'1000 native'
	assert_equal "$output" "1000 native killed"
}

@test "each call is answered as decided where rules of all kinds meet" {
	matrix "$(profile 'syscalls-deny = @chown:ENOENT getppid:EIO sync:kill' \
		'syscalls-allow = fchown @clock @mount' 'syscalls-deny = @timer clock_settime')" native
	answers "$T/made.conf" < <(printf '%s native\n' chown fchown getppid sync clock_settime \
		clock_adjtime timer_create mount)
	assert_equal "$(sed 's/.* //' <<<"$output" | tr '\n' ' ')" \
		"ENOENT allowed EIO killed EPERM allowed EPERM EPERM "
}

@test "rules mean the same on the command line" {
	answers default --syscalls-deny=getppid:EIO --syscalls-allow=swapon \
		--syscalls-deny=@clock:ENOSYS < <(printf '%s native\n' getppid swapon settimeofday)
	assert_equal "$output" 'getppid native EIO
swapon native allowed
settimeofday native ENOSYS'
}

@test "a program feels the answer: an errno, or its end" {
	run --separate-stderr sbox --syscalls-deny=rmdir:EUCLEAN -c 'rmdir /tmp/x'
	assert_contains "$stderr" "Structure needs cleaning"
	run --separate-stderr sbox --syscalls-deny=rmdir:kill -- rmdir /tmp/x
	assert_status 159 # 128 + SIGSYS
	run --separate-stderr sbox --syscalls-default=kill -- unshare --mount true
	assert_status 159
	run --separate-stderr sbox -- unshare --mount true
	assert_status 1
	assert_contains "$stderr" "Operation not permitted"
}

# ---- arguments --------------------------------------------------------------------------

@test "terminal injection is refused, whatever fills the upper half of the register" {
	local kind
	for kind in 'nested = none' 'nested = full' 'syscalls-allow = @known' \
		'syscalls-allow = ioctl' 'syscalls-default = log'; do
		answers "$(profile "$kind")" < <(printf 'ioctl native 0 %s\n' 0x5412 0x541c \
			0x100005412 0xffffffff0000541c 0x8000000000005412)
		[ "$(grep -c ' EPERM$' <<<"$output")" = 5 ] || complain "with $kind" is "$output"
		answers "$T/made.conf" < <(printf 'ioctl native 0 %s\n' 0x5401 0x5413 0x5410)
		[ "$(grep -c ' allowed$' <<<"$output")" = 3 ] || complain "with $kind" is "$output"
	done
}

@test "clone and unshare make the namespaces that are promised" {
	local call
	for call in clone unshare; do
		for flag in 0x10000000 0x20000000 0x40000000 0x08000000; do # user pid net ipc
			answers default <<<"$call native $flag"
			assert_contains "$output" EPERM
			answers default --nested=browser <<<"$call native $flag"
			assert_contains "$output" allowed
		done
		for flag in 0x20000 0x4000000 0x2000000 0x10020000; do # mount uts cgroup
			answers default --nested=browser <<<"$call native $flag"
			assert_contains "$output" EPERM
			answers default --nested=full <<<"$call native $flag"
			assert_contains "$output" allowed
		done
	done
	answers default < <(printf '%s\n' 'clone native 0x3d0f00' 'clone native 17' \
		'unshare native 0x400' 'clone3 native')
	assert_equal "$output" 'clone native 0x3d0f00 allowed
clone native 17 allowed
unshare native 0x400 allowed
clone3 native ENOSYS'
}

@test "personality may ask, be Linux's own, and switch randomization off" {
	answers default < <(printf 'personality native %s\n' 0 0xffffffff 0x40000 \
		0x1000ffffffff 8 0x400000 0x440000 0xfffffffe 0x60000)
	assert_equal "$(sed 's/.* //' <<<"$output" | tr '\n' ' ')" \
		"allowed allowed allowed allowed EPERM EPERM EPERM EPERM EPERM "
	run --separate-stderr sbox -- setarch -R true
	assert_status 0
	run --separate-stderr sbox -- setarch i686 true
	assert_status 1
	run --separate-stderr sbox --personality -- setarch i686 true
	assert_status 0
	answers default --personality --wx-memory=no <<<'personality native 0x400000'
	assert_contains "$output" EPERM
}

@test "sockets are of the families that are named" {
	answers default --sockets=unix --sockets=inet < <(printf '%s\n' 'socket native 1' \
		'socket native 2' 'socket native 10' 'socket native 16' 'socket native 38' \
		'socket native 0x100000001' 'socketpair native 1' 'socketpair native 10' 'socket native 0')
	assert_equal "$(sed 's/.* //' <<<"$output" | tr '\n' ' ')" \
		"allowed allowed EAFNOSUPPORT EAFNOSUPPORT EAFNOSUPPORT EAFNOSUPPORT allowed EAFNOSUPPORT EAFNOSUPPORT "
	run --separate-stderr sbox --sockets=unix -- /usr/bin/python3 -I -S -c '
import socket
socket.socketpair()
for family in socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK:
    try: socket.socket(family); print("made")
    except OSError as e: print(e.strerror)'
	assert_equal "$output" "$(for i in 1 2 3; do echo Address family not supported by protocol; done)"
}

@test "with wx-memory=no nothing is both writable and executable" {
	local script='
import mmap
for prot in 6, 7, 3:
    try: mmap.mmap(-1, 4096, prot=prot); print("mapped")
    except OSError as e: print(e.strerror)'
	need python3
	run --separate-stderr sbox -- /usr/bin/python3 -I -S -c "$script"
	assert_equal "$output" $'mapped\nmapped\nmapped'
	run --separate-stderr sbox --wx-memory=no -- /usr/bin/python3 -I -S -c "$script"
	assert_equal "$output" $'Operation not permitted\nOperation not permitted\nmapped'
	answers default --wx-memory=no < <(printf '%s\n' 'mprotect native 0 0 4' 'mprotect native 0 0 3' \
		'pkey_mprotect native 0 0 5' 'shmat native 0 0 0x8000' 'mmap native 0 0 0x100000006')
	assert_equal "$(sed 's/.* //' <<<"$output" | tr '\n' ' ')" "EPERM allowed EPERM EPERM EPERM "
}

@test "ptrace=yes lets a program trace its own, and nothing else" {
	need strace
	run --separate-stderr sbox -- strace -o /tmp/o true
	[ "$status" != 0 ]
	run --separate-stderr sbox --ptrace -c 'strace -f -o /tmp/o -e trace=execve sh -c true &&
		grep -c execve /tmp/o; strace -p 1'
	assert_equal "$output" 1
	assert_contains "$stderr" "Operation not permitted"
	# a tracer that has a call skipped makes it number -1
	run --separate-stderr sbox --ptrace -- strace -o /dev/null -e trace=rmdir \
		-e inject=rmdir:error=EUCLEAN rmdir /tmp/x
	assert_status 1
	assert_contains "$stderr" "Structure needs cleaning"
}

# ---- sandboxes inside -------------------------------------------------------------------

@test "nested=browser gives user, pid, network and ipc namespaces, and no mounts" {
	run sbox -- unshare --map-root-user true
	[ "$status" != 0 ]
	run sbox --nested=browser -- unshare --map-root-user --pid --fork --net --ipc true
	assert_status 0
	run sbox --nested=browser -- unshare --map-root-user --mount true
	[ "$status" != 0 ]
	# root there, and not a mount less
	run sbox --nested=browser -c 'unshare --map-root-user sh -c "
		mount -t tmpfs none /tmp || umount -l /usr || mount -o remount,rw /usr"'
	[ "$status" != 0 ]
	refute_contains "$output" "not found"
}

@test "bwrap and sbox itself run inside with nested=full, and not without" {
	need bwrap
	local kind
	local -a bwrap=(bwrap --unshare-all --ro-bind / / --dev /dev --proc /proc --tmpfs /tmp
		sh -c 'echo inside; ls /proc | grep -c "^[0-9]"')
	for kind in none browser; do
		run sbox --nested=$kind -- "${bwrap[@]}"
		[ "$status" != 0 ]
		refute_contains "$output" inside
	done
	run --separate-stderr sbox --nested=full -- "${bwrap[@]}"
	assert_status 0
	assert_contains "$output" inside
	local -a again=(--nested=full --read="$SBOX" --read="$SBOX_PROFILE_PATH"
		--env=SBOX_PROFILE_PATH="$SBOX_PROFILE_PATH" -- "$SBOX")
	run --separate-stderr sbox "${again[@]}" "${again[@]}" -c 'echo three deep; id -u'
	assert_equal "$output" "three deep"$'\n'"$(id -u)"
}

@test "nested=full undoes nothing of the sandbox around it" {
	mkdir "$T/tree" "$T/tree/hidden"
	echo secret >"$T/tree/hidden/key"
	run --separate-stderr sbox --nested=full --read="$T/tree" --hide="$T/tree/hidden" -c '
		unshare --map-root-user --mount sh -c "
			mount -t tmpfs none /mnt 2>/dev/null; mount -t tmpfs none /tmp && echo mounted
			mount -o remount,rw,bind $0; mount -o remount,rw $0; umount -l $0/hidden
			umount -l $0; : >$0/new; cat $0/hidden/key
			mount --bind $0 /tmp && ls -A /tmp/hidden
			mount --rbind $0 /tmp && ls -A /tmp/hidden; : >/tmp/new
			mount -o remount,rw,bind / && : >/new" 2>/dev/null
		ls -A "$0"' "$T/tree"
	assert_equal "$output" $'mounted\nhidden'
	[ ! -e "$T/tree/new" ]
}

@test "a program that filters itself still can, and its filter is added" {
	run --separate-stderr sbox --bind="$TEST_BIN/deny /tmp/deny" -- /tmp/deny ENOENT rmdir -- \
		sh -c 'grep Seccomp_filters /proc/self/status; rmdir /tmp'
	assert_contains "$stderr" "No such file"
	local outside
	outside=$(awk '/Seccomp_filters/ { print $2 }' /proc/self/status)
	assert_equal "${output##*[[:space:]]}" $((outside + 2))
}
