# SPDX-License-Identifier: MIT
# desktop.bats - "sbox desktop": launchers installed, listed and removed, and nobody else's harmed
bats_require_minimum_version 1.8.0
load lib

setup() {
	isolate
	export XDG_DATA_DIRS=$T/local:$T/share
	system=$T/share/applications
	own=$HOME/.local/share/applications
	mkdir -p "$system"
	launcher 'Exec=cat "a b" %U' >"$system/cat-like.desktop"
	note_what_is_there
}

launcher() {
	printf '[Desktop Entry]\nType=Application\nName=Some Program\n'
	printf '%s\n' "$@"
}

install() {
	run --separate-stderr sbox desktop install "$@"
}

# refused STATUS WORDS...: the last run failed, said so, and wrote nothing.
refused() {
	local words
	assert_status 125
	assert_equal "$output" ""
	for words; do
		assert_contains "$stderr" "$words"
	done
}

line() {
	grep "^$2" "$1"
}

# What the launcher says apart from our own lines.
without_ours() {
	sed '/^X-Sbox-/d' "$1"
}

@test "install writes a launcher with the same id that starts the program in sbox" {
	need desktop-file-validate
	install cat-like
	assert_status 0
	assert_equal "$output" "$own/cat-like.desktop"
	assert_equal "$stderr" ""
	assert_equal "$(line "$output" Exec)" "Exec=$SBOX run -- cat \"a b\" %U"
	assert_equal "$(line "$output" X-Sbox-Source)" "X-Sbox-Source=$system/cat-like.desktop"

	install cat-like.desktop --profile browser
	assert_equal "$(line "$output" Exec)" \
		"Exec=$SBOX --profile=browser -- cat \"a b\" %U"
	desktop-file-validate "$output"
	assert_equal "$(stat -c %a "$output")" "$(printf %o $((0644 & ~$(umask))))"
	no_leftovers 'home/.local*'
}

@test "all that is not a command stays byte for byte, and no command is forgotten" {
	launcher 'Name[de]=Prógramm' 'Exec=app %F' 'TryExec=/bin/true' '# words' '' \
		'DBusActivatable=true' 'Actions=new;' '[Desktop Action new]' \
		'Name=New' 'Exec=env A="b c" app --new %%' >"$system/app.desktop"
	install app --profile=browser
	assert_status 0
	local prefix="$SBOX --profile=browser -- "
	assert_equal "$(without_ours "$output")" \
		"$(sed -e "s|^Exec=|&$prefix|" -e 's/^DBusActivatable=true/DBusActivatable=false/' \
			"$system/app.desktop")"
}

@test "an id names a file in a folder below, and the user's data folder may be elsewhere" {
	mkdir -p "$T/local/applications/vendor/x"
	launcher 'Exec=app' >"$T/local/applications/vendor/x/app.desktop"
	export XDG_DATA_HOME=$T/elsewhere/data
	install vendor-x-app
	assert_status 0
	assert_equal "$output" "$T/elsewhere/data/applications/vendor-x-app.desktop"
	assert_equal "$(line "$output" X-Sbox-Source)" \
		"X-Sbox-Source=$T/local/applications/vendor/x/app.desktop"
}

@test "of two folders the first one's launcher counts" {
	mkdir -p "$T/local/applications"
	launcher 'Exec=mine' >"$T/local/applications/cat-like.desktop"
	install cat-like
	assert_contains "$(<"$output")" "-- mine"
}

