# SPDX-License-Identifier: MIT
# dbus.bats - the filtered session bus: what passes, what does not, and that nothing of it stays
#
# bus.py is the service outside, the program inside, and the one that listens.
bats_require_minimum_version 1.8.0
load lib

python=/usr/bin/python3 # Debian's, which has Debian's modules

setup() {
	isolate
	need dbus-daemon xdg-dbus-proxy
	if ! $python -c 'import jeepney' 2>/dev/null; then
		need "$python with the module jeepney"
	fi
	bus_py=$BATS_TEST_DIRNAME/bus.py
	start_bus "unix:path=$XDG_RUNTIME_DIR/bus"
	note_what_is_there
}

# Its address is known when clients may come.
start_bus() {
	mkfifo "$T/work/address"
	dbus-daemon --session --nofork --address="$1" --print-address=4 4>"$T/work/address" \
		3>&- >/dev/null 2>"$T/work/bus.log" &
	bus=$!
	all_started+=("$bus")
	read -r DBUS_SESSION_BUS_ADDRESS <"$T/work/address"
	export DBUS_SESSION_BUS_ADDRESS
	rm "$T/work/address"
}

# own NAME: somebody outside has it; what is called there is in $T/work/NAME
own() {
	$python "$bus_py" own "$1" >"$T/work/$1" 2>&1 3>&- &
	all_started+=($!)
	wait_until 10 grep -q "^owns" "$T/work/$1"
	note_what_is_there
}

on_bus() {
	$python "$bus_py" "$@" 3>&-
}

# inside SETTING... -- WORDS of bus.py: "$status" and "$output" are its
inside() {
	local settings=()
	while [ "$1" != -- ]; do
		settings+=("$1")
		shift
	done
	run --separate-stderr sbox --dbus=filtered --read="$bus_py" "${settings[@]}" -- \
		$python "$bus_py" "${@:2}"
}

gone_without_a_trace() {
	no_leftovers 'home/.cache*' 'home/.local*'
	[ -z "$(ls -A "$XDG_RUNTIME_DIR/sbox" 2>/dev/null)" ]
}

names=(org.freedesktop.DBus / org.freedesktop.DBus.ListNames)

@test "an allowed name can be called; another one is neither called nor seen" {
	own org.example.Allowed
	own org.freedesktop.systemd1
	assert_equal "$(on_bus call org.freedesktop.systemd1 / org.x.I.M)" org.freedesktop.systemd1

	inside --dbus-talk=org.example.Allowed -- call org.example.Allowed /any org.x.I.Inside
	assert_equal "$output" org.example.Allowed
	grep "called Inside" "$T/work/org.example.Allowed"
	inside --dbus-talk=org.example.Allowed -- call org.freedesktop.systemd1 / org.x.I.Inside
	assert_equal "$output" "error org.freedesktop.DBus.Error.ServiceUnknown"
	inside --dbus-talk=org.example.Allowed -- call "${names[@]}"
	assert_contains "$output" org.example.Allowed
	refute_contains "$output" systemd1
	inside --dbus-talk=org.example.Allowed -- call org.freedesktop.DBus / \
		org.freedesktop.DBus.GetNameOwner org.freedesktop.systemd1
	assert_contains "$output" "error org.freedesktop.DBus.Error.NameHasNoOwner"
	# nor under the number that the bus knows it by
	inside --dbus-talk=org.example.Allowed -- call :1.1 / org.x.I.Inside
	assert_contains "$output" error
	refute_contains "$(<"$T/work/org.freedesktop.systemd1")" Inside
	gone_without_a_trace
}

@test "without rules there is a bus with nobody on it; with dbus = none there is none" {
	own org.example.Allowed
	inside -- call "${names[@]}"
	assert_status 0
	refute_contains "$output" org.example
	inside -- call org.example.Allowed / org.x.I.Inside
	assert_contains "$output" "error org.freedesktop.DBus.Error"
	run sbox -c 'echo "bus: $DBUS_SESSION_BUS_ADDRESS"; ls -A $XDG_RUNTIME_DIR'
	assert_equal "$output" "bus: "
	refute_contains "$(<"$T/work/org.example.Allowed")" Inside
	gone_without_a_trace
}

@test "a name that may be owned can be, and is called from outside; no other one" {
	sbox_in_background --dbus=filtered --dbus-own='org.example.Mine.*' --read="$bus_py" -- \
		$python "$bus_py" own org.example.Mine.here
	wait_until 10 grep "^owns" "$T/out" || complain "not owned" "stderr" "$(<"$T/err")"
	assert_equal "$(on_bus call org.example.Mine.here / org.x.I.M)" org.example.Mine.here
	kill "$started"
	wait "$started" || true
	inside --dbus-own='org.example.Mine.*' -- own org.example.Minefield
	assert_status 1
	assert_contains "$output" "not given: error"
	inside --dbus-talk=org.example.Mine -- own org.example.Mine
	assert_contains "$output" "not given: error"
	gone_without_a_trace
}

