# SPDX-License-Identifier: MIT
# lib.bash - what every integration test goes by: a place of its own, the program, assertions
#
# A test file begins with "load lib". Each test then has a home, a runtime directory and a
# temporary directory that nobody has used before (setup and teardown are defined here; a
# file with its own calls isolate and clean_up in them). Run the files with
# tests/run integration FILE.bats: that brings the environment described there.
#
#   $SBOX                    the program under test; "sbox ARGS..." runs it
#   $TEST_BIN                the programs of tests/helpers
#   $T                       this test's directory; $HOME, $XDG_RUNTIME_DIR, $TMPDIR in it
#   sbox_in_background ARGS  starts it; $started: its pid; $T/out and $T/err: what it writes
#   probe ARGS               "sbox ARGS" with tests/helpers/probe as the program inside
#   fact KEY                 the value in probe's "KEY=value" line of $output
#   need PROGRAM...          skips the test, or fails it under SBOX_TEST_STRICT=1
#   skip_kernel WHAT         skips it, strict or not: this kernel cannot do WHAT
#   need_groups              skips it where no control group can be had
#   wait_until SECONDS CMD   polls for what gives no event; fails when the time is over
#                            (which is longer where SBOX_TEST_PATIENCE says so)
#   no_leftovers [GLOB...]   no process, mount or file is there that was not before the test
#
# A test that cannot work in a sanitized build is tagged: # bats test_tags=no-asan
# One that needs what is not in a guest's image (browsers, an X server, a network to fetch
# packages from), or takes minutes in an emulated guest and is the same on each system, is
# tagged no-vm.
# shellcheck shell=bash
# shellcheck disable=SC2154 # output, stderr and status are set by run

bats_require_minimum_version 1.8.0

: "${SBOX:?run the tests with tests/run}" "${SBOX_TEST_REAPER:?run the tests with tests/run}"

setup() {
	isolate
}

teardown() {
	clean_up
}

# ---- a place of its own -----------------------------------------------------------------

isolate() {
	local name
	T=$(mktemp -d "${TMPDIR:-/var/tmp}/t.XXXXXX")
	for name in ${!XDG_@} ${!SBOX_@} DISPLAY WAYLAND_DISPLAY XAUTHORITY \
		DBUS_SESSION_BUS_ADDRESS PULSE_SERVER NO_COLOR; do
		case $name in SBOX_PROFILE_PATH | SBOX_LIBEXEC | SBOX_TEST_*) continue ;; esac
		unset "$name"
	done
	export HOME=$T/home XDG_RUNTIME_DIR=$T/run TMPDIR=$T/tmp TERM=dumb
	mkdir -m 700 "$HOME" "$XDG_RUNTIME_DIR" "$TMPDIR"
	mkdir "$T/work"
	cd "$T/work" || return
	umask 022 # what files are made with is told, and differs between systems
	started=
	all_started=()
	note_what_is_there
}

# What is there now is no leftover. bats starts what keeps a test's time beside it, and that
# may come later than this.
note_what_is_there() {
	[ -z "${BATS_killer_pid:-}" ] ||
		wait_until 10 eval '[ -n "$(descendants_of "$BATS_killer_pid")" ]'
	processes_before=$(our_processes)
	mounts_before=$(our_mounts)
	files_before=$(our_files)
}

clean_up() {
	local pid
	for pid in "${all_started[@]}"; do
		kill -KILL "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true # else the reaper may meet it dying
	done
	cd / || return
	chmod -R u+rwx "$T" 2>/dev/null || true
	rm -rf "$T"
}

# ---- the program ------------------------------------------------------------------------

# bats waits until nobody has its descriptor 3 any more; it is not for the program.
sbox() {
	"$SBOX" "$@" 3>&-
}

sbox_in_background() {
	"$SBOX" "$@" >"$T/out" 2>"$T/err" </dev/null 3>&- &
	started=$!
	all_started+=("$started")
}

probe() {
	sbox --read="$TEST_BIN/probe" "$@" -- "$TEST_BIN/probe"
}

fact() {
	local line
	while IFS= read -r line; do
		case $line in "$1="*)
			printf '%s\n' "${line#*=}"
			return
			;;
		esac
	done <<<"$output"
	complain "probe told no '$1'" "output" "$output" "stderr" "${stderr:-}"
}

# ---- what a test may need ---------------------------------------------------------------

need() {
	local program
	for program; do
		PATH=$PATH:/usr/sbin:/sbin command -v "$program" >/dev/null && continue
		if [ "${SBOX_TEST_STRICT:-0}" = 1 ]; then
			complain "this test needs $program, and SBOX_TEST_STRICT=1"
			return 1
		fi
		skip "needs $program"
	done
}

skip_kernel() {
	skip "kernel: $*"
}

# Whether systemd's user manager can give control groups, on a unified hierarchy.
has_groups() {
	[ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ] && [ -S "/run/user/$UID/bus" ] &&
		[ -S "/run/user/$UID/systemd/private" ]
}

need_groups() {
	has_groups || skip_kernel "no control group is delegated to users here"
}

wait_until() {
	local deadline=$((${EPOCHREALTIME/[.,]/} + $1 * ${SBOX_TEST_PATIENCE:-1} * 1000000))
	shift
	until "$@" >/dev/null 2>&1; do
		if [ "${EPOCHREALTIME/[.,]/}" -ge $deadline ]; then
			complain "not so in time: $*"
			return 1
		fi
		sleep 0.02
	done
}

