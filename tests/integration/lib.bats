#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# lib.bats - the tests' own tools: an assertion that cannot fail proves nothing

# bats file_tags=no-vm
load lib

@test "no_leftovers is content where nothing is left" {
	sleep 0.01
	(sleep 0.05 &)
	no_leftovers
}

@test "no_leftovers finds a process that has left its session and lost its parent" {
	(setsid sleep 77 >/dev/null 2>&1 3>&- &)
	run ! no_leftovers
	assert_contains "$output" sleep
	left=$(new_processes)
	kill "${left%% *}"
	no_leftovers
}

@test "no_leftovers finds a process in namespaces of its own" {
	(unshare --user --map-root-user --pid --fork --kill-child sleep 77 \
		>/dev/null 2>&1 3>&- &)
	wait_until 2 eval '[[ $(new_processes) = *sleep* ]]'
	run ! no_leftovers
	assert_contains "$output" "sleep"
	left=$(new_processes)
	kill -KILL "$(awk '/unshare/ { print $1 }' <<<"$left")"
	no_leftovers
}

@test "no_leftovers finds files, but for those that may be there" {
	mkdir -p "$HOME/.local/share/sbox"
	touch "$XDG_RUNTIME_DIR/socket" "$T/work/mine"
	run ! no_leftovers 'home/*'
	assert_contains "$output" "$XDG_RUNTIME_DIR/socket"
	refute_contains "$output" "home/.local"
	refute_contains "$output" "mine"
	no_leftovers 'home/*' 'run/socket'
}

@test "wait_until ends when its time is over, and at once when it is so" {
	SECONDS=0
	run ! wait_until 0 false
	assert_contains "$output" "not so in time: false"
	wait_until 60 true
	[ $SECONDS -lt 30 ]
}

@test "assertions fail when they should, and show the text" {
	run ! assert_equal a b
	run ! assert_contains "some text" "none"
	assert_contains "$output" "some text"
	run ! refute_contains "some text" "text"
	run sh -c 'exit 3'
	assert_status 3
	run ! assert_status 0
}

@test "need fails under SBOX_TEST_STRICT=1 and passes for what is there" {
	need sh
	SBOX_TEST_STRICT=1 run ! need no-such-program-anywhere
	assert_contains "$output" "needs no-such-program-anywhere"
}

@test "each test has a home that nobody else sees" {
	assert_equal "$(stat -c %a "$HOME" "$XDG_RUNTIME_DIR" | sort -u)" 700
	assert_equal "$(find "$HOME" "$XDG_RUNTIME_DIR" -mindepth 1)" ""
	[ -z "${XDG_DATA_HOME:-}${XDG_CONFIG_HOME:-}${DISPLAY:-}" ]
}

@test "deny makes just the named calls fail, with just that errno" {
	"$TEST_BIN/deny" ENOSYS open_tree,move_mount -- true
	run -1 "$TEST_BIN/deny" EPERM unshare:0:0x10000000 -- unshare --user true
	assert_contains "$output" "Operation not permitted"
	run -1 "$TEST_BIN/deny" ENOSPC unshare -- unshare --user true
	assert_contains "$output" "No space left"
	"$TEST_BIN/deny" EPERM unshare:0:0x10000000 -- unshare --user true ||
		"$TEST_BIN/deny" EPERM unshare:0:0x20000000 -- unshare --user true
	run -2 "$TEST_BIN/deny" ENOSYS no_such_call -- true
}

@test "probe tells facts of this very place" {
	exec 7</etc/passwd
	run -0 "$TEST_BIN/probe"
	exec 7<&-
	assert_equal "$(fact uid)" "$(id -u)"
	assert_equal "$(fact cwd)" "$PWD"
	assert_equal "$(fact fd.7)" /etc/passwd
	assert_equal "$(fact ns.user)" "$(readlink /proc/self/ns/user)"
	[ "$(fact monotonic)" -gt 0 ]
	run ! fact no-such-fact
}

@test "a program that is left behind holds nobody up for long" {
	run -1 "$TEST_BIN/reaper" 1 sh -c '(setsid sleep 77 & exec sleep 77 & sleep 2.5)' 3>&-
	assert_contains "$output" "left behind"
	no_leftovers
}

@test "pty types Ctrl-C and Ctrl-Z as a terminal does" {
	run -130 "$TEST_BIN/pty" expect=ready 'send=^C' -- sh -c 'echo ready; exec sleep 77'
	run -7 "$TEST_BIN/pty" 'expect=$ ' 'send=sh -c "echo re""ady; exec sleep 77"\n' \
		expect=ready 'send=^Z' expect=Stopped 'expect=$ ' 'send=exit 7\n' \
		'expect=stopped jobs' 'expect=$ ' 'send=exit 7\n' \
		-- env PS1='$ ' HISTFILE= bash --norc --noediting -i
	run -3 "$TEST_BIN/pty" expect=x -- true
	no_leftovers
}
