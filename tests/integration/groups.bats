#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# groups.bats - what an instance uses is told, and it is paused, limited anew and ended
#
# By its control group, which systemd's user manager gives: the guests of tests/vm have one,
# and this machine may not. What works without a group is in instances.bats.
bats_require_minimum_version 1.8.0
load lib

setup() {
	isolate
	need_groups
}

# start NAME [ARG...]: in the background, until it is listed; $group: the payload's
start() {
	sbox_in_background --name="$1" "${@:2}"
	wait_until 60 listed "$1" || complain "'$1' did not start" "stderr" "$(<"$T/err")"
	group=/sys/fs/cgroup$(sbox ps --json | json "[i for i in j['instances']
		if i['id'] == '$1'][0]['group']")
}

listed() {
	sbox ps --ids | grep -qxF -- "$1"
}

json() {
	/usr/bin/python3 -I -S -c 'import json, sys
j = json.loads(sys.stdin.read())
print(eval(" ".join(sys.argv[1].split())))' "$1"
}

# stat_of NAME KEY: as sbox stats has it
stat_of() {
	sbox stats "$1" --json | json "j['instances'][0]['$2']"
}

ended() {
	code=0
	wait "$started" || code=$?
}

# Counts in the file "count" as fast as it can.
counts='i=0; while :; do i=$((i+1)); echo $i >count; done'

# ---- what it uses -----------------------------------------------------------------------

@test "stats tells what the kernel tells of the group" {
	start eater --memory=300M --pids=30 -- python3 -c '
import time
hold = bytearray(60 << 20)
for i in range(0, len(hold), 4096): hold[i] = 1
print("ate", flush=True)
time.sleep(1000)'
	wait_until 60 grep -q ate "$T/out"
	local memory peak
	memory=$(stat_of eater memory)
	[ "$memory" -ge $((60 << 20)) ]
	[ "$memory" -le $((100 << 20)) ]
	assert_equal "$(stat_of eater memory_limit)" $((300 << 20))
	assert_equal "$(stat_of eater pids)" 1
	assert_equal "$(stat_of eater pids_limit)" 30
	[ "$(stat_of eater cpu_usec)" -gt 0 ]
	if [ -e "$group/memory.peak" ]; then
		peak=$(stat_of eater memory_peak)
		[ "$peak" -ge "$memory" ]
		assert_equal "$peak" "$(<"$group/memory.peak")"
	else
		assert_equal "$(stat_of eater memory_peak)" None
	fi
	run --separate-stderr sbox stats
	assert_status 0
	assert_equal "$stderr" ""
	[[ ${lines[1]} =~ ^eater\ +[0-9]+M\ +([0-9]+M|-)\ +300M\ +[0-9.ms]+\ +1/30\  ]]
	sbox kill eater
	no_leftovers 'home/.*' 'home/.*/*'
}

@test "processor time and pressure grow with what is done" {
	start spins --limits=group --cpus=0.2 -c 'while :; do :; done'
	local before
	before=$(stat_of spins cpu_usec)
	wait_until 60 eval '[ "$(stat_of spins cpu_usec)" -gt $((before + 300000)) ]'
	# it wants a processor, and has a fifth of one
	if [ "$(stat_of spins pressure)" != "{'cpu': None, 'memory': None, 'io': None}" ]; then
		wait_until 60 eval '[ "$(stat_of spins pressure | grep -c "cpu.: [1-9]")" = 1 ]'
	fi
	sbox kill spins
}

@test "the list tells whose limits are held" {
	start held --memory=100M -c 'sleep 1000'
	start group --limits=group -c 'sleep 1000'
	start dropped --memory=100M --no-limits -c 'sleep 1000'
	run sbox ps
	assert_equal "$(awk 'NR > 1 { print $1, $4, $5 == "held" }' <<<"$output")" \
		$'held held 0\ngroup - 0\ndropped not 1'
	sbox set group pids=100
	run sbox ps
	assert_contains "$(tr -s ' ' <<<"$output")" "group default running held"
	sbox kill held group dropped
}

# ---- pause --------------------------------------------------------------------------------

