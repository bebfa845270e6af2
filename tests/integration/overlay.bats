# SPDX-License-Identifier: MIT
# overlay.bats - layers over trees: what each engine can do, and that the host stays as it is
bats_require_minimum_version 1.8.0
load lib

setup() {
	isolate
	need fuse-overlayfs unshare newuidmap
	layers=$HOME/.local/share/sbox/layers
}

teardown() {
	with_all_ids rm -rf "$T/work" "$HOME"
	clean_up
}

with_all_ids() {
	unshare --map-auto --map-root-user "$@" 3>&-
}

# A tree with files of the caller's and of another owner.
make_tree() {
	with_all_ids rm -rf "$T/work/tree"
	mkdir "$T/work/tree"
	(
		cd "$T/work/tree" || exit
		mkdir own-dir other-dir open-dir
		for file in own other open secret {own,other,open}-dir/file; do
			echo text >"$file"
		done
		chmod 644 own other
		chmod 666 open
		chmod 600 secret
		chmod 755 other-dir
		chmod 777 open-dir
		with_all_ids chown -R 7:7 other open secret other-dir open-dir
	)
}

# All that a tree is: names, owners, modes, contents, times.
sum_of() {
	with_all_ids find "$1" -printf '%P %y %U:%G %m %s %T@ %l\n' | sort | sha256sum
	with_all_ids find "$1" -type f -exec sha256sum {} + | sort | sha256sum
}

# Programs with nothing of the host but the tree and a shell.
with_tree() {
	sbox --profile=untrusted --no-limits --groups=auto --cwd=none \
		--overlay="$T/work/tree" "$@"
}

# Each deed on a line, with what came of it.
deeds() {
	cat <<-'END'
		try() {
			name=$1
			shift
			if said=$(LC_ALL=C "$@" 2>&1 >/dev/null); then
				echo "$name ok"
			else
				said=${said##*: }
				case $said in
				"Permission denied") said=EACCES ;;
				"Operation not permitted") said=EPERM ;;
				"Value too large"*) said=EOVERFLOW ;;
				"Invalid argument") said=EINVAL ;;
				"No such file"*) said=ENOENT ;;
				esac
				echo "$name $said"
			fi
		}
		append() { echo more >>"$1"; }
		cd "$1"
		for file in own other open secret; do
			try read-$file cat $file
			try append-$file append $file
			try chmod-$file chmod 0640 $file
			try chown-$file chown 1:1 $file
			try rename-$file mv $file $file.new
		done
		for dir in own-dir other-dir open-dir; do
			try create-in-$dir touch $dir/new
			try append-in-$dir append $dir/file
			try rename-in-$dir mv $dir/file $dir/moved
			try rename-$dir mv $dir $dir.new
		done
		try device mknod zero c 1 5
		try fifo mkfifo fifo
	END
}

# Columns: single and range ids, as oneself and as root; "-" is ok.
truth() {
	local kernel="
		chown-own          EINVAL    EPERM  EINVAL    -
		append-other       EACCES    EACCES EACCES    -
		chmod-other        EPERM     EPERM  EPERM     -
		chown-other        EINVAL    EPERM  EINVAL    -
		rename-other       EOVERFLOW -      EOVERFLOW -
		append-open        EOVERFLOW -      EOVERFLOW -
		chmod-open         EPERM     EPERM  EPERM     -
		chown-open         EINVAL    EPERM  EINVAL    -
		rename-open        EOVERFLOW -      EOVERFLOW -
		read-secret        EACCES    EACCES EACCES    -
		append-secret      EACCES    EACCES EACCES    -
		chmod-secret       EPERM     EPERM  EPERM     -
		chown-secret       EINVAL    EPERM  EINVAL    -
		rename-secret      EOVERFLOW -      EOVERFLOW -
		create-in-other-dir EACCES   EACCES EACCES    -
		append-in-other-dir EACCES   EACCES EACCES    -
		rename-in-other-dir EACCES   EACCES EACCES    -
		rename-other-dir   EACCES    EACCES EACCES    -
		create-in-open-dir EOVERFLOW -      EOVERFLOW -
		append-in-open-dir EACCES    EACCES EACCES    -
		rename-in-open-dir EOVERFLOW -      EOVERFLOW -
		rename-open-dir    EOVERFLOW -      EOVERFLOW -
		device             EPERM     EPERM  EPERM     EPERM"
	local fuse="
		chown-own          EINVAL    EPERM  EINVAL    -
		append-other       -         EACCES -         -
		chmod-other        -         EPERM  -         -
		chown-other        EINVAL    EPERM  EINVAL    -
		chown-open         EINVAL    EPERM  EINVAL    -
		chmod-open         -         EPERM  -         -
		read-secret        EACCES    EACCES EACCES    -
		append-secret      EACCES    EACCES EACCES    -
		chmod-secret       EACCES    EPERM  EACCES    -
		chown-secret       EINVAL    EPERM  EINVAL    -
		rename-secret      EACCES    -      EACCES    -
		create-in-other-dir -        EACCES -         -
		append-in-other-dir -        EACCES -         -
		rename-in-other-dir -        EACCES -         -
		rename-other-dir   -         EACCES -         -
		append-in-open-dir -         EACCES -         -
		device             EPERM     EPERM  EPERM     EPERM"
	case $1 in kernel) echo "$kernel" ;; *) echo "$fuse" ;; esac |
		awk -v column="$2" 'NF && $column != "-" { print $1, $column }' | sort
}