# ---- assertions: each tells all that one wants to know when it fails ----------------------

# complain MESSAGE [NAME TEXT]...
complain() {
	printf -- '-- %s\n' "$1"
	shift
	while [ $# -gt 1 ]; do
		[ -z "$2" ] || printf -- '-- %s:\n%s\n' "$1" "$2"
		shift 2
	done
	return 1
} >&2

assert_equal() {
	[ "$1" = "$2" ] || complain "not equal" "is" "$1" "should be" "$2" "stderr" "${stderr:-}"
}

assert_contains() {
	case $1 in *"$2"*) return 0 ;; esac
	complain "not in the text" "looked for" "$2" "text" "$1" "stderr" "${stderr:-}"
}

refute_contains() {
	case $1 in *"$2"*)
		complain "in the text, and must not be" "looked for" "$2" "text" "$1"
		;;
	esac
}

# The exit status of the last "run".
assert_status() {
	[ "$status" = "$1" ] ||
		complain "exit status $status, should be $1" "output" "$output" \
			"stderr" "${stderr:-}"
}

# ---- leftovers --------------------------------------------------------------------------

# "PID PPID STATE NAME" of all that descends from PID $1, zombies apart.
descendants_of() {
	# cat, since an awk may end at a file that has gone meanwhile.
	cat /proc/[0-9]*/stat 2>/dev/null | awk -v top="$1" '
		{
			name = $0; rest = $0
			sub(/^[^(]*\(/, "", name); sub(/\)[^)]*$/, "", name)
			sub(/^.*\) /, "", rest)
			split(rest, f, " "); pid = $1 + 0
			parent[pid] = f[2]; state[pid] = f[1]; comm[pid] = name
		}
		END {
			for (pid in parent) {
				for (p = pid; p in parent && p != top && p > 1; p = parent[p]);
				if (p == top && pid != top && state[pid] != "Z")
					print pid, parent[pid], state[pid], comm[pid]
			}
		}'
}

# The reaper above bats (see tests/run) is the parent of all who lost theirs, so nothing that
# a test has started, in whatever session or namespace, is missing here. Left out is what
# looks: this shell, the shells it was forked from, and what it runs.
our_processes() {
	local me=$BASHPID
	descendants_of "$SBOX_TEST_REAPER" | awk -v me="$me" '
		{ line[$1] = $0; parent[$1] = $2 }
		END {
			for (p = me; p in parent; p = parent[p])
				looking[p] = 1
			for (pid in line) {
				for (p = pid; p in parent && p != me; p = parent[p]);
				if (p != me && !(pid in looking))
					print line[pid]
			}
		}' | sort -n
}

# Below the test's directory, or by way of FUSE: all else on a machine is somebody else's, for
# a user without rights can mount nothing there.
our_mounts() {
	cut -d ' ' -f 1,5- /proc/self/mountinfo |
		awk -v t="$T/" 'index($2, t) == 1 || / - fuse/' | sort
}

# Below the test's directory, but for its work directory and what the test itself wrote; and
# in /tmp, where careless programs leave things (unit tests may be running, too).
our_files() {
	find "$T" -mindepth 1 \( -path "$T/work" -prune -o -path "$T/out" -o -path "$T/err" \
		-o -print \) 2>/dev/null | sort
	compgen -G '/tmp/*sbox*' | grep -v -e '^/tmp/sbox-unit-' -e "^/tmp/sbox-$UID\$" || true
}

new_lines() {
	comm -13 <(sort <<<"$1") <(sort <<<"$2")
}

# Pids alone are compared: a state changes, and a name too.
new_processes() {
	local now
	now=$(our_processes)
	comm -13 <(cut -d ' ' -f 1 <<<"$processes_before" | sort) \
		<(cut -d ' ' -f 1 <<<"$now" | sort) |
		grep -xFf - <(cut -d ' ' -f 1 <<<"$now") |
		while read -r pid; do grep "^$pid " <<<"$now"; done
}

# no_leftovers [GLOB...]: files that match a GLOB (under $T) may be new, and sbox's cache, and
# the empty list of instances, with the note of what the user was told. What an instance that was killed left on it, "sbox ps" sweeps.
# Processes get two seconds, since the kernel ends a killed tree in its own time.
no_leftovers() {
	local left file glob extra=
	set -- "$@" home/.cache home/.cache/sbox 'home/.cache/sbox/*' run/sbox \
		run/sbox/.told-limits
	wait_until 2 eval '[ -z "$(new_processes)" ]' 2>/dev/null ||
		complain "processes are left" "pid, parent, state, name" "$(new_processes)" || return
	sbox ps >/dev/null || complain "sbox ps fails" || return
	left=$(new_lines "$mounts_before" "$(our_mounts)")
	[ -z "$left" ] || complain "mounts are left" "mountinfo" "$left" || return
	while IFS= read -r file; do
		for glob; do
			# shellcheck disable=SC2053,SC2254 # a pattern
			case $file in "$T"/$glob) continue 2 ;; esac
		done
		extra+=$file$'\n'
	done < <(new_lines "$files_before" "$(our_files)")
	[ -z "${extra//$'\n'/}" ] || complain "files are left" "files" "$extra"
}
