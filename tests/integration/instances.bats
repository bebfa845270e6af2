#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# instances.bats - what runs is listed, found by its name, ended; and nobody else is ever meant
load lib

# start NAME [ARG...]: "sbox --name=NAME ARG..." in the background, until it is listed.
start() {
	sbox_in_background --name="$1" "${@:2}"
	wait_until 10 is_listed "$1" ||
		complain "'$1' did not start" "stderr" "$(<"$T/err")"
}

ids() {
	sbox ps --ids
}

is_listed() {
	ids | grep -qxF -- "$1"
}

ended() {
	code=0
	wait "$started" || code=$?
}

# json EXPRESSION: of standard input, as j
json() {
	/usr/bin/python3 -I -S -c 'import json, sys
j = json.loads(sys.stdin.buffer.read().decode("utf-8"))
print(eval(sys.argv[1]))' "$1"
}

forever='while :; do sleep 1000; done'

# ---- the list ---------------------------------------------------------------------------

@test "what runs is listed, and what has ended is not" {
	assert_equal "$(ids)" ""
	start notes -p untrusted --no-limits -c "$forever" sh 'a b'
	sbox_in_background -c "$forever"
	wait_until 10 is_listed "$started"
	run --separate-stderr sbox ps
	assert_status 0
	assert_equal "$stderr" ""
	assert_equal "${#lines[@]}" 3
	[[ ${lines[0]} =~ ^ID\ +PROFILE\ +STATE\ +LIMITS\ +AGE\ +COMMAND$ ]]
	[[ ${lines[1]} =~ ^notes\ +untrusted\ +running\ +not\ held\ +[0-9]+s\ +/bin/sh\ -c\ .*\ a\ b$ ]]
	[[ ${lines[2]} =~ ^$started\ +default\ +running\ +-\ +[0-9]+s\ +/bin/sh\ -c ]]
	sbox kill "$started"
	assert_equal "$(ids)" notes
	sbox kill notes
	assert_equal "$(ids)" ""
	no_leftovers 'home/.*'
}

@test "what is short is not listed, but a name is taken from before its start to its end" {
	run --separate-stderr sbox --name=short -c 'exit 3'
	assert_status 3
	assert_equal "$stderr" ""
	[ ! -e "$XDG_RUNTIME_DIR/sbox/short" ]
	start once -c "$forever"
	run --separate-stderr sbox --name=once true
	assert_status 125
	assert_equal "$stderr" "sbox: --name: an instance with the name 'once' runs already
  hint: 'sbox ps' shows it, 'sbox kill once' ends it; or choose another name"
	sbox kill once
	run --separate-stderr sbox --name=once true
	assert_status 0
	no_leftovers 'home/.*'
}

@test "a name is taken by one of many that start at once" {
	local n won=0 pids=()
	mkfifo "$T/hold"
	exec 6<>"$T/hold"
	for n in {1..8}; do
		"$SBOX" --name=one -c 'read -r line; echo won' <"$T/hold" >>"$T/out" \
			2>"$T/err.$n" 3>&- 6>&- &
		pids+=($!)
	done
	wait_until 10 eval '[ "$(cat "$T"/err.* | grep -c "runs already")" = 7 ]' ||
		complain "not seven are refused" "stderr" "$(cat "$T"/err.*)" \
			"processes" "$(descendants_of $$)"
	echo go >&6
	for n in "${pids[@]}"; do wait "$n" && won=$((won + 1)); done
	[ "$won/$(<"$T/out")" = 1/won ] ||
		complain "not one has won" "won" "$won/$(<"$T/out")" "stderr" "$(cat "$T"/err.*)"
}

@test "a name has a form, which a number does not have" {
	local name
	for name in 1 1st -x .x '' 'a b' a/b ../x 'a
b' "$(printf 'x%.0s' {1..65})"; do
		run --separate-stderr sbox --name="$name" true
		assert_status 125
		assert_contains "$stderr" "name"
	done
	no_leftovers 'home/.*'
}

