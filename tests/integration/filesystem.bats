#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# filesystem.bats - what each setting shows, hides and lets write, and who wins
load lib

setup() {
	isolate
	homes=$HOME/.local/share/sbox/homes
	D=$T/data # of the host, shown where a test says so
	mkdir -p "$D/sub/deep"
	echo top >"$D/file"
	echo below >"$D/sub/file"
	echo deepest >"$D/sub/deep/file"
	note_what_is_there
}

# A line from a fifo, for which nobody waits forever.
await() {
	local line
	read -r -t 10 line <>"$1" || complain "nothing came" "stdout" "$(<"$T/out")" \
		"stderr" "$(<"$T/err")"
}

# The cache of compiled filters stays, whatever becomes of a start.
nothing_left() {
	no_leftovers 'home/.cache*' "$@"
}

# A root with busybox and nothing else, for tests that want to see all of it.
make_root() {
	need busybox
	mkdir -p "$1"/bin "$1"/etc "$1"/proc "$1"/dev "$1"/tmp "$1"/root
	cp "$(command -v busybox)" "$1/bin/busybox"
	local applet
	for applet in sh ls cat id stat touch chown echo mkdir rm readlink; do
		ln -s busybox "$1/bin/$applet"
	done
}

bare_profile() {
	printf '[filesystem]\nhome = none\nroot = %s\n' "$1" >"$T/bare.conf"
}

# ---- the system -------------------------------------------------------------------------

@test "what packages keep in /var/lib is there, and nothing else of /var" {
	need dpkg-query
	run --separate-stderr sbox -p build -c 'dpkg-query -W -f "\${Status}\n" dpkg; ls -d /var/log /var/cache
		touch /var/lib/dpkg/new || touch /var/lib/new'
	assert_equal "$output" 'install ok installed'
	assert_contains "$stderr" "/var/log': No such file"
	assert_contains "$stderr" "/var/cache': No such file"
	assert_contains "$stderr" "/var/lib/dpkg/new': Read-only file system"
	assert_contains "$stderr" "/var/lib/new': Read-only file system"
}

@test "a layer lies over whole trees of the system, and takes what is below with it" {
	need dpkg-query fuse-overlayfs
	# on its own it is not a tree for a layer; in the one that try has over /var it is a part
	run --separate-stderr sbox -p build --layer=ephemeral -c 'mountpoint /var/lib/dpkg'
	assert_status 0
	run --separate-stderr sbox try --layer=ephemeral -c \
		'mountpoint /var/lib/dpkg; dpkg-query -W -f "\${Status}" dpkg'
	assert_contains "$output" 'is not a mountpoint'
	assert_contains "$output" 'install ok installed'
}

# ---- one setting at a time --------------------------------------------------------------

@test "read shows a tree at its own place, read-only" {
	run --separate-stderr sbox --read="$D" -c \
		'cat "$0/file" "$0/sub/file"; echo new >"$0/file"' "$D"
	assert_contains "$output" $'top\nbelow'
	assert_contains "$stderr" "Read-only file system"
	assert_equal "$(cat "$D/file")" top
}

@test "write shows it writable, and what is written is on the host" {
	run --separate-stderr sbox --write="$D" -c \
		'echo new >"$0/file"; echo more >"$0/sub/new"' "$D"
	assert_status 0
	assert_equal "$(cat "$D/file" "$D/sub/new")" $'new\nmore'
}

@test "a single file can be read or written, and nothing beside it is seen" {
	run --separate-stderr sbox --write="$D/file" --read="$D/sub/file" -c '
		echo new >"$0/file"; cat "$0/sub/file"; ls -A "$0" "$0/sub"
		echo x >"$0/sub/file"' "$D"
	assert_equal "$output" "below"$'\n'"$D:"$'\nfile\nsub\n\n'"$D/sub:"$'\nfile'
	assert_equal "$(cat "$D/file" "$D/sub/file")" $'new\nbelow'
}

@test "bind shows it elsewhere: read-only, or writable with rw" {
	run --separate-stderr sbox --bind="$D/sub /srv/a" --bind="$D /srv/b/c rw" -c '
		cat /srv/a/file /srv/b/c/file; echo no >/srv/a/file
		echo yes >/srv/b/c/file
		test ! -e "$0" && echo "not at its own place"' "$D"
	assert_equal "$output" $'below\ntop\nnot at its own place'
	assert_equal "$(cat "$D/file" "$D/sub/file")" $'yes\nbelow'
}