check_truth() {
	local engine=$1 column=$2 before
	shift 2
	make_tree
	before=$(sum_of "$T/work/tree")
	run --separate-stderr with_tree --layer=truth --engine="$engine" "$@" -- \
		sh -c "$(deeds)" deeds "$T/work/tree"
	assert_status 0
	[ "$(wc -l <<<"$output")" = 34 ]
	assert_equal "$(grep -v ' ok$' <<<"$output" | sort)" "$(truth "$engine" "$column")"
	assert_equal "$(sum_of "$T/work/tree")" "$before"
}

@test "what can be done in a tree: the kernel's overlay, one's own id" {
	check_truth kernel 2 --id-map=single
}

@test "what can be done in a tree: the kernel's overlay, a range of ids" {
	check_truth kernel 3 --id-map=range
}

@test "what can be done in a tree: the kernel's overlay, root with one id" {
	check_truth kernel 4 --identity=root --id-map=single --capabilities=root
}

@test "what can be done in a tree: the kernel's overlay, root with a range of ids" {
	check_truth kernel 5 --identity=root --capabilities=root
}

@test "what can be done in a tree: fuse-overlayfs, one's own id" {
	check_truth fuse-overlayfs 2 --id-map=single
}

@test "what can be done in a tree: fuse-overlayfs, a range of ids" {
	check_truth fuse-overlayfs 3 --id-map=range
}

@test "what can be done in a tree: fuse-overlayfs, root with one id" {
	check_truth fuse-overlayfs 4 --identity=root --id-map=single --capabilities=root
}

@test "what can be done in a tree: fuse-overlayfs, root with a range of ids" {
	check_truth fuse-overlayfs 5 --identity=root --capabilities=root
}

@test "auto takes the kernel for what is the caller's and fuse-overlayfs for the rest" {
	make_tree
	run --separate-stderr with_tree --layer=one -- cat /proc/self/mountinfo
	assert_status 0
	assert_contains "$(grep " $T/work/tree " <<<"$output")" " - overlay "
	assert_contains "$(grep " /usr " <<<"$output")" " - fuse "
	# whatever it lies over, nothing of the host's paths is told
	refute_contains "$output" "$layers"
	with_all_ids chown 7:7 "$T/work/tree"
	run --separate-stderr with_tree --layer=two -- cat /proc/self/mountinfo
	assert_contains "$(grep " $T/work/tree " <<<"$output")" " - fuse "
}

@test "auto takes fuse-overlayfs where something is mounted in the tree; the kernel alone refuses" {
	mkdir -p "$T/work/tree/mounted"
	in_own_mounts() {
		unshare --map-current-user --mount --keep-caps bash -c \
			'mount -t tmpfs none "$1" && echo inside >"$1/file" && shift && exec "$@"' \
			- "$T/work/tree/mounted" "$SBOX" --profile=untrusted --no-limits --groups=keep \
			--cwd=none --overlay="$T/work/tree" "$@" 3>&-
	}
	run --separate-stderr in_own_mounts --layer=ephemeral --system= \
		--system=/usr --engine=kernel true
	assert_status 125
	assert_contains "$stderr" "other file systems are mounted in it"
	assert_contains "$stderr" "engine = fuse-overlayfs"
	run --separate-stderr in_own_mounts --layer=ephemeral \
		cat "$T/work/tree/mounted/file"
	assert_status 0
	assert_equal "$output" inside
}

# Linux 6.6 and later; before it the kernel's overlay cannot have its upper in a tmpfs.
memory_has_attributes() {
	/usr/bin/python3 -I -c '
import os
fd = os.memfd_create("x")
os.setxattr(fd, "user.x", b"y")' 2>/dev/null
}

@test "an ephemeral layer leaves nothing, of either engine" {
	local engine
	make_tree
	sum=$(sum_of "$T/work/tree")
	for engine in kernel fuse-overlayfs; do
		if [ $engine = kernel ] && ! memory_has_attributes; then
			run --separate-stderr with_tree --layer=ephemeral --engine=kernel -- true
			assert_status 125
			assert_contains "$stderr" "engine = fuse-overlayfs does without"
			continue
		fi
		run --separate-stderr with_tree --layer=ephemeral --engine=$engine -- sh -c \
			'cd "$1" && echo new >new && rm own && ls' - "$T/work/tree"
		assert_status 0
		assert_contains "$output" new
		refute_contains "$output" "own
"
		assert_equal "$(sum_of "$T/work/tree")" "$sum"
	done
	no_leftovers
}

@test "ephemeral layers of several trees are one store, of either engine" {
	local engine
	make_tree
	mkdir "$T"/work/{a,b}
	for engine in kernel fuse-overlayfs; do
		[ $engine = fuse-overlayfs ] || memory_has_attributes || continue
		run --separate-stderr with_tree --layer=ephemeral --engine=$engine \
			--overlay="$T/work/a" --overlay="$T/work/b" -- sh -c 'cd "$1"
			free() { stat -fc "%b-%f" "$1"; }
			[ "$(free a)" = "$(free b)" ] && head -c 20M /dev/zero >a/big &&
			[ $(($(free a))) -ge 5120 ] && [ "$(free a)" = "$(free b)" ] &&
			ls -A b' - "$T/work"
		assert_status 0
		assert_equal "$output" ""
	done
	no_leftovers
}

