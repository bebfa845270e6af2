#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# limits.bats - limits of what an administrator gives: swap, and controllers by a drop-in
#
# For guests: the tests change the system, as root.
load ../integration/lib

teardown() {
	[ ! -e "$T/swap" ] || sudo -n swapoff "$T/swap" 2>/dev/null || true
	clean_up
}

# eat MIB ARG...: in a sandbox of 64 MiB, by a program that keeps it all. It is the kernel that
# fills the memory, in few calls: a program that runs meanwhile can have its own pages taken
# away and brought back from the disk for minutes, before the kernel calls that out of memory.
# Not with zeros, which newer kernels give back.
eat() {
	run --separate-stderr sbox --memory=64M "${@:2}" -- \
		dd if=/dev/urandom of=/dev/null bs="$1M" count=1 iflag=fullblock status=none
}

@test "swap is had as far as its limit says, and none without one" {
	need_groups
	local swap=$T/swap
	fallocate -l 256M "$swap"
	chmod 600 "$swap"
	sudo -n mkswap "$swap" >/dev/null
	sudo -n swapon "$swap"
	eat 100
	assert_status 137
	eat 100 --swap=20M
	assert_status 137
	assert_contains "$stderr" "the memory limit was reached"
	eat 100 --swap=80M
	assert_status 0
	eat 100 --swap=max
	assert_status 0
}

@test "the command of the message delegates what was missing, and the limit is held then" {
	need_groups
	local uid command
	uid=$(id -u)
	run --separate-stderr sbox --io-weight=50 true
	[ "$status" != 0 ] || skip_kernel "the io controller is delegated here"
	command=${stderr#*delegates it with: sudo }
	[ "$command" != "$stderr" ]
	command=${command%% (which ends*}
	bash -c "sudo -n $command"
	wait_until 60 has_groups
	run --separate-stderr sbox --io-weight=50 --io-max="$T wbps=4M" echo held
	assert_status 0
	assert_equal "$output" held
}
