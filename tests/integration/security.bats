#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# security.bats - attacks: each is one that has worked, here or on a program of this kind
load lib

setup() {
	isolate
	secret=hunter2-$RANDOM$RANDOM
	mkdir -p "$HOME/.ssh" "$HOME/.config/autostart"
	echo "$secret" >"$HOME/.ssh/id"
	echo original >"$HOME/.bashrc"
	note_what_is_there
}

python_inside() {
	local script=$1
	shift
	sbox "$@" -- /usr/bin/python3 -I -S -c "$script"
}

# ---- other names for what is guarded ----------------------------------------------------

@test "a home that is reached by a link shows no more than one that is not" {
	ln -s "$HOME" "$T/link"
	cd "$HOME"
	run --separate-stderr env HOME="$T/link" "$SBOX" --profile=default \
		-c 'cat .ssh/id "$0/.ssh/id" "$1/.ssh/id" ~/.ssh/id; ls -A' "$T/link" "$HOME"
	refute_contains "$output$stderr" "$secret"
	refute_contains "$output" .bashrc
	mkdir "$HOME/project"
	cd "$T/link/project"
	run --separate-stderr env HOME="$T/link" "$SBOX" --profile=default -c 'pwd -P'
	assert_equal "$output" "$HOME/project"
}

@test "what is secret or protected stays so at another place" {
	local way
	ln -s "$HOME" "$T/link"
	for way in "--bind=$HOME /x rw" "--bind=$T/link /x rw" "--bind=$T/link/.config/.. /x rw"; do
		run --separate-stderr sbox "$way" -c '
			cat /x/.ssh/id
			echo planted >>/x/.bashrc
			echo planted >/x/.config/autostart/new
			mv /x/.config /x/moved
			for own in .config/sbox/profiles .cache/sbox/filters; do
				mkdir -p /x/$own; echo planted >/x/$own/new
			done
			echo mine >/x/made && cat /x/made'
		assert_status 0
		assert_equal "$output" mine
	done
	run --separate-stderr sbox --bind="$T /x" -c "cat /x/${HOME##*/}/.ssh/id"
	refute_contains "$output" "$secret"
	assert_equal "$(<"$HOME/.bashrc")" original
	assert_equal "$(find "$HOME" -name new -o -name moved)" ""
}

@test "a rule that names a secret shows it, wherever" {
	run -0 --separate-stderr sbox --bind="$HOME/.ssh /x" --read="$HOME/.ssh" \
		-c 'cat /x/id ~/.ssh/id'
	assert_equal "$output" "$secret"$'\n'"$secret"
}

@test "a secret that lies behind a link is hidden where it lies" {
	mkdir "$HOME/dotfiles"
	mv "$HOME/.ssh" "$HOME/dotfiles/ssh"
	mv "$HOME/.config" "$HOME/dotfiles/config"
	ln -s dotfiles/ssh "$HOME/.ssh"
	ln -s dotfiles/config "$HOME/.config"
	run --separate-stderr sbox --write="$HOME/dotfiles" -c '
		cd ~/dotfiles && cat ssh/id; echo planted >config/autostart/new; ls -d ssh'
	assert_equal "$output" ssh
	run ! ls "$HOME/dotfiles/config/autostart/new"
	cd "$HOME/dotfiles/ssh"
	run --separate-stderr sbox --cwd=write -c 'cat id; pwd'
	assert_equal "$output" "$HOME"
}