@test "a kept layer is there again, by its name only, and the host is as before" {
	local engine
	make_tree
	sum=$(sum_of "$T/work/tree")
	for engine in kernel fuse-overlayfs; do
		run --separate-stderr with_tree --layer=$engine --engine=$engine -- sh -c '
			cd "$1" && echo new >new && rm own && rm -r own-dir && mkdir own-dir &&
			echo more >>open-dir/of-root || true' - "$T/work/tree"
		assert_status 0
		run --separate-stderr with_tree --layer=$engine -- sh -c \
			'cd "$1" && cat new && ls && ls own-dir' - "$T/work/tree"
		assert_status 0
		assert_equal "$output" "new
new
open
open-dir
other
other-dir
own-dir
secret"
		run --separate-stderr with_tree --layer=another-$engine -- ls "$T/work/tree"
		refute_contains "$output" new
		assert_equal "$(sum_of "$T/work/tree")" "$sum"
	done
	no_leftovers 'home/.local*'
}

@test "what was written last is whole: a file closed at the very end, by fuse-overlayfs" {
	make_tree
	head -c 30000000 /dev/urandom >"$T/work/tree/source"
	run --separate-stderr with_tree --layer=big --engine=fuse-overlayfs -- \
		cp "$T/work/tree/source" "$T/work/tree/copy"
	assert_status 0
	cmp "$T/work/tree/source" "$layers"/big/trees/*/upper/copy
}

@test "what the kernel works with is gone when a run has ended: the next one need not wait for it" {
	make_tree
	with_tree --layer=k --engine=kernel -- sh -c 'cd "$1"; mkdir d; rmdir d; echo 1 >>own' - \
		"$T/work/tree"
	assert_equal "$(find "$layers"/k/trees/*/work -mindepth 1)" ""
	with_tree --layer=k -- cat "$T/work/tree/own" >"$T/got"
	assert_equal "$(<"$T/got")" $'text\n1'
	assert_equal "$(find "$layers"/k/trees/*/work -mindepth 1)" ""
}

@test "one layer is for one instance at a time" {
	make_tree
	mkfifo "$T/work/go"
	sbox_in_background --profile=untrusted --no-limits --cwd=none --layer=one \
		--overlay="$T/work/tree" --write="$T/work/go" -- cat "$T/work/go"
	wait_until 10 test -e "$layers/one/record"
	run --separate-stderr with_tree --layer=one -- true
	assert_status 125
	assert_contains "$stderr" "one"
	assert_contains "$stderr" "use"
	echo >"$T/work/go"
	wait "$started"
	with_tree --layer=one -- true
}

@test "an engine other than a layer was begun with is refused, with the mend" {
	make_tree
	with_tree --layer=begun --engine=kernel -- true
	run --separate-stderr with_tree --layer=begun --engine=fuse-overlayfs -- true
	assert_status 125
	assert_contains "$stderr" "was begun with kernel"
	assert_contains "$stderr" "leave engine"
}

@test "a layer over one root is not taken for another" {
	make_tree
	need busybox
	mkdir -p "$T/work/root/bin"
	cp "$(command -v busybox)" "$T/work/root/bin/sh"
	with_tree --layer=mine -- true
	run --separate-stderr sbox --profile=shell --root="$T/work/root" --layer=mine sh -c :
	assert_status 125
	assert_contains "$stderr" "the layer 'mine' lies over the host's system"
	sbox --profile=shell --root="$T/work/root" --layer=other sh -c :
	run --separate-stderr with_tree --layer=other -- true
	assert_status 125
	assert_contains "$stderr" "lies over '$T/work/root'"
}

@test "a directory root gets a layer: fake root changes owners, and the root stays as it is" {
	need busybox
	mkdir -p "$T/work/root/bin"
	for name in busybox sh chown ls touch; do
		ln "$T/work/root/bin/busybox" "$T/work/root/bin/$name" 2>/dev/null ||
			cp "$(command -v busybox)" "$T/work/root/bin/$name"
	done
	sum=$(sum_of "$T/work/root")
	run --separate-stderr sbox --profile=shell --root="$T/work/root" --layer=r sh -c \
		'touch /new && chown 5:6 /new && ls -ln /new'
	assert_status 0
	run --separate-stderr sbox --profile=shell --root="$T/work/root" --layer=r ls -ln /new
	assert_status 0
	assert_contains "$(tr -s ' ' <<<"$output")" "1 5 6 0"
	assert_equal "$(sum_of "$T/work/root")" "$sum"
}

@test "layers below are seen through, and not written to" {
	local engine
	for engine in kernel fuse-overlayfs; do
		make_tree
		with_tree --layer=low-$engine --engine=$engine -- sh -c \
			'cd "$1" && echo low >low && echo low >both && rm own' - "$T/work/tree"
		with_tree --layer=mid-$engine --engine=$engine -- sh -c \
			'cd "$1" && echo mid >both' - "$T/work/tree"
		sum=$(sum_of "$layers/low-$engine/trees")
		run --separate-stderr with_tree --layer=top-$engine --engine=$engine \
			--layer-under=mid-$engine --layer-under=low-$engine -- sh -c \
			'cd "$1" && cat low both && ls own; echo x >low; rm both; ls' - "$T/work/tree"
		assert_status 0
		assert_contains "$output" "low
mid
"
		refute_contains "$output" "own
"
		assert_equal "$(sum_of "$layers/low-$engine/trees")" "$sum"
	done
}

