# SPDX-License-Identifier: MIT
# browser.bats - Firefox and Chromium: they render, in their own sandboxes, in a home of their own
#
# A page loads its script from a server of the test's, which answers when it is told to. So
# while the browser waits, its processes can be looked at; the script then paints the page.
#
# bats file_tags=no-vm
bats_require_minimum_version 1.8.0
load lib

setup() {
	isolate
	need python3 convert
	downloads=$HOME/Downloads
	shot=$downloads/shot.png
	mkdir "$downloads"
	echo not for the browser >"$HOME/secret.txt"
	note_what_is_there
}

# ---- running them -----------------------------------------------------------------------

# browser_command NAME URL: the words that render a page to $shot, in $command
browser_command() {
	case $1 in
	firefox-esr) command=(firefox-esr --headless --no-remote --window-size 400,300
		--screenshot "$shot" "$2") ;;
	# Headless, it would make itself a new profile each time.
	chromium) command=(chromium --headless --window-size=400,300
		--user-data-dir="$HOME/.config/chromium" --screenshot="$shot" "$2") ;;
	# Until it is told to close, on descriptor 3.
	chromium-open) command=(chromium --headless --remote-debugging-pipe
		--user-data-dir="$HOME/.config/chromium" "$2") ;;
	esac
}

# render BROWSER URL [SETTING...]
render() {
	browser_command "$1" "$2"
	shift 2
	rm -f "$shot"
	run --separate-stderr sbox --profile browser "$@" -- "${command[@]}"
	assert_status 0
	[ -s "$shot" ] || complain "nothing was rendered" "stderr" "$stderr"
}

# How many pixels of what was rendered have the colour.
pixels() {
	convert "$shot" -alpha off -depth 8 -format %c histogram:info:- |
		awk -v colour="#$1" 'index($0, colour) { sub(":", "", $1); n += $1 } END { print n + 0 }'
}

assert_colour() {
	local n
	n=$(pixels "$1")
	[ "$n" -ge "$2" ] || complain "the page has $n pixels of #$1, should have $2" "colours" \
		"$(convert "$shot" -alpha off -format %c histogram:info:- | sort -rn | head -n 5)"
}

page() {
	printf '<!doctype html><meta charset=utf-8><title>page</title>\n<body>%s</body>\n' "$2" \
		>"$downloads/$1"
}

# ---- a page that waits ------------------------------------------------------------------

serve_script() {
	local port
	mkfifo "$T/work/port" "$T/work/asked" "$T/work/script"
	exec 8<>"$T/work/asked"
	python3 - "$T/work/asked" "$T/work/script" >"$T/work/port" 2>"$T/work/server.log" \
		3>&- 8>&- <<-'END' &
		import http.server, sys

		class Script(http.server.BaseHTTPRequestHandler):
		    def do_GET(self):
		        with open(sys.argv[1], "w") as asked:
		            asked.write("asked\n")
		        with open(sys.argv[2], "rb") as script:
		            text = script.read()
		        self.send_response(200)
		        self.send_header("Content-Type", "text/javascript")
		        self.send_header("Content-Length", str(len(text)))
		        self.end_headers()
		        self.wfile.write(text)

		server = http.server.HTTPServer(("127.0.0.1", 0), Script)
		print(server.server_port, flush=True)
		server.serve_forever()
	END
	server=$!
	all_started+=("$server")
	read -r port <"$T/work/port"
	page held.html "$storage_script<script src='http://127.0.0.1:$port/'></script>"
}

# start_held BROWSER [WRAPPER...]: until the page's script is waited for
start_held() {
	local browser=$1 i
	shift
	serve_script
	browser_command "$browser" "file://$downloads/held.html"
	sbox_in_background --profile browser --network=host --read="$TEST_BIN" -- \
		"$@" "${command[@]}"
	for ((i = 0; i < 150; i++)); do
		read -r -t 0.2 -u 8 && return
		kill -0 "$started" || break
	done
	complain "the page was not loaded" "stderr" "$(<"$T/err")" "server" "$(<"$T/work/server.log")"
}