@test "of a name, some calls may be allowed and the rest not; or it is only seen" {
	own org.example.Part
	local rule='--dbus-call=org.example.Part=org.x.I.Good@/good/*'
	inside "$rule" -- call org.example.Part /good/one org.x.I.Good
	assert_equal "$output" org.example.Part
	for call in "/good/one org.x.I.Bad" "/bad org.x.I.Good" "/good/one org.x.J.Good"; do
		inside "$rule" -- call org.example.Part $call
		assert_equal "$output" "error org.freedesktop.DBus.Error.AccessDenied"
	done
	inside --dbus-see=org.example.Part -- call "${names[@]}"
	assert_contains "$output" org.example.Part
	inside --dbus-see=org.example.Part -- call org.example.Part / org.x.I.Bad
	assert_equal "$output" "error org.freedesktop.DBus.Error.AccessDenied"
	assert_equal "$(grep -c called "$T/work/org.example.Part")" 1
}

# CVE-2026-34080: a match rule with eavesdrop asked the bus for everybody's messages.
@test "who listens hears the allowed name's signals and nobody else's messages" {
	local listen=(--dbus-talk=org.example.Allowed --read="$bus_py" --
		$python "$bus_py" listen "eavesdrop='true'" "eavesdrop=true" "eavesdrop = 'true'"
		"type='method_call',eavesdrop='true'" "type='signal', eavesdrop='true'"
		"eavesdrop=tr'ue'" "type='signal'" "interface='org.example.Talk'")
	own org.example.Allowed
	own org.example.Foreign
	sbox_in_background --dbus=filtered "${listen[@]}"
	wait_until 10 grep "^listening" "$T/out" || complain "nobody listens" "stderr" "$(<"$T/err")"
	on_bus call org.example.Foreign / org.x.I.Secret "secret words"
	on_bus call org.example.Foreign / org.x.I.Say "secret signal"
	on_bus call org.example.Allowed / org.x.I.Private "private words"
	on_bus call org.example.Allowed / org.x.I.Say "for all"
	on_bus call org.example.Allowed / org.x.I.Say "end"
	wait "$started" || complain "exit status $?" "stderr" "$(<"$T/err")"
	output=$(<"$T/out")
	assert_contains "$output" "signal Said for all"
	refute_contains "$output" secret
	refute_contains "$output" private
	gone_without_a_trace

	# outside, with nothing in between, the same words hear everything
	: >"$T/out" # so that the word of the first one is not taken for its own
	on_bus "${listen[@]:5}" >"$T/out" &
	started=$!
	wait_until 10 grep "^listening" "$T/out"
	on_bus call org.example.Foreign / org.x.I.Secret "secret words"
	on_bus call org.example.Allowed / org.x.I.Say "end"
	wait "$started"
	assert_contains "$(<"$T/out")" "method_call Secret secret words"
}

# CVE-2026-94422: what only claimed to be an answer was let through to anybody.
@test "a message that claims to be an answer reaches nobody who may not be called" {
	local caller
	own org.example.Foreign
	sbox_in_background --dbus=filtered --dbus-own=org.example.Mine --read="$bus_py" -- \
		$python "$bus_py" forge org.example.Mine org.example.Foreign
	wait_until 10 grep "^owns" "$T/out" || complain "not owned" "stderr" "$(<"$T/err")"
	on_bus call org.example.Mine / org.x.I.M >"$T/work/answer" 2>&1 &
	caller=$!
	wait "$started" || complain "exit status $?" "stderr" "$(<"$T/err")"
	assert_contains "$(<"$T/out")" forged
	wait $caller || true
	# what is asked of it now, it has been asked last
	assert_equal "$(on_bus call org.example.Foreign / org.x.I.Last)" org.example.Foreign
	refute_contains "$(<"$T/work/org.example.Foreign")" Forged
	gone_without_a_trace
}

proxies() {
	our_processes | awk '$4 == "xdg-dbus-proxy"'
}

@test "the proxy ends with the instance, however that ends" {
	for signal in TERM KILL; do
		sbox_in_background --dbus=filtered -c 'echo up; exec sleep 60'
		wait_until 10 grep -q up "$T/out" || complain "not up" "stderr" "$(<"$T/err")"
		[ -n "$(proxies)" ]
		[ -S "$XDG_RUNTIME_DIR/sbox/$started/dbus/bus" ]
		kill -$signal "$started"
		wait "$started" || true
		wait_until 5 eval '[ -z "$(proxies)" ]'
		if [ $signal = TERM ]; then
			gone_without_a_trace
		else
			# nobody was there to clear up; the next start is
			[ -d "$XDG_RUNTIME_DIR/sbox/$started" ]
		fi
	done
	sbox_in_background --dbus=filtered -c 'echo up; exec sleep 60'
	wait_until 10 grep -q up "$T/out"
	wait_until 5 eval '[ "$(ls "$XDG_RUNTIME_DIR/sbox")" = "$started" ]'
	# and leaves those alone who are still there
	sbox --dbus=filtered -c true
	assert_equal "$(ls "$XDG_RUNTIME_DIR/sbox")" "$started"
	kill "$started"
	wait "$started" || true
	gone_without_a_trace
}