@test "try: the real home and system, all writes caught, secrets hidden, and what to do next" {
	mkdir -p "$HOME/.ssh" "$HOME/.config/gh" "$HOME/project"
	echo key >"$HOME/.ssh/id"
	echo token >"$HOME/.config/gh/hosts.yml"
	echo mine >"$HOME/notes"
	cd "$HOME/project"
	sum=$(sum_of "$HOME")
	run --separate-stderr sbox try -- sh -c '
		echo more >>~/notes; echo rc >>~/.bashrc; echo here >here
		cat ~/.ssh/id ~/.config/gh/hosts.yml
		mv ~/.config ~/.moved; mv ~/.ssh ~/.s; ln -s / ~/.config/gh/x
		cat ~/.moved/gh/hosts.yml ~/.s/id
		echo program >/usr/local/bin/program; chmod +x /usr/local/bin/program
		cat ~/notes; pwd'
	assert_status 0
	assert_equal "$output" "mine
more
$HOME/project"
	refute_contains "$stderr" "token"
	assert_contains "$stderr" "sbox diff try"
	assert_contains "$stderr" "sbox apply try"
	assert_contains "$stderr" "sbox discard try"
	[ ! -e /usr/local/bin/program ]
	run --separate-stderr sbox try -- sh -c 'cat ~/.bashrc here; ls -l /usr/local/bin/program
		cat ~/.ssh/id ~/.config/gh/hosts.yml ~/.s/id ~/.moved/gh/hosts.yml'
	assert_contains "$output" "rc
here
-rwxr-xr-x"
	refute_contains "$output" key
	refute_contains "$output" token
	rm -rf "${layers:?}" "$HOME/.cache"
	rmdir "$HOME/.local/share/sbox" "$HOME/.local/share" "$HOME/.local"
	touch -r "$HOME/notes" "$HOME" # what sbox made of its own is gone again
	assert_equal "$(sum_of "$HOME" | tail -1)" "$(tail -1 <<<"$sum")"
}

@test "try: a second run goes on in the same layer; a name chooses another one" {
	cd "$T/work"
	run --separate-stderr sbox try -- sh -c 'echo a >>f'
	run --separate-stderr sbox try -- sh -c 'echo b >>f; cat f'
	assert_equal "$output" "a
b"
	run --separate-stderr sbox try --layer=other -- sh -c 'cat f'
	assert_status 1
	[ ! -e f ]
}

@test "what a layer put in the place of something hidden starts, and shows nothing of the host" {
	mkdir -p "$HOME/.config/gh"
	echo token >"$HOME/.config/gh/hosts.yml"
	cd "$T/work"
	sbox try -- true
	# as a program could, were it not kept from it: the whole folder is gone, or another thing
	home=$(awk -v home="$HOME" '$3 == home { sub("tree=", "", $1); print $1 }' "$layers/try/record")
	ln -s /etc "$layers/try/trees/$home/upper/.config"
	run --separate-stderr sbox try -- sh -c 'cat ~/.config/gh/hosts.yml; echo started'
	assert_status 0
	assert_equal "$output" started
}

@test "something secret in a directory that one may not search is not shown to who opens it" {
	local engine
	mkdir -p "$HOME/.config/gh"
	echo token >"$HOME/.config/gh/hosts.yml"
	chmod 000 "$HOME/.config"
	cd "$T/work"
	for engine in kernel fuse-overlayfs; do
		run --separate-stderr sbox try --layer=$engine --engine=$engine -- sh -c \
			'chmod 700 ~/.config; cat ~/.config/gh/hosts.yml'
		assert_status 125
		refute_contains "$output" token
		assert_contains "$stderr" "'$HOME/.config/gh': Permission denied"
		assert_contains "$stderr" "allow yourself to search"
	done
	# where nobody inside can open it either, nothing stands against the start
	run --separate-stderr sbox --profile=untrusted --no-limits --cwd=none --home=none \
		--hide=/root/.ssh/id -- true
	assert_status 0
}

# exchange A B: two names for each other's things, at once.
exchange="python3 -c 'import ctypes, sys
ctypes.CDLL(None).renameat2(-100, sys.argv[1].encode(), -100, sys.argv[2].encode(), 2)'"

@test "nothing that a program left in a layer shows later what is hidden" {
	local engine
	for engine in kernel fuse-overlayfs; do
		for file in .netrc .npmrc .pypirc .git-credentials; do
			echo token >"$HOME/$file"
		done
		mkdir -p "$HOME/.cargo" "$HOME/.ssh"
		echo token >"$HOME/.cargo/credentials.toml"
		echo token >"$HOME/.ssh/id"
		cd "$T/work"
		# whiteouts by their names, and directories that hide what is below
		# of the home alone: elsewhere something may be mounted, which the kernel refuses
		run --separate-stderr sbox try --overlay= --layer=$engine --engine=$engine -- bash -c '
			cd; for file in .netrc .npmrc .pypirc .git-credentials .ssh; do
				touch x; mv x .wh.$file
			done
			python3 -c "import os; os.setxattr(\".cargo\", \"user.overlay.opaque\", b\"y\")" || true'
		assert_status 0
		run --separate-stderr sbox try --overlay= --layer=$engine -- bash -c '
			cd; python3 -c "import os; os.removexattr(\".cargo\", \"user.overlay.opaque\")"
			touch .netrc x; '"$exchange"' x .netrc; mv -n .netrc y
			rm -f .npmrc; mkdir .npmrc; mv .npmrc z
			rm -f .pypirc; touch .pypirc; ln .pypirc p; rm .pypirc
			rm -rf .ssh; mkdir .ssh; mv .ssh s
			cat .netrc .npmrc .pypirc .git-credentials .cargo/credentials.toml .ssh/id
			grep -r token . ; echo end'
		assert_equal "$output" end
	done
}