@test "tmpfs is empty, has the size and the mode that were asked for, and is gone afterwards" {
	run --separate-stderr sbox --tmpfs='/srv/small size=64K mode=0700' \
		--tmpfs=/srv/plain \
		--read="$D" --tmpfs="$D/sub" -c '
		stat -c %a /srv/small /srv/plain; ls -A /srv/small "$0/sub"
		head -c 1M /dev/zero >/srv/small/big; stat -c %s /srv/small/big
		echo mine >"$0/sub/file"; cat "$0/file" "$0/sub/file"' "$D"
	assert_equal "$output" \
		"700"$'\n755\n/srv/small:\n\n'"$D/sub:"$'\n65536\ntop\nmine'
	assert_contains "$stderr" "No space left on device"
	assert_equal "$(cat "$D/sub/file")" below
}

@test "dir, file and link make what they say, with its mode and content" {
	run --separate-stderr sbox --dir='/srv/d mode=0750' --dir=/srv/e/f/g \
		--file="/srv/words mode=0640 'first line' second" --file=/srv/empty \
		--link='/srv/l /srv/words' --link='/srv/relative words' -c '
		cd /srv; stat -c "%a %F %n" d e e/f/g words empty; readlink l relative
		cat l relative'
	assert_status 0
	assert_equal "$output" "750 directory d
755 directory e
755 directory e/f/g
640 regular file words
644 regular empty file empty
/srv/words
words
first line
second
first line
second"
}

@test "a file of given content can lie over one of the host, which keeps its own" {
	run --separate-stderr sbox --read="$D" --file="$D/file 'not the host'" -c '
		cat "$0/file"; echo x >"$0/file"' "$D"
	assert_equal "$output" "not the host"
	assert_equal "$(cat "$D/file")" top
}

@test "what is hidden looks empty and stays what it was: a file a file, a directory one" {
	run --separate-stderr sbox --write="$D" --hide="$D/file" --hide="$D/sub" -c '
		stat -c "%F %s" "$0/file"; stat -c %F "$0/sub"; ls -A "$0/sub"
		cat "$0/sub/deep/file"
		echo x >"$0/file"; touch "$0/sub/new"; rm -rf "$0/file" "$0/sub"' "$D"
	assert_equal "$output" $'regular empty file 0\ndirectory'
	assert_equal "$(cat "$D/file" "$D/sub/file")" $'top\nbelow'
}

@test "a secret is hidden by a wider rule and shown by one that names it" {
	local rule
	run --separate-stderr sbox --read="$D" --secret="$D/sub" -c 'cat "$0/sub/file"' \
		"$D"
	assert_equal "$output" ""
	for rule in --read --write; do
		run --separate-stderr sbox --read="$D" --secret="$D/sub" $rule="$D/sub" \
			-c \
			'cat "$0/sub/file"' "$D"
		assert_equal "$output" below
		# and what lies in it is still asked for by name
		run --separate-stderr sbox --read="$D" --secret="$D/sub" \
			$rule="$D/sub/deep" -c \
			'cat "$0/sub/deep/file" "$0/sub/file"' "$D"
		assert_equal "$output" deepest
	done
}

@test "a protected path is read-only in a writable tree unless a rule names it" {
	run sbox --write="$D" --protect="$D/sub" -c '
		echo new >"$0/file"; echo new >"$0/sub/file"; touch "$0/sub/x"
		mv "$0/sub" "$0/away"' "$D"
	assert_equal "$(cat "$D/file" "$D/sub/file")" $'new\nbelow'
	assert_equal "$(ls -A "$D" "$D/sub")" \
		"$(printf '%s\n' "$D:" file sub '' "$D/sub:" deep file)"
	run sbox --write="$D" --protect="$D/sub" --write="$D/sub" -c \
		'echo new >"$0/sub/file"' "$D"
	assert_equal "$(cat "$D/sub/file")" new
}

@test "a protected path that ends in a slash cannot be made by the program" {
	run sbox --write="$D" --protect="$D/hooks/" --protect="$D/missing" -c '
		echo evil >"$0/hooks/x"; mkdir "$0/hooks"; rmdir "$0/hooks"
		mv "$0/hooks" "$0/h"
		echo fine >"$0/missing"' "$D"
	assert_equal "$(ls -A "$D/hooks")" ""
	assert_equal "$(cat "$D/missing")" fine
}