@test "programs read the list as JSON, whatever is in a command line" {
	start odd -c "$forever" $'\033[2J"\\\n\t' $'caf\xe9' '}],"x":{"y' π
	sbox ps --json | json 'j["version"]'
	run sbox ps --json
	assert_equal "$(json '[i["id"] for i in j["instances"]]' <<<"$output")" "['odd']"
	assert_equal "$(json 'j["instances"][0]["command"].split("sleep 1000; done ")[1]' \
		<<<"$output")" '\x1b[2J"\\x0a	 caf\xe9 }],"x":{"y π'
	assert_equal "$(json 'j["instances"][0]["pid"]' <<<"$output")" "$started"
	local init
	init=$(json 'j["instances"][0]["init_pid"]' <<<"$output")
	assert_equal "$(awk '/^PPid:/ { print $2 }' "/proc/$init/status")" "$started"
	# nor can it draw on a terminal
	run sbox ps
	refute_contains "$output" $'\033'
	sbox kill odd
	run sbox ps --json
	assert_equal "$(json 'j["instances"]' <<<"$output")" "[]"
}

@test "who waits for the word that it has started finds it on the list" {
	local line
	mkfifo "$T/status"
	exec 7<>"$T/status"
	sbox_in_background --json-status=7 -c "$forever"
	read -r line <&7
	assert_equal "$(ids)" "$started"
	assert_equal "$(json 'j["id"]' <<<"$line")" "$started"
	sbox kill "$started"
}

@test "a supervisor that was killed is not listed, and what it left is swept" {
	start gone -c "$forever"
	local first=$started
	kill -KILL "$started"
	wait "$started" || true
	[ -d "$XDG_RUNTIME_DIR/sbox/gone" ]
	assert_equal "$(ids)" ""
	[ ! -e "$XDG_RUNTIME_DIR/sbox/gone" ]

	# by the next start, too, which may have the name
	start gone -c "$forever"
	kill -KILL "$started"
	wait "$started" || true
	sbox_in_background -c "$forever"
	wait_until 10 test -d "$XDG_RUNTIME_DIR/sbox/$started"
	wait_until 5 test ! -e "$XDG_RUNTIME_DIR/sbox/gone"
	kill -KILL "$started"
	wait "$started" || true
	start gone -c "$forever"
	[ "$started" != "$first" ]
	sbox kill gone
	no_leftovers 'home/.*'
}

@test "fifty at once are listed, and ended by one call" {
	local n pids=()
	for n in {1..50}; do
		"$SBOX" -c "$forever" </dev/null >/dev/null 2>&1 3>&- &
		pids+=($!)
	done
	all_started+=("${pids[@]}")
	wait_until 30 eval '[ "$(ids | wc -l)" = 50 ]'
	assert_equal "$(ids | sort)" "$(printf '%s\n' "${pids[@]}" | sort)"
	# shellcheck disable=SC2046 # one word each
	sbox kill $(ids)
	assert_equal "$(ids)" ""
	for n in "${pids[@]}"; do
		code=0
		wait "$n" || code=$?
		assert_equal "$code" 143
	done
	no_leftovers 'home/.*'
}

@test "a listing that cannot be kept stops no program that does not need it" {
	mkdir -m 500 "$XDG_RUNTIME_DIR/sbox"
	run --separate-stderr sbox -c 'sleep 0.1; echo ran'
	assert_equal "$output/$stderr" ran/
	run --separate-stderr sbox -v -c 'sleep 0.1'
	assert_contains "$stderr" "sbox: 'sbox ps' will not list this one"
	run --separate-stderr sbox --name=x true
	assert_status 125
	assert_contains "$stderr" "cannot make the folder '$XDG_RUNTIME_DIR/sbox/x'"
	rmdir "$XDG_RUNTIME_DIR/sbox"
	# somebody's link is not followed
	mkdir "$T/work/elsewhere"
	ln -s "$T/work/elsewhere" "$XDG_RUNTIME_DIR/sbox"
	run --separate-stderr sbox -v -c 'sleep 0.1; echo ran'
	assert_equal "$output" ran
	assert_contains "$stderr" "will not list this one"
	rm "$XDG_RUNTIME_DIR/sbox"
}