finish_held() {
	cat >"$T/work/script" <<-'END'
		document.documentElement.style.background = "#12ab34";
		const box = document.createElement("div");
		box.style = "position: fixed; left: 25%; top: 25%; width: 50%; height: 50%;" +
			"background: #d2157e";
		document.body.append(box);
	END
	wait "$started" || complain "exit status $?" "stderr" "$(<"$T/err")"
	kill "$server"
	wait "$server" || true
}

# ---- the browser's own sandbox ----------------------------------------------------------

status_of() {
	awk -v key="$2:" '$1 == key { print $NF }' "/proc/$1/status" 2>/dev/null
}

# The browser's processes, against its first one (number 2 inside): "OWN FILTERED BOTH ALL",
# how many have another user namespace, more system-call filters, both; and how many are.
# The caller may look: the sandbox's user namespace is the caller's child.
browser_sandbox() {
	local pid pids main='' main_ns main_filters own=0 filtered=0 both=0 all=0
	local is_own is_filtered
	pids=$(descendants_of "$started" | awk '$4 != "sbox-init" { print $1 }')
	# the host's numbers tell nothing of who came first: they begin anew at their end
	for pid in $pids; do
		[ "$(status_of "$pid" NSpid)" != 2 ] || main=$pid
	done
	[ -n "$main" ] || return 1
	main_ns=$(readlink "/proc/$main/ns/user")
	main_filters=$(status_of "$main" Seccomp_filters)
	[ -n "$main_ns" ] || return 1
	for pid in $pids; do
		is_own=0 is_filtered=0
		[ "$(readlink "/proc/$pid/ns/user" || echo "$main_ns")" = "$main_ns" ] || is_own=1
		[ "$(status_of "$pid" Seccomp_filters)" -le "$main_filters" ] || is_filtered=1
		own=$((own + is_own)) filtered=$((filtered + is_filtered))
		both=$((both + is_own * is_filtered)) all=$((all + 1))
	done
	echo "$own $filtered $both $all"
}

assert_own_sandbox() {
	local own filtered both all
	read -r own filtered both all <<<"$(browser_sandbox)"
	echo "of $all processes, $own have a user namespace and $filtered more filters"
	[ "${all:-0}" -gt 3 ] || complain "the browser's processes were not found" || return
	[ "$own" -gt 0 ] || complain "none of $all has a user namespace of its own" || return
	[ "$filtered" -gt 0 ] || complain "none of $all has a filter of its own" || return
	[ "$both" -gt 0 ] || complain "none of $all has both"
}

renders_with_its_own_sandbox() {
	need "$1"
	start_held "$1"
	assert_own_sandbox
	finish_held
	assert_colour 12AB34 50000
	assert_colour D2157E 15000
	no_leftovers 'home/Downloads/*' 'home/.local*' 'home/.cache*'
}

@test "Firefox renders a page, and its own sandbox is alive meanwhile" {
	renders_with_its_own_sandbox firefox-esr
}

@test "Chromium renders a page, and its own sandbox is alive meanwhile" {
	renders_with_its_own_sandbox chromium
}

@test "a Firefox without its namespaces would be noticed: it renders all the same" {
	need firefox-esr
	start_held firefox-esr "$TEST_BIN/deny" ENOSYS clone3 -- \
		"$TEST_BIN/deny" EPERM clone:0:0x10000000,unshare:0:0x10000000 --
	run assert_own_sandbox
	assert_status 1
	assert_contains "$output" "has a user namespace of its own"
	finish_held
	assert_colour 12AB34 50000
}

# ---- the home ---------------------------------------------------------------------------

