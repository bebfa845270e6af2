#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# selinux.bats - a context that is asked for is the program's, and what the policy forbids is said
#
# For the guest with SELinux. Its policy is enforced for the length of a test only.
load ../integration/lib

setup() {
	isolate
	[ -e /sys/fs/selinux/enforce ] || skip_kernel "SELinux is off"
}

teardown() {
	[ ! -e /sys/fs/selinux/enforce ] || sudo -n setenforce 0
	clean_up
}

context_inside() {
	run --separate-stderr sbox "$@" -c "tr -d '\\0' </proc/self/attr/current"
}

@test "the context that was named is the program's, and auto keeps the caller's" {
	context_inside --selinux=user_u:user_r:user_t:s0
	assert_status 0
	assert_equal "$output" user_u:user_r:user_t:s0
	context_inside
	assert_equal "$output" "$(tr -d '\0' </proc/self/attr/current)"
}

@test "a change that the policy forbids is not made: nothing runs, and the message tells why" {
	sudo -n setenforce 1
	context_inside --selinux=user_u:user_r:user_t:s0
	assert_status 126
	assert_equal "$output" ""
	assert_contains "$stderr" "Operation not permitted"
	assert_contains "$stderr" "nnp_transition"
	assert_contains "$stderr" "user_u:user_r:user_t:s0"
	context_inside
	assert_status 0
}