@test "without a folder of the session the list is in one of /tmp that is the user's alone" {
	need unshare
	local in=(unshare -Um --map-current-user --keep-caps bash -c) place=/tmp/sbox-$UID
	"${in[@]}" true 2>/dev/null || skip_kernel "no user namespace with a mount in it"
	# the user's own folders are out of sight in this mount namespace
	run --separate-stderr "${in[@]}" '
		mount -t tmpfs tmpfs /run/user && mount -t tmpfs -o mode=1777 tmpfs /tmp
		unset XDG_RUNTIME_DIR
		"$0" --name=here -c "sleep 1000" &
		until "$0" ps --ids | grep -q here; do sleep 0.02; done
		stat -c "%a %U" "$1"
		"$0" kill here
		rmdir "$1"
		# one that is not ours is not used, be it a link or a folder
		ln -s / "$1"
		"$0" -c "sleep 0.1; echo ran"
		"$0" ps
		rm "$1"
		mkdir "$1"
		mount --bind /usr "$1"
		"$0" -c "sleep 0.1; echo ran"
		"$0" ps' "$SBOX" "$place"
	assert_equal "$output" "700 $(id -un)
ran
ran"
	assert_equal "$(grep -c "cannot open '$place'" <<<"$stderr")" 2
	assert_contains "$stderr" "Operation not permitted"
}

# ---- by name ------------------------------------------------------------------------------

@test "an instance is ended by its id, or by its pid where it has a name" {
	start notes -c "$forever"
	sbox kill notes
	ended
	assert_equal $code 143
	start notes -c "$forever"
	sbox kill "$started"
	ended
	assert_equal $code 143
	no_leftovers 'home/.*'
}

@test "a program that does not end is waited for, and ends at once with --now" {
	start stubborn -c 'trap "" TERM INT HUP; echo up; while :; do sleep 0.1; done'
	sbox kill -s TERM stubborn # without waiting
	is_listed stubborn
	run --separate-stderr timeout 8 "$SBOX" kill --now stubborn
	assert_status 0
	assert_equal "$output$stderr" ""
	ended
	assert_equal $code 137
	assert_equal "$(ids)" ""
	no_leftovers 'home/.*'
}

@test "sbox kill tells when ten seconds were not enough" {
	start stubborn -c 'trap "" TERM; while :; do sleep 0.1; done'
	run --separate-stderr sbox kill stubborn
	assert_status 125
	assert_equal "$stderr" "sbox: the instance 'stubborn' has not ended within 10 s
  hint: 'sbox kill --now stubborn' does not ask it"
	sbox kill --now stubborn
}

@test "a stopped program ends, too" {
	local signal
	for signal in '' --now; do
		start job -c 'kill -STOP $$; sleep 1000'
		wait_until 10 grep -q '^State:.*T' "/proc/$started/status"
		# shellcheck disable=SC2086 # none or one
		run --separate-stderr timeout 8 "$SBOX" kill $signal job
		assert_status 0
		ended
		assert_equal $code "$([ "$signal" ] && echo 137 || echo 143)"
	done
	no_leftovers 'home/.*'
}

@test "a signal is sent as kill(1) would, by name or number" {
	start tells -c 'trap "echo usr1" USR1; trap "echo hup" HUP; echo up
		while :; do sleep 0.05; done'
	sbox kill -s USR1 tells
	wait_until 10 grep -q usr1 "$T/out"
	sbox kill -s SIGHUP tells
	wait_until 10 grep -q hup "$T/out"
	sbox kill -s 15 tells
	ended
	assert_equal $code 143
	local word
	for word in 'STOP:is not passed on to programs' 'TREM:did you mean' '65:there is no signal' \
		'0:there is no signal' 'SEGV:is not passed on'; do
		run --separate-stderr sbox kill -s "${word%%:*}" tells
		assert_status 125
		assert_contains "$stderr" "${word#*:}"
	done
	start again -c "$forever"
	sbox kill -s KILL again
	ended
	assert_equal $code 137
}

