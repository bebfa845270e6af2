#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# logout.bats - what becomes of a sandbox with limits when its user logs out
#
# Run last, since no user manager is there afterwards.
load ../integration/lib

@test "a log-out ends a sandbox with limits, and leaves nothing" {
	local uid code=0
	uid=$(id -u)
	[ -S "/run/user/$uid/systemd/private" ] || skip_kernel "no user manager runs here"
	sbox_in_background --memory=200M -- sh -c 'sleep 1000 & echo started; wait'
	wait_until 60 grep -q started "$T/out"
	# what logind has it do when the last session ends
	XDG_RUNTIME_DIR=/run/user/$uid systemctl --user exit
	wait "$started" || code=$?
	[ $code -gt 128 ] || complain "exit code $code"
	wait_until 100 eval '[ -z "$(find /sys/fs/cgroup/user.slice -name "app-sbox-*")" ]'
	no_leftovers 'home/.*' 'home/.*/*'
}
