# SPDX-License-Identifier: MIT
# x11_window.bats - a browser, started by its installed launcher, opens a window on a desktop
#
# The desktop is Xvfb and a session bus; the launcher is read by GLib (gio launch), as a
# menu would; the window is judged by the colours on the screen.
bats_require_minimum_version 1.8.0
load lib

setup() {
	isolate
	need Xvfb xauth dbus-daemon gio xdotool import firefox-esr
	export NO_AT_BRIDGE=1 GTK_A11Y=none # accessibility has a bus of its own
	start_x
	start_bus
}

# The server tells its number, and the bus its address, when clients may come. Without
# -noreset the server starts anew when its last client leaves, and with that one goes whoever
# came in the same moment: xdotool looks and leaves many times while the browser comes.
start_x() {
	local cookie number
	cookie=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
	xauth -q -f "$T/server" add :0 . "$cookie" 2>/dev/null
	mkfifo "$T/ready"
	Xvfb -displayfd 4 -screen 0 1024x768x24 -nolisten tcp -noreset \
		-auth "$T/server" 4>"$T/ready" 3>&- >/dev/null 2>"$T/xvfb.log" &
	x_server=$!
	all_started+=("$x_server")
	read -r number <"$T/ready" || complain "no X server" "Xvfb" "$(<"$T/xvfb.log")"
	export DISPLAY=:$number
	xauth -q -f "$HOME/.Xauthority" add "$DISPLAY" . "$cookie" 2>/dev/null
}

start_bus() {
	dbus-daemon --session --nofork --print-address=4 4>"$T/ready" 3>&- >/dev/null 2>&1 &
	bus=$!
	all_started+=("$bus")
	read -r DBUS_SESSION_BUS_ADDRESS <"$T/ready" || complain "no session bus"
	export DBUS_SESSION_BUS_ADDRESS
}

stop_desktop() {
	kill "$bus" "$x_server"
	wait "$bus" "$x_server" || true
}

# How many pixels of the screen have the colour.
pixels() {
	import -silent -window root -depth 8 -format %c histogram:info:- |
		awk -v colour="#$1" 'index($0, colour) { sub(":", "", $1); n += $1 } END { print n + 0 }'
}

shows() {
	[ "$(pixels "$1")" -ge "$2" ]
}

# For people: SBOX_TEST_SHOTS names a folder.
keep_shot() {
	[ -z "${SBOX_TEST_SHOTS:-}" ] || import -window root "$SBOX_TEST_SHOTS/window.png"
}

what_is_seen() {
	complain "no such window" "names of windows" \
		"$(xdotool search --onlyvisible --name . getwindowname %@ 2>/dev/null)" \
		"stderr" "$(<"$T/err")" "processes" "$(our_processes)"
	keep_shot
	return 1
}

browsers() {
	our_processes | awk '$4 == "firefox-esr" { print $1 }'
}

# Firefox asks whether it shall really quit; the answer that Return gives is yes.
quits() {
	xdotool search --onlyvisible --name 'sbox window test' || return 0
	xdotool key Return
	return 1
}

# Not sanitized: sbox starts sbox-xauth without our ASAN_OPTIONS, and it would look for leaks,
# for which it has given up the rights.
# bats test_tags=no-asan,no-vm
@test "Firefox, started by its installed launcher, shows a page in a window" {
	local page=$HOME/Downloads/page.html pid
	mkdir "$HOME/Downloads"
	cat >"$page" <<-'END'
		<!doctype html><title>sbox window test</title><style>
		html { background: #12ab34 }
		div { position: fixed; left: 20%; top: 20%; width: 40%; height: 40%;
			background: #d2157e }
		</style><div></div>
	END

	run --separate-stderr sbox desktop install firefox-esr --profile browser
	assert_status 0
	assert_equal "$output" "$HOME/.local/share/applications/firefox-esr.desktop"
	gio launch "$output" "file://$page" >"$T/out" 2>"$T/err" 3>&-

	wait_until 30 xdotool search --onlyvisible --name 'sbox window test' || what_is_seen
	wait_until 10 shows 12AB34 200000 || what_is_seen
	wait_until 5 shows D2157E 40000 || what_is_seen
	keep_shot

	# it is the one in the sandbox that was seen: there is no other
	[ -n "$(browsers)" ]
	for pid in $(browsers); do
		[ "$(readlink "/proc/$pid/ns/user")" != "$(readlink /proc/self/ns/user)" ]
		[ "$(readlink "/proc/$pid/ns/pid")" != "$(readlink /proc/self/ns/pid)" ]
	done

	xdotool key --clearmodifiers ctrl+q
	wait_until 10 quits
	wait_until 10 eval '[ -z "$(browsers)" ]'
	stop_desktop
	# the browser's own files are all in its private home
	no_leftovers home/.cache 'home/.cache/sbox*' home/.local home/.local/share \
		'home/.local/share/applications*' 'home/.local/share/sbox*' home/Downloads \
		home/Downloads/page.html home/.Xauthority run/sbox 'run/dbus-1*' 'run/dconf*' \
		ready server xvfb.log
}
