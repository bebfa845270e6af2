#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# supervisor.bats - exit codes, signals, the time limit, and that nothing outlives a sandbox
load lib

# A program that tells each signal that it gets, until it gets SIGUSR2.
listener='
import os, signal, sys
signals = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1,
           signal.SIGALRM, signal.SIGWINCH, signal.SIGUSR2}
signal.pthread_sigmask(signal.SIG_BLOCK, signals)
print("ready", flush=True)
while True:
    s = signal.sigwait(signals)
    print(s.name, flush=True)
    if s == signal.SIGUSR2: sys.exit(3)
'

said() {
	wait_until 10 grep -q "$1" "$T/out" || complain "sbox said" "stdout" \
		"$(<"$T/out")" "stderr" "$(<"$T/err")"
}

ended() {
	code=0
	wait "$started" || code=$?
}

# Starts a program that has left its parents behind in every way there is, each of them with
# the fifo open: its end is the end of all.
start_family() {
	mkfifo "$T/alive"
	timeout 20 cat "$T/alive" >/dev/null 3>&- &
	watcher=$!
	sbox_in_background --write="$T/alive" "$@" -c '
		exec 5>"$0"
		trap "" HUP TERM INT
		(setsid sh -c "trap \"\" HUP TERM; sleep 1000 & exec sleep 1000" &)
		(setsid setsid sh -c "(sleep 1000 &)" &)
		sleep 1000 &
		echo started
		while :; do sleep 1000; done' "$T/alive"
	said started
	init=$(descendants_of "$started" | awk -v top="$started" '$2 == top { print $1 }')
	program=$(descendants_of "$init" | awk -v top="$init" \
		'$2 == top && $4 == "sh" { print $1; exit }')
}

family_is_gone() {
	local code=0
	wait "$watcher" || code=$?
	[ $code = 0 ] || complain "somebody lives on" "processes" "$(our_processes)"
	no_leftovers 'home/.*' alive
}

# ---- exit codes -------------------------------------------------------------------------

@test "the program's exit code is sbox's" {
	local n
	for n in 0 1 7 124 125 255; do
		run --separate-stderr sbox -c "exit $n"
		assert_status $n
		assert_equal "$stderr" ""
	done
}

@test "a program that a signal ended gives 128 and the signal's number" {
	local s
	for s in 1 2 3 6 9 11 15; do
		run --separate-stderr sbox -c "kill -$s \$\$"
		assert_status $((128 + s))
	done
}

@test "what cannot be executed gives 126, and what does not exist 127" {
	printf '#!/nosuch/interpreter\n' >script
	chmod 755 script
	: >plain
	local name
	for name in /etc/passwd /usr ./script ./plain; do
		run --separate-stderr sbox -- "$name"
		assert_status 126
		assert_contains "$stderr" "sbox: cannot execute '$name'"
	done
	for name in no-such-program ./none /none/at/all ''; do
		run -127 --separate-stderr sbox -- "$name"
		assert_equal "$stderr" "sbox: there is no program '$name' in the sandbox"
	done
	no_leftovers 'home/.*'
}

@test "a program that is only on the host is named in the hint" {
	mkdir "$T/bin"
	printf '#!/bin/sh\necho ran\n' >"$T/bin/only-here"
	chmod 755 "$T/bin/only-here"
	PATH=$PATH:$T/bin run -127 --separate-stderr sbox -- only-here
	assert_contains "$stderr" \
		"hint: the host has '$T/bin/only-here'; show it with --read=$T/bin"
	run --separate-stderr sbox --read="$T/bin" --env=PATH="/usr/bin:$T/bin" -- \
		only-here
	assert_equal "$output" ran
}

@test "a script without #! is the shell's, with its arguments" {
	echo 'echo "$0:$1:$#"' >script
	chmod 755 script
	run --separate-stderr sbox -- ./script 'a b' c
	assert_equal "$output" "./script:a b:2"
}

@test "words behind the program are the program's, and -- lets any name be one" {
	run --separate-stderr sbox echo --read=/x -v --profile untrusted -- -c
	assert_equal "$output" "--read=/x -v --profile untrusted -- -c"
	run -127 --separate-stderr sbox -- --bind
	assert_equal "$stderr" "sbox: there is no program '--bind' in the sandbox"
	run --separate-stderr sbox --bogus -- true
	assert_status 125
	assert_contains "$stderr" "unknown flag '--bogus'"
}

