#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# namespaces.bats - each kind private or the host's, as the settings say; and the clocks
load lib

here() {
	readlink "/proc/self/ns/$1"
}

@test "everything but the clocks is private where nothing is said" {
	run --separate-stderr probe
	local kind
	for kind in user mnt pid net ipc uts cgroup; do
		[ "$(fact ns.$kind)" != "$(here $kind)" ] || complain \
			"the host's $kind namespace"
	done
	assert_equal "$(fact ns.time)" "$(here time)"
}

@test "each kind is the host's where the profile says so, and no other with it" {
	local kind setting other
	for kind in pid net ipc uts cgroup; do
		setting=$kind
		[ $kind != net ] || setting=network
		run --separate-stderr probe --$setting=host
		assert_status 0
		for other in user mnt pid net ipc uts cgroup; do
			if [ $other = $kind ]; then
				assert_equal "$(fact ns.$other)" "$(here $other)"
			else
				[ "$(fact ns.$other)" != "$(here $other)" ] ||
					complain "with $kind, the host's $other namespace too"
			fi
		done
	done
	run --separate-stderr probe --time=private
	assert_status 0
	[ "$(fact ns.time)" != "$(here time)" ]
}

@test "all of them at once" {
	run --separate-stderr probe --pid=host --network=host --ipc=host --uts=host \
		--cgroup=host
	assert_status 0
	local kind
	for kind in pid net ipc uts cgroup time; do
		assert_equal "$(fact ns.$kind)" "$(here $kind)"
	done
	[ "$(fact ns.mnt)" != "$(here mnt)" ]
	assert_equal "$(fact CapBnd) $(fact NoNewPrivs)" "0000000000000000 1"
}

# offset CLOCK WHAT-IT-SHOULD-BE (seconds): within a minute, which a slow machine may take
assert_offset() {
	local now then=$1
	now=$("$TEST_BIN/probe" time | sed -n "s/^$2=//p")
	local seen=$(($(fact "$2") / 1000000000 - now / 1000000000))
	[ $seen -ge $((then - 60)) ] && [ $seen -le $((then + 60)) ] ||
		complain "$2 is off by $seen s, should be $then"
}

@test "clocks have the offsets that were asked for, and the time of day has none" {
	run --separate-stderr probe --time=private --monotonic-offset=10d \
		--boottime-offset=-1s
	assert_status 0
	assert_offset 864000 monotonic
	assert_offset -1 boottime
	assert_offset 0 realtime
	run --separate-stderr probe --time=private
	assert_offset 0 monotonic
	assert_offset 0 boottime
}

@test "an offset without a clock of one's own, or below zero, is an error" {
	run --separate-stderr sbox --monotonic-offset=1h -- true
	assert_status 125
	assert_contains "$stderr" "clock offsets need a time namespace of its own"
	run --separate-stderr sbox --time=private --boottime-offset=-100000d -- true
	assert_status 125
	assert_contains "$stderr" "cannot make the time namespace"
	assert_contains "$stderr" "a clock cannot become negative"
	no_leftovers 'home/.cache*'
}

@test "the cgroup of the host is not told" {
	run --separate-stderr sbox -c 'cut -d: -f3 /proc/self/cgroup | sort -u'
	assert_equal "$output" /
}

@test "with the host's process ids others are seen, and still none is reached but one's own" {
	sleep 1000 3>&- &
	local other=$!
	all_started+=("$other")
	run --separate-stderr sbox --pid=host -c \
		'test -d /proc/$0 && echo seen; cat /proc/$0/environ /proc/$0/maps' \
		"$other"
	assert_equal "$output" seen
	kill -0 "$other"
}

@test "with the host's process ids nobody else's limits and priorities are changed, one's own are" {
	local pid change='
import os, resource, sys
pid = int(sys.argv[1])
for step in (lambda: resource.prlimit(pid, resource.RLIMIT_CPU, (1, 1)),
		lambda: resource.prlimit(pid, resource.RLIMIT_CPU),
		lambda: os.sched_setaffinity(pid, {0}),
		lambda: os.sched_setscheduler(pid, os.SCHED_BATCH, os.sched_param(0)),
		lambda: os.setpriority(os.PRIO_PROCESS, pid, 19),
		lambda: os.setpriority(os.PRIO_PROCESS if pid == 0 else os.PRIO_USER, 0, 19)):
	try:
		step()
		print("done", end=" ")
	except OSError as e:
		print(e.strerror, end=" ")'
	sleep 1000 3>&- &
	all_started+=($!)
	run --separate-stderr sbox --pid=host -- /usr/bin/python3 -I -S -c "$change" $!
	refute_contains "$output" done
	kill -0 "${all_started[0]}"
	for pid in host private; do
		run --separate-stderr sbox --pid=$pid -- /usr/bin/python3 -I -S -c "$change" 0
		assert_equal "$output" "done done done done done done "
	done
}

@test "with the host's process ids, what the program leaves behind is ended with it" {
	mkfifo "$T/ready"
	run --separate-stderr sbox --pid=host --write="$T/ready" -c '
		(setsid sh -c "(setsid sleep 1000; echo) & echo >\"$0\"
		sleep 1000" >/dev/null 2>&1 &)
		read -r _ <"$0"' "$T/ready"
	assert_status 0
	no_leftovers 'home/.*' ready
}

@test "with the host's process ids that is so without /proc, at a time limit, and when it is killed" {
	local way stays='trap "" TERM; setsid sleep 1000 >/dev/null 2>&1 & echo up; '
	for way in --proc=no --hide=/proc; do
		run --separate-stderr timeout -s KILL 20 "$SBOX" --pid=host $way --apparmor=off \
			-c "$stays exit 3" 3>&-
		assert_status 3
		no_leftovers 'home/.*'
	done
	run --separate-stderr timeout -s KILL 20 "$SBOX" --pid=host --timeout=0.2 \
		-c "$stays while :; do sleep 1; done" 3>&-
	assert_status 124
	no_leftovers 'home/.*'
	sbox_in_background --pid=host --name=one -c "$stays sleep 1000"
	wait_until 10 eval '[ "$(descendants_of "$started" | grep -c sleep)" = 2 ]'
	wait_until 10 eval 'sbox ps | grep -q one'
	sbox kill --now one
	wait "$started" && status=0 || status=$?
	assert_status 137
	no_leftovers 'home/.*'
}

@test "with the host's process ids, SIGKILL of sbox ends the program" {
	sbox_in_background --pid=host -c 'sleep 1000 & sleep 1000'
	wait_until 5 eval '[ "$(descendants_of "$started" | grep -c sleep)" = 2 ]'
	kill -KILL "$started"
	wait "$started" || true
	no_leftovers 'home/.*'
}