@test "a program's name or path finds its launcher" {
	launcher "Exec=env A=b $T/prog %u" >"$system/odd.id.desktop"
	launcher "Exec=twice" >"$system/a.desktop"
	launcher "Exec=/x/twice" >"$system/b.desktop"
	launcher "Exec=shown" >"$system/c.desktop"
	launcher "Exec=shown" "NoDisplay=true" >"$system/d.desktop"
	printf broken >"$system/broken.desktop"
	cp /bin/true "$T/prog"
	ln -s prog "$T/link"
	install prog
	assert_equal "$output" "$own/odd.id.desktop"
	install "$T/link"
	assert_equal "$output" "$own/odd.id.desktop"
	install "$(command -v cat)"
	assert_equal "$output" "$own/cat-like.desktop"
	install shown
	assert_equal "$output" "$own/c.desktop"
	install twice
	refused "more than one launcher starts 'twice'" "name one of them: a, b"
	run sbox desktop remove "$T/prog"
	assert_status 0
	[ ! -e "$own/odd.id.desktop" ]
}

@test "behind env(1) the profile is that of the program" {
	launcher 'Exec=env MOZ_X=1 firefox-esr %u' >"$system/fox.desktop"
	install fox
	assert_status 0
	assert_equal "$(line "$output" Exec)" \
		"Exec=$SBOX --profile=browser -- env MOZ_X=1 firefox-esr %u"
}

@test "a real launcher program starts it, whatever the path of sbox looks like" {
	need gio
	local odd="$T/a \$b\`\"'\\ c"
	mkdir -p "$odd"
	cp "$SBOX" "$odd/sbox"
	launcher 'Exec=sh -c "echo \\$0: %%; readlink /proc/self/ns/user" %u' \
		>"$system/app.desktop"
	run --separate-stderr "$odd/sbox" desktop install app
	assert_status 0
	gio launch "$output" http://x.invalid/ >"$T/out" 2>"$T/err" 3>&-
	wait_until 20 grep -q user: "$T/out" || complain "not started" "stderr" "$(<"$T/err")"
	assert_equal "$(sed -n 1p "$T/out")" "http://x.invalid/: %"
	refute_contains "$(<"$T/out")" "$(readlink /proc/self/ns/user)"
	run --separate-stderr sbox desktop list
	assert_contains "$output" " ok "
}

@test "the user's own launcher is left alone" {
	mkdir -p "$own"
	launcher 'Exec=my-cat' >"$own/cat-like.desktop"
	install cat-like
	refused "'$own/cat-like.desktop' was not written by sbox" "--force" "cat-like.desktop.before-sbox"
	run --separate-stderr sbox desktop remove cat-like
	refused "'$own/cat-like.desktop' was not written by sbox"
	assert_equal "$(<"$own/cat-like.desktop")" "$(launcher 'Exec=my-cat')"
	assert_equal "$(ls "$own")" cat-like.desktop
}

@test "--force keeps the user's own launcher, and remove brings it back" {
	mkdir -p "$own"
	launcher 'Exec=my-cat' >"$own/cat-like.desktop"
	install cat-like --force
	assert_status 0
	assert_contains "$(<"$own/cat-like.desktop")" "-- my-cat"
	install cat-like --profile=browser # again, from the same source
	assert_contains "$(<"$own/cat-like.desktop")" "--profile=browser -- my-cat"
	run sbox desktop list
	assert_contains "$output" " ok "
	run sbox desktop remove cat-like
	assert_status 0
	assert_equal "$(<"$own/cat-like.desktop")" "$(launcher 'Exec=my-cat')"
	[ ! -e "$own/cat-like.desktop.before-sbox" ]
}

@test "a launcher kept by an earlier --force is not lost to a later one" {
	mkdir -p "$own"
	launcher 'Exec=first' >"$own/cat-like.desktop.before-sbox"
	launcher 'Exec=second' >"$own/cat-like.desktop"
	install cat-like --force
	refused "cat-like.desktop.before-sbox' exists already"
	assert_contains "$(<"$own/cat-like.desktop")" Exec=second
	assert_contains "$(<"$own/cat-like.desktop.before-sbox")" Exec=first
}