@test "a home behind a link: its layer is found and looked at by the real path" {
	mkdir "$T/work/real"
	ln -s "$T/work/real" "$T/work/link"
	HOME=$T/work/link
	cd "$T/work/real"
	run --separate-stderr sbox try -- sh -c 'echo a >~/f; cat ~/f'
	assert_status 0
	run --separate-stderr sbox try -- cat "$T/work/real/f"
	assert_equal "$output" a
	run --separate-stderr sbox diff
	assert_status 0
	assert_contains "$output" "/f"
	run --separate-stderr sbox apply
	assert_status 0
	assert_equal "$(<"$T/work/real/f")" a
}

@test "fuse-overlayfs killed: the program ends, and is told why" {
	make_tree
	mkfifo "$T/work/go"
	sbox_in_background --profile=untrusted --no-limits --cwd=none --layer=k \
		--engine=fuse-overlayfs --overlay="$T/work/tree" --write="$T/work/go" \
		-- sh -c 'echo >"$1"; sleep 100' - "$T/work/go"
	cat "$T/work/go"
	server=$(descendants_of "$started" | awk '$4 == "fuse-overlayfs" { print $1; exit }')
	[ -n "$server" ]
	kill -KILL "$server"
	wait "$started" || status=$?
	assert_equal "$status" 137
	assert_contains "$(<"$T/err")" "fuse-overlayfs has ended, and so does the program"
	no_leftovers 'home/.local*'
}

@test "fuse-overlayfs killed: what the program makes of it is not taken for its own failure" {
	make_tree
	mkfifo "$T/work/go"
	local layer
	for layer in k ephemeral; do
		sbox_in_background --profile=untrusted --no-limits --cwd=none --layer=$layer \
			--engine=fuse-overlayfs --overlay="$T/work/tree" --write="$T/work/go" \
			-- sh -c 'echo >"$1"; while ls "$2" >&2; do :; done 2>/dev/null; exit 3' \
			- "$T/work/go" "$T/work/tree"
		cat "$T/work/go"
		servers=$(descendants_of "$started" | awk '$4 == "fuse-overlayfs" { print $1 }')
		# the supervisor hears of it when all is over
		kill -STOP "$started"
		kill -KILL $servers
		wait_until 10 eval '[ -z "$(descendants_of "$started")" ]'
		kill -CONT "$started"
		status=0
		wait "$started" || status=$?
		assert_equal "$status" 137
		assert_contains "$(<"$T/err")" "fuse-overlayfs has ended, and so does the program"
	done
}

@test "Ctrl-C is the program's, not that of what serves its layer" {
	run "$TEST_BIN/pty" 'expect=$ ' \
		'send=$SBOX try --layer=c -- sh -c '\''trap "echo trap""ped; exit 9" INT; echo re""ady; while :; do sleep 0.1; done'\''\n' \
		expect=ready 'send=^C' expect=trapped 'expect=$ ' 'send=echo code-$?\n' \
		expect=code-9 'expect=$ ' 'send=exit 7\n' \
		-- env PS1='$ ' HISTFILE= SBOX="$SBOX" bash --norc --noediting -i 3>&-
	assert_status 7
	refute_contains "$output" "has ended"
}

# That of the tree, which is mounted last: without that of /usr no program would end.
last_server() {
	descendants_of "$started" | awk '$4 == "fuse-overlayfs" { print $1 }' | sort -n | tail -n 1
}

@test "a server that does not end: Ctrl-C is told what it gives up, and then ends it at once" {
	make_tree
	mkfifo "$T/work/go"
	local server sig
	for sig in INT TERM; do
		: >"$T/out"
		sbox_in_background --profile=untrusted --no-limits --cwd=none --layer=k-$sig \
			--engine=fuse-overlayfs --overlay="$T/work/tree" --read="$T/work/go" \
			-- sh -c 'echo new >"$2/file"; echo up; read -r word <"$1"' - \
			"$T/work/go" "$T/work/tree"
		wait_until 60 grep -q up "$T/out"
		server=$(last_server)
		kill -STOP "$server"
		echo on >"$T/work/go"
		# without being asked, after a while
		wait_until 20 grep -q "the layer 'k-$sig' is still being written out" "$T/err"
		kill -$sig "$started"
		status=0
		wait "$started" || status=$?
		assert_equal "$status" $((128 + $(kill -l $sig)))
		assert_contains "$(<"$T/err")" \
			"interrupted: what was written last to the layer 'k-$sig' may be lost"
		refute_contains "$(<"$T/err")" "has ended"
	done
	# waited for, nothing is lost
	: >"$T/out"
	sbox_in_background --profile=untrusted --no-limits --cwd=none --layer=k \
		--engine=fuse-overlayfs --overlay="$T/work/tree" --read="$T/work/go" \
		-- sh -c 'echo new >"$2/file"; echo up; read -r word <"$1"' - \
		"$T/work/go" "$T/work/tree"
	wait_until 60 grep -q up "$T/out"
	server=$(last_server)
	kill -STOP "$server"
	echo on >"$T/work/go"
	wait_until 20 grep -q "Ctrl-C gives up what is left of it" "$T/err"
	kill -CONT "$server"
	status=0
	wait "$started" || status=$?
	assert_equal "$status" 0
	assert_equal "$(cat "$HOME"/.local/share/sbox/layers/k/trees/*/upper/file)" new
	no_leftovers 'home/.local*'
}