@test "what is not there is told, with what was probably meant, and the rest is done" {
	start notes -c "$forever"
	run --separate-stderr sbox kill nots notes 1 ../notes ''
	assert_status 125
	assert_contains "$stderr" "there is no instance 'nots'
  hint: did you mean 'notes'?"
	assert_contains "$stderr" "there is no instance '1'"
	assert_contains "$stderr" "there is no instance '../notes'"
	ended
	assert_equal $code 143
	run --separate-stderr sbox kill notes
	assert_equal "$stderr" "sbox: there is no instance 'notes'
  hint: none runs"
	for verb in kill pause resume set; do
		run --separate-stderr sbox $verb
		assert_status 125
		assert_contains "$stderr" "sbox: $verb: ID is missing"
		run --separate-stderr sbox $verb --bogus
		assert_status 125
	done
}

# Somebody holds the folder "fake", as a supervisor does, with a text that names another one.
start_fake() {
	rm -f "$T/out" # of the one before
	/usr/bin/python3 -I -S -c '
import fcntl, os, struct, sys, time
top, victim = sys.argv[1:]
os.makedirs(top + "/fake", 0o700)
with open(top + "/fake/state", "w") as f:
    f.write("id=fake\npid=%s\ninit=%s\nstarted=1\ngroup=/\n" % (victim, victim))
fd = os.open(top + "/fake", os.O_RDONLY)
fcntl.flock(fd, fcntl.LOCK_EX)
fcntl.fcntl(fd, fcntl.F_SETLK, struct.pack("hhqqi4x", fcntl.F_RDLCK, 0, 0, 0, 0))
print("up", flush=True)
time.sleep(1000)' "$XDG_RUNTIME_DIR/sbox" "$1" >"$T/out" 3>&- &
	started=$!
	all_started+=("$started")
	wait_until 10 grep -q up "$T/out"
}

@test "whoever is named in a text that somebody wrote is neither listed nor killed" {
	local flag victim
	sleep 1000 3>&- &
	victim=$!
	all_started+=("$victim")
	for flag in '' --now; do
		start_fake "$victim"
		assert_equal "$(sbox ps --json | json 'j["instances"][0]["pid"]')" "$started"
		run sbox pause fake
		assert_status 125
		# shellcheck disable=SC2086 # none or one
		sbox kill $flag fake
		ended
		[ "$code" = 143 ] || [ "$code" = 137 ]
		kill -0 "$victim"
		assert_equal "$(ids)" ""
	done
	# and a text that is none harms nobody
	start_fake "$victim"
	head -c 5000 /dev/urandom >"$XDG_RUNTIME_DIR/sbox/fake/state"
	run --separate-stderr sbox ps
	assert_status 0
	assert_contains "$(tr -s " " <<<"${lines[1]}")" "fake - running - "
	sbox kill fake
	# a folder that nobody holds is no instance
	mkdir -p "$XDG_RUNTIME_DIR/sbox/nobody"
	printf 'id=nobody\npid=%s\ninit=1\nstarted=1\n' "$victim" \
		>"$XDG_RUNTIME_DIR/sbox/nobody/state"
	run sbox kill nobody
	assert_status 125
	kill -0 "$victim"
	kill "$victim"
}

# ---- from inside --------------------------------------------------------------------------

