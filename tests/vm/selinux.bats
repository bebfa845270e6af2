#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# selinux.bats - a context that is asked for is the program's, and what the policy refuses is said
load ../integration/lib

@test "selinux" {
	run --separate-stderr sbox --selinux=user_u:user_r:user_t:s0 -- cat /proc/self/attr/current
	assert_status 0
}