# Renaming a folder above takes the mounts below it along: those folders have to be kept.
@test "a protected or hidden path cannot be got around by renaming what it lies in" {
	run sbox --write="$D" --protect="$D/sub/deep" -c '
		mv "$0/sub" "$0/away" && mkdir -p "$0/sub/deep" && echo evil >"$0/sub/deep/file"' "$D"
	assert_equal "$(cat "$D/sub/deep/file")" deepest
	run sbox --write="$D" --hide="$D/sub/deep" -c 'mv "$0/sub" "$0/away"' "$D"
	run sbox --write="$D" --hide="$D/sub/deep" -c 'cat "$0"/*/deep/file' "$D"
	refute_contains "$output" deepest
}

@test "a device works where the device setting names it, and only there" {
	local node
	for node in /dev/fuse /dev/net/tun ''; do
		[ ! -r "$node" ] || break
	done
	[ -n "$node" ] || skip_kernel "no device that everybody may open"
	run --separate-stderr sbox -c 'test -e "$0"' "$node"
	assert_status 1
	run --separate-stderr sbox --device="$node" -c ': <"$0" && echo opened' "$node"
	assert_equal "$output" opened
	run --separate-stderr sbox --read="$node" -c ': <"$0" && echo opened' "$node"
	assert_contains "$stderr" "Permission denied"
	run --separate-stderr sbox --bind="/dev /host-dev" -c \
		': <"/host-$0" && echo opened' "${node#/}"
	assert_equal "$output" ""
}

# ---- who wins ---------------------------------------------------------------------------

@test "the most specific path wins, in whatever order they are written" {
	local rules order
	rules=("--write=$D" "--read=$D/sub" "--write=$D/sub/deep" \
		"--hide=$D/sub/deep/file")
	for order in "0 1 2 3" "3 2 1 0" "2 0 3 1"; do
		local args=() i
		for i in $order; do
			args+=("${rules[i]}")
		done
		run --separate-stderr sbox "${args[@]}" -c '
			for d in "" /sub /sub/deep
			do touch "$0$d/t" 2>/dev/null && echo "$0$d"; done
			cat "$0/sub/deep/file"; rm -f "$0/t" "$0/sub/deep/t"' "$D"
		assert_equal "$output" "$D"$'\n'"$D/sub/deep"
	done
}

@test "at one path hiding wins, then the later profile, then reading over writing" {
	echo "[filesystem]
write = $D" >"$T/one.conf"
	echo "[filesystem]
read = $D" >"$T/two.conf"
	run sbox --write="$D" --hide="$D" --read="$D" -c \
		'cat "$0/file" 2>/dev/null; ls -A "$0"' "$D"
	refute_contains "$output" file$'\n'
	refute_contains "$output" top
	run sbox --write="$D" --read="$D" -c 'touch "$0/t" && echo wrote' "$D"
	refute_contains "$output" wrote
	run sbox -p default -p "$T/two.conf" -p "$T/one.conf" -c \
		'touch "$0/t" && echo wrote' "$D"
	assert_equal "$output" wrote
	run sbox -p default -p "$T/one.conf" -p "$T/two.conf" -c \
		'touch "$0/t" && echo wrote' "$D"
	refute_contains "$output" wrote
	run sbox -p default -p "$T/two.conf" --write="$D" -c \
		'touch "$0/t" && echo wrote' "$D"
	assert_equal "$output" wrote
}

@test "?path may be missing, and any other missing path is named" {
	run --separate-stderr sbox --read="?$T/none" --write="?$T/none/too" \
		--bind="?$T/none /srv/x" \
		-- true
	assert_status 0
	run --separate-stderr sbox --read="$T/none" --write="$T/none/too" \
		--bind="$T/nothing /srv/x" -- true
	assert_status 125
	assert_contains "$stderr" "--read: '$T/none': No such file or directory"
	assert_contains "$stderr" "--write: '$T/none/too': No such file or directory"
	assert_contains "$stderr" "--bind: '$T/nothing': No such file or directory"
	nothing_left 'home/.local*'
}

# ---- homes ------------------------------------------------------------------------------

