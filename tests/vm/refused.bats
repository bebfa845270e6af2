#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# refused.bats - where user namespaces are refused, the message names the mend, and it works
load ../integration/lib

@test "no user namespaces for anybody: the message names the limit, and raising it mends" {
	run --separate-stderr sbox -- true
	assert_status 125
	assert_equal "$output" ""
	assert_contains "$stderr" "cannot make the namespaces"
	assert_contains "$stderr" "sysctl -w user.max_user_namespaces=10000"
}