# Configuration in a repository, with links from where it is looked for, is what many have.
@test "a link to what is secret or protected cannot be replaced, and no start fails for it" {
	local way
	local -a via=()
	mkdir -p "$HOME/dot/config/sbox/profiles" "$HOME/dot/config/autostart" "$HOME/dot/v1"
	mv "$HOME/.ssh" "$HOME/dot/v1/ssh"
	mv "$HOME/.bashrc" "$HOME/dot/v1/bashrc"
	rm -r "$HOME/.config"
	ln -s v1 "$HOME/dot/now"
	ln -s dot/now/ssh "$HOME/.ssh"
	ln -s "$HOME/dot/now/bashrc" "$HOME/.bashrc"
	ln -s dot/config "$HOME/.config"
	ln -s nowhere "$HOME/.profile"
	for way in --home=host "--write=$HOME" "--bind=$HOME /x rw" ENOSYS; do
		[ "$way" != ENOSYS ] || via=("$TEST_BIN/deny" ENOSYS mount_setattr --)
		[ "$way" != ENOSYS ] || way=--home=host
		run -0 --separate-stderr "${via[@]}" "$SBOX" --cwd=none "$way" -c '
			cd /x 2>/dev/null || cd "$0" || exit
			cat .ssh/id dot/v1/ssh/id
			mkdir moved
			for link in .ssh .bashrc .config dot/now; do
				rm $link; mv -T moved $link; ln -sf /tmp $link
				mv dot/config/sbox $link; mkdir $link
			done
			mv dot/v1 dot/v2; mv dot/config dot/old
			echo planted >>.bashrc; echo planted >dot/now/bashrc
			touch .config/sbox/profiles/new .config/autostart/new .ssh/new
			echo made >made; cat made' "$HOME"
		assert_equal "$output" made
	done
	assert_equal "$(readlink "$HOME"/{.ssh,.bashrc,.config,dot/now} | tr '\n' ' ')" \
		"dot/now/ssh $HOME/dot/now/bashrc dot/config v1 "
	assert_equal "$(<"$HOME/.bashrc")" original
	assert_equal "$(find "$HOME/" -name new)" ""
	run -0 --separate-stderr sbox --home=host --dry-run true
	assert_contains "$output" "keep the link $HOME/.bashrc"
	run -0 --separate-stderr sbox --home=host --layer=ephemeral -c 'cat ~/.ssh/id; rm ~/.bashrc'
	refute_contains "$output" "$secret"
}

@test "a rule's path that a link leads into a secret is refused" {
	mkdir "$HOME/shared"
	ln -s ../.ssh "$HOME/shared/x"
	run -125 --separate-stderr sbox --read="$HOME/shared/x" -c 'cat ~/shared/x/id'
	refute_contains "$output" "$secret"
	assert_contains "$stderr" "leads to '$HOME/.ssh'"
	ln -sfn ../.config/autostart "$HOME/shared/x"
	run -125 --separate-stderr sbox --write="$HOME/shared/x" -c 'echo planted >~/shared/x/new'
	run -0 --separate-stderr sbox --read="$HOME/shared/x" -c 'ls ~/shared/x'
}

# One of two names is a folder, the other a link to the secret; they are exchanged all the time.
swap='
import ctypes, os, sys
libc, there = ctypes.CDLL(None), os.getppid()
while os.getppid() == there:
	for i in range(1000):
		libc.renameat2(-100, b"x", -100, b"y", 2)
'

@test "nor does a link that comes there while the rule is looked at" {
	local i
	mkdir -p "$HOME/shared/x"
	ln -s ../.ssh "$HOME/shared/y"
	echo open >"$HOME/shared/x/id"
	cd "$HOME/shared"
	/usr/bin/python3 -I -S -c "$swap" 3>&- &
	all_started+=($!)
	cd "$T/work"
	for i in {1..150}; do
		run --separate-stderr sbox --read="$HOME/shared/x" -c 'cat ~/shared/x/id'
		refute_contains "$output" "$secret" || break
	done
	refute_contains "$output" "$secret"
}

@test "a theme that is a link to a secret shows nothing of it" {
	ln -s .ssh "$HOME/.themes"
	run --separate-stderr sbox --themes=yes -c 'cat ~/.themes/id'
	assert_equal "$output" ""
	rm "$HOME/.themes"
	mkdir "$HOME/dotfiles"
	ln -s dotfiles "$HOME/.themes"
	echo dark >"$HOME/dotfiles/theme"
	run -0 --separate-stderr sbox --themes=yes -c 'cat ~/.themes/theme'
	assert_equal "$output" dark
}

