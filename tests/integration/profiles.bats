#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# profiles.bats - which profile holds, what mistakes in one are told, what each one promises
load lib

setup() {
	isolate
	own=$HOME/.config/sbox/profiles
	mkdir -p "$own"
	note_what_is_there
}

# A profile of the user's own, from standard input.
profile() {
	cat >"$own/$1.conf"
}

# refused EXPECTED-TEXT...: what the last "run" said besides 125
refused() {
	assert_status 125
	assert_equal "$output" ""
	local text
	for text; do
		assert_contains "$stderr" "$text"
	done
	no_leftovers 'home/.cache*' 'home/.config/sbox/profiles/*'
}

# ---- which one --------------------------------------------------------------------------

@test "the program's name picks its profile, and the default one holds for all others" {
	profile mine <<-'END'
		[profile]
		extends = base
		command = hello-* */work/bin/hello-*
		[identity]
		hostname = mine
	END
	mkdir "$T/work/bin"
	printf '#!/bin/sh\nuname -n\n' >"$T/work/bin/hello-world"
	chmod 755 "$T/work/bin/hello-world"
	run --separate-stderr sbox --read="$T/work" -- "$T/work/bin/hello-world"
	assert_equal "$output" mine
	run --separate-stderr sbox -- uname -n
	assert_equal "$output" sbox
	run --separate-stderr sbox -p default --read="$T/work" -- \
		"$T/work/bin/hello-world"
	assert_equal "$output" sbox
}

@test "a profile is never looked for in the working directory" {
	cat >browser.conf <<-'END'
		[filesystem]
		home = host
	END
	cp browser.conf browser
	cp browser.conf evil
	cp browser.conf evil.conf
	run --separate-stderr sbox profile show browser
	refute_contains "$output" "home = host"
	run --separate-stderr sbox -p evil -- true
	refused "-p: there is no profile 'evil'" \
		"hint: for the file of that name write './evil'"
	run --separate-stderr sbox -p ./evil -p base -c 'echo "$0"' ran
	assert_equal "$output" ran
}

@test "the user's own profile of a name replaces sbox's, and drop-ins are added in order" {
	profile untrusted <<-'END'
		[profile]
		extends = base
		[identity]
		hostname = replaced
	END
	run --separate-stderr sbox -p untrusted -- uname -n
	assert_equal "$output" replaced
	mkdir "$own/untrusted.d"
	printf '[identity]\nhostname = first\n' >"$own/untrusted.d/10-a.conf"
	printf '[identity]\nhostname = second\n' >"$own/untrusted.d/20-b.conf"
	printf '[identity]\nhostname = ignored\n' >"$own/untrusted.d/30-c.txt"
	run --separate-stderr sbox -p untrusted -- uname -n
	assert_equal "$output" second
	run --separate-stderr sbox -p untrusted --hostname=flag -- uname -n
	assert_equal "$output" flag
}

@test "of several profiles the later one holds, lists add up, and an empty value clears" {
	mkdir "$T/one" "$T/two"
	profile first <<-END
		[profile]
		extends = base
		[filesystem]
		read = $T/one
		[identity]
		hostname = first
	END
	profile second <<-END
		[filesystem]
		read = $T/two
		[identity]
		hostname = second
	END
	profile clearing <<-END
		[filesystem]
		read =
		read = $T/two
	END
	run --separate-stderr sbox -p first -p second -c 'uname -n; ls -d "$0"/[ot]*' "$T"
	assert_equal "$output" "second"$'\n'"$T/one"$'\n'"$T/two"
	run --separate-stderr sbox -p first -p clearing -c 'uname -n; ls -d "$0"/[ot]*' \
		"$T"
	assert_equal "$output" "first"$'\n'"$T/two"
}

@test "a profile can be a file anywhere, and extends begins at its folder" {
	mkdir "$T/work/dir"
	printf '[identity]\nhostname = below\n' >"$T/work/dir/below.conf"
	printf '[profile]\nextends = base ./below.conf\n' >"$T/work/dir/top.conf"
	run --separate-stderr sbox --profile="$T/work/dir/top.conf" --home=ephemeral -- \
		uname -n
	assert_equal "$output" below
	cd dir
	run --separate-stderr sbox -p ./top.conf --home=ephemeral -- uname -n
	assert_equal "$output" below
}

# ---- mistakes ---------------------------------------------------------------------------

@test "every mistake of a profile is told at once, with line, column and what was meant" {
	profile bad <<-'END'
		[profile]
		extends = base
		[filesystem]
		redonly = /usr
		tmpfs = /x size=lots
		[identiti]
		hostname = x
		[network]
		network = maybe
		read = /x
		nonsense
	END
	run --separate-stderr sbox -p bad -- true
	refused "$own/bad.conf:4:1: unknown key 'redonly' in [filesystem]" \
		"$own/bad.conf:5:" "$own/bad.conf:6:1: unknown section [identiti]" \
		"did you mean [identity]?" "$own/bad.conf:9:" \
		"'read' does not belong in [network]" "it belongs in [filesystem]" \
		"$own/bad.conf:11:1: neither [section] nor key = value"
	run --separate-stderr sbox profile check bad
	assert_status 125
	assert_contains "$stderr" "unknown key 'redonly'"
}