@test "a paused instance stands still where it is, and goes on as if nothing had been" {
	start counter --limits=group --write=. -c "$counts"
	wait_until 60 test -s count
	sbox pause counter
	grep -q 'frozen 1' "$group/cgroup.events"
	assert_equal "$(stat_of counter paused)" True
	assert_contains "$(sbox ps | tr -s ' ')" "counter default paused"
	assert_equal "$(sbox ps --json | json 'j["instances"][0]["paused"]')" True
	local at
	at=$(<count)
	sleep 1
	assert_equal "$(<count)" "$at"
	sbox pause counter # which it is
	sbox resume counter
	wait_until 60 eval '[ "$(cat count)" -gt "${at:-0}" ]'
	assert_equal "$(stat_of counter paused)" False
	assert_contains "$(sbox ps | tr -s ' ')" "counter default running"
	sbox resume counter # which it does
	sbox kill counter
	no_leftovers 'home/.*' 'home/.*/*'
}

@test "a paused instance ends when it is told to" {
	start one --limits=group -c 'trap "echo term; exit 5" TERM; echo up; while :; do sleep 0.1; done'
	wait_until 60 grep -q up "$T/out"
	sbox pause one
	sbox kill one
	ended
	assert_equal $code 5
	assert_equal "$(<"$T/out")" $'up\nterm'
	start two --limits=group -c 'sleep 1000'
	sbox pause two
	sbox kill --now two
	ended
	assert_equal $code 137
	no_leftovers 'home/.*' 'home/.*/*'
}

@test "the time limit ends a paused instance, too" {
	start late --limits=group --timeout=3 -c 'sleep 1000'
	sbox pause late
	ended
	assert_equal $code 124
}

@test "SIGKILL of the supervisor of a paused instance leaves nothing" {
	start late --limits=group -c 'sleep 1000'
	sbox pause late
	kill -KILL "$started"
	ended
	wait_until 30 test ! -e "$group"
	no_leftovers 'home/.*' 'home/.*/*'
}

# ---- the end ------------------------------------------------------------------------------

@test "what left init in the host's pid namespace is ended by the group" {
	mkfifo "$T/alive"
	timeout 60 cat "$T/alive" >/dev/null 3>&- &
	local watcher=$!
	start away --limits=group --pid=host --write="$T/alive" -c 'exec 5>"$0"
		(setsid sh -c "(sleep 1000 &)" &); echo up; sleep 1000' "$T/alive"
	wait_until 60 grep -q up "$T/out"
	sbox kill --now away
	ended
	wait $watcher || complain "somebody lives on" "processes" "$(our_processes)"
	no_leftovers 'home/.*' 'home/.*/*' alive
}

# ---- other limits -------------------------------------------------------------------------

@test "other limits are set while it runs, and hold" {
	mkfifo "$T/go"
	start grows --memory=50M --pids=20 --read="$T/go" -- python3 -c '
import os, sys
hold = []
print("up", flush=True)
for line in open(sys.argv[1]):
    hold.append(bytearray(int(line) << 20))
    for i in range(0, len(hold[-1]), 4096): hold[-1][i] = 1
    print("has", sum(map(len, hold)) >> 20, flush=True)' "$T/go"
	exec 6>"$T/go"
	wait_until 60 grep -q up "$T/out"
	sbox set grows memory=200M pids=50%
	assert_equal "$(<"$group/memory.max")" $((200 << 20))
	[ "$(<"$group/pids.max")" -gt 20 ]
	echo 100 >&6
	wait_until 60 grep -q "has 100" "$T/out"
	# less than it has: the kernel makes room by killing
	sbox set grows memory=30M
	ended
	exec 6>&-
	assert_equal $code 137
}