@test "the user's folders, as a file of the home names them, are no way to a secret" {
	local folder
	for folder in .ssh .config .config/autostart . a/../.ssh; do
		echo "XDG_DOWNLOAD_DIR=\"\$HOME/$folder\"" >"$HOME/.config/user-dirs.dirs"
		run --separate-stderr sbox --write='?${XDG_DOWNLOAD_DIR}' -c '
			cat ~/.ssh/id; touch ~/.config/autostart/new ~/.config/new; ls -A ~'
		refute_contains "$output" "$secret"
		refute_contains "$output" .config
	done
	rm "$HOME/.config/user-dirs.dirs"
	mkfifo "$HOME/.config/user-dirs.dirs"
	run -0 --separate-stderr timeout 20 "$SBOX" --write='?${XDG_DOWNLOAD_DIR}' -- true
}

@test "the host's root by another name is no root" {
	local way
	ln -s / "$T/slash"
	for way in "$T/slash" /proc/self/root //; do
		run -125 --separate-stderr sbox --home=none --root="$way" -- true
		assert_contains "$stderr" "cannot be the root"
		run -125 --separate-stderr sbox --home=none --root="$way" --root-write -- true
	done
}

@test "standing in what is protected, or in sbox's own folders, opens none of it" {
	local own
	sbox --home=private:other -c 'echo >~/mark'
	mkdir -p "$HOME/.config/sbox/profiles"
	for own in .config/autostart .config/sbox/profiles; do
		cd "$HOME/$own"
		run --separate-stderr sbox --cwd=write -c 'pwd; echo planted >new'
		assert_equal "$output" "$HOME/$own"
		run ! ls "$HOME/$own/new"
	done
	for own in .cache/sbox .cache/sbox/filters .local/share/sbox/homes/other; do
		cd "$HOME/$own"
		run --separate-stderr sbox --cwd=write -c 'pwd; echo planted >new'
		assert_equal "$output" "$HOME"
		run ! ls "$HOME/$own/new"
	done
	cd "$HOME/.config/autostart"
	run -0 sbox --write=. -c 'echo asked >new'
}

# A socket answers through a read-only mount, and most of a session's answer anything.
@test "standing where a session keeps its sockets shows none of them" {
	local dir how
	export XDG_RUNTIME_DIR=$T/above/run
	mkdir -p -m 700 "$XDG_RUNTIME_DIR/gnupg"
	/usr/bin/python3 -c 'import socket, sys
for name in sys.argv[1:]: socket.socket(socket.AF_UNIX).bind(name)' \
		"$XDG_RUNTIME_DIR/socket" "$XDG_RUNTIME_DIR/gnupg/socket"
	for dir in "$XDG_RUNTIME_DIR" "$XDG_RUNTIME_DIR/gnupg" "$T/above"; do
		cd "$dir"
		for how in --cwd=read --cwd=write --layer=ephemeral; do
			run --separate-stderr sbox $how -c 'find . "$0" -name socket' "$dir"
			assert_equal "$output" ""
		done
	done
	cd "$XDG_RUNTIME_DIR"
	run -0 sbox --read=. -c 'test -S socket'
	cd /tmp
	dir=$(mktemp -d -p /tmp)
	for how in --cwd=read --cwd=write --layer=ephemeral; do
		run -1 sbox $how -c 'test -e "$0"' "$dir"
	done
	rmdir "$dir"
}

@test "standing in what is the sandbox's own inside starts there" {
	local dir
	for dir in /tmp /dev /proc /run /var; do
		cd "$dir"
		run -0 --separate-stderr sbox -c 'pwd; ls -A /tmp; ls /dev/full /proc/1/status'
		assert_equal "$output" "$dir"$'\n/dev/full\n/proc/1/status'
		assert_equal "$stderr" ""
	done
	cd /proc/$$
	run -0 --separate-stderr sbox -c pwd
	assert_equal "$output" "$HOME"
	cd /usr/share
	run -0 --separate-stderr sbox -c pwd
	assert_equal "$output" /usr/share
}

@test "where there are no keys, none can be planted for the next log-in" {
	rm -r "$HOME/.ssh"
	run --separate-stderr sbox --home=host -c 'for way in .ssh .gnupg; do
		mkdir -p ~/$way; echo planted >~/$way/new; mv ~/$way ~/moved; done'
	assert_equal "$(find "$HOME" -name new -o -name moved)" ""
}