@test "a link in the launcher's place is never written through" {
	mkdir -p "$own"
	launcher 'Exec=precious' >"$T/precious"
	ln -s "$T/precious" "$own/cat-like.desktop"
	install cat-like
	refused "was not written by sbox"
	install cat-like --force
	assert_status 0
	[ ! -L "$own/cat-like.desktop" ]
	assert_equal "$(<"$T/precious")" "$(launcher 'Exec=precious')"
	run sbox desktop remove cat-like
	assert_equal "$(readlink "$own/cat-like.desktop")" "$T/precious"

	# not even where it leads to one of ours
	install cat-like --force
	mv "$own/cat-like.desktop" "$T/ours"
	rm "$own/cat-like.desktop.before-sbox"
	ln -s "$T/ours" "$own/cat-like.desktop"
	run --separate-stderr sbox desktop remove cat-like
	refused "was not written by sbox"
}

@test "remove takes away what install wrote, and the cache of types follows" {
	need update-desktop-database
	launcher 'Exec=cat %U' 'MimeType=text/x-odd;' >"$system/cat-like.desktop"
	install cat-like
	assert_contains "$(<"$own/mimeinfo.cache")" "text/x-odd=cat-like.desktop;"
	run --separate-stderr sbox desktop remove cat-like
	assert_status 0
	assert_equal "$output$stderr" ""
	refute_contains "$(<"$own/mimeinfo.cache")" cat-like
	[ ! -e "$own/cat-like.desktop" ]
	run --separate-stderr sbox desktop remove cat-like
	refused "no launcher for 'cat-like' was installed by sbox"
}

@test "list tells what became of source and sbox" {
	need python3
	for id in ok changed gone moved; do
		launcher "Exec=$id" >"$system/$id.desktop"
		install $id --profile browser
		assert_status 0
	done
	echo '# upgraded' >>"$system/changed.desktop"
	rm "$system/gone.desktop"
	sed -i 's|^Exec=[^ ]*|Exec=/no/such/sbox|' "$own/moved.desktop"
	launcher 'Exec=mine' >"$own/mine.desktop"

	run --separate-stderr sbox desktop list
	assert_status 0
	assert_equal "${#lines[@]}" 5
	for id in ok changed gone moved; do
		case $id in
		ok) state=ok ;;
		moved) state='sbox moved' ;;
		*) state="source $id" ;;
		esac
		[[ $output =~ $'\n'$id\ +browser\ +$state\ +"$system/$id.desktop" ]] ||
			complain "$id" "list" "$output"
	done
	assert_contains "$stderr" "'sbox desktop install APP' writes a launcher again"
	run sbox desktop list --json
	assert_equal "$(python3 -c '
import json, sys
answer = json.load(sys.stdin)
assert answer["version"] == 1
for l in answer["launchers"]:
	print(l["id"], l["profile"], l["state"], l["file"].startswith("/"), l["source"])
' <<<"$output")" "changed browser source changed True $system/changed.desktop
gone browser source gone True $system/gone.desktop
moved browser sbox moved True $system/moved.desktop
ok browser ok True $system/ok.desktop"

	install changed
	assert_status 0
	install gone
	refused "is not there any more"
	run sbox desktop remove gone
	assert_status 0
	run sbox desktop list
	refute_contains "$output" "source"
}

@test "with no launchers the list is empty, in JSON too" {
	run sbox desktop list
	assert_status 0
	assert_equal "$output" "ID  PROFILE  STATE  SOURCE"
	run sbox desktop list --json
	assert_equal "$output" '{"version":1,"launchers":[]}'
	[ ! -e "$HOME/.local" ]
}

@test "a name that is almost right gets a suggestion" {
	install cat-lik
	refused "no launcher starts 'cat-lik'" "did you mean 'cat-like'?"
	install no-such-thing
	refused "launchers are looked for in $own, $T/local/applications, $system"
	install cat-like --profile brwser
	refused "there is no profile 'brwser'" "did you mean 'browser'?"
	run --separate-stderr sbox desktop instal x
	refused "did you mean 'install'?"
	[ ! -e "$HOME/.local/share/applications/cat-like.desktop" ]
}