@test "nothing is left when sbox itself is killed, and the layer can be used again" {
	make_tree
	mkfifo "$T/work/go"
	sbox_in_background --profile=untrusted --no-limits --cwd=none --layer=k \
		--engine=fuse-overlayfs --overlay="$T/work/tree" --write="$T/work/go" \
		-- sh -c 'echo >"$1"; sleep 100' - "$T/work/go"
	cat "$T/work/go"
	kill -KILL "$started"
	wait "$started" || true
	no_leftovers 'home/.local*'
	with_tree --layer=k -- true
}

@test "the server is outside: nothing of it inside, and no more rights than it needs" {
	make_tree
	mkfifo "$T/work/go"
	sbox_in_background --profile=untrusted --no-limits --cwd=none --layer=k \
		--engine=fuse-overlayfs --overlay="$T/work/tree" --write="$T/work/go" \
		-- sh -c 'cat /proc/[0-9]*/comm >"$1"; sleep 100' - "$T/work/go"
	names=$(cat "$T/work/go")
	assert_contains "$names" sbox-init
	refute_contains "$names" fuse
	servers=$(descendants_of "$started" |
		awk '$4 == "fuse-overlayfs" { print "/proc/" $1 "/status" }')
	# shellcheck disable=SC2086 # words
	{
		assert_equal "$(awk '/NoNewPrivs/ { print $2 }' $servers | sort -u)" 1
		assert_equal "$(awk '/^Groups:/ { print $2 }' $servers | sort -u)" ""
		# none but sys_boot, which is never used (overlay_server.c), for what is all shown
		# as one's own; where files keep their owners also chown, dac_override,
		# dac_read_search, fowner, fsetid, setgid, setuid, mknod
		assert_equal "$(awk '/CapBnd/ { print $2 }' $servers | sort -u)" \
			"0000000000400000
00000000084000df"
	}
	kill "$started"
	wait "$started" || true
}

# with_server ARG...: as with_tree, until the program has read the server's process id.
with_server() {
	mkfifo "$T/work/up" "$T/work/pid"
	sbox_in_background --profile=untrusted --no-limits --cwd=none --layer=ephemeral \
		--engine=fuse-overlayfs --overlay="$T/work/tree" --write="$T/work/up" \
		--write="$T/work/pid" "$@"
	cat "$T/work/up"
	server=$(descendants_of "$started" | awk '$4 == "fuse-overlayfs" { print $1; exit }')
	echo "$server" >"$T/work/pid"
}

@test "the host's files are not to be had through the server, whoever sees its process" {
	local flags
	make_tree
	echo key >"$HOME/key"
	for flags in "" "--nested=full" \
		"--identity=root --capabilities=root --capabilities=mknod"; do
		rm -f "$T/work/up" "$T/work/pid"
		# shellcheck disable=SC2086 # words
		with_server --pid=host --landlock=off $flags -- sh -c \
			'echo >"$1"; read -r pid <"$2"; cat "/proc/$pid/comm" "/proc/$pid/root$3"' - \
			"$T/work/up" "$T/work/pid" "$HOME/key"
		wait "$started" || true
		assert_equal "$(<"$T/out")" fuse-overlayfs
		assert_contains "$(<"$T/err")" "Permission denied"
	done
}

@test "what belongs to a subordinate id is not to be read in a tree of another owner" {
	make_tree
	local top=$T
	while [ -O "$top" ]; do top=$(dirname "$top"); done
	run --separate-stderr sbox --profile=untrusted --no-limits --cwd=none --id-map=range \
		--layer=ephemeral --overlay="$top" -- cat "$T/work/tree/own" "$T/work/tree/secret"
	assert_status 1
	assert_equal "$output" text
	assert_contains "$stderr" "Permission denied"
}

@test "what is missing is told: fuse-overlayfs, its device" {
	make_tree
	without() {
		unshare --map-current-user --mount --keep-caps bash -c "$1 && exec \"\$@\"" - \
			"$SBOX" --profile=untrusted --no-limits --groups=keep --cwd=none \
			--overlay="$T/work/tree" --layer=ephemeral touch "$T/work/ran" 3>&-
	}
	chmod a-x "$T/work/tree/own"
	run --separate-stderr without "mount --bind $T/work/tree/own /usr/bin/fuse-overlayfs"
	assert_status 125
	assert_contains "$stderr" "needs fuse-overlayfs, which is not installed"
	assert_contains "$stderr" "apt install fuse-overlayfs"
	assert_contains "$stderr" "engine = kernel"
	run --separate-stderr without "mount --bind $T/work/tree /dev"
	assert_status 125
	assert_contains "$stderr" "/dev/fuse: No such file or directory"
	printf '#!/bin/sh\necho out of luck >&2\nexit 1\n' >"$T/work/tree/own"
	chmod a+x "$T/work/tree/own"
	run --separate-stderr without "mount --bind $T/work/tree/own /usr/bin/fuse-overlayfs"
	assert_status 125
	assert_contains "$stderr" "fuse-overlayfs has ended"
	assert_contains "$stderr" "out of luck"
	[ ! -e "$T/work/ran" ]
}

