#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# labels.bats - AppArmor profiles and SELinux contexts that programs get, and who may not
load lib

apparmor_on() {
	[ "$(cat /sys/module/apparmor/parameters/enabled 2>/dev/null)" = Y ]
}

# "sbox-payload" is loaded by the guests' own set-up.
need_apparmor() {
	apparmor_on || skip_kernel "AppArmor is off"
	[ -e /etc/apparmor.d/sbox-payload ] || skip_kernel "sbox's AppArmor profiles are not installed"
}

label='cat /proc/self/attr/current'

@test "a program gets the AppArmor profile that was named" {
	need_apparmor
	run --separate-stderr sbox --apparmor=sbox-payload -c "$label"
	assert_status 0
	assert_equal "$output" "sbox-payload (enforce)"
	assert_equal "$stderr" ""
}

@test "auto takes sbox's own profile where it is loaded, off does not" {
	need_apparmor
	run --separate-stderr sbox -c "$label"
	assert_equal "$output" "sbox-payload (enforce)"
	run --separate-stderr sbox --apparmor=off -c "$label"
	assert_equal "$output" unconfined
	run --separate-stderr sbox --nested=full -c "$label"
	assert_equal "$output" unconfined
}

@test "a label that is not there is a mistake, told with all others before anything starts" {
	run --separate-stderr sbox --apparmor=sbox-no-such --selinux=no:such:context \
		--read=/nosuch --home=host true
	assert_status 125
	assert_equal "$output" ""
	if apparmor_on; then
		assert_contains "$stderr" "no AppArmor profile 'sbox-no-such' is loaded"
		assert_contains "$stderr" "apparmor_parser -r"
	else
		assert_contains "$stderr" "'sbox-no-such' needs AppArmor, which is off here"
	fi
	if [ -e /sys/fs/selinux/enforce ]; then
		assert_contains "$stderr" "SELinux's policy knows no context 'no:such:context'"
	else
		assert_contains "$stderr" "'no:such:context' needs SELinux, which is off here"
	fi
	assert_contains "$stderr" "/nosuch"
	no_leftovers
}

@test "a label that the start of another's name is does not pass for that" {
	need_apparmor
	run --separate-stderr sbox --apparmor=sbox-payl true
	assert_status 125
	assert_contains "$stderr" "no AppArmor profile 'sbox-payl' is loaded"
}

@test "without a /proc of its own a program gets no label that was named" {
	run --separate-stderr sbox --apparmor=sbox-payload --proc=no true
	assert_status 125
	assert_contains "$stderr" "put on through /proc"
	run --separate-stderr sbox --proc=no true
	assert_status 0
}

# dry ARGS: what "sbox --dry-run" says of AppArmor
dry() {
	run --separate-stderr sbox --dry-run "$@" true
	grep -o '[^.]*AppArmor[^#]*[^# ]' <<<"$output" | sed 's/^[ 0-9]*//'
}

@test "a dry run tells which profile it will be, or why none" {
	assert_equal "$(dry --apparmor=off)" "no AppArmor profile: the caller's stays"
	assert_equal "$(dry --nested=full)" "no AppArmor profile: the program may mount"
	apparmor_on || assert_equal "$(dry)" "no AppArmor profile: it is off here"
	need_apparmor
	assert_equal "$(dry)" "put on the AppArmor profile sbox-payload"
	assert_equal "$(dry --proc=no)" \
		"no AppArmor profile: there is no /proc to put it on through"
}

@test "sbox's own profile keeps from raw sockets, kernel settings and other profiles" {
	need_apparmor
	run --separate-stderr sbox --nested=browser -- unshare -Urn sh -c '
		echo 1 >/proc/sys/net/ipv4/ip_forward
		echo changeprofile unconfined >/proc/self/attr/current
		python3 -c "
import socket
socket.socket(socket.AF_INET, socket.SOCK_RAW)"; cat /proc/self/attr/current'
	assert_contains "$output" "sbox-payload (enforce)"
	assert_contains "$stderr" "/proc/sys/net/ipv4/ip_forward: Permission denied"
	assert_contains "$stderr" "/proc/self/attr/current: Permission denied"
	assert_contains "$stderr" "PermissionError"
	sbox --nested=full -- unshare -Urm mount -t tmpfs none /tmp
}

@test "sbox's own profile keeps from mounting, which a nested sandbox needs" {
	need_apparmor
	run --separate-stderr sbox --nested=full --apparmor=sbox-payload -- \
		unshare -Urm mount -t tmpfs none /tmp
	[ "$status" != 0 ]
	assert_contains "$stderr" "Permission denied"
	run -0 sbox --nested=full -- unshare -Urm mount -t tmpfs none /tmp
}

@test "under sbox's own profile programs work: signals, tracing, files of other owners" {
	need_apparmor
	run --separate-stderr sbox -c 'sleep 100 & kill $! && echo ended; touch ~/file && echo written'
	assert_equal "$output" $'ended\nwritten'
	run --separate-stderr sbox --ptrace -- strace -qo /dev/null true
	assert_status 0
	run -0 --separate-stderr sbox -- /usr/bin/python3 -c '
import socket
socket.getaddrinfo("localhost", 80); socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)'
	[ "$stderr" = "" ] || complain "network interfaces cannot be listed" "stderr" "$stderr"
	run --separate-stderr sbox --identity=root --capabilities=root -c 'touch ~/x && chown 5:5 ~/x && stat -c %u ~/x'
	assert_equal "$output" 5
}

@test "a program under AppArmor's profile cannot signal a process of another label" {
	need_apparmor
	sleep 1000 3>&- &
	local other=$!
	run --separate-stderr sbox --pid=host --landlock=off -c "kill -TERM $other"
	[ "$status" != 0 ]
	kill -0 $other
	kill $other
}

@test "a program gets the SELinux context that was named" {
	[ -e /sys/fs/selinux/enforce ] || skip_kernel "SELinux is off"
	local mine other
	mine=$(tr -d '\0' </proc/self/attr/current)
	other=${mine/:s0*/:s0}
	run --separate-stderr sbox --selinux="$other" -c "tr -d '\\0' </proc/self/attr/current"
	assert_status 0
	assert_equal "$output" "$other"
}
