# SPDX-License-Identifier: MIT
# sound.bats - what a program with sound can have of the sound server, and what it cannot

load lib

setup() {
	isolate
	py=$BATS_TEST_DIRNAME/sound.py
	socket=$XDG_RUNTIME_DIR/pulse/native
	mkdir -m 700 "$XDG_RUNTIME_DIR/pulse"
}

# serve KIND: a sound server of sound.py's; what it tells is in $T/heard
serve() {
	/usr/bin/python3 -I -S "$py" "$1" "$socket" >"$T/heard" 3>&- &
	all_started+=($!)
	wait_until 10 test -S "$socket"
}

# client KIND: a client of sound.py's, in a sandbox
client() {
	sbox --sound="${sound:-yes}" --read="$py" -- \
		/usr/bin/python3 -I -S "$py" "$1" "/run/user/$UID/pulse/native"
}

# Servers as people have them, with nothing but a device that nobody hears.
start_pulseaudio() {
	pulseaudio -n --daemonize=no --exit-idle-time=-1 --use-pid-file=no --realtime=no \
		-L module-null-sink -L module-native-protocol-unix >>"$T/server" 2>&1 3>&- &
	server=$!
	all_started+=($server)
	wait_until 30 pactl info
}

start_pipewire() {
	[ -S "$XDG_RUNTIME_DIR/pipewire-0" ] || {
		pipewire >>"$T/server" 2>&1 3>&- &
		all_started+=($!)
		wait_until 30 test -S "$XDG_RUNTIME_DIR/pipewire-0"
	}
	pipewire-pulse >>"$T/server" 2>&1 3>&- &
	server=$!
	all_started+=($server)
	wait_until 30 pactl info
}

stop_server() {
	kill "$server"
	wait "$server" || true
}

# ---- what passes ------------------------------------------------------------------------

@test "who may make sound has the sound server load nothing, nor get anything else" {
	serve server
	touch "$XDG_RUNTIME_DIR/pipewire-0"
	run -0 --separate-stderr sbox --sound=yes --read="$py" -c '
		ls "$XDG_RUNTIME_DIR" "$XDG_RUNTIME_DIR/pulse"
		/usr/bin/python3 -I -S "$0" client "${PULSE_SERVER#unix:}"' "$py"
	assert_equal "$output" "$(printf '%s\n' "/run/user/$UID:" pulse '' \
		"/run/user/$UID/pulse:" native 'answer 2' 'answer 2' 'answer 2')"
	wait_until 10 grep -q 'sound 100000' "$T/heard"
	run cat "$T/heard"
	assert_contains "$output" "8 0 b'L\\x00\\x00\\x00#x"
	assert_contains "$output" "25 0 b'L\\xff\\xff\\xff\\xff'"
	refute_contains "$output" module-ladspa-sink
	assert_contains "$output" tapplication.name
	refute_contains "$output" tfilter.apply
	refute_contains "$output" 'sound 4'
}

@test "one program cannot take all places that a sound server has for clients" {
	serve server
	run -0 --separate-stderr client crowd
	assert_equal "$output" $'answered 32\nthen 1'
}

@test "a sound server learns whose program it hears, however late it asks" {
	serve late
	run -0 --separate-stderr client prompt
	assert_equal "$(<"$T/heard")" "from $UID"
}

@test "that a sound server is gone is told once, however often the program tries" {
	/usr/bin/python3 -I -S -c 'import socket, sys
socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$XDG_RUNTIME_DIR/pulse/native"
	run -0 --separate-stderr client stubborn
	assert_equal "$output" "$(printf "heard b''%.0s\n" {1..20})"
	assert_equal "$(grep -c 'cannot be reached\|cannot reach' <<<"$stderr")" 1
}

@test "a sound server's socket may be a link, and so may its folder" {
	local place=$XDG_RUNTIME_DIR/pulse
	mkdir "$T/elsewhere"
	socket=$T/elsewhere/native serve server
	ln -s "$T/elsewhere/native" "$place/native"
	run -0 --separate-stderr client crowd
	assert_equal "$output" $'answered 32\nthen 1'
	rm "$place/native"
	rmdir "$place"
	ln -s "$T/elsewhere" "$place"
	run -0 --separate-stderr client crowd
	assert_equal "$output" $'answered 32\nthen 1'
}

@test "a program cannot get past the filter by how it sends, nor keep others out by how it ends" {
	serve server
	run -0 --separate-stderr client hostile
	assert_equal "$output" "$(printf "%s b''\n" 0 9 65537 2147483647 4294967295)"$'\nasks True'
	assert_equal "$(cut -d' ' -f1,2 "$T/heard" | sort -u)" $'25 0\n8 0'
	assert_equal "$(grep -c '^25 ' "$T/heard")" 11
}