@test "a limit is lifted with max; a first limit of memory brings one of swap" {
	start free --pids=20 -c 'sleep 1000'
	assert_equal "$(<"$group/memory.max")" max
	sbox set free memory=100M pids=max
	assert_equal "$(<"$group/memory.max")" $((100 << 20))
	assert_equal "$(<"$group/pids.max")" max
	assert_equal "$(cat "$group/memory.swap.max" 2>/dev/null || echo 0)" 0
	if [ -e "$group/memory.swap.max" ]; then
		sbox set free swap=10M
		sbox set free memory=120M
		assert_equal "$(<"$group/memory.swap.max")" $((10 << 20))
	fi
	sbox set free memory=max oom-kill=all cpus=1.5 cpu-weight=50
	assert_equal "$(<"$group/memory.max") $(<"$group/memory.oom.group")" "max 1"
	assert_equal "$(<"$group/cpu.max") $(<"$group/../cpu.weight")" "150000 100000 50"
	# it is there to stay: a neighbour makes systemd write the weights again
	sbox --limits=group true
	assert_equal "$(<"$group/../cpu.weight")" 50
	sbox set free cpus=max oom-kill=one cpu-weight=default
	assert_equal "$(<"$group/../cpu.weight")" 100
	assert_equal "$(<"$group/cpu.max") $(<"$group/memory.oom.group")" "max 100000 0"
	sbox kill free
}

@test "disks and processors by number are limited and given back while it runs" {
	start free --limits=group -c 'sleep 1000'
	grep -qw io "$group/cgroup.controllers" && grep -qw cpuset "$group/../cgroup.controllers" ||
		skip_kernel "the controllers io and cpuset are not delegated here"
	local all pid
	all=$(awk '$1 == "Cpus_allowed_list:" { print $2 }' /proc/self/status)
	pid=$(head -n 1 "$group/cgroup.procs")
	allowed() {
		awk '$1 == "Cpus_allowed_list:" { print $2 }' "/proc/$pid/status"
	}
	sbox set free cpuset=0
	assert_equal "$(allowed)" 0
	sbox set free cpuset=all
	assert_equal "$(allowed)" "$all"
	sbox set free io-max="$T wbps=1M rbps=2M"
	assert_contains "$(<"$group/io.max")" "rbps=2097152 wbps=1048576"
	sbox set free io-max="$T wbps=max riops=7"
	assert_contains "$(<"$group/io.max")" "rbps=2097152 wbps=max riops=7"
	sbox set free io-max=max cpuset=all
	assert_equal "$(<"$group/io.max")" ""
	sbox kill free
}

@test "a limit that is lifted need not have been there, nor its controller" {
	start free --limits=group -c 'sleep 1000'
	sbox set free cpuset=all io-max=max memory=max
	assert_contains "$(sbox ps | tr -s ' ')" "free default running - "
	sbox kill free
}

@test "what was changed before a limit that cannot be is told" {
	start part --limits=group -c 'sleep 1000'
	[ ! -e "$group/../io.weight" ] || skip_kernel "the io controller is delegated here"
	run --separate-stderr sbox set part io-weight=50 pids=40
	assert_status 125
	assert_contains "$stderr" "io-weight: the controller io is not delegated"
	assert_contains "$stderr" "'part': changed: pids; not changed: io-weight"
	assert_equal "$(<"$group/pids.max")" 40
	sbox kill part
}

@test "the program cannot take part in it: its own group's limits stay" {
	start tries --limits=group --sys -c 'while sleep 0.2; do
		for f in $(find /sys/fs/cgroup -name pids.max -o -name cgroup.freeze); do
			echo max >"$f"; echo 0 >"$f"; done 2>/dev/null; echo tried; done'
	sbox set tries pids=40
	: >"$T/out"
	wait_until 60 grep -q tried "$T/out"
	assert_equal "$(<"$group/pids.max")" 40
	sbox pause tries
	sbox kill --now tries
}

# ---- top ----------------------------------------------------------------------------------

@test "top shows shares of the processors, and its keys pause and resume" {
	start spins --limits=group -c 'while :; do :; done'
	run --separate-stderr env TERM=xterm "$TEST_BIN/pty" expect='> spins' expect='% ' \
		send=p expect=paused send=p expect='% ' send=k expect="end 'spins'?" send=! \
		expect='0 running' send=q -- "$SBOX" top
	assert_status 0
	ended
	assert_equal $code 137
}