# The link sends the project over itself, and below the project's own path lies a decoy.
@test "a link left in a home parts no tree from what is protected or hidden in it" {
	local way
	local -a via=()
	mkdir -p "$HOME/src/project/.git/hooks" "$HOME/src/project/src/project/.git/hooks"
	echo "$secret" >"$HOME/src/project/key"
	echo decoy >"$HOME/src/project/src/project/key"
	cd "$HOME/src/project"
	for way in none ENOSYS; do
		sbox --home=private:planted --cwd=none \
			-c 'cd ~ && rm -rf src project && ln -s . src && ln -s . project'
		[ $way = ENOSYS ] && via=("$TEST_BIN/deny" ENOSYS mount_setattr --)
		run -0 --separate-stderr "${via[@]}" "$SBOX" --home=private:planted \
			--profile=build --no-limits --hide="$HOME/src/project/key" -c '
			cat ~/key; touch ~/.git/hooks/planted; echo mine >~/made; pwd'
		refute_contains "$output" "$secret"
		run ! ls .git/hooks/planted
		rm -r src
		run -125 --separate-stderr "$SBOX" --home=private:planted --profile=build \
			--no-limits -- true
		assert_contains "$stderr" "'$HOME/src/project'"
		assert_contains "$stderr" "a link that a program left"
		mkdir -p src/project/.git/hooks
		echo decoy >src/project/key
		sbox --home=private:planted --cwd=none -c 'cd ~ && rm src && ln -s /usr src'
		run -125 --separate-stderr "${via[@]}" "$SBOX" --home=private:planted \
			--profile=build --no-limits -- true
		assert_contains "$stderr" "a link on the way leads out of"
	done
}

# ---- mounts that a namespace of one's own lets go of --------------------------------------

# Where a mount is not, in a mount namespace of one's own, its place is no mount point: it
# can be renamed there, and is then renamed for everybody.
detach='
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
ids = os.getuid(), os.getgid()
def step(name, *args):
	if getattr(libc, name)(*args) < 0:
		print(name, os.strerror(ctypes.get_errno()))
step("unshare", 0x10020000)
for name, text in ("setgroups", "deny"), ("uid_map", "0 %d 1" % ids[0]), ("gid_map", "0 %d 1" % ids[1]):
	try:
		open("/proc/self/" + name, "wb", 0).write(text.encode())
	except OSError:
		pass
home = os.open(os.environ["HOME"], os.O_RDONLY)
step("mount", b"none", b"/tmp", b"tmpfs", 0, None)
os.chdir("/tmp")
step("syscall", 155 if os.uname().machine == "x86_64" else 41, b".", b".")
step("umount2", b".", 2)
for attempt in (lambda: os.rename(".bashrc", "old", src_dir_fd=home, dst_dir_fd=home),
		lambda: os.rename(".ssh", "keys", src_dir_fd=home, dst_dir_fd=home)):
	try:
		attempt()
		print("renamed")
	except OSError as e:
		print("rename", e.strerror)
for name in "keys/id", ".ssh/id":
	try:
		print(open(os.open(name, 0, dir_fd=home)).read())
	except OSError as e:
		print(name, e.strerror)
'

@test "a namespace of one's own does not set free what is protected" {
	local nested
	for nested in none browser; do
		run --separate-stderr python_inside "$detach" --home=host --nested=$nested
		refute_contains "$output" renamed
		refute_contains "$output" "$secret"
		assert_equal "$(<"$HOME/.bashrc")" original
		assert_equal "$stderr" ""
	done
}

@test "with nested = full it does, and that is said; a secret stays unread" {
	run --separate-stderr python_inside "$detach" --home=host --nested=full
	refute_contains "$output" "$secret"
	assert_contains "$stderr" "the program can rename"
	run --separate-stderr sbox --home=private --cwd=none --nested=full -- true
	assert_equal "$stderr" ""
}

# ---- calls that only say that they succeeded ----------------------------------------------

@test "a step that a filter around us fakes is noticed" {
	local call
	for call in mount_setattr capset umount2 pivot_root move_mount prctl seccomp; do
		run -125 --separate-stderr "$TEST_BIN/deny" 0 $call -- "$SBOX" -c 'echo inside'
		assert_equal "$output" ""
	done
}

