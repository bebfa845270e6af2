#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# capabilities.bats - all sets hold what is named, and nothing else can be named
load lib

sets=(CapInh CapPrm CapEff CapBnd CapAmb)

@test "what is named is in every set, and reaches a program that runs as oneself" {
	local set
	run --separate-stderr probe --capabilities=chown --capabilities=NET_BIND_SERVICE \
		--capabilities=kill
	assert_status 0
	for set in "${sets[@]}"; do # bits 0, 5 and 10
		assert_equal "$set $(fact $set)" "$set 0000000000000421"
	done
	assert_equal "$(fact NoNewPrivs)" 1
}

@test "root inside has no more than what is named" {
	local set
	run --separate-stderr probe -p shell --capabilities= --capabilities=setuid
	for set in "${sets[@]}"; do
		assert_equal "$set $(fact $set)" "$set 0000000000000080"
	done
	run --separate-stderr probe -p shell --capabilities=
	for set in "${sets[@]}"; do
		assert_equal "$set $(fact $set)" "$set 0000000000000000"
	done
}

@test "they hold over the sandbox's own namespaces and not over the host's files" {
	local script='cat /etc/shadow >/dev/null && echo read; chown 1 /etc/hostname && echo owned
		kill -0 1 2>/dev/null; date -s 2000-01-01 && echo set; true'
	run --separate-stderr sbox --capabilities=dac_override --capabilities=dac_read_search \
		--capabilities=chown --capabilities=fowner --capabilities=sys_time \
		--syscalls-allow=@clock -c "$script"
	refute_contains "$output" read
	refute_contains "$output" owned
	refute_contains "$output" "set"
}

@test "those over the mounts, the network or other processes are refused" {
	local name
	for name in sys_admin net_admin net_raw sys_ptrace sys_module sys_rawio sys_boot bpf \
		perfmon checkpoint_restore SYS_ADMIN Sys_Admin; do
		run --separate-stderr sbox --capabilities=$name -c 'echo started'
		assert_status 125
		assert_equal "$output" ""
		assert_contains "$stderr" "--capabilities: the capability '${name,,}' is one over"
		assert_contains "$stderr" "hint: "
	done
	printf '[confinement]\ncapabilities = chown sys_admin\n' >"$T/p.conf"
	run --separate-stderr sbox profile check "$T/p.conf"
	[ "$status" != 0 ]
}

@test "a name that is none is an error" {
	local name
	for name in chwon cap_chown all 0 99 ''; do
		run --separate-stderr sbox --capabilities=chown --capabilities="x$name" -c 'echo started'
		assert_status 125
		assert_equal "$output" ""
	done
}

@test "what the sets are is read back before the program starts" {
	# a kernel that drops nothing, and says that it did
	run --separate-stderr "$TEST_BIN/deny" EPERM capset -- "$SBOX" -c 'echo started'
	assert_status 125
	assert_equal "$output" ""
	assert_contains "$stderr" capabilit
}
