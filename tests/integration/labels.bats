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

@test "a profile that is not loaded is named, with what to do" {
	run --separate-stderr sbox --apparmor=sbox-no-such true
	assert_status 125
	assert_contains "$stderr" "cannot put on the AppArmor profile 'sbox-no-such'"
	assert_contains "$stderr" "aa-status"
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

@test "under sbox's own profile programs work: signals, tracing, files of other owners" {
	need_apparmor
	run --separate-stderr sbox -c 'sleep 100 & kill $! && echo ended; touch ~/file && echo written'
	assert_equal "$output" $'ended\nwritten'
	run --separate-stderr sbox --ptrace -- strace -qo /dev/null true
	assert_status 0
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
	run --separate-stderr sbox --selinux=no:such:context true
	assert_status 125
	assert_contains "$stderr" "cannot put on the SELinux context 'no:such:context'"
}

@test "where AppArmor forbids user namespaces, its mend is told, and mends" {
	[ "$(cat /proc/sys/kernel/apparmor_restrict_unprivileged_userns 2>/dev/null)" = 1 ] ||
		skip_kernel "AppArmor does not restrict user namespaces"
	run --separate-stderr sbox true
	assert_status 125
	assert_contains "$stderr" "sudo apparmor_parser -r"
}

@test "where user namespaces are used up or off, the message names the setting" {
	[ "$(cat /proc/sys/user/max_user_namespaces)" = 0 ] || skip_kernel "user namespaces are not refused"
	run --separate-stderr sbox true
	assert_status 125
	assert_contains "$stderr" "sysctl -w user.max_user_namespaces=10000"
	assert_contains "$stderr" "cannot make the namespaces"
}