@test "a program sees nothing of the list, and cannot make one, whatever it may write" {
	start outside -c "$forever"
	local place look='ls -A "$1" 2>/dev/null; mkdir -p "$1/x" 2>/dev/null && echo made
		ls "$1/outside" 2>/dev/null'
	run --separate-stderr sbox --write="$XDG_RUNTIME_DIR" -c "$look; ls -A \$2" sh \
		"$XDG_RUNTIME_DIR/sbox" "$XDG_RUNTIME_DIR"
	assert_status 0
	assert_equal "$output" sbox
	sbox kill outside
	# neither where there is none yet: it would be the next start's
	rmdir "$XDG_RUNTIME_DIR/sbox"
	for place in "$XDG_RUNTIME_DIR/sbox" "/tmp/sbox-$UID"; do
		run --separate-stderr sbox --write="${place%/*}" -c \
			'echo x 2>/dev/null >"$1/state"; mkdir "$1/x" 2>/dev/null
			rmdir "$1" 2>/dev/null; mv "$1" "$1.old" 2>/dev/null; echo $?' sh "$place"
		assert_equal "$output" 1
		assert_equal "$(ls -A "$place" 2>/dev/null)" ""
	done
	rmdir "/tmp/sbox-$UID" 2>/dev/null || true
}

# ---- what needs a group ---------------------------------------------------------------------

@test "without a control group, each verb that needs one says so, and which flag gives one" {
	start plain -c "$forever"
	local verb
	for verb in 'pause plain' 'resume plain' 'set plain memory=1G'; do
		# shellcheck disable=SC2086 # words
		run --separate-stderr sbox $verb
		assert_status 125
		assert_equal "$stderr" "sbox: the instance 'plain' has no control group
  hint: --limits=group at its start gives it one"
	done
	run --separate-stderr sbox stats
	assert_status 0
	assert_equal "$(tr -s ' ' <<<"${lines[1]}")" "plain - - - - - - - - - -"
	assert_contains "$stderr" "--limits=group"
	run --separate-stderr sbox stats plain --json
	assert_status 0
	assert_equal "$stderr" ""
	assert_equal "$(json '[j["instances"][0][k] for k in ("id", "memory", "cpu_usec")]' \
		<<<"$output")" "['plain', None, None]"
	run --separate-stderr sbox stats none
	assert_status 125
	sbox kill plain
}

@test "what cannot be set is told, all of it, and nothing is changed" {
	start plain -c "$forever"
	run --separate-stderr sbox set plain memroy=1G pids=x nofile=3 cpus
	assert_status 125
	assert_contains "$stderr" "there is no limit 'memroy'
  hint: did you mean 'memory'?"
	assert_contains "$stderr" "pids: not a limit: 'x'"
	assert_contains "$stderr" "'cpus' is not KEY=VALUE"
	run --separate-stderr sbox set plain nofile=3
	assert_contains "$stderr" "nofile: it cannot be changed while the program runs"
	run --separate-stderr sbox set none memory=1G
	assert_contains "$stderr" "there is no instance 'none'"
	sbox kill plain
}

# ---- top --------------------------------------------------------------------------------

# top STEP... -- WORDS: on a terminal of its own; whether it was given back as it was
top_on_terminal() {
	run --separate-stderr env TERM=xterm "$TEST_BIN/pty" "$@" expect=gave:same -- bash -c '
		trap : INT QUIT # only top shall end
		before=$(stty -g)
		"$0" top; echo "code:$?"
		[ "$before" = "$(stty -g)" ] && echo gave:same' "$SBOX"
	# the screen was changed, and changed back
	assert_contains "$output" $'\033[?1049h'
	assert_contains "${output##*$'\033[?1049h'}" $'\033[?25h\033[?1049l'
	assert_status 0
}

@test "top shows what runs, and its keys select, sort, refuse and leave" {
	start first -c "$forever"
	start second -c "$forever"
	top_on_terminal expect='> first' expect='up/down' send='^[[B' expect='> second' \
		send='^[[A' expect='> first' send='^[OB' expect='> second' \
		send=p expect='has no control group' send=s expect='sorted by memory' \
		send=s expect='sorted by CPU' send=q expect=code:0
	assert_contains "$output" "2 running"
	sbox kill first second
}

