#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# limits.bats - limits hold for the whole tree and for nothing else, and each end leaves nothing
#
# Limits of all processes need systemd's user manager on a unified hierarchy: the guests of
# tests/vm have one, and this machine may not.
load lib

uid=$(id -u)

manager() {
	XDG_RUNTIME_DIR=/run/user/$uid DBUS_SESSION_BUS_ADDRESS='' systemctl --user "$@"
}

our_units() {
	manager list-units --all --no-legend --plain 'app-sbox-*' | cut -d ' ' -f 1
}

our_groups() {
	find "/sys/fs/cgroup/user.slice/user-$uid.slice" -type d \
		\( -name 'app-sbox-*' -o -name payload -o -name supervisor \) 2>/dev/null
}

# Units go when systemd has seen their last process gone.
nothing_is_left() {
	wait_until 20 eval '[ -z "$(our_units)$(our_groups)" ]' ||
		complain "not cleaned up" "units" "$(our_units)" "groups" "$(our_groups)"
	no_leftovers status 'home/.*' 'home/.*/*'
}

# The group of the program that was started in the background, once it is in it and executed.
payload_of_started() {
	local line pid
	line=$(grep '^0::' "/proc/$started/cgroup")
	payload=/sys/fs/cgroup${line#0::}
	payload=${payload%/supervisor}/payload
	pid=$(find "$payload" -name cgroup.procs -exec cat {} + | head -n 1)
	[ -n "$pid" ] && [ "$(<"/proc/$pid/comm")" != sbox ]
}

# field NAME: of the last event that --json-status told to $T/status
field() {
	tail -n 1 "$T/status" | python3 -c '
import json, sys
print(json.loads(sys.stdin.read())[sys.argv[1]])' "$1"
}

# Programs that use things up, by python3 -c.
eat='
import sys, time
hold = bytearray(int(sys.argv[1]) << 20)
for i in range(0, len(hold), 4096): hold[i] = 1
print("ate", sys.argv[1], flush=True)
'
family='
import os, sys, time
children = 0
try:
    while True:
        if os.fork() == 0:
            time.sleep(1000)
        children += 1
except OSError as e:
    print(children, e.strerror, flush=True)
'

# ---- memory -----------------------------------------------------------------------------

@test "memory beyond the limit is never had: exit code 137, and a word on the flag" {
	need_groups
	run --separate-stderr sbox --memory=64M --json-status=4 -- python3 -c "$eat" 200 4>"$T/status"
	assert_status 137
	assert_equal "$output" ""
	assert_contains "$stderr" "the memory limit was reached"
	assert_contains "$stderr" "64 MiB"
	assert_contains "$stderr" "--memory=SIZE raises it; now it is 64M (--memory)"
	assert_contains "$(head -n 1 "$T/status")" '"limits":"held"'
	assert_equal "$(field oom)" True
	assert_equal "$(field signal)" 9
	# within 1 % and never above
	[ "$(field memory_peak)" -le $((64 << 20)) ]
	[ "$(field memory_peak)" -ge $(((64 << 20) * 99 / 100)) ]
	nothing_is_left
}

@test "memory within the limit is had, and nothing is said" {
	need_groups
	run --separate-stderr sbox --memory=64M -- python3 -c "$eat" 30
	assert_status 0
	assert_equal "$output" "ate 30"
	assert_equal "$stderr" ""
}

@test "the memory limit is one of all processes together" {
	need_groups
	run --separate-stderr sbox --memory=64M --json-status=4 -- python3 -c '
import os
def eat():
    hold = bytearray(40 << 20)
    for i in range(0, len(hold), 4096): hold[i] = 1
    return hold
mine = eat()
if os.fork() == 0:
    more = eat()
    os._exit(0)
os.wait()' 4>"$T/status"
	assert_equal "$(field oom)" True
	[ "$(field memory_peak)" -le $((64 << 20)) ]
}

@test "with a memory limit nothing is swapped out, unless swap is given" {
	need_groups
	sbox_in_background --memory=64M sleep 100
	wait_until 20 payload_of_started
	assert_equal "$(cat "$payload/memory.swap.max" 2>/dev/null || echo 0)" 0
	kill "$started"
	sbox_in_background --memory=64M --swap=max sleep 100
	wait_until 20 payload_of_started
	assert_equal "$(cat "$payload/memory.swap.max" 2>/dev/null || echo max)" max
	kill "$started"
}

# What a program can keep in three layers in memory, in KiB and in files.
fill_layers() {
	mkdir -p "$T"/work/tree-{1,2,3}
	"$@" --profile=untrusted --limits=required --memory=32M --engine=fuse-overlayfs \
		--id-map=single --groups=auto --layer=ephemeral --overlay="$T/work/tree-1" \
		--overlay="$T/work/tree-2" --overlay="$T/work/tree-3" --cwd=none -- sh -c '
		shmem() { awk "\$1 == \"Shmem:\" { print \$2 }" /proc/meminfo; }
		before=$(shmem)
		for tree in 1 2 3; do head -c 20M /dev/zero >"$1/tree-$tree/big"; done 2>/dev/null
		echo $(($(shmem) - before))
		rm "$1"/tree-*/big
		python3 -c "
import os, sys
count = 0
for tree in 1, 2, 3:
    try:
        for i in range(10000):
            os.close(os.open(f\"{sys.argv[1]}/tree-{tree}/{i}\", os.O_CREAT))
            count += 1
    except OSError:
        pass
print(count)" "$1"' sh "$T/work"
}

@test "layers in memory that fuse-overlayfs serves are together no larger than the limit" {
	need_groups
	need fuse-overlayfs
	local way kept files least
	# where no mount can be handed on, each of the six trees has its share
	for way in "" "$TEST_BIN/deny ENOSYS mount_setattr --"; do
		least=$([ -n "$way" ] && echo 15 || echo 30)
		# shellcheck disable=SC2086
		run --separate-stderr fill_layers $way "$SBOX"
		assert_status 0
		kept=${lines[0]} files=${lines[1]}
		[ "$kept" -le $((34 << 10)) ] || complain "$way: $kept KiB kept"
		[ "$kept" -ge $((least << 10)) ] || complain "$way: $kept KiB only"
		# one for 4 KiB, and the few to begin with
		[ "$files" -le 8300 ] || complain "$way: $files files kept"
		[ "$files" -ge $((least << 8)) ] || complain "$way: $files files only"
	done
	nothing_is_left
}

@test "a share of memory is one of the machine's" {
	need_groups
	sbox_in_background --memory=25% --memory-high=10% sleep 100
	wait_until 20 payload_of_started
	local total
	total=$(($(awk '/^MemTotal:/ { print $2 }' /proc/meminfo) * 1024))
	local max
	max=$(<"$payload/memory.max")
	[ "$max" -le $((total / 4)) ]
	[ "$max" -ge $((total / 4 - 65536)) ]
	[ "$(<"$payload/memory.high")" -le $((total / 10)) ]
	kill "$started"
}

@test "one process is killed, not all, unless oom-kill says so" {
	need_groups
	local script='python3 -c "$1" 200; echo "code $?"'
	run --separate-stderr sbox --memory=64M -- sh -c "$script" sh "$eat"
	assert_status 0
	assert_equal "$output" "code 137"
	assert_contains "$stderr" "the memory limit was reached"
	run --separate-stderr sbox --memory=64M --oom-kill=all -- sh -c "$script" sh "$eat"
	assert_status 137
	assert_equal "$output" ""
	nothing_is_left
}

@test "helpers and the supervisor are not in the limit" {
	need_groups
	need xdg-dbus-proxy
	export DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/$uid/bus
	sbox_in_background --memory=64M --dbus=filtered -- sleep 100
	wait_until 20 payload_of_started
	local pid
	while read -r pid _ _ name; do
		case $name in
		sleep) assert_contains "$(<"/proc/$pid/cgroup")" /payload ;;
		*) refute_contains "$(<"/proc/$pid/cgroup")" /payload ;;
		esac
	done < <(echo "$started 0 S sbox"; descendants_of "$started")
	kill "$started"
}

# ---- processes and processors -----------------------------------------------------------

@test "there are as many processes as the limit says, to the last one" {
	need_groups
	run --separate-stderr sbox --pids=20 --json-status=4 -- python3 -c "$family" 4>"$T/status"
	assert_status 0
	assert_equal "$output" "19 Resource temporarily unavailable"
	assert_contains "$stderr" "the limit of processes was reached: 1 could not be started"
	assert_contains "$stderr" "--pids=N raises it; now it is 20 (--pids)"
	assert_equal "$(field pids_refused)" 1
	nothing_is_left
}

@test "processors are not used beyond the limit" {
	need_groups
	local cpu wall=${EPOCHREALTIME/[.,]/}
	run --separate-stderr sbox --cpus=0.3 --timeout=6 --json-status=4 -- \
		sh -c 'while :; do :; done & while :; do :; done' 4>"$T/status"
	wall=$((${EPOCHREALTIME/[.,]/} - wall))
	assert_status 124
	cpu=$(field cpu_us)
	# within 5 %, and at most one period (100 ms) begun before
	[ "$cpu" -le $((wall * 3 / 10 * 105 / 100 + 30000)) ] || complain "used $cpu of $wall us"
	[ "$cpu" -ge $((6 * 300000 * 50 / 100)) ] || complain "used only $cpu us"
}

@test "processor time ends a program, that of its children counted" {
	need_groups
	run --separate-stderr sbox --cpu-time=2s --json-status=4 -- \
		sh -c 'while :; do (i=0; while [ $i -lt 1000 ]; do i=$((i+1)); done); done' 4>"$T/status"
	assert_status 124
	assert_equal "$(field limit)" cpu-time
	[ "$(field cpu_us)" -ge 2000000 ]
	assert_contains "$stderr" "cpu-time = 2s"
	nothing_is_left
}

# Microseconds of processor time of the group $1 since it had used $2.
used_since() {
	echo $(($(awk '$1 == "usage_usec" { print $2 }' "$1/cpu.stat") - $2))
}

@test "of two that want all processors, the one of less weight gets less" {
	need_groups
	local spin='for i in $(seq "$(nproc)"); do while :; do :; done & done; wait'
	local light heavy before_light before_heavy
	sbox_in_background --cpu-weight=10 -c "$spin"
	wait_until 20 payload_of_started
	light=$payload
	# a scope that comes later makes systemd write the weights of its neighbours again
	sbox_in_background --limits=group -c "$spin"
	wait_until 20 payload_of_started
	heavy=$payload
	before_light=$(used_since "$light" 0) before_heavy=$(used_since "$heavy" 0)
	wait_until 60 eval '[ "$(used_since "$heavy" $before_heavy)" -gt 2000000 ]'
	# a tenth, if nothing else ran
	[ "$(used_since "$light" "$before_light")" -lt 700000 ] ||
		complain "used $(used_since "$light" "$before_light") us"
	kill "${all_started[@]}"
}

@test "a file that is larger than memory-high is written, and its memory given back" {
	need_groups
	sbox_in_background --memory-high=32M --write="$T/work" -c \
		'head -c 80M /dev/zero >big && echo written; sleep 1000'
	wait_until 120 grep -q written "$T/out"
	wait_until 20 payload_of_started
	[ "$(<"$payload/memory.current")" -le $((36 << 20)) ]
	[ "$(awk '$1 == "high" { print $2 }' "$payload/memory.events")" -gt 0 ]
	kill "$started"
}

@test "a limit whose controller is not delegated is refused, and the mend is told" {
	need_groups
	! grep -qw io "/sys/fs/cgroup/user.slice/user-$uid.slice/user@$uid.service/cgroup.controllers" ||
		skip_kernel "the io controller is delegated here"
	run --separate-stderr sbox --io-weight=50 true
	assert_status 125
	assert_contains "$stderr" "io-weight: the controller io is not delegated"
	assert_contains "$stderr" "/etc/systemd/system/user@.service.d/delegate.conf"
	run --separate-stderr sbox --limits=auto --io-weight=50 echo runs
	assert_status 0
	assert_equal "$output" runs
	assert_contains "$stderr" "not delegated"
	nothing_is_left
}

@test "where they are delegated, disks and processors by number are limited, too" {
	need_groups
	grep -qw io "/sys/fs/cgroup/user.slice/user-$uid.slice/user@$uid.service/cgroup.controllers" ||
		skip_kernel "the io controller is not delegated here"
	local began=${EPOCHREALTIME/[.,]/}
	run --separate-stderr sbox --io-weight=50 --io-max="$T wbps=1M" --cpuset=0 \
		--write="$T/work" -c 'grep Cpus_allowed_list /proc/self/status
		dd if=/dev/zero of=big bs=64K count=64 oflag=direct'
	assert_status 0
	assert_equal "$output" $'Cpus_allowed_list:\t0'
	# 4 MB
	[ $((${EPOCHREALTIME/[.,]/} - began)) -ge 3500000 ] || complain "faster than 1 MB/s"
	sbox_in_background --io-weight=50 -- sleep 1000
	wait_until 20 payload_of_started
	assert_equal "$(<"$payload/../io.weight")" "default 50"
	kill "$started"
	run --separate-stderr sbox --cpuset=4000 true
	assert_status 125
	assert_contains "$stderr" "cpuset"
}

# ---- who can change them ----------------------------------------------------------------

@test "the program sees its group as the root, and no file to change it by" {
	need_groups
	run --separate-stderr sbox --memory=64M -- sh -c 'cat /proc/self/cgroup; ls -A /sys 2>/dev/null'
	assert_equal "$output" "0::/"
	run --separate-stderr sbox --memory=64M --sys -- sh -c '
		find /sys/fs/cgroup -name memory.max -path "*payload*" |
		while read -r file; do echo max >"$file"; done 2>&1; echo over'
	refute_contains "$output" "$(printf 'over\n')x"
	sbox_in_background --memory=64M --sys -- sh -c '
		for f in $(find /sys/fs/cgroup -name memory.max); do echo max >"$f"; done; echo tried; sleep 100'
	wait_until 60 grep -q tried "$T/out"
	payload_of_started
	assert_equal "$(<"$payload/memory.max")" $((64 << 20))
	kill "$started"
}

@test "a program that mounts its group itself still cannot raise its limits" {
	need_groups
	sbox_in_background --memory=64M --pids=50 --nested=full -- unshare -UrmC sh -c '
		mkdir -p /tmp/c && mount -t cgroup2 none /tmp/c || echo no mount
		for f in memory.max pids.max memory.high; do echo max >/tmp/c/$f; done
		mkdir /tmp/c/below && echo $$ >/tmp/c/below/cgroup.procs
		echo $$ >/tmp/c/../cgroup.procs
		echo tried; sleep 100'
	wait_until 60 grep -q tried "$T/out"
	payload_of_started
	assert_equal "$(<"$payload/memory.max")" $((64 << 20))
	assert_equal "$(<"$payload/pids.max")" 50
	refute_contains "$(<"$T/out")" "no mount"
	# wherever it went, it is still below its limits
	local pid
	for pid in $(descendants_of "$started" | awk '$4 == "sleep" { print $1 }'); do
		assert_contains "$(<"/proc/$pid/cgroup")" /payload
	done
	kill "$started"
	wait_until 20 eval '[ -z "$(our_units)" ]'
}

@test "a program with a bus of its own cannot ask systemd for more" {
	need_groups
	need xdg-dbus-proxy busctl
	export DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/$uid/bus
	sbox_in_background --memory=64M --dbus=filtered -c 'until read unit <unit; do sleep 0.1; done 2>/dev/null
		call="org.freedesktop.systemd1 /org/freedesktop/systemd1
			org.freedesktop.systemd1.Manager SetUnitProperties sba(sv) $unit true 1
			MemoryMax t 1000000000"
		busctl --user call $call && echo raised
		ls "$XDG_RUNTIME_DIR/systemd/private" /run/user/*/systemd && echo seen
		echo tried; sleep 1000'
	wait_until 20 payload_of_started
	unit=${payload%/payload}
	unit=${unit##*/}
	echo "$unit" >"$T/work/unit.new"
	mv "$T/work/unit.new" "$T/work/unit"
	wait_until 60 grep -q tried "$T/out"
	assert_equal "$(<"$T/out")" tried
	assert_contains "$(<"$T/err")" "Call failed"
	assert_equal "$(<"$payload/memory.max")" $((64 << 20))
	assert_equal "$(<"$payload/../memory.max")" max
	# who is outside can
	manager set-property --runtime "$unit" MemoryMax=1000000000
	kill "$started"
}