# A page that loads a file tells by its colour whether there was one.
sees_nothing_of_the_home() {
	local browser=$1 file
	need "$browser"
	mkdir "$HOME/Documents"
	for file in "$HOME" "$HOME/Documents" "$downloads"; do
		echo 'document.documentElement.style.background = "#ffbb00"' >"$file/found.js"
		page look.html "<script src='file://$file/found.js' onerror='
			document.documentElement.style.background = \"#0000ff\"'></script>"
		render "$browser" "file://$downloads/look.html"
		case $file in
		"$downloads") assert_colour FFBB00 100000 ;;
		*) assert_colour 0000FF 100000 ;;
		esac
	done
}

@test "Firefox sees no file of the host's home but what is in Downloads" {
	sees_nothing_of_the_home firefox-esr
}

@test "Chromium sees no file of the host's home but what is in Downloads" {
	sees_nothing_of_the_home chromium
	run --separate-stderr sbox --profile browser -- chromium --headless --dump-dom \
		"file://$HOME/"
	assert_contains "$output" Downloads
	refute_contains "$output" secret
	refute_contains "$output" Documents
}

# Red where the page is new to the browser, green where it has been here before.
look_script='<script>
	document.documentElement.style.background = localStorage.been ? "#00ff00" : "#ff0000";
</script>'
storage_script=$look_script'<script>localStorage.been = "here before"</script>'

# The directories that look like profiles, in the private home.
browser_profiles() {
	(cd "$HOME/.local/share/sbox/homes/browser" && find .config .mozilla \
		\( -name times.json -o -name Preferences \) -path '*/*/*' 2>/dev/null | sort)
}

# Without a sandbox, too, Chromium sometimes paints before it has read what was kept.
finds_its_profile_again() {
	local browser=$1 before try
	before=$(browser_profiles)
	[ -n "$before" ] || complain "no profile in the private home"
	page "$2" "$look_script"
	for try in {1..6}; do
		render "$browser" "file://$downloads/$2"
		[ "$browser" = chromium ] && [ "$(pixels 00FF00)" = 0 ] || break
	done
	assert_colour 00FF00 100000
	assert_equal "$(browser_profiles)" "$before"
	# all of it in the private home, nothing in the real one
	no_leftovers 'home/Downloads/*' 'home/.local*' 'home/.cache*'
	assert_equal "$(ls -A "$HOME/.local/share" "$HOME/.cache")" "$HOME/.cache:
sbox

$HOME/.local/share:
sbox"
}

@test "Firefox finds at its second start what it kept at its first" {
	need firefox-esr
	page storage.html "$storage_script"
	render firefox-esr "file://$downloads/storage.html"
	assert_colour FF0000 100000
	finds_its_profile_again firefox-esr storage.html
}

# Within some seconds, or at its end, or, rarely, not at all; then it shall try again.
has_written_it_down() {
	grep -qs "here before" "$HOME/.local/share/sbox/homes/browser/.config/chromium/Default/"*/leveldb/*
}

# bats test_tags=no-asan
@test "Chromium finds at a later start what it kept" {
	local round
	need chromium
	mkfifo "$downloads/close"
	exec 7<>"$downloads/close"
	page held.html "$storage_script"
	browser_command chromium-open "file://$downloads/held.html"
	for round in {1..4}; do
		sbox_in_background --profile browser -- sh -c 'exec 3<"$0" 4>/dev/null; exec "$@"' \
			"$downloads/close" "${command[@]}"
		wait_until 10 has_written_it_down 2>/dev/null || true
		printf '{"id":1,"method":"Browser.close"}\0' >&7
		wait "$started" || complain "exit status $?" "stderr" "$(<"$T/err")"
		! has_written_it_down || break
	done
	finds_its_profile_again chromium held.html
}

@test "with an ephemeral home each start is the first, and nothing is left" {
	need firefox-esr chromium
	page storage.html "$storage_script"
	for browser in firefox-esr firefox-esr chromium chromium; do
		render $browser "file://$downloads/storage.html" --home=ephemeral
		assert_colour FF0000 100000
	done
	[ ! -e "$HOME/.local" ]
	no_leftovers 'home/Downloads/*' 'home/.cache*'
}