@test "mistakes: an overlay without a layer, over a file, of a name that is none" {
	make_tree
	run --separate-stderr with_tree -- true
	assert_status 125
	assert_contains "$stderr" "nothing says where the writes go"
	touch "$T/work/file"
	run --separate-stderr with_tree --layer=ephemeral --overlay="$T/work/file" -- true
	assert_status 125
	assert_contains "$stderr" "not a directory"
	run --separate-stderr with_tree --layer=../x -- true
	assert_status 125
	assert_contains "$stderr" "not a layer"
	run --separate-stderr with_tree --layer=ephemeral --layer-under=nobody -- true
	assert_status 125
	assert_contains "$stderr" "there are no layers"
	no_leftovers 'home/.local*'
}

@test "no layer lies over what the kernel tells of itself, nor over what cannot be read" {
	local tree
	for tree in /proc /sys; do
		run --separate-stderr sbox --profile=untrusted --no-limits --cwd=none \
			--layer=ephemeral --overlay=$tree -- ls $tree
		assert_status 125
		assert_equal "$output" ""
		assert_contains "$stderr" "--overlay: '$tree' is the kernel's"
	done
	make_tree
	with_all_ids chmod 700 "$T/work/tree/other-dir"
	run --separate-stderr sbox --profile=untrusted --no-limits --cwd=none --groups=auto \
		--id-map=single --layer=ephemeral --overlay="$T/work/tree/other-dir" -- true
	assert_status 125
	assert_contains "$stderr" "'$T/work/tree/other-dir' cannot be read: Permission denied"
}

# in_mounts SCRIPT: where it can mount; kept is where layers are, tree is over_tree's
in_mounts() {
	mkdir -p "$T/work/kept" "$T/work/tree"
	XDG_DATA_HOME=$T/work/kept run --separate-stderr unshare --map-current-user --mount \
		--keep-caps bash -c "$(declare -f over_tree); $1" - "$SBOX" "$T/work" 3>&-
}

over_tree() {
	"$SBOX" --profile=untrusted --no-limits --groups=keep --cwd=none --home=none \
		--overlay="$T/work/tree" "$@"
}

@test "what may not be taken away in a sticky directory stays in the layer, with all that is in it" {
	make_tree
	mkdir "$T/work/tree/sticky"
	echo other >"$T/work/tree/sticky/file"
	with_all_ids sh -c 'chown 7:7 "$1" "$1/file" && chmod 1777 "$1"' - "$T/work/tree/sticky"
	run --separate-stderr with_tree --layer=k --engine=fuse-overlayfs --id-map=single -- sh -c \
		'cd "$1" && rm sticky/file && mkdir sticky/file && echo new >sticky/file/new &&
		echo mine >sticky/mine && echo new >own' - "$T/work/tree"
	assert_status 0
	run --separate-stderr sbox apply k
	assert_status 1
	assert_equal "$output" "2 changes of the layer 'k' applied, 1 kept in it"
	assert_contains "$stderr" "/sticky/file' stays in the layer: you may not change it"
	assert_contains "$stderr" "as root: tar -C "
	assert_equal "$(cat "$T/work/tree/sticky/file" "$T/work/tree/sticky/mine" \
		"$T/work/tree/own")" $'other\nmine\nnew'
	run --separate-stderr sbox diff k
	assert_contains "$output" "/sticky/file/new"
}

@test "a layer that is kept on an overlay: the kernel cannot, and that is said; auto does without" {
	export SBOX T
	mkdir -p "$T/work"/{l,u,w}
	in_mounts '
		mount -t overlay none -o "lowerdir=$2/l,upperdir=$2/u,workdir=$2/w,userxattr" "$2/kept" || exit 99
		over_tree --layer=a --engine=kernel -- true; echo "r=$?"
		over_tree --layer=a -- sh -c "cd $2/tree; mkdir d; rmdir d; echo 1 >f; rm f; echo 1 >g"
		over_tree --layer=a -- ls "$2/tree"; cat "$2/kept/sbox/layers/a/record"'
	assert_contains "$stderr" "would be kept on is an overlay itself"
	assert_contains "$stderr" "engine = fuse-overlayfs can"
	assert_contains "$output" "r=125
g
"
	assert_contains "$output" " fuse-overlayfs $T/work/tree"
}

@test "a layer that is kept in a tmpfs: by the kernel where it can, else fuse-overlayfs" {
	export SBOX T
	in_mounts '
		mount -t tmpfs none "$2/kept" || exit 99
		over_tree --layer=k --engine=kernel -- sh -c "cd $2/tree; mkdir d; rmdir d; echo 1 >f"
		echo "r=$?"
		over_tree --layer=a -- sh -c "cd $2/tree; mkdir d; rmdir d; echo 1 >f; rm f; echo 1 >g"
		over_tree --layer=a -- ls "$2/tree"; cat "$2/kept/sbox/layers/a/record"'
	if memory_has_attributes; then
		assert_contains "$output" "r=0"
		assert_contains "$output" " kernel $T/work/tree"
	else
		assert_contains "$output" "r=125"
		assert_contains "$stderr" "lacks extended attributes (user.*)"
		assert_contains "$output" " fuse-overlayfs $T/work/tree"
	fi
	assert_contains "$output" "g
"
}