@test "a private home is kept from run to run, by profile or by name, and each is its own" {
	local who
	for who in --profile=default --profile=build --home=private:other; do
		run --separate-stderr sbox "$who" -c \
			'cat ~/note; echo "${0#=}" >~/note; echo "$HOME"' "=$who"
		assert_equal "$output" "$HOME"
	done
	for who in --profile=default --profile=build --home=private:other; do
		run --separate-stderr sbox "$who" -c 'cat ~/note'
		assert_equal "$output" "$who"
	done
	assert_equal "$(ls "$homes")" $'build\ndefault\nother'
	assert_equal "$(stat -c %a "$homes" "$homes/default" | sort -u)" 700
}

@test "an ephemeral home is empty and gone afterwards" {
	run --separate-stderr sbox --home=ephemeral -c \
		'cat ~/note; echo hello >~/note; cat ~/note; stat -c %a ~'
	assert_equal "$output" $'hello\n700'
	run --separate-stderr sbox --home=ephemeral -c 'ls -A ~'
	assert_equal "$output" ""
	nothing_left
}

@test "without a home there is none, and HOME is the root" {
	run --separate-stderr sbox --home=none -c \
		'echo "$HOME"; test -e "$0" && echo there
			cut -d: -f6 /etc/passwd | head -1' "$HOME"
	assert_equal "$output" $'/\n/nonexistent'
	nothing_left
}

@test "the real home is shown without its secrets" {
	mkdir -p "$HOME"/{.ssh,.gnupg,.aws,.config/gcloud,.mozilla,.local/share/keyrings} "$HOME/papers"
	local name
	for name in .ssh/id .gnupg/key .aws/credentials .config/gcloud/token \
		.mozilla/cookies \
		.local/share/keyrings/login .netrc .git-credentials .bash_history \
		papers/letter; do
		echo "secret of $name" >"$HOME/$name"
	done
	run --separate-stderr sbox --home=host -c \
		'cd; find . -type f -exec cat {} + ; echo new >papers/letter'
	assert_contains "$output" "secret of papers/letter"
	assert_equal "$(grep -c 'secret of' <<<"$output")" 1
	assert_equal "$(cat "$HOME/papers/letter")" new
}

@test "in the real home nothing can be planted that the next log-in would run" {
	mkdir -p "$HOME/.config/autostart" "$HOME/.local/bin"
	echo '# mine' >"$HOME/.bashrc"
	run sbox --home=host -c 'cd
		for d in .config/autostart .config/sbox/profiles .config/systemd/user \
			.config/environment.d .local/bin .local/share/applications \
			.local/share/dbus-1/services .local/share/sbox/homes; do
			mkdir -p $d; echo evil >$d/x
		done
		for d in .config .local .local/share
		do mv $d away && mkdir -p .config/autostart && echo evil >.config/autostart/x; done
		echo evil >>.bashrc; rm -f .bashrc; mv .bashrc away; echo evil >>.bashrc'
	run grep -rl evil "$HOME"
	assert_equal "$output" ""
	assert_equal "$(cat "$HOME/.bashrc")" '# mine'
}

@test "git hooks and configuration of a writable tree cannot be changed" {
	mkdir -p "$T/work/.git/hooks"
	echo '[core]' >"$T/work/.git/config"
	run sbox -p build -c '
		echo evil >.git/hooks/pre-commit; echo evil >>.git/config
		echo evil >.git/commondir
		rm -rf .git/hooks; mv .git/hooks .git/h; mkdir .git/hooks
		echo evil >.git/hooks/x
		mv .git away && mkdir -p .git/hooks && echo evil >.git/hooks/pre-commit'
	run grep -rl evil "$T/work/.git"
	assert_equal "$output" ""
}

# ---- working directory ------------------------------------------------------------------

@test "the caller's directory is seen as the cwd setting says" {
	echo here >"$T/work/file"
	run --separate-stderr sbox --cwd=read -c 'pwd; cat file; touch new'
	assert_equal "$output" "$T/work"$'\nhere'
	run --separate-stderr sbox --cwd=none -c 'pwd; cat file "$0/file"' "$T/work"
	assert_equal "$output" "$HOME"
	run --separate-stderr sbox --cwd=write -c 'pwd; echo new >file'
	assert_equal "$output" "$T/work"
	assert_equal "$(cat "$T/work/file")" new
	run --separate-stderr sbox --cwd=none --home=none -c pwd
	assert_equal "$output" /
}