# ---- signals ----------------------------------------------------------------------------

@test "signals sent to sbox reach the program, each once" {
	sbox_in_background -- /usr/bin/python3 -I -S -c "$listener"
	said ready
	local s
	for s in TERM INT HUP QUIT USR1 ALRM WINCH USR2; do
		kill -$s "$started"
		said "SIG$s"
	done
	ended
	assert_equal $code 3
	assert_equal "$(tr '\n' ' ' <"$T/out")" \
		"ready SIGTERM SIGINT SIGHUP SIGQUIT SIGUSR1 SIGALRM SIGWINCH SIGUSR2 "
}

@test "a signal that ends the program ends all that it started" {
	start_family
	kill -USR1 "$started" # the one that the family's head does not ignore
	ended
	assert_equal $code $((128 + 10))
	family_is_gone
}

@test "SIGKILL of sbox ends everything" {
	start_family
	kill -KILL "$started"
	ended
	assert_equal $code 137
	family_is_gone
}

@test "SIGKILL of init ends everything" {
	start_family
	kill -KILL "$init"
	ended
	assert_equal $code 137
	family_is_gone
}

@test "SIGKILL of the program ends everything" {
	start_family
	kill -KILL "$program"
	ended
	assert_equal $code 137
	family_is_gone
}

@test "SIGKILL of sbox while it starts leaves nothing" {
	local n
	for n in 0 1 2 3 4 5 6 7 8 9 10 11; do
		sbox_in_background -p shell -- sleep 1000
		# somewhere between its first and its last step
		sleep "0.00$((n * 7))"
		kill -KILL "$started"
		wait "$started" || true
	done
	no_leftovers 'home/.*'
}

@test "SIGTERM while it starts ends it as that signal would, and leaves nothing" {
	local n
	for n in 0 1 2 3 4 5 6 7 8 9 10 11; do
		sbox_in_background -p shell -- sleep 1000
		sleep "0.00$((n * 7))"
		kill -TERM "$started"
		ended
		assert_equal $code 143
	done
	no_leftovers 'home/.*'
}

@test "ignored signals, and the mask, are the program's as they were the caller's" {
	need env
	local how
	for how in --ignore-signal=HUP --ignore-signal=PIPE --block-signal=USR1 \
		--block-signal=TERM,CHLD --default-signal=PIPE; do
		run --separate-stderr env "$how" grep -E 'Sig(Ign|Blk)' /proc/self/status
		local outside=$output
		run --separate-stderr env "$how" "$SBOX" -- grep -E 'Sig(Ign|Blk)' \
			/proc/self/status
		assert_status 0
		assert_equal "$how $output" "$how $outside"
	done
}

@test "a caller that ignores SIGCHLD, or everything, gets the exit code" {
	run --separate-stderr timeout 10 env --ignore-signal=CHLD "$SBOX" -c 'exit 7'
	assert_status 7
	run --separate-stderr timeout 10 env --ignore-signal --block-signal "$SBOX" -p \
		shell -c 'exit 8'
	assert_status 8
}

@test "the end of a pipe ends the program by SIGPIPE, as in a plain shell" {
	run bash -c '"$0" -- yes | head -n 1; echo "${PIPESTATUS[0]}"' "$SBOX"
	assert_equal "$output" $'y\n141'
}

@test "input, output and errors pass unchanged" {
	head -c 300000 /dev/urandom >"$T/big"
	sbox -- cat <"$T/big" >"$T/out"
	cmp "$T/big" "$T/out"
	run --separate-stderr sbox -c 'echo to out; echo to err >&2'
	assert_equal "$output/$stderr" "to out/to err"
}

# ---- the end ----------------------------------------------------------------------------

@test "what the program leaves running is ended with it, or waited for with wait = all" {
	run --separate-stderr sbox -c '(sleep 1000; echo late) & echo early; exit 5'
	assert_status 5
	assert_equal "$output" early
	mkfifo "$T/go"
	sbox_in_background --wait=all --read="$T/go" -c \
		'(setsid sh -c "read -r l <\"$0\"; echo late" &); echo early; exit 5' \
		"$T/go"
	said early
	echo go >"$T/go"
	ended
	assert_equal $code 5
	assert_equal "$(<"$T/out")" $'early\nlate'
	no_leftovers 'home/.*' go
}

