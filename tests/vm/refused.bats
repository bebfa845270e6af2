#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# refused.bats - where nobody may make a user namespace, the message names the mend, which works
load ../integration/lib

# mends TEXT: sbox is refused, and tells a command that ends it
mends() {
	local command
	run --separate-stderr sbox -- true
	assert_status 125
	assert_equal "$output" ""
	assert_contains "$stderr" "cannot make the namespaces"
	assert_contains "$stderr" "$1"
	command=$(grep -o 'sysctl -w [^ ]*$' <<<"$stderr")
	sudo -n sh -c "$command" >/dev/null
	run --separate-stderr sbox -- echo started
	assert_status 0
	assert_equal "$output" started
}

@test "a limit of none: the message has the command that raises it" {
	assert_equal "$(cat /proc/sys/user/max_user_namespaces)" 0
	mends "the limit of user namespaces is 0"
}

@test "user namespaces switched off, as Debian can: the message has the command that allows them" {
	[ -e /proc/sys/kernel/unprivileged_userns_clone ] || skip_kernel "not a kernel of Debian's"
	sudo -n sysctl -q kernel.unprivileged_userns_clone=0
	mends "user namespaces are switched off"
}