@test "control groups are not shown for writing where there are limits" {
	need_groups
	run --separate-stderr sbox --memory=64M --write=/sys/fs/cgroup true
	assert_status 125
	assert_contains "$stderr" "control groups"
	run --separate-stderr sbox --memory=64M --bind '/sys /mnt rw' true
	assert_status 125
}

@test "limits of all processes are refused with the host's cgroup namespace" {
	run --separate-stderr sbox --memory=64M --cgroup=host true
	assert_status 125
	assert_contains "$stderr" "cgroup = private"
	run --separate-stderr sbox --memory=64M --cgroup=host --no-limits true
	assert_status 0
}

# ---- how it can end ---------------------------------------------------------------------

# Starts one with a stubborn family and waits for it.
start_limited() {
	sbox_in_background --memory=200M -- sh -c 'trap "" HUP TERM INT
		(setsid sh -c "trap \"\" HUP TERM; exec sleep 1000" &)
		echo started; while :; do sleep 1000; done'
	wait_until 60 grep -q started "$T/out"
	payload_of_started
	unit=${payload%/payload}
	unit=${unit##*/}
}

ended() {
	code=0
	wait "$started" || code=$?
}

@test "SIGKILL of the supervisor leaves no process, no unit and no group" {
	need_groups
	start_limited
	kill -KILL "$started"
	ended
	assert_equal $code 137
	nothing_is_left
}

@test "SIGKILL of init ends all, and is told" {
	need_groups
	start_limited
	kill -KILL "$(descendants_of "$started" | awk -v top="$started" '$2 == top { print $1; exit }')"
	ended
	assert_equal $code 137
	nothing_is_left
}

@test "SIGKILL of all that is in the scope ends all of it" {
	need_groups
	start_limited
	manager kill --signal=KILL "$unit"
	ended
	[ $code -gt 128 ]
	nothing_is_left
}

@test "systemctl stop asks first, and the exit code tells the signal" {
	need_groups
	sbox_in_background --memory=64M -- sh -c 'echo started; exec sleep 1000'
	wait_until 60 grep -q started "$T/out"
	payload_of_started
	unit=${payload%/payload}
	manager stop "${unit##*/}"
	ended
	assert_equal $code 143
	nothing_is_left
}

@test "a user manager that does not answer ends the start in time" {
	need_groups
	local pid
	pid=$(head -n 1 "/sys/fs/cgroup/user.slice/user-$uid.slice/user@$uid.service/init.scope/cgroup.procs")
	kill -STOP "$pid"
	run --separate-stderr sbox --memory=64M true
	kill -CONT "$pid"
	assert_status 125
	assert_contains "$stderr" "the control group for the limits was not ready within 10 s"
	nothing_is_left
}

@test "many short instances leave nothing" {
	need_groups
	local i
	for ((i = 0; i < ${SBOX_TEST_MANY:-100}; i++)); do
		sbox --pids=100 true || complain "number $i failed"
	done
	assert_equal "$(manager list-units --all --failed --no-legend)" ""
	nothing_is_left
}

# ---- where no manager is ----------------------------------------------------------------

# Runs a command as in a container: the group is its own, and no user manager is in sight.
in_own_group() {
	XDG_RUNTIME_DIR=/run/user/$uid systemd-run --user --scope --quiet -p Delegate=yes \
		unshare -Urm sh -c 'mount -t tmpfs none /run/user && exec "$@"' sh \
		unshare -U --map-user="$uid" --map-group="$(id -g)" "$@" 3>&-
}

@test "a group of one's own holds limits without a manager, and is whole again afterwards" {
	need_groups
	run --separate-stderr in_own_group "$SBOX" --memory=64M -- python3 -c "$eat" 200
	assert_status 137
	assert_contains "$stderr" "the memory limit was reached"
	nothing_is_left
}

@test "in a group of one's own a weight, which only systemd can give, is refused" {
	need_groups
	run --separate-stderr in_own_group "$SBOX" --cpu-weight=50 true
	assert_status 125
	assert_contains "$stderr" "only a user manager of systemd can give a weight"
	run --separate-stderr in_own_group "$SBOX" --cpu-weight=50 --limits=auto echo runs
	assert_equal "$output" runs
	assert_contains "$stderr" "cpu-weight: only a user manager"
	nothing_is_left
}

@test "a group that others are in, too, is refused" {
	need_groups
	run --separate-stderr in_own_group sh -c '"$0" --memory=64M true; code=$?; exit $code' "$SBOX"
	assert_status 125
	assert_contains "$stderr" "your own group has other processes in it"
}

@test "where no limit can be held, the start is refused, unless that is accepted" {
	! has_groups || skip_kernel "limits can be held here"
	run --separate-stderr sbox --memory=64M true
	assert_status 125
	assert_contains "$stderr" "no control group can be had to hold it"
	assert_contains "$stderr" "--no-limits runs without limits"
	run --separate-stderr sbox --memory=64M --no-limits echo runs
	assert_status 0
	assert_equal "$output" runs
	assert_equal "$stderr" ""
	run --separate-stderr sbox --memory=64M --limits=auto echo runs
	assert_status 0
	assert_contains "$stderr" "limits are not held"
}

@test "limits of sbox's profiles that are not held are told once, and shown always" {
	! has_groups || skip_kernel "limits can be held here"
	# no start, no word that it was told
	run --separate-stderr sbox -p build --dry-run true
	assert_equal "$stderr" ""
	assert_contains "$output" "hold no limits: "
	run --separate-stderr sbox -p build true
	assert_status 0
	assert_contains "$stderr" "limits of the profile 'build' are not held: "
	run --separate-stderr sbox -p build --json-status=5 true 5>"$T/events"
	assert_equal "$stderr" ""
	assert_contains "$(<"$T/events")" '"limits":"dropped"'
	run --separate-stderr sbox -p untrusted true
	assert_equal "$stderr" ""
	run --separate-stderr sbox -p build --verbose true
	assert_contains "$stderr" "limits are not held: "
	# another session, or another reason
	rm -r "$T/run/sbox"
	run --separate-stderr sbox -p build true
	assert_contains "$stderr" "are not held: "
	echo another >"$T/run/sbox/.told-limits"
	run --separate-stderr sbox -p build true
	assert_contains "$stderr" "are not held: "
	# what another user has put there is not written to
	rm "$T/run/sbox/.told-limits"
	ln -s "$T/elsewhere" "$T/run/sbox/.told-limits"
	run --separate-stderr sbox -p build true
	assert_contains "$stderr" "are not held: "
	[ ! -e "$T/elsewhere" ]
}

@test "limits that the user asked for and that are not held are told at each start" {
	! has_groups || skip_kernel "limits can be held here"
	mkdir -p "$HOME/.config/sbox/profiles/build.d"
	local i
	for i in 1 2; do
		run --separate-stderr sbox -p build --memory=64M true
		assert_status 0
		assert_contains "$stderr" "limits are not held: "
	done
	echo $'[limits]\npids = 100' >"$HOME/.config/sbox/profiles/build.d/mine.conf"
	for i in 1 2; do
		run --separate-stderr sbox -p build true
		assert_contains "$stderr" "limits are not held: "
	done
}

@test "the helper that asks systemd is missed in words" {
	need_groups
	SBOX_LIBEXEC=$T/empty run --separate-stderr sbox --memory=64M true
	assert_status 125
	assert_contains "$stderr" "sbox-scope' is missing"
}

# ---- of each process by itself ----------------------------------------------------------

@test "a process' own limits are set, soft and hard" {
	run --separate-stderr sbox --nofile=64 --core=0 --fsize=1M --stack=4M --memlock=0 \
		--address-space=2G -- sh -c 'cat /proc/self/limits'
	assert_status 0
	local name want
	while IFS='|' read -r name want; do
		assert_contains "$(tr -s ' ' <<<"$output")" "$name $want"
	done <<-END
		Max open files|64 64
		Max core file size|0 0
		Max file size|1048576 1048576
		Max stack size|4194304 4194304
		Max locked memory|0 0
		Max address space|2147483648 2147483648
	END
}

@test "a limit above one's own is a mistake, with its place" {
	run --separate-stderr sh -c 'ulimit -n 1000; exec "$0" --nofile=2000 true' "$SBOX"
	assert_status 125
	assert_contains "$stderr" "--nofile: above your own hard limit, 1000"
}

@test "niceness and the order of killing are the program's, not sbox's" {
	sbox_in_background --nice=7 --oom-score=321 -- sh -c 'nice; cat /proc/self/oom_score_adj; sleep 100'
	wait_until 20 grep -q 321 "$T/out"
	assert_equal "$(<"$T/out")" $'7\n321'
	assert_equal "$(<"/proc/$started/oom_score_adj")" "$(</proc/self/oom_score_adj)"
	kill "$started"
}

@test "limits are read in all their forms, and others are mistakes" {
	local word
	for word in memory=64K memory=100% memory=12.5% memory=max swap=0 pids=10% cpus=0.01 \
		cpu-weight=default cpuset=0-3,7 nice=keep 'io-max=/ rbps=1M wiops=10'; do
		run --separate-stderr sbox --no-limits --"$word" true
		assert_status 0
	done
	for word in memory= memory=-1 memory=0% memory=101% memory=1.5G memory=64Q pids=0 \
		cpus=0 cpu-weight=0 cpu-weight=10001 cpuset=3-1 cpuset=, nice=20 oom-score=1001 \
		io-max=/ 'io-max=/ rbps=0' 'io-max=/ speed=1'; do
		run --separate-stderr sbox --no-limits --"$word" true
		assert_status 125
		assert_contains "$stderr" "${word%%=*}"
	done
}