@test "top ends an instance when the question is answered with yes, and only then" {
	start stays -c "$forever"
	top_on_terminal expect='> stays' send=k expect="end 'stays'?" send=n expect='up/down' \
		send=k expect="end 'stays'?" send=q expect='up/down' send=q expect=code:0
	is_listed stays
	top_on_terminal expect='> stays' send=k expect="end 'stays'?" send=y \
		expect='0 running' send=q expect=code:0
	ended
	assert_equal $code 143
	start stubborn -c 'trap "" TERM; while :; do sleep 0.1; done'
	top_on_terminal expect='> stubborn' send=k expect="end 'stubborn'?" send=! \
		expect='0 running' send=q expect=code:0
	ended
	assert_equal $code 137
}

# bats test_tags=no-vm
@test "top gives the terminal back whatever ends it" {
	start one -c "$forever"
	top_on_terminal expect='> one' send='^C' expect=code:130
	top_on_terminal expect='> one' send='^\\' expect=code:131
	local signal
	for signal in TERM HUP; do
		(
			wait_until 10 grep -q 'one' "$T/seen"
			kill -$signal "$(cat "$T/top")"
		) 3>&- &
		: >"$T/seen"
		run --separate-stderr env TERM=xterm "$TEST_BIN/pty" expect=gave:same -- bash -c '
			before=$(stty -g)
			sh -c "echo \$\$ >$2/top; exec \"\$0\" top" "$0" > >(tee "$2/seen") 2>&1
			[ "$before" = "$(stty -g)" ] && echo gave:same' "$SBOX" "" "$T"
		wait $! || true
		refute_contains "$output" "stands"
	done
	sbox kill one
}

@test "top goes on after Ctrl-Z, and draws for the size that the terminal has" {
	start one -c "$forever"
	run --separate-stderr env TERM=xterm "$TEST_BIN/pty" expect='> ' send='$SBOX top\n' \
		expect='> one' send='^Z' expect=Stopped send='stty -a | grep -c " echo "; stty cols 30 rows 9\n' \
		expect=1 send='fg\n' expect='> one' send=q expect='> ' send='echo a"n"d\n' \
		expect=and send='exit\n' -- env PS1='> ' bash --norc --noprofile -i
	assert_status 0
	# the last screen: no line is longer than the terminal
	local line screen=${output##*$'\033[?1049h'}
	screen=${screen%%$'\033[?1049l'*}
	refute_contains "$screen" COMMAND
	assert_contains "$screen" PROFILE
	sbox kill one
}

@test "top is for terminals: elsewhere it names the verb that is not; NO_COLOR is minded" {
	run --separate-stderr sbox top
	assert_status 125
	assert_contains "$stderr" "are not a terminal"
	assert_contains "$stderr" "'sbox stats' shows the same once"
	run --separate-stderr env TERM=dumb "$TEST_BIN/pty" -- "$SBOX" top
	assert_contains "$output" "cannot be drawn on"
	start one -c "$forever"
	top_on_terminal expect='> one' send=q
	assert_contains "$output" $'\033[7m'
	NO_COLOR=1 top_on_terminal expect='> one' send=q
	refute_contains "$output" $'\033[7m'
	refute_contains "$output" $'\033[1m'
	sbox kill one
}

# ---- completion ------------------------------------------------------------------------------

@test "the shell completes the ids of what runs" {
	start notes -c "$forever"
	# shellcheck disable=SC2016 # for the other shell
	run bash --norc -c '
		eval "$("$0" completion bash)"
		sbox() { "$SBOX" "$@"; }
		COMP_WORDS=(sbox kill no) COMP_CWORD=2
		_sbox
		echo "${COMPREPLY[@]}"' "$SBOX"
	assert_equal "$output" notes
	sbox kill notes
}