@test "descriptors that a sound server sends do not reach the program" {
	serve giver
	run -0 --separate-stderr client taker
	assert_equal "$output" $'30 0\n30 0\n30 0'
}

@test "who asks a sound server and does not listen is not asked for more than it can hold" {
	serve deaf
	run -0 --separate-stderr client eager
	assert_equal "$(<"$T/heard")" $'asked 128\nasked 130'
}

@test "a sound server that lets nobody in is as good as none" {
	serve full
	wait_until 10 grep -q full "$T/heard"
	run -0 --separate-stderr client plain
	assert_equal "$output" "b''"
	assert_contains "$stderr" "cannot be reached"
}

@test "noise from a program or from the server harms nobody else" {
	serve noise
	sound=play run -0 --separate-stderr client noisy
	assert_equal "$output" "asks True"
	refute_contains "$stderr" AddressSanitizer
	refute_contains "$stderr" "runtime error"
	assert_equal "$(sort -u "$T/heard" | tail -n 5)" good
}

# ---- servers as people have them --------------------------------------------------------

# has_sound_again START: a shell in a sandbox, told line by line what to do
has_sound_again() {
	mkfifo "$T/words"
	"$1"
	sbox --sound=play -- sh <"$T/words" >"$T/out" 2>"$T/err" 3>&- &
	all_started+=($!)
	exec 9>"$T/words"
	echo 'pactl info | grep "^Server Name"; echo one' >&9
	wait_until 30 grep -q one "$T/out"
	stop_server
	echo 'pactl info >/dev/null 2>&1; echo "two $?"' >&9
	wait_until 30 grep -q two "$T/out"
	"$1"
	echo 'pactl info | grep "^Server Name"; echo three' >&9
	exec 9>&-
	wait_until 30 grep -q three "$T/out"
	run cat "$T/out"
	assert_equal "${#lines[@]}" 5
	assert_contains "${lines[0]}" "Server Name"
	assert_equal "${lines[2]}" "two 1"
	assert_equal "${lines[3]}" "${lines[0]}"
}

# bats test_tags=no-vm
@test "when PulseAudio starts again, programs that connect again are heard" {
	need pulseaudio pactl
	has_sound_again start_pulseaudio
}

# bats test_tags=no-vm
@test "when pipewire-pulse starts again, programs that connect again are heard" {
	need pipewire pipewire-pulse pactl
	has_sound_again start_pipewire
}

# bats test_tags=no-vm
@test "play plays, and does not record; yes does both" {
	need pulseaudio pactl paplay parec
	start_pulseaudio
	head -c 20000 /dev/zero >"$T/work/silence"
	run -0 --separate-stderr sbox --sound=play --cwd=read -- paplay --raw silence
	refute_contains "$stderr" sbox
	run -0 --separate-stderr sbox --sound=play -- sh -c \
		'pactl list short sources; parec 2>&1; parec 2>&1; pactl list short sinks'
	assert_equal "${#lines[@]}" 3
	assert_equal "${lines[0]}" "Stream error: Access denied"
	assert_contains "${lines[2]}" module-null-sink
	assert_equal "$(grep -c 'may not record; --sound=yes lets it' <<<"$stderr")" 1
	run -0 --separate-stderr sbox --sound=yes -- sh -c \
		'pactl list short sources; parec | head -c 1000 | wc -c'
	assert_contains "${lines[0]}" null.monitor
	assert_equal "${lines[1]}" 1000
}

# bats test_tags=no-vm
@test "what others play is neither shown nor changed, with either word" {
	need pulseaudio pactl pacat
	local word other
	start_pulseaudio
	pacat /dev/zero 2>/dev/null 3>&- &
	all_started+=($!)
	wait_until 30 eval '[ -n "$(pactl list short sink-inputs)" ]'
	other=$(pactl list short sink-inputs | cut -f1)
	for word in play yes; do
		run -0 --separate-stderr sbox --sound=$word -- sh -c '
			for what in modules clients sink-inputs source-outputs samples; do
				pactl list short $what
			done
			exec 2>&1
			pactl set-sink-input-mute "$0" 1
			pactl move-sink-input "$0" 0; pactl set-sink-mute 0 1; :' "$other"
		assert_equal "$output" "$(printf 'Failure: Access denied\n%.0s' 1 2 3)"
		run -0 pactl list sink-inputs
		assert_contains "$output" "Sink Input #$other"
		assert_contains "$output" "Mute: no"
	done
}