@test "a path that is missing is told with the place that names it" {
	profile bad <<-'END'
		[profile]
		extends = base
		[filesystem]
		read = /nosuch/path
	END
	run --separate-stderr sbox -p bad -- true
	refused "$own/bad.conf:4:8: '/nosuch/path': No such file or directory" \
		"hint: write ?/nosuch/path if it may be missing"
}

@test "profiles that extend each other in a circle" {
	printf '[profile]\nextends = two\n' | profile one
	printf '[profile]\nextends = three\n' | profile two
	printf '[profile]\nextends = one\n' | profile three
	run --separate-stderr timeout 10 "$SBOX" -p one -- true
	refused "three.conf:2:11: 'one' extends itself through 'three.conf'"
	printf '[profile]\nextends = self\n' | profile self
	run --separate-stderr timeout 10 "$SBOX" -p self -- true
	refused "self.conf:2:"
}

@test "a profile that extends what is not there" {
	printf '[profile]\nextends = brwser\n' | profile bad
	run --separate-stderr sbox -p bad -- true
	refused "$own/bad.conf:2:11: there is no profile 'brwser'" \
		"did you mean 'browser'?"
	run --separate-stderr sbox -p defualt -- true
	refused "there is no profile 'defualt'" "did you mean 'default'?"
}

@test "a line of one megabyte, a NUL byte, a file that is no text" {
	{ printf '[filesystem]\nread = /'; head -c 1000000 /dev/zero | tr '\0' x; echo; \
		} | profile long
	run --separate-stderr sbox -p long -- true
	refused "$own/long.conf:2:1: a line of 1000008 bytes"
	[ "${#stderr}" -lt 2000 ]
	{ printf '[filesystem]\nread = /us'; head -c 1 /dev/zero; echo r; } | profile nul
	run --separate-stderr sbox -p nul -- true
	refused "$own/nul.conf:2:11: a NUL byte; this is not a text file"
	head -c 20000 /dev/urandom | profile noise
	run --separate-stderr sbox -p noise -- true
	refused "noise.conf"
	head -c 3000000 /dev/zero | tr '\0' '#' | profile large
	run --separate-stderr sbox -p large -- true
	refused "cannot read the profile '$own/large.conf': it is larger than 1 MiB"
}

@test "a profile that is a directory, a fifo, a device, or not for reading" {
	mkdir "$own/dir.conf"
	mkfifo "$own/fifo.conf"
	ln -s /dev/zero "$own/zero.conf"
	profile locked </dev/null
	chmod 0 "$own/locked.conf"
	local name
	for name in dir fifo zero locked; do
		run --separate-stderr timeout 10 "$SBOX" -p $name -- true
		refused "cannot read the profile '$own/$name.conf': "
	done
	# nor does one in the way keep another from being found or listed
	run --separate-stderr timeout 10 "$SBOX" profile list
	assert_contains "$output" default
}

@test "control characters are refused, and shown escaped where words of a profile are shown" {
	printf '[identity]\nhostname = a\e[31mb\n' | profile raw
	run --separate-stderr sbox -p raw -- true
	refused "$own/raw.conf:2:13: a control character"
	refute_contains "$stderr" $'\e'
	printf '[profile]\nextends = base\ndescription = "x"\n[filesystem]\nread = "?/none\\x1b[31m"\n' | profile quoted
	run sbox profile show quoted
	refute_contains "$output" $'\e'
	run sbox -p quoted --dry-run -- true
	refute_contains "$output" $'\e'
}

# ---- looking at them --------------------------------------------------------------------

@test "profile show gives each rule with the file and the line that it came from" {
	profile mine <<-'END'
		[profile]
		extends = default
		[filesystem]
		read = ?/srv
	END
	run --separate-stderr sbox profile show mine
	assert_status 0
	local line
	line=$(grep '^read = ?/srv' <<<"$output")
	assert_contains "$line" "# mine.conf:4 (widens)"
	assert_contains "$(grep '^cwd = ' <<<"$output")" "# default.conf:"
	assert_contains "$output" $'\n'"# mine.conf     $own/mine.conf"$'\n'
	# programs read the whole path
	assert_contains "$(sbox profile show mine --json)" "\"file\":\"$own/mine.conf\""
	# and what is printed is a profile that means the same
	sed 's/ *#.*//' <<<"$output" >"$T/work/copy.conf"
	local one two
	one=$(sbox -p mine --dry-run --home=none -- true | sed 's/ *#.*//; /^$/d')
	two=$(sbox -p "$T/work/copy.conf" --dry-run --home=none -- true | sed 's/ *#.*//; /^$/d')
	assert_equal "$two" "$one"
}

