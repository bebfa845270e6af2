#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# apparmor.bats - what an administrator loads and unloads, and what sbox makes of it
#
# For guests with AppArmor: the tests change the system's profiles, as root.
load ../integration/lib

as_root() {
	sudo -n "$@" 3>&-
}

setup() {
	isolate
	[ "$(cat /sys/module/apparmor/parameters/enabled 2>/dev/null)" = Y ] ||
		skip_kernel "AppArmor is off"
}

teardown() {
	[ ! -e "$T/loaded" ] || as_root apparmor_parser -R "$T/loaded"
	as_root apparmor_parser -r /etc/apparmor.d/sbox-payload
	clean_up
}

# load_profile <TEXT: until the test ends
load_profile() {
	cat >"$T/loaded"
	as_root apparmor_parser -r "$T/loaded"
}

need_userns_rules() {
	[ -e /etc/apparmor.d/abi/4.0 ] || skip_kernel "AppArmor has no rules for user namespaces"
}

label='cat /proc/self/attr/current'

@test "auto without the profile: the caller's label, and no line in the kernel's log" {
	as_root apparmor_parser -R /etc/apparmor.d/sbox-payload
	as_root dmesg --clear
	run --separate-stderr sbox -c "$label"
	assert_status 0
	assert_equal "$output" unconfined
	assert_equal "$stderr" ""
	run --separate-stderr sbox --dry-run true
	assert_contains "$output" "no AppArmor profile: sbox-payload is not loaded"
	refute_contains "$(as_root dmesg)" apparmor=
}

@test "a caller who is confined stays so: auto puts nothing else on, and off neither" {
	load_profile <<-'END'
		abi <abi/3.0>,
		profile sbox-test-caller flags=(attach_disconnected) {
		  file, capability, network, unix, dbus, signal, ptrace,
		  mount, umount, remount, pivot_root, change_profile,
		}
	END
	local auto
	for auto in auto off; do
		run --separate-stderr aa-exec -p sbox-test-caller -- "$SBOX" --apparmor=$auto -c "$label"
		assert_status 0
		assert_equal "$output" "sbox-test-caller (enforce)"
	done
	run --separate-stderr aa-exec -p sbox-test-caller -- "$SBOX" --dry-run true
	assert_contains "$output" "the caller's stays, sbox-test-caller (enforce)"
}

@test "a caller whose profile forbids the one that was named is told which rule it lacks" {
	load_profile <<-'END'
		abi <abi/3.0>,
		profile sbox-test-caller flags=(attach_disconnected) {
		  file, capability, network, unix, dbus, signal, ptrace,
		  mount, umount, remount, pivot_root,
		}
	END
	run --separate-stderr aa-exec -p sbox-test-caller -- "$SBOX" --apparmor=sbox-payload true
	assert_status 125
	assert_contains "$stderr" "cannot put on the AppArmor profile 'sbox-payload'"
	assert_contains "$stderr" "confined by sbox-test-caller (enforce)"
	assert_contains "$stderr" "change_profile -> sbox-payload,"
}

@test "the profile for sbox itself gives user namespaces, and its programs get theirs" {
	need_userns_rules
	sed "s|@BINDIR@/sbox|$SBOX|" "${BATS_TEST_DIRNAME%/tests/vm}/profiles/apparmor.d/sbox" |
		load_profile
	sbox_in_background sleep 1000
	wait_until 20 eval '[ "$(cat /proc/$started/attr/current)" = "sbox (unconfined)" ]'
	kill "$started"
	run --separate-stderr sbox -c "$label"
	assert_equal "$output" "sbox-payload (enforce)"
}

@test "a profile that keeps sbox from user namespaces is named in the message" {
	need_userns_rules
	load_profile <<-END
		abi <abi/4.0>,
		profile sbox $SBOX {
		  file, capability, network, unix, dbus, signal, ptrace,
		}
	END
	run --separate-stderr sbox true
	assert_status 125
	assert_equal "$output" ""
	assert_contains "$stderr" "cannot make the namespaces: Permission denied"
	assert_contains "$stderr" "the AppArmor profile sbox (enforce)"
	assert_contains "$stderr" "userns"
}

# with_ubuntus_knob CMD...: Ubuntu's setting is put where it would be; /proc/sys is seen by all,
# so the rest of what is there goes for a moment.
with_ubuntus_knob() {
	as_root mount -t tmpfs none /proc/sys/kernel
	as_root sh -c 'echo 1 >/proc/sys/kernel/apparmor_restrict_unprivileged_userns'
	run --separate-stderr "$@"
	as_root umount /proc/sys/kernel
}

# The message's own command is run, and sbox starts then, under the profile that it made.
mends_by_a_profile() {
	local command
	assert_status 125
	assert_equal "$output" ""
	assert_contains "$stderr" "AppArmor keeps programs from using user namespaces here"
	command=$(grep -o "printf 'abi.*" <<<"$stderr")
	bash -c "$command" >/dev/null
	sbox_in_background sleep 1000
	wait_until 20 eval '[ "$(cat /proc/$started/attr/current)" = "sbox (unconfined)" ]'
	kill "$started"
	run --separate-stderr sbox -c "$label"
	as_root apparmor_parser -R /etc/apparmor.d/sbox
	as_root rm /etc/apparmor.d/sbox
	assert_status 0
	assert_equal "$output" "sbox-payload (enforce)"
}

# Debian's kernels lack Ubuntu's rule for unconfined programs. What sbox meets under it is
# made by a filter: the error at the same place, with nothing else to tell why.
@test "no namespace for unconfined programs, as in Ubuntu 23.10: the message's command mends it" {
	need_userns_rules
	with_ubuntus_knob "$TEST_BIN/deny" ENOSYS clone3 -- \
		"$TEST_BIN/deny" EACCES clone:0:0x10000000,unshare:0:0x10000000 -- "$SBOX" true
	assert_contains "$stderr" "cannot make the namespaces: Permission denied"
	mends_by_a_profile
}

@test "a namespace without capabilities, as in Ubuntu 24.04: the message's command mends it" {
	need_userns_rules
	with_ubuntus_knob "$TEST_BIN/deny" EPERM sethostname -- "$SBOX" --hostname=inside true
	assert_contains "$stderr" "cannot set the host name"
	mends_by_a_profile
}

@test "capabilities refused by the profile that the caller is under: that is what is named" {
	need_userns_rules
	load_profile <<-END
		abi <abi/4.0>,
		profile sbox $SBOX {
		  file, network, unix, dbus, signal, ptrace, userns,
		}
	END
	with_ubuntus_knob sbox true
	assert_status 125
	assert_contains "$stderr" "the AppArmor profile sbox (enforce)"
	assert_contains "$stderr" "userns, capability, mount, umount, pivot_root"
	refute_contains "$stderr" "printf"
}

@test "where callers may only add a profile, programs get sbox's besides, and work" {
	local knob=kernel.apparmor_restrict_unprivileged_unconfined
	[ -e "/proc/sys/${knob/.//}" ] || skip_kernel "AppArmor has no such rule"
	as_root sysctl -q -w $knob=1
	run --separate-stderr sbox -c "$label; sleep 1000 & kill \$! && echo ended"
	local all=$output
	run --separate-stderr sbox --ptrace -- strace -qo /dev/null true
	as_root sysctl -q -w $knob=0
	assert_status 0
	assert_equal "$all" $'sbox-payload//&unconfined (enforce)\nended'
}