@test "a caller in the home, above it or in something secret shows nothing of it" {
	echo diary >"$HOME/diary"
	mkdir -p "$HOME/.ssh/sub" "$HOME/project"
	echo key >"$HOME/.ssh/sub/key"
	local dir how
	for how in read write; do
		for dir in "$HOME" "$T" / "$HOME/.ssh" "$HOME/.ssh/sub"; do
			cd "$dir"
			run --separate-stderr sbox --cwd=$how -c \
				'cat "$0"/diary "$0"/.ssh/sub/key; touch "$0/new"' "$HOME"
			assert_equal "$output" ""
			rm -f "$homes/default/new"
		done
	done
	cd "$HOME/project"
	run --separate-stderr sbox --cwd=write -c 'pwd; touch made; ls -A ..'
	assert_equal "$output" "$HOME/project"$'\nproject'
	[ -e "$HOME/project/made" ]
}

@test "chdir chooses where to start, and one that is not there is an error" {
	run --separate-stderr sbox --chdir=/usr/bin -c pwd
	assert_equal "$output" /usr/bin
	run --separate-stderr sbox --chdir="$D" -c pwd
	assert_status 125
	assert_contains "$stderr" \
		"cannot enter the directory '$D' in the sandbox: No such file or directory"
	nothing_left 'home/.local*'
}

# ---- names, numbers, links --------------------------------------------------------------

@test "any name will do: blanks, colons, commas, backslashes, quotes, other scripts" {
	local name names=('two words' 'a:b' 'a,b=c' 'back\slash' 'back\040slash' \
		"quote'd" 'double"d'
		'größe-путь-路径' '#hash' '[x]' '$HOME' '-dash' 'trailing ' 'percent%s')
	for name in "${names[@]}"; do
		mkdir -p "$D/$name/in" "$T/other"
		echo "content of $name" >"$D/$name/in/file"
	done
	for name in "${names[@]}"; do
		[ "$name" != '$HOME' ] || continue # in a setting that is a variable
		run --separate-stderr sbox --write="$D/$name" --hide="$D/$name/in" -c '
			ls -A "$0/in"; echo new >"$0/new"' "$D/$name"
		assert_status 0
		assert_equal "$output" ""
		assert_equal "$(cat "$D/$name/new")" new
		run --separate-stderr sbox --read="$D/$name" -c \
			'cat "$0/in/file"; echo no >"$0/in/file"' "$D/$name"
		assert_equal "$output" "content of $name"
	done
	assert_equal "$(cat "$D/two words/in/file")" "content of two words"
	run --separate-stderr sbox --bind="'$D/a,b=c' '/srv/to here, too' rw" -c \
		'cat "/srv/to here, too/in/file"'
	assert_equal "$output" "content of a,b=c"
	run --separate-stderr sbox --tmpfs="'/srv/my own'" -c \
		'ls -A "/srv/my own" && echo there'
	assert_equal "$output" there
}