@test "a profile's file is named by its absolute path" {
	cp "$SBOX_PROFILE_PATH/default.conf" "$T/work/my.conf"
	install cat-like --profile ./my.conf
	assert_status 0
	assert_contains "$(<"$output")" "--profile=$T/work/my.conf --"
	install cat-like --profile ./other.conf
	refused "there is no profile '$T/work/other.conf'"
}

@test "a bad launcher is told by file and line, and nothing is written" {
	local f=$system/bad.desktop
	printf '[Desktop Entry]\nType=Application\n' >"$f"
	install bad
	refused "$f: there is no Exec in [Desktop Entry]"
	printf 'Exec=x\n' >"$f"
	install bad
	refused "$f:1: a key before any [group]"
	launcher Exec=a $'X=\1' | tr '\1' '\0' >"$f"
	install bad
	refused "$f:5: there is a NUL byte in the line"
	launcher Exec=a "X=$(head -c 65537 /dev/zero | tr '\0' x)" >"$f"
	install bad
	refused "$f:5: the line is longer than 64 KiB"
	truncate -s 1048577 "$f"
	install bad
	refused "$f: larger than 1 MiB"
	launcher 'Exec=/usr/bin/sbox --profile=x -- y' >"$f"
	install bad
	refused "$f:4: Exec starts sbox already"
	rm "$f"
	mkfifo "$f"
	install bad
	refused "$f: not a regular file"
	rm "$f"
	mkdir "$f"
	install bad
	refused "$f: not a regular file"
	[ -z "$(ls "$own")" ]
}

@test "a folder that cannot be written is told, and so is a bad call" {
	mkdir -p "$own"
	chmod 500 "$own"
	if [ ! -w "$own" ]; then
		install cat-like
		refused "cannot make '$own/" "Permission denied"
	fi
	chmod 700 "$own"
	mkdir "$own/cat-like.desktop"
	install cat-like --force
	refused "not a regular file"
	rmdir "$own/cat-like.desktop"

	env -u HOME "$SBOX" desktop list 2>"$T/err" && false
	assert_contains "$(<"$T/err")" "set HOME or XDG_DATA_HOME"
	for call in "" "install" "install a b" "install a --json" "list x" "remove" \
		"remove a --force" "install a --profile" "install a --profile=b --profile=c"; do
		# shellcheck disable=SC2086 # words
		run --separate-stderr sbox desktop $call
		refused "desktop"
	done
}

@test "a full disk leaves the launcher that was there" {
	install cat-like
	local before
	before=$(<"$output")
	# a limit on the size of files in place of a disk of its own
	run bash -c 'trap "" XFSZ; ulimit -f 0; set -o pipefail; "$0" "$@" 2>&1 | cat' \
		"$SBOX" desktop install cat-like --profile browser
	assert_status 125
	assert_contains "$output" "cannot write '$own/cat-like.desktop': File too large"
	assert_equal "$(<"$own/cat-like.desktop")" "$before"
	assert_equal "$(find "$own" -type f ! -name mimeinfo.cache)" "$own/cat-like.desktop"
}

@test "two at once, and one that is killed, leave whole launchers" {
	local n
	for n in 1 2 3 4 5 6 7 8; do
		"$SBOX" desktop install cat-like --profile browser >/dev/null 3>&- &
		all_started+=($!)
		"$SBOX" desktop remove cat-like >/dev/null 2>&1 3>&- &
		all_started+=($!)
	done
	for ((n = 0; n < 16; n++)); do
		wait "${all_started[n]}" || [ $((n % 2)) = 1 ] # there may be nothing to remove
	done
	: >"$own/.sbox-launcher.new" # what a killed one leaves
	install cat-like
	assert_status 0
	assert_equal "$(without_ours "$output")" \
		"$(sed "s|^Exec=|&$SBOX run -- |" "$system/cat-like.desktop")"
	[ ! -e "$own/.sbox-launcher.new" ]
}