@test "orphans are reaped: no zombies gather" {
	run --separate-stderr sbox -c '
		i=0; while [ $i -lt 50 ]; do (setsid true &); i=$((i + 1)); done
		for try in 1 2 3 4 5 6 7 8 9 10; do
			n=$(cat /proc/[0-9]*/stat 2>/dev/null | grep -c ") Z 1 ")
			[ "$n" = 0 ] && break; sleep 0.1
		done; echo "$n zombies"'
	assert_equal "$output" "0 zombies"
}

@test "the time limit ends a program, and kills one that does not want to go" {
	run --separate-stderr sbox --timeout=0.2 -- sleep 1000
	assert_status 124
	run --separate-stderr sbox --timeout=200ms -c \
		'trap "echo asked; exit 0" TERM; sleep 1000 & wait'
	assert_status 124
	assert_equal "$output" asked
	start_family --timeout=0.2
	ended
	assert_equal $code 124
	family_is_gone
	run --separate-stderr sbox --timeout=10m -- true
	assert_status 0
}

@test "a stopped program is ended by the time limit too" {
	run --separate-stderr timeout 10 setsid --wait "$SBOX" --timeout=0.3 \
		--new-session -c 'kill -STOP $$; echo on'
	[ "$status" = 124 ] || [ "$status" = 137 ]
	refute_contains "$output" on
	no_leftovers 'home/.*'
}

@test "twenty at once do not get in each other's way" {
	local n pids=()
	for n in {1..20}; do
		"$SBOX" --read="$TEST_BIN/probe" --tmpfs="$HOME/place" -c \
			'echo "$0"; "$1" process | grep ^pid=' \
			"$n" "$TEST_BIN/probe" >"$T/work/out.$n" 2>&1 3>&- &
		pids+=("$!")
	done
	for n in {1..20}; do
		wait "${pids[n - 1]}"
		assert_equal "$(<"$T/work/out.$n")" "$n"$'\npid=3'
	done
	no_leftovers 'home/.*'
}

# ---- telling a machine ------------------------------------------------------------------

# The lines on descriptor 5 as Python reads JSON, each as its sorted items.
events() {
	/usr/bin/python3 -I -S -c '
import json, sys
for line in sys.stdin:
    e = json.loads(line)
    for k in "init_pid", "id":
        if int(e.get(k, 1)) > 1: e[k] = "pid"
    print(*["%s=%s" % i for i in sorted(e.items())])' <"$T/events"
}

@test "json-status tells the start and the end, one line of JSON each" {
	sbox --json-status=5 -c 'exit 7' 5>"$T/events" || true
	assert_equal "$(events)" \
		$'event=started id=pid init_pid=pid limits=none profile=default\ncode=7 event=exited timeout=False'
	sbox --json-status=5 -c 'kill -KILL $$' 5>"$T/events" || true
	assert_contains "$(events)" "code=137 event=exited signal=9 timeout=False"
	sbox --json-status=5 --timeout=0.1 sleep 1000 5>"$T/events" || true
	assert_contains "$(events)" "code=124 event=exited limit=timeout signal=15 timeout=True"
}

@test "json-status tells why nothing was started" {
	sbox --json-status=5 --chdir=/nosuch true 5>"$T/events" 2>/dev/null || true
	assert_contains "$(events)" \
		"code=125 event=failed hint=show it with --read=/nosuch"
	sbox --json-status=5 --read=/nosuch true 5>"$T/events" 2>/dev/null || true
	assert_contains "$(events)" "message='/nosuch': No such file or directory"
	sbox --json-status=5 --bogus true 5>"$T/events" 2>/dev/null || true
	assert_contains "$(events)" "message=unknown flag '--bogus'"
	sbox --json-status=5 nosuch 5>"$T/events" 2>/dev/null || true
	assert_contains "$(events)" "code=127 event=failed"
}

@test "the descriptor of json-status is not the program's, and must be open" {
	run --separate-stderr sbox --json-status=5 -c 'ls /proc/self/fd | wc -l' \
		5>"$T/events"
	assert_equal "$output" 4 # with the one that ls looks through
	run --separate-stderr sbox --json-status=9 -- true 9>&-
	assert_status 125
	assert_contains "$stderr" "--json-status: descriptor 9 is not open"
	# nor is its reader's absence anybody's end
	run --separate-stderr bash -c '"$0" --json-status=5 -c "exit 7" 5> >(exit 0)' \
		"$SBOX"
	assert_status 7
}