@test "200 binds are all there, each as it was asked for" {
	local i args=()
	for i in {1..200}; do
		mkdir "$D/$i"
		echo "$i" >"$D/$i/n"
		args+=(--bind="$D/$i /srv/$i")
	done
	run --separate-stderr sbox "${args[@]}" -c '
		cat /srv/*/n | sort -n | sha1sum; for i in /srv/*
		do touch $i/x 2>/dev/null && echo wrote; done; true'
	assert_status 0
	assert_equal "$output" "$(seq 200 | sha1sum)"
}

@test "a link as a source shows what it leads to" {
	ln -s "$D/sub" "$T/link"
	ln -s sub/file "$D/flink"
	run --separate-stderr sbox --bind="$T/link /srv/a" --bind="$D/flink /srv/f" \
		--read="$T/link" -c '
		cat /srv/a/file /srv/f "$0/file"' "$T/link"
	assert_status 0
	assert_equal "$output" $'below\nbelow\nbelow'
}

@test "links of the host's system stay links" {
	local name
	for name in /bin /lib /lib64 /sbin; do
		[ -L $name ] || continue
		run --separate-stderr sbox -- readlink $name
		assert_equal "$output" "$(readlink $name)"
	done
	run --separate-stderr sbox -c 'readlink /var/run
		test -d /var/run/lock && echo there'
	assert_equal "$output" $'/run\nthere'
}

@test "a destination that lies behind a link of the root is found inside the root" {
	run --separate-stderr sbox --file='/var/run/note hello' \
		--bind="$D /var/run/data" -c 'cat /run/note /run/data/file'
	assert_status 0
	assert_equal "$output" $'hello\ntop'
}

@test "sockets and fifos can be shown" {
	mkfifo "$D/fifo"
	run --separate-stderr sbox --write="$D/fifo" -c 'stat -c %F "$0"' "$D/fifo"
	assert_equal "$output" fifo
}

@test "the caller's file creation mask holds inside" {
	umask 027
	run --separate-stderr sbox --write="$D" -c \
		'umask; : >"$0/made"; mkdir "$0/dir"; stat -c %a /tmp /run /dev/shm ~' \
		"$D"
	umask 022
	assert_equal "$output" $'0027\n1777\n755\n1777\n700'
	assert_equal "$(stat -c %a "$D/made" "$D/dir")" $'640\n750'
}

@test "it does not hold for what is made for the sandbox" {
	umask 077
	run --separate-stderr sbox --dir='/a/b/c mode=0755' --file='/e/f text' --bind="$D /h/i" \
		-c 'stat -c %a /a /a/b /a/b/c /e /h / /run/lock; umask'
	umask 022
	assert_equal "$output" $'755\n755\n755\n755\n755\n755\n1777\n0077'
}

# ---- places to mount on -----------------------------------------------------------------

@test "a place that a read-only tree lacks is an error that names both" {
	run --separate-stderr sbox --read="$D" --bind="/etc $D/new/place" -- true
	assert_status 125
	assert_contains "$stderr" \
		"--bind: there is no '$D/new/place' to show something at"
	assert_contains "$stderr" "hint: it lies in '$D', which is read-only inside"
	nothing_left
}

@test "places made in a writable tree of the host are gone afterwards" {
	run --separate-stderr sbox --write="$D" --tmpfs="$D/a/b/c" \
		--bind="/etc/passwd $D/x/file" \
		--file="$D/y/file hello" -c 'cat "$0/y/file"; touch "$0/a/b/c/t"
			ls -A "$0/a/b/c"; wc -l <"$0/x/file"' "$D"
	assert_equal "$output" "hello"$'\nt\n'"$(wc -l </etc/passwd)"
	assert_equal "$(find "$D" -mindepth 1 | sort)" \
		"$(printf '%s\n' "$D"/{file,sub,sub/deep,sub/deep/file,sub/file})"
	# after a failed start too
	run --separate-stderr sbox --write="$D" --tmpfs="$D/a/b/c" --chdir=/nonexistent \
		-- true
	assert_status 125
	assert_equal "$(find "$D" -mindepth 1 | sort)" \
		"$(printf '%s\n' "$D"/{file,sub,sub/deep,sub/deep/file,sub/file})"
}

@test "such a place stays while another sandbox uses it, and what was put there too" {
	mkfifo "$T/go" "$T/ready"
	sbox_in_background --write="$D" --tmpfs="$D/shared" --read="$T" -c '
		echo mine >"$0/shared/f"; echo >"$1/ready"; read -r _ <"$1/go"
		cat "$0/shared/f"' "$D" "$T"
	await "$T/ready"
	run --separate-stderr sbox --write="$D" --tmpfs="$D/shared" -- true
	assert_status 0
	[ -d "$D/shared" ]
	echo >"$T/go"
	wait "$started"
	assert_equal "$(cat "$T/out")" mine
	[ ! -e "$D/shared" ]
	# whoever made it may be the first to end
	sbox_in_background --write="$D" --tmpfs="$D/shared" --read="$T" -c '
		echo >"$0/ready"; read -r _ <"$0/go"' "$T"
	local first=$started
	await "$T/ready"
	mkfifo "$T/go2"
	sbox_in_background --write="$D" --tmpfs="$D/shared" --read="$T" -c '
		echo mine >"$0/shared/f"; echo >"$1/ready"; read -r _ <"$1/go2"
		cat "$0/shared/f"' "$D" "$T"
	await "$T/ready"
	echo >"$T/go"
	wait "$first"
	echo >"$T/go2"
	wait "$started"
	assert_equal "$(cat "$T/out")" mine
	# nothing of the program's is deleted
	run --separate-stderr sbox --write="$D" --bind="/etc $D/p/q" -c \
		'echo kept >"$0/p/file"' "$D"
	assert_equal "$(cat "$D/p/file")" kept
}

# ---- other roots ------------------------------------------------------------------------

# More of this, with fake root and packages, is in root.bats.
@test "a directory as root is read-only, and everything in it is seen" {
	make_root "$T/root"
	bare_profile "$T/root"
	run --separate-stderr sbox -p "$T/bare.conf" -- /bin/sh -c '
		ls /; echo x >/etc/new; echo x >/new; mkdir /usr; touch /tmp/t
		cat /proc/self/comm; id -u'
	assert_equal "$output" $'bin\ndev\netc\nproc\nroot\ntmp\ncat\n'"$(id -u)"
	assert_equal \
		"$(find "$T/root/etc" "$T/root/tmp" "$T/root/proc" "$T/root/dev" -mindepth 1)" ""
}

@test "what is mounted in a directory root is seen and read-only with it" {
	make_root "$T/root"
	mkdir "$T/root/srv"
	bare_profile "$T/root"
	run --separate-stderr unshare --user --map-root-user --mount sh -c '
		mount -t tmpfs none "$0/srv" && mkdir "$0/srv/deep" && mount -t tmpfs none "$0/srv/deep" &&
		echo old >"$0/srv/deep/file" && chmod -R 777 "$0/srv" &&
		exec unshare --user --map-user='"$(id -u)"' --map-group='"$(id -g)"' "$@"' "$T/root" \
		"$SBOX" -p "$T/bare.conf" -- /bin/sh -c '
		cat /srv/deep/file; echo new >/srv/deep/file; echo new >/srv/x
		cat /srv/deep/file'
	assert_equal "$output" $'old\nold'
	assert_contains "$stderr" "Read-only file system"
}

@test "links in a directory root lead nowhere but into it" {
	make_root "$T/root"
	mkdir "$T/victim"
	ln -s "$T/victim" "$T/root/out"
	ln -s ../../../../../../../../.."$T/victim" "$T/root/up"
	ln -s /proc/1/root"$T/victim" "$T/root/magic"
	bare_profile "$T/root"
	local link
	for link in out up magic; do
		run --separate-stderr sbox -p "$T/bare.conf" --root-write \
			--tmpfs="/$link/a" \
			--bind="/etc /$link/b" --file="/$link/c x" -- /bin/sh -c true
		run --separate-stderr sbox -p "$T/bare.conf" --root-write \
			--tmpfs="/$link" -- /bin/sh -c true
	done
	assert_equal "$(ls -A "$T/victim")" ""
	[ ! -e "$T/root$T" ]
}

@test "a root that is no directory, or the host's own, is refused" {
	run --separate-stderr sbox --root="$D/file" -- true
	assert_status 125
	assert_contains "$stderr" "cannot import '$D/file': "
	run --separate-stderr sbox --root=/ -- true
	assert_status 125
	assert_contains "$stderr" "the host's own / cannot be the root"
	run --separate-stderr sbox --root="$T/none" -- true
	assert_status 125
	assert_contains "$stderr" "the root '$T/none': No such file or directory"
}

# ---- links that a program planted -------------------------------------------------------

@test "links planted in the private home make nothing on the host at the next start" {
	mkdir "$T/victim"
	run --separate-stderr sbox -c 'cd; ln -s "/oldroot$0" old; ln -s "$0" direct
		ln -s / top
		ln -s /proc/1/root"$0" magic
		ln -s "../../../../../../../../../../..$0" up
		ln -s "$0/file" file; ln -s nowhere dangling; ls' "$T/victim"
	assert_status 0
	local before link rule
	before=$(find "$T" -path "$T/out" -prune -o -path "$T/err" -prune -o -print | \
		sort)
	for link in old direct top magic up file dangling; do
		for rule in "--dir=~/$link/new" "--dir=~/$link" "--file=~/$link/f text" \
			"--file=~/$link x" \
			"--tmpfs=~/$link/t" "--tmpfs=~/$link" "--bind=/etc ~/$link/b" \
			"--bind=/etc ~/$link" \
			"--bind=/etc/fstab ~/$link/c" "--link=~/$link/l /etc" \
			"--protect=~/$link/p/"; do
			run --separate-stderr sbox "$rule" -- true
			[ "$status" = 0 ] || [ "$status" = 125 ]
		done
	done
	assert_equal \
		"$(find "$T" -path "$T/out" -prune -o -path "$T/err" -prune -o -print | sort)" "$before"
	[ ! -e /new ] && [ ! -e /oldroot ]
}

@test "a source below a directory that the program may write is not followed out of it" {
	mkdir -p "$T/private" "$D/app/inside"
	echo key >"$T/private/id"
	echo fine >"$D/app/inside/id"
	sbox --write="$D/app" -c 'ln -s "$1" "$0/data"; ln -s inside "$0/within"
		ln -s data "$0/chain"' \
		"$D/app" "$T/private"
	local rule
	for rule in "--read=$D/app/data" "--bind=$D/app/data /srv/x" \
		"--bind=$D/app/chain /srv/x" "--bind=$D/app/data/id /srv/x" \
		"--bind=$D/app/data/id /srv/x rw"; do
		run --separate-stderr sbox --write="$D/app" "$rule" -c \
			'cat /srv/x/id /srv/x "$0/data/id"' "$D/app"
		assert_status 125
		assert_contains "$stderr" \
			"a link leads out of a directory that the sandbox may write"
	done
	# this says nothing that was not so, and the link leads nowhere inside
	run sbox --write="$D/app" --write="$D/app/data" -c 'cat "$0/data/id"' "$D/app"
	refute_contains "$output" key
	run --separate-stderr sbox --write="$D/app" --bind="$D/app/within /srv/x" -c \
		'cat /srv/x/id'
	assert_equal "$output" fine
}

@test "the folder of the private homes is not reached through a link" {
	mkdir -p "$HOME/.local/share" "$T/victim"
	ln -s "$T/victim" "$HOME/.local/share/sbox"
	run --separate-stderr sbox -- true
	assert_status 125
	assert_contains "$stderr" "cannot make the private home '$homes/default'"
	rm "$HOME/.local/share/sbox"
	mkdir -p "$homes"
	ln -s "$T/victim" "$homes/default"
	run --separate-stderr sbox -- true
	assert_status 125
	assert_equal "$(ls -A "$T/victim")" ""
}

@test "an empty destination is an error, not the root" {
	local rule
	for rule in --tmpfs= '--tmpfs=""' '--bind=/etc ""' '--dir=""' '--file="" x' \
		'--link="" x' --read= --hide=; do
		run --separate-stderr sbox "$rule" -c \
			'ls /usr/bin >/dev/null && echo untouched'
		# an empty list setting takes what a profile had away, which is no destination
		[ "$status" = 125 ] || assert_equal "$output" untouched
	done
	run --separate-stderr sbox '--tmpfs=""' -- true
	assert_status 125
	assert_contains "$stderr" "an empty path"
}

@test "a rule for / itself is refused, not passed over" {
	for rule in --read=/ --write=/ --hide=/ --tmpfs=/ '--bind=/usr /'; do
		run --separate-stderr sbox "$rule" true
		assert_status 125
		assert_contains "$stderr" "'/' itself cannot be shown, hidden or replaced"
	done
}

@test "a start that fails takes nothing away from those that begin beside it" {
	local round n pids bad
	for round in {1..8}; do
		pids=() bad=()
		for n in {1..4}; do
			"$SBOX" --read=/missing true 2>/dev/null 3>&- &
			bad+=($!)
			"$SBOX" true 2>>"$T/err" 3>&- &
			pids+=($!)
		done
		for n in "${pids[@]}"; do
			wait "$n" || complain "a good start failed" "stderr" "$(<"$T/err")"
		done
		wait "${bad[@]}" || [ $? = 125 ]
		rm -rf "$HOME/.local"
	done
	# alone, it leaves nothing
	run sbox --read=/missing true
	assert_status 125
	[ ! -e "$HOME/.local" ]
}

stuck_in_a_pipe() {
	grep -q pipe_write "/proc/$1/wchan"
}

@test "a start that failed holds up no other one while nobody reads why" {
	local full pid
	sbox true # another home keeps the folder of all of them
	mkfifo "$T/full"
	exec {full}<>"$T/full"
	run dd if=/dev/zero of="$T/full" bs=4096 oflag=nonblock
	"$SBOX" --home=private:new /missing/program 2>"$T/full" 3>&- &
	pid=$!
	wait_until 10 stuck_in_a_pipe $pid
	run -0 --separate-stderr sbox echo begun
	assert_equal "$output" begun
	run dd if="$T/full" of=/dev/null bs=64k iflag=nonblock
	wait $pid || [ $? = 127 ]
	exec {full}>&-
	[ ! -e "$HOME/.local/share/sbox/homes/new" ]
}