@test "so is a remount, on a kernel that has only mount(2)" {
	local remount=0x20
	run -0 --separate-stderr "$TEST_BIN/deny" ENOSYS mount_setattr -- "$SBOX" -c true
	run -125 --separate-stderr "$TEST_BIN/deny" ENOSYS mount_setattr -- \
		"$TEST_BIN/deny" 0 mount:3:$remount -- "$SBOX" -c 'echo inside'
	assert_equal "$output" ""
}

# ---- time, signals, keys --------------------------------------------------------------------

@test "a program that stops itself, and us by that, does not outlast the time limit" {
	local way SECONDS=0
	for way in 'os.kill(me, signal.SIGSTOP)' 'os.kill(0, signal.SIGSTOP)' \
		'os.kill(me, signal.SIGSTOP if os.fork() else signal.SIGCONT)'; do
		run -124 --separate-stderr timeout -s KILL 20 setsid --wait "$SBOX" --landlock=off \
			--timeout=0.2 -- /usr/bin/python3 -I -S -c "import os, signal, time
me = os.getpid()
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork() == 0:
	time.sleep(60)
while True:
	$way"
	done
	[ $SECONDS -lt 20 ]
	no_leftovers 'home/.*'
}

@test "without a terminal the caller's process group is not reached, on any kernel" {
	run --separate-stderr setsid --wait sh -c '"$0" "$@"; echo "caller: $?"' \
		"$SBOX" --landlock=off -c 'kill -KILL 0'
	assert_equal "$output" "caller: 137"
}

# Python that joins a session keyring of its own and puts a key in, then runs its words.
with_key='
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
add_key, keyctl = (248, 250) if os.uname().machine == "x86_64" else (217, 219)
session = ctypes.c_long(-3)
libc.syscall(keyctl, 1, None)
for i in range(int(sys.argv[1])):
	libc.syscall(add_key, b"user", b"sbox-test-%d" % i, b"x", 1, session)
'

@test "a program that may use keys finds none of the caller's" {
	local look='
found = libc.syscall(keyctl, ctypes.c_long(10), session, b"user", b"sbox-test-0", 0)
print("found" if found > 0 else os.strerror(ctypes.get_errno()))'
	run --separate-stderr /usr/bin/python3 -I -S -c "$with_key$look" 1
	[ "$output" = found ] || skip_kernel "no keys"
	run --separate-stderr /usr/bin/python3 -I -S -c \
		"${with_key}os.execv(sys.argv[2], sys.argv[2:])" 1 "$SBOX" \
		--syscalls-allow=keyctl -- /usr/bin/python3 -I -S -c \
		"${with_key/'libc.syscall(keyctl, 1, None)'/}$look" 0
	assert_equal "$output" "Required key not available"
}

@test "a program that may not use them takes nothing from the user's number of keyrings" {
	run --separate-stderr /usr/bin/python3 -I -S -c \
		"${with_key}os.execv(sys.argv[2], sys.argv[2:])" 300 "$SBOX" -c 'echo inside'
	assert_equal "$output" inside
}

# ---- who was there first --------------------------------------------------------------------

@test "a folder in the place of an instance's is left alone while somebody holds it" {
	need dbus-daemon xdg-dbus-proxy
	local address=unix:path=$T/work/bus
	dbus-daemon --session --nofork --nopidfile --address="$address" 3>&- &
	all_started+=($!)
	wait_until 10 test -S "$T/work/bus"
	run --separate-stderr sh -c '
		mkdir -p "$XDG_RUNTIME_DIR/sbox/$$"
		echo there >"$XDG_RUNTIME_DIR/sbox/$$/mark"
		exec 4<"$XDG_RUNTIME_DIR/sbox/$$"
		flock 4
		export DBUS_SESSION_BUS_ADDRESS
		DBUS_SESSION_BUS_ADDRESS=$1 "$0" --dbus=filtered -c "test -S \${DBUS_SESSION_BUS_ADDRESS#*=}" &
		wait $!
		echo "ended $?"
		DBUS_SESSION_BUS_ADDRESS=$1 exec "$0" --dbus=filtered \
			-c "test -S \${DBUS_SESSION_BUS_ADDRESS#*=} && echo bus"' "$SBOX" "$address"
	assert_equal "$output" $'ended 0\nbus'
	assert_equal "$(cat "$XDG_RUNTIME_DIR"/sbox/*/mark)" there
}