@test "a full disk: no half of a layer is left, and the reason is told; with room it goes on" {
	export SBOX T engines="kernel fuse-overlayfs" wanted="r=3
1
2"
	memory_has_attributes || engines=fuse-overlayfs
	in_mounts '
		for engine in $engines; do
			# so many files there may be: a start ends at each of its steps once
			for n in $(seq 1 40); do
				mount -t tmpfs -o nr_inodes=$n none "$2/kept" || exit 99
				over_tree --layer=full --engine=$engine -- true 2>"$2/said"; r=$?
				if [ $r != 0 ]; then
					grep -q "No space left" "$2/said" || cat "$2/said"
					[ ! -e "$2/kept/sbox/layers/full" ] || echo "left: $n $engine"
				fi
				umount "$2/kept"
			done
			[ $r = 0 ] || echo "at last $r"
			mount -t tmpfs -o size=1M none "$2/kept" || exit 99
			over_tree --layer=full --engine=$engine -- sh -c "cd $2/tree; echo 1 >a
				head -c 2M /dev/zero >b 2>&1; exit 3" >"$2/said" 2>&1
			echo "r=$?"
			grep "No space left" "$2/said" >/dev/null || cat "$2/said"
			over_tree --layer=full -- sh -c "cd $2/tree; rm b; cat a; echo 2 >c; cat c"
			umount "$2/kept"
		done'
	[ "$engines" = fuse-overlayfs ] || wanted+=$'\n'$wanted
	assert_equal "$output" "$wanted"
}

@test "a base that goes or is exchanged at any moment of the start: all or an error, nothing left" {
	local engine total at refused
	mkdir "$T/work/other"
	echo other >"$T/work/other/file"
	export KILLAT_RUN="mv '$T/work/tree' '$T/work/gone'; [ -e '$T/work/goes' ] || cp -r '$T/work/other' '$T/work/tree'"
	for engine in kernel fuse-overlayfs; do
		# shellcheck disable=SC2054
		local start=("$SBOX" --profile=untrusted --no-limits --groups=auto --cwd=none
			--home=none --id-map=single --layer="v-$engine" --engine=$engine
			--overlay="$T/work/tree" -- cat "$T/work/tree/file")
		refused=
		rm -rf "$T/work/tree" "$T/work/gone"
		mkdir "$T/work/tree"
		echo right >"$T/work/tree/file"
		total=$("$TEST_BIN/killat" 0 "${start[@]}" 9>&1 >/dev/null 3>&-)
		for at in $(seq $((total / 3)) $((total / 50)) "$total"); do
			rm -rf "$T/work/tree" "$T/work/gone"
			mkdir "$T/work/tree"
			echo right >"$T/work/tree/file"
			# every other time nothing comes in its place
			rm "$T/work/goes" 2>/dev/null || touch "$T/work/goes"
			sbox layer remove "v-$engine" 2>/dev/null || true
			run --separate-stderr "$TEST_BIN/killat" "$at" "${start[@]}" 3>&-
			case $status in
			0) # the other one only where nobody had looked at the first
				[ "$output" = right ] || assert_equal "$output-$refused" other-
				;;
			125)
				assert_contains "$stderr" "$T/work/tree"
				[ ! -e "$layers/v-$engine" ] || complain "left at $at of $total" "said" "$stderr"
				[ -e "$T/work/goes" ] || refused=yes
				;;
			*) complain "$status at $at of $total" "said" "$stderr" ;;
			esac
		done
		[ -n "$refused" ] || complain "$engine: it was never exchanged between look and use"
	done
	no_leftovers 'home/.local*'
}

@test "a base that goes while a program runs: the program meets it, the layer stays, nothing hangs" {
	local engine
	for engine in kernel fuse-overlayfs; do
		rm -rf "$T/work/tree" "$T/work/go"
		mkdir "$T/work/tree"
		echo 1 >"$T/work/tree/file"
		mkfifo "$T/work/go"
		sbox_in_background --profile=untrusted --no-limits --cwd=none --home=none \
			--layer=$engine --engine=$engine --overlay="$T/work/tree" \
			--write="$T/work/go" -- sh -c 'cd "$2"; echo 1 >new; echo >"$1"; read -r go <"$1"
			cat file 2>/dev/null; echo 2 >>new; exit 7' - "$T/work/go" "$T/work/tree"
		cat "$T/work/go"
		rm -r "$T/work/tree"
		echo >"$T/work/go"
		status=0
		wait "$started" || status=$?
		[ "$status" = 7 ] || complain "$engine: $status" "said" "$(<"$T/err")"
		run --separate-stderr sbox --profile=untrusted --no-limits --cwd=none \
			--home=none --layer=$engine --overlay="$T/work/tree" -- true
		assert_status 125
		assert_contains "$stderr" "'$T/work/tree'"
		run --separate-stderr sbox diff $engine
		assert_contains "$output" new
		mkdir "$T/work/tree"
		sbox --profile=untrusted --no-limits --cwd=none --home=none --layer=$engine \
			--overlay="$T/work/tree" -- cat "$T/work/tree/new"
	done
	no_leftovers 'home/.local*'
}

@test "a root that another user can write to is refused, with the way to have one's own" {
	need busybox
	mkdir -p "$T/work/root/bin"
	cp "$(command -v busybox)" "$T/work/root/bin/sh"
	for layer in none l; do
		chmod 777 "$T/work/root"
		run --separate-stderr sbox --profile=shell --root="$T/work/root" --layer=$layer sh -c :
		assert_status 125
		assert_contains "$stderr" "'$T/work/root' can be written by other users"
		assert_contains "$stderr" "sbox image import"
		[ ! -e "$layers/l" ]
		chmod 775 "$T/work/root"
		sbox --profile=shell --root="$T/work/root" --layer=$layer sh -c :
	done
}

@test "a start that fails leaves no layer behind" {
	make_tree
	run -127 --separate-stderr with_tree --layer=never -- /no/such/program
	[ ! -e "$layers/never" ]
}