@test "listings of rules fit a terminal of 80 columns" {
	local name
	for name in $(sbox profile list --names); do
		run sbox profile show "$name"
		assert_status 0
		# a rule itself may be longer; then nothing else stands in its line
		assert_equal "$(grep -E '^.{81}' <<<"$output" | grep '#')" ""
	done
	run --separate-stderr sbox --dry-run -p browser --no-limits -- true
	assert_status 0
	assert_contains "$output" "show read-only /usr  "
	assert_equal "$(grep -E '^.{81}' <<<"$output" | grep '#')" ""
	run --separate-stderr sbox syscalls build
	assert_equal "$(grep -E '^.{81}' <<<"$output")" ""
}

@test "profile list names all, and --json is JSON" {
	printf '[profile]\ndescription = Of my own\n' | profile mine
	run --separate-stderr sbox profile list
	local name
	for name in base browser build default desktop shell untrusted mine; do
		grep -q "^$name " <<<"$output" || complain "not listed" "name" "$name" \
			"list" "$output"
	done
	assert_contains "$output" "Of my own"
	run --separate-stderr sbox profile list --json
	/usr/bin/python3 -I -S -c 'import json, sys; json.load(sys.stdin)' <<<"$output"
	run --separate-stderr sbox profile show mine --json
	/usr/bin/python3 -I -S -c 'import json, sys; json.load(sys.stdin)' <<<"$output"
}

@test "profile check is content with all that come with sbox" {
	local file
	for file in "$SBOX_PROFILE_PATH"/*.conf; do
		run --separate-stderr sbox profile check "$(basename "$file" .conf)"
		assert_status 0
	done
}

@test "a dry run tells the steps and takes none" {
	run --separate-stderr sbox -p build --tmpfs="$HOME/x" --dry-run -- touch \
		"$T/work/made"
	assert_status 0
	assert_contains "$output" "execute touch $T/work/made"
	assert_contains "$output" "new namespaces: user, mount, pid"
	[ ! -e "$T/work/made" ]
	no_leftovers
	run --separate-stderr sbox --dry-run --json -- true
	/usr/bin/python3 -I -S -c \
		'import json, sys; assert json.load(sys.stdin)["steps"]' <<<"$output"
}

# ---- what each promises -----------------------------------------------------------------

# In the profile $1, what the shell line $2 prints.
in_profile() {
	run --separate-stderr sbox -p "$1" -c "$2" "${@:3}"
	assert_status 0
}

reaches_out='/usr/bin/python3 -I -S -c "
import socket
print(\"interfaces:\", *(n for _, n in socket.if_nameindex()))"'

@test "default: looks at the working directory, has a home of its own and no network" {
	echo here >"$T/work/file"
	in_profile default \
		"cat file; touch new 2>/dev/null; echo mine >~/kept; $reaches_out"
	assert_equal "$output" $'here\ninterfaces: lo'
	in_profile default 'cat ~/kept'
	assert_equal "$output" mine
	[ ! -e "$T/work/new" ]
}

@test "untrusted: nothing of the caller, an empty home, no network, nothing kept" {
	echo here >"$T/work/file"
	in_profile untrusted \
		"cat file \"\$0/file\" 2>/dev/null; ls -A ~; echo mine >~/kept; $reaches_out; id -G; pwd" "$T/work"
	assert_equal "$output" "interfaces: lo"$'\n'"$(id -g)"$'\n'"$HOME"
	in_profile untrusted 'ls -A ~'
	assert_equal "$output" ""
	no_leftovers 'home/.cache*'
}

@test "build: writes the working directory and its own home, has no network" {
	in_profile build "echo made >file; echo mine >~/kept; cat ~/kept; $reaches_out"
	assert_equal "$output" $'mine\ninterfaces: lo'
	assert_equal "$(<"$T/work/file")" made
}

@test "shell: a root prompt in a read-only system that keeps nothing" {
	in_profile shell 'id -un; touch /usr/x /etc/x 2>/dev/null; echo mine >~/kept; pwd
		'"$reaches_out"
	assert_equal "$output" $'root\n/root\ninterfaces: lo'
	no_leftovers 'home/.cache*'
}

@test "browser: a network of its own, its own home and the downloads; nothing else of the user" {
	mkdir "$HOME/Downloads"
	echo diary >"$HOME/diary"
	in_profile browser \
		"cat ~/diary 2>/dev/null; echo got >~/Downloads/file; ls ~; test -e /etc/resolv.conf; $reaches_out"
	assert_contains "$output" Downloads
	refute_contains "$output" diary
	assert_equal "$(<"$HOME/Downloads/file")" got
	assert_contains "$output" "interfaces: lo tap0"
}