@test "the program goes on when the proxy is killed, and sbox says that it is gone" {
	sbox_in_background --dbus=filtered -c 'echo up; until [ -e go ]; do sleep 0.1; done'
	wait_until 10 grep -q up "$T/out"
	kill -KILL "$(proxies | cut -d ' ' -f 1)"
	wait_until 5 grep -q "xdg-dbus-proxy" "$T/err"
	touch go
	wait "$started"
	gone_without_a_trace
}

@test "the proxy has a sandbox of its own: it sees the bus and nothing of the user" {
	local pid
	echo words >"$HOME/secret.txt"
	sbox_in_background --dbus=filtered -c 'echo up; exec sleep 60'
	wait_until 10 grep -q up "$T/out"
	pid=$(proxies | cut -d ' ' -f 1)
	[ ! -e "/proc/$pid/root$HOME/secret.txt" ]
	[ -S "/proc/$pid/root$XDG_RUNTIME_DIR/bus" ]
	assert_equal "$(awk '$1 == "CapEff:" { print $2 }' "/proc/$pid/status")" 0000000000000000
	refute_contains "$(readlink "/proc/$pid/ns/net")" "$(readlink /proc/self/ns/net)"
	kill "$started"
	wait "$started" || true
}

@test "no bus: the program runs without one, and no variable points to one" {
	kill "$bus"
	wait "$bus" || true
	rm -f "$XDG_RUNTIME_DIR/bus"
	for value in unset "" disabled:; do
		export DBUS_SESSION_BUS_ADDRESS=$value
		[ "$value" != unset ] || unset DBUS_SESSION_BUS_ADDRESS
		run --separate-stderr sbox --dbus=filtered --pass-env='DBUS_*' \
			--dbus-talk=org.example.Allowed -c 'echo "${DBUS_SESSION_BUS_ADDRESS-none}"'
		assert_status 0
		assert_equal "$stderr" ""
		[ "$output" = none ] || assert_equal "$output" "$value"
	done
	no_leftovers 'home/.cache*' 'home/.local*'
}

@test "a bus is found in the session's folder and as an abstract socket, too" {
	own org.example.Allowed
	unset DBUS_SESSION_BUS_ADDRESS
	inside --dbus-talk=org.example.Allowed -- call org.example.Allowed / org.x.I.M
	assert_equal "$output" org.example.Allowed
	start_bus "unix:abstract=sbox-test-$$-$RANDOM"
	own org.example.Abstract
	inside --dbus-talk=org.example.Abstract -- call org.example.Abstract / org.x.I.M
	assert_equal "$output" org.example.Abstract
	start_bus "unix:path=$T/work/odd%2bpath%20"
	own org.example.Odd
	inside --dbus-talk=org.example.Odd -- call org.example.Odd / org.x.I.M
	assert_equal "$output" org.example.Odd
}

@test "an address with no bus behind it is a mistake, and nothing starts" {
	local dead=$T/work/dead
	$python -c "import socket; socket.socket(socket.AF_UNIX).bind('$dead')"
	touch "$T/work/file"
	for address in "unix:path=$T/nowhere" "unix:path=$T/work/file" "unix:path=$dead" \
		unix:abstract=sbox-test-nobody garbage autolaunch: tcp:host=127.0.0.1,port=1 unix: \
		unix:path=%zz "unix:path=/$(printf '%0200d' 0)"; do
		DBUS_SESSION_BUS_ADDRESS=$address run --separate-stderr sbox --dbus=filtered \
			-c 'echo started'
		assert_status 125
		assert_equal "$output" ""
		assert_contains "$stderr" "sbox: --dbus: the session bus at '$address' cannot be reached"
		assert_contains "$stderr" "--dbus=none"
	done
	gone_without_a_trace
}

@test "a rule that is none is a mistake with its place" {
	cat >"$T/work/x.conf" <<-'END'
		[desktop]
		dbus = filtered
		dbus-talk = org.example.Good org..bad
		dbus-call = org.example.Good
		dbus-own = org.*
	END
	run --separate-stderr sbox --profile "$T/work/x.conf" -c 'echo started'
	assert_status 125
	assert_equal "$output" ""
	assert_contains "$stderr" "x.conf:3:30: 'org..bad' is not a rule of the bus"
	assert_contains "$stderr" "x.conf:4:13: 'org.example.Good' is not a rule of the bus"
	assert_contains "$stderr" "x.conf:5:12: 'org.*' is not a rule of the bus"
	gone_without_a_trace
}

@test "without xdg-dbus-proxy: a clear error, and only where the bus was asked for" {
	need unshare
	hidden() {
		run --separate-stderr unshare --user --map-root-user --mount sh -c '
			mount --bind /dev/null "$(command -v xdg-dbus-proxy)" && exec "$@"' sh \
			"$SBOX" "$@" 3>&-
	}
	hidden --dbus=filtered -c 'echo started'
	assert_status 125
	assert_equal "$output" ""
	assert_contains "$stderr" "dbus = filtered needs the program xdg-dbus-proxy"
	assert_contains "$stderr" "install the package xdg-dbus-proxy, or run with --dbus=none"
	hidden -c 'echo started'
	assert_equal "$output" started
	gone_without_a_trace
}
