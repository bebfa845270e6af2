#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# layer.bats - what programs changed in a layer: shown, brought home, given up
#
# shellcheck disable=SC2154,SC2012
load lib
load layer

setup() {
	isolate
	layers=$HOME/.local/share/sbox/layers
	tree=$HOME/t
	mkdir "$tree"
}

# each_engine FUNCTION: for each engine anew
each_engine() {
	for engine in $(engines); do
		chmod -R u+rwx "$HOME"
		rm -rf "${tree:?}" "$HOME/.local/share/sbox"
		mkdir "$tree"
		echo "with $engine"
		"$1"
	done
}

# in_t SCRIPT: as a program in the layer x
in_t() {
	in_layer x "$engine" "$tree" bash -c "set -e; $1"
}

# the same by sbox itself, which notes what a run begins with
run_in_t() {
	sbox --profile=untrusted --no-limits --groups=auto --cwd=none --home=none --layer=x \
		--engine="$engine" --overlay="$tree" -- bash -c "cd '$tree'; set -e; $1"
}

# What the program in the layer sees.
view() {
	in_layer x "$engine" "$tree" bash -c "$(declare -f tree_hash); tree_hash ."
}

# Behind this, a change of the host has a later time than the layer.
await_tick() {
	touch "$T/tick"
	wait_until 5 eval 'touch "$T/tick"; [ "$(stat -c %.9Z "$T/tick" | tr -d .)" -gt "$(date +%s%N -r "$layers/x/record")" ]'
}

# A run that begins behind this is younger than the last change of a file (5: the clock of files).
await_run() {
	python3 -c 'import os, sys, time
while time.clock_gettime_ns(5) <= os.stat(sys.argv[1]).st_ctime_ns:
    time.sleep(0.001)' "$1"
}

# A tree with something of everything.
populate() {
	mkdir -p "$tree"/{d/s/u,e,gone/a/b,f2d.d,deep/1/2/3}
	echo a >"$tree/a"
	echo b >"$tree/b"
	echo x >"$tree/d/x"
	echo y >"$tree/d/s/y"
	echo z >"$tree/d/s/u/z"
	echo file >"$tree/f2d"
	echo in >"$tree/e/in"
	echo g >"$tree/gone/a/b/g"
	echo 3 >"$tree/deep/1/2/3/three"
	echo same >"$tree/same"
	ln -s a "$tree/link"
	touch "$tree/script"
	chmod 755 "$tree/script"
	# names of one file of the host, to be lost one after the other
	echo h >"$tree/h1"
	ln "$tree/h1" "$tree/h2"
	ln "$tree/h1" "$tree/gone/a/h3"
}

# Changes of every kind.
program='
	rm a; echo more >>b; rm -r d; mkdir d; echo n >d/n; mkdir d/s; echo y2 >d/s/y
	rm f2d; mkdir f2d; echo in >f2d/in
	rm -r e; echo now >e
	rm -r gone deep/1/2 h1; echo hh >h2
	ln -sfn b link; ln -s /nonexistent dangling
	chmod 700 deep; chmod 644 script
	mkdir -p new/sub; echo q >new/q; ln new/q new/q2; ln new/q zq
	mv b b-moved
	truncate -s 10M sparse; echo end >>sparse
	python3 -c "import os; open(\"attr\", \"w\").write(\"1\"); os.setxattr(\"attr\", \"user.mine\", b\"v\")"
	echo > "$(printf "new/a\nb\033[31m\tc")"
	mkdir ro; echo r >ro/r; chmod 500 ro; mkdir empty; chmod 400 ro/r
'

everything() {
	populate
	make_layer x "$engine" "$tree"
	in_t "$program"
}

@test "every kind of change is told, with type, mode and size, for both engines" {
	each_kind() {
		everything
		run --separate-stderr sbox diff x
		assert_status 0
		diff <(sed -E 's/^([a-z]+) +([^ ]+) +([^ ]+)  /\1 \2 \3 /' <<<"$output") - <<-'END'
			removed -rw-r--r-- 2 ~/t/a
			added -rw-r--r-- 1 ~/t/attr
			removed -rw-r--r-- 2 ~/t/b
			added -rw-r--r-- 7 ~/t/b-moved
			added -rw-r--r-- 2 ~/t/d/n
			removed drwxr-xr-x - ~/t/d/s/u/
			changed -rw-r--r-- 3 ~/t/d/s/y
			removed -rw-r--r-- 2 ~/t/d/x
			added lrwxrwxrwx - ~/t/dangling -> /nonexistent
			changed drwx------ - ~/t/deep/  (was drwxr-xr-x)
			removed drwxr-xr-x - ~/t/deep/1/2/
			changed -rw-r--r-- 4 ~/t/e  (was drwxr-xr-x)
			added drwxr-xr-x - ~/t/empty/
			changed drwxr-xr-x - ~/t/f2d/  (was -rw-r--r--)
			added -rw-r--r-- 3 ~/t/f2d/in
			removed drwxr-xr-x - ~/t/gone/
			removed -rw-r--r-- 2 ~/t/h1
			changed -rw-r--r-- 3 ~/t/h2
			changed lrwxrwxrwx - ~/t/link -> b
			added drwxr-xr-x - ~/t/new/
			added -rw-r--r-- 1 ~/t/new/a\x0ab\x1b[31m	c
			added -rw-r--r-- 2 ~/t/new/q
			added -rw-r--r-- 2 ~/t/new/q2
			added drwxr-xr-x - ~/t/new/sub/
			added dr-x------ - ~/t/ro/
			added -r-------- 2 ~/t/ro/r
			changed -rw-r--r-- 0 ~/t/script  (was -rwxr-xr-x)
			added -rw-r--r-- 10M ~/t/sparse
			added -rw-r--r-- 2 ~/t/zq
		END
	}
	each_engine each_kind
}

@test "what is only copied up, or taken away twice, is no change; a forged time hides none" {
	each_quiet() {
		echo 1 >"$tree/a"
		echo 1 >"$tree/b"
		make_layer x "$engine" "$tree"
		in_t 'echo 2 >a; echo 1 >a; chmod 600 b; chmod 644 b; echo 1 >new; rm new'
		run --separate-stderr sbox diff x
		assert_equal "$output" ""
		in_t 'touch -r a .ref; echo 2 >a; touch -r .ref a; rm .ref'
		run --separate-stderr sbox diff x
		assert_contains "$output" "changed  -rw-r--r--     2  ~/t/a"
		sbox apply x
		assert_equal "$(cat "$tree/a")" 2
		assert_equal "$(ls -A "$layers/x/trees/1/upper")" ""
	}
	each_engine each_quiet
}

@test "apply makes the host what the program saw, and the layer is empty then" {
	each_apply() {
		everything
		view >"$T/wanted"
		run --separate-stderr sbox apply x
		assert_status 0
		assert_contains "$output" "applied"
		assert_equal "$stderr" ""
		tree_hash "$tree" >"$T/is"
		diff "$T/wanted" "$T/is" || return
		assert_equal "$(ls -A "$layers/x/trees/1/upper")" ""
		assert_equal "$(sbox diff x)" ""
		# 10 MiB that are not there
		[ "$(stat -c %b "$tree/sparse")" -lt 100 ] || complain "the hole is filled"
		chmod -R u+w "$tree"
	}
	each_engine each_apply
}

@test "--json has every change, with names of any bytes" {
	engine=kernel
	make_layer x $engine "$tree"
	in_t 'python3 -c "open(b\"bad\\xff\\nname\", \"w\"); open(\"gut\\u00e4\\x1b\", \"w\")"; ln -s to l'
	sbox diff --json x | python3 -c '
import json, os, sys
d = json.load(sys.stdin)
assert d["layer"] == "x" and d["version"] == 1 and d["complete"], d
by = {os.path.basename(c["path"]): c for c in d["changes"]}
assert by["gut\u00e4\x1b"]["change"] == "added", by
bad = by["bad\\xff\\x0aname"]
assert bytes.fromhex(bad["path_hex"]).endswith(b"/t/bad\xff\nname"), bad
assert by["l"]["target"] == "to" and by["l"]["new"]["type"] == "link" and by["l"]["old"] is None
'
}

@test "--patch shows text, and tells what is none; nothing in it draws on a terminal" {
	engine=kernel
	printf '1\n2\n3\n' >"$tree/text"
	printf 'a\0b' >"$tree/binary"
	make_layer x $engine "$tree"
	in_t 'sed -i s/2/two/ text; printf "x\0" >binary; truncate -s 2M large
		printf "\033[31mred\n" >drawing; printf "new\n" >"--label=x"'
	run --separate-stderr sbox diff --patch x
	assert_status 0
	assert_contains "$output" $'--- ~/t/text (before)\n+++ ~/t/text\n@@ -1,3 +1,3 @@\n 1\n-2\n+two\n 3'
	assert_contains "$output" $'+++ ~/t/--label=x\n@@ -0,0 +1 @@\n+new'
	assert_contains "$output" $'~/t/binary\n  (binary)'
	assert_contains "$output" $'~/t/large\n  (not shown: too large)'
	assert_contains "$output" $'\033[31mred'
	run "$TEST_BIN/pty" -- "$SBOX" diff --patch x
	assert_contains "$output" "(not shown: control characters in it)"
	refute_contains "$output" $'\033[31m'
}

@test "paths choose: what is named is brought, the rest stays as it was to the program" {
	each_part() {
		everything
		view >"$T/before"
		sbox apply x "$tree/d/n" "$tree/new/sub"
		assert_equal "$(cat "$tree/d/n")" n
		assert_equal "$(cat "$tree/d/x")" x
		[ -d "$tree/new/sub" ] && [ ! -e "$tree/new/q" ] && [ -e "$tree/a" ]
		# the program still sees d with nothing of the old one in it
		view >"$T/after"
		diff "$T/before" "$T/after" || return
		cd "$tree"
		sbox apply a e
		cd - >/dev/null
		[ ! -e "$tree/a" ] && [ -f "$tree/e" ]
		# the last of three names, whose time the loss of another has changed
		sbox apply x "$tree/gone"
		run --separate-stderr sbox apply x "$tree/h1"
		assert_status 0
		sbox apply
		diff "$T/before" <(tree_hash "$tree") || return
		chmod -R u+w "$tree"
	}
	each_engine each_part
}

@test "without devices and shared copies, whiteouts are files and copies are read and written" {
	need fuse-overlayfs
	engine=fuse-overlayfs
	everything
	view >"$T/before"
	"$TEST_BIN/deny" EPERM mknod,mknodat -- "$SBOX" apply x "$tree/d/n"
	[ -f "$layers/x/trees/1/upper/d/.wh.x" ]
	diff "$T/before" <(view)
	"$TEST_BIN/deny" ENOSYS copy_file_range -- "$SBOX" apply x
	diff "$T/before" <(tree_hash "$tree")
	[ "$(stat -c %b "$tree/sparse")" -lt 100 ]
	assert_equal "$(ls -A "$layers/x/trees/1/upper")" ""
}

@test "discard gives up what is named, in opaque directories too, or all" {
	each_discard() {
		everything
		tree_hash "$tree" >"$T/host"
		run sbox discard x "$tree/d/x" "$tree/new" "$tree/d/s" "$tree/gone"
		assert_contains "$output" "removed  -rw-r--r--     2  ~/t/d/x"
		assert_contains "$output" "discarded"
		view >"$T/view"
		assert_contains "$(cat "$T/view")" "'d/x'"
		assert_contains "$(cat "$T/view")" "'d/s/u/z'"
		assert_contains "$(cat "$T/view")" "'gone/a/b/g'"
		refute_contains "$(cat "$T/view")" "'new/q'"
		diff <(tree_hash "$tree" | grep "'d/s") <(grep "'d/s" "$T/view") || return
		assert_contains "$(cat "$T/view")" "'d/n'"
		sbox discard x
		[ ! -e "$HOME/.local/share/sbox/layers/x" ]
		diff "$T/host" <(tree_hash "$tree")
	}
	each_engine each_discard
}

@test "what changed on the host since is told, and nothing is applied but by force" {
	each_since() {
		mkdir "$tree/dir" "$tree/todir"
		for name in a b dir/in gone; do echo 1 >"$tree/$name"; done
		make_layer x "$engine" "$tree"
		in_t 'echo 2 >a; echo 2 >b; rm -r dir gone; echo 2 >new; echo 2 >same; rmdir todir; echo 2 >todir'
		await_tick
		echo host >"$tree/a"
		echo host >"$tree/new"
		echo 2 >"$tree/same"
		echo host >"$tree/dir/late"
		tree_hash "$tree" >"$T/host"
		run --separate-stderr sbox apply x
		assert_status 125
		assert_contains "$stderr" "'~/t/a': changed on the host"
		assert_contains "$stderr" "'~/t/new': changed on the host"
		assert_contains "$stderr" "'~/t/dir': changed on the host"
		refute_contains "$stderr" "~/t/same"
		assert_contains "$stderr" "nothing is applied"
		assert_contains "$stderr" "--force"
		diff "$T/host" <(tree_hash "$tree") || return
		sbox apply x "$tree/b" "$tree/gone"
		assert_equal "$(cat "$tree/b") $(cat "$tree/a")" "2 host"
		sbox apply --force x
		assert_equal "$(cat "$tree/a" "$tree/new" "$tree/todir")" $'2\n2\n2'
		[ ! -e "$tree/dir" ]
	}
	each_engine each_since
}

@test "what was applied and changed by the program again can be applied again" {
	each_again() {
		for name in a b kept; do echo 1 >"$tree/$name"; done
		make_layer x "$engine" "$tree"
		in_t 'echo 2 >a; echo 2 >b; echo 2 >kept; echo 2 >new'
		await_tick
		sbox apply x "$tree/a" "$tree/b" "$tree/new"
		in_t 'echo 3 >a; echo 3 >b; rm new'
		await_tick
		echo host >"$tree/b"
		run --separate-stderr sbox apply x "$tree/b"
		assert_status 125
		assert_contains "$stderr" "changed on the host"
		run --separate-stderr sbox apply x "$tree/a" "$tree/new"
		assert_status 0
		assert_equal "$(cat "$tree/a" "$tree/b" "$tree/kept")" $'3\nhost\n1'
		[ ! -e "$tree/new" ]
	}
	each_engine each_again
}

@test "what the host removed since is told, and comes back by force only" {
	each_removed() {
		mkdir -p "$tree"/d/e "$tree"/ours
		for name in a replaced h1 moved d/e/f ours/f; do echo 1 >"$tree/$name"; done
		ln "$tree/h1" "$tree/h2"
		ln -s a "$tree/link"
		run_in_t 'echo 2 >>a; echo 2 >new; mv new replaced; chmod 600 h1; ln -sfn b link
			echo 2 >>d/e/f; mv moved moved2; rm -r ours; echo new >fresh'
		rm -r "$tree"/{a,replaced,h1,link,d,moved,ours}
		tree_hash "$tree" >"$T/host"
		run --separate-stderr sbox apply x
		assert_status 125
		for name in a replaced link d d/e/f; do
			assert_contains "$stderr" "'~/t/$name': was removed on the host"
		done
		# of two names of a file fuse-overlayfs writes the one that it met first
		[[ $engine == fuse* && $stderr == *"'~/t/h2': changed on the host"* ]] ||
			assert_contains "$stderr" "'~/t/h1': was removed on the host"
		# gone on both sides, or never there
		for name in moved ours fresh; do
			refute_contains "$stderr" "~/t/$name"
		done
		assert_contains "$stderr" "--force"
		diff "$T/host" <(tree_hash "$tree") || return
		sbox apply x "$tree/moved2" "$tree/fresh"
		assert_equal "$(cat "$tree/moved2" "$tree/fresh")" $'1\nnew'
		# a part that is applied or given up does not make the rest forgotten
		sbox discard x "$tree/replaced"
		run --separate-stderr sbox apply x "$tree/a"
		assert_status 125
		run_in_t 'true'
		run --separate-stderr sbox apply x "$tree/a"
		assert_status 125
		sbox apply --force x
		assert_equal "$(cat "$tree/a" "$tree/d/e/f")" $'1\n2\n1\n2'
		[ ! -e "$tree/replaced" ]
	}
	each_engine each_removed
}

@test "what the host changed before the run that wrote there is no conflict" {
	each_later() {
		for name in a b c d; do echo 1 >"$tree/$name"; done
		run_in_t 'echo 2 >>b; echo 2 >other'
		await_tick
		for name in a b c; do echo host >>"$tree/$name"; done
		echo host >"$tree/other"
		await_run "$tree/other"
		# one that is killed: what it wrote does not count from the next one on
		mkfifo "$T/work/go"
		sbox_in_background --profile=untrusted --no-limits --cwd=none --home=none \
			--layer=x --engine="$engine" --overlay="$tree" --write="$T/work/go" -- \
			bash -c "echo 2 >>'$tree/d'; echo >'$T/work/go'; sleep 100"
		cat "$T/work/go"
		kill -KILL "$started"
		wait "$started" || true
		rm "$T/work/go"
		wait_until 10 eval '! flock -n "$layers/x" true || true'
		await_tick
		echo host >>"$tree/d"
		await_run "$tree/d"
		wait_until 10 run_in_t 'echo 3 >>a; echo 3 >>b; echo 3 >c.new; mv c.new c; echo 3 >>d
			echo 3 >>other'
		for name in b d other; do
			run --separate-stderr sbox apply x "$tree/$name"
			assert_status 125
			assert_contains "$stderr" "'~/t/$name': changed on the host"
		done
		sbox apply x "$tree/a" "$tree/c"
		assert_equal "$(cat "$tree/a" "$tree/c")" $'1\nhost\n3\n3'
		# one that came again counts anew, since nobody has forgotten that it left
		await_tick
		echo host >"$tree/a"
		await_run "$tree/a"
		run_in_t 'echo 4 >>a'
		sbox apply x "$tree/a"
		assert_equal "$(cat "$tree/a")" $'host\n4'
		# while it runs the host's change is met by nobody
		mkfifo "$T/work/go"
		sbox_in_background --profile=untrusted --no-limits --cwd=none --home=none \
			--layer=x --engine="$engine" --overlay="$tree" --write="$T/work/go" -- \
			bash -c "echo >'$T/work/go'; read <'$T/work/go'; echo 5 >>'$tree/a'"
		cat "$T/work/go"
		echo during >>"$tree/a"
		echo >"$T/work/go"
		wait "$started"
		rm "$T/work/go"
		run --separate-stderr sbox apply x "$tree/a"
		assert_status 125
	}
	each_engine each_later
}

@test "a list of beginnings that is not whole is none: all is as old as the layer" {
	local size
	engine=kernel
	for name in a b; do echo 1 >"$tree/$name"; done
	run_in_t 'echo 2 >>b'
	await_tick
	echo host >>"$tree/a"
	await_run "$tree/a"
	run_in_t 'echo 3 >>a'
	size=$(stat -c %s "$layers/x/began")
	cp "$layers/x/began" "$T/began"
	sbox apply --dry-run x "$tree/a"
	for cut in 0 5 13 20 $((size / 2)) $((size - 2)); do
		head -c "$cut" "$T/began" >"$layers/x/began"
		run --separate-stderr sbox apply --dry-run x "$tree/a"
		assert_status 125
		assert_contains "$stderr" "changed on the host"
	done
	run_in_t 'echo 4 >>b'
	run --separate-stderr sbox apply --dry-run x "$tree/a"
	assert_status 125
}

@test "a link that was put in the way is not followed, neither into nor out of the tree" {
	each_link() {
		rm -rf "$HOME/out"
		mkdir -p "$tree/d/e" "$HOME/out/e"
		echo 1 >"$tree/d/e/f"
		echo mine >"$HOME/out/e/f"
		make_layer x "$engine" "$tree"
		in_t 'echo 2 >d/e/f; ln -s ../out evil; ln -s /etc/passwd p'
		await_tick
		rm -r "$tree/d"
		ln -s ../out "$tree/d"
		run --separate-stderr sbox apply x
		assert_status 125
		assert_equal "$(cat "$HOME/out/e/f")" mine
		sbox apply --force x
		assert_equal "$(cat "$HOME/out/e/f")" mine
		[ -d "$tree/d" ] && [ ! -L "$tree/d" ] && [ -L "$tree/evil" ] && [ -L "$tree/p" ]
		assert_equal "$(cat "$tree/d/e/f")" 2
		# the tree itself: a layer over what is a link now is not followed
		in_t 'echo 3 >d/e/f'
		mv "$tree" "$tree.real"
		ln -s t.real "$tree"
		run --separate-stderr sbox apply x
		assert_status 125
		assert_contains "$stderr" "a link is in its place"
		rm "$tree"
		rm -rf "$tree.real"
	}
	each_engine each_link
}

# bats test_tags=no-asan,no-vm
@test "a directory that becomes a link at any moment of apply leads nowhere else" {
	local total at swap=0
	engine=kernel
	mkdir -p "$tree/d/e" "$HOME/out/e"
	echo 1 >"$tree/d/e/old"
	echo mine >"$HOME/out/e/old"
	make_layer x $engine "$tree"
	in_t 'echo 2 >d/e/new; rm d/e/old; mkdir d/e/sub; ln -s x d/e/link'
	cp -a "$layers/x/trees/1/upper" "$T/upper"
	# the other program's part, in place of a directory that was there a moment ago
	export KILLAT_RUN="mv '$tree/d' '$tree/d.real' && ln -s ../out '$tree/d'"
	cp -a "$tree" "$HOME/before"
	total=$("$TEST_BIN/killat" 0 "$SBOX" apply x 9>&1 >/dev/null)
	for at in $(seq $((total / 4)) 4 "$total"); do
		rm -rf "$tree" "$layers/x/trees/1/upper"
		cp -a "$HOME/before" "$tree"
		cp -a "$T/upper" "$layers/x/trees/1/upper"
		sed -i "s/^since=.*/since=$(date +%s%N)/" "$layers/x/record"
		"$TEST_BIN/killat" "$at" "$SBOX" apply x >/dev/null 2>&1 || true
		[ ! -L "$tree/d" ] || swap=$((swap + 1))
		assert_equal "$(ls -A "$HOME/out/e") $(cat "$HOME/out/e/old")" "old mine"
	done
	[ $swap -gt 100 ] || complain "it was hardly ever in the way: $swap"
}

@test "what the user may not change stays in the layer, and the rest is applied" {
	engine=kernel
	mkdir "$tree/locked" "$tree/open"
	echo 1 >"$tree/locked/f"
	make_layer x $engine "$tree"
	in_t 'echo 2 >locked/f; rm open -r; echo 1 >b'
	chmod 555 "$tree/locked"
	chmod 555 "$layers/x/trees/1/upper/locked"
	run --separate-stderr sbox apply x "$tree/locked"
	assert_status 125
	run --separate-stderr sbox apply x
	assert_status 1
	assert_contains "$stderr" "'~/t/locked/f' stays in the layer: you may not change it"
	# it is the user's own to open
	refute_contains "$stderr" "as root"
	[ -e "$tree/b" ] && [ ! -e "$tree/open" ]
	assert_equal "$(<"$tree/locked/f")" 1
	assert_contains "$(sbox diff x)" "~/t/locked/f"
	# a conflict keeps all of it back, as ever
	in_t 'echo 3 >b'
	echo other >"$tree/b"
	run --separate-stderr sbox apply x
	assert_status 125
	assert_contains "$stderr" "nothing is applied: 2 of the changes cannot be"
	assert_equal "$(<"$tree/b")" other
	chmod 000 "$layers/x/trees/1/upper/locked"
	run --separate-stderr sbox apply x
	assert_status 125
	run --separate-stderr sbox diff x
	assert_status 125
	assert_contains "$stderr" "cannot be seen"
	run --separate-stderr sbox discard x
	assert_status 0
}

@test "what the user's programs are started by stays in the layer unless it is named" {
	engine=kernel
	rm -rf "$tree"
	tree=$HOME
	mkdir -p "$HOME/p/.git/hooks" "$HOME/.config"
	make_layer x $engine "$tree"
	in_layer x $engine "$tree" bash -c 'echo evil >.bashrc; mkdir -p .config/autostart .ssh
		echo evil >.config/autostart/e.desktop; echo evil >p/.git/hooks/post-checkout
		echo evil >.ssh/rc; echo good >p/f; mkdir -p q/.git; echo evil >q/.git/config; echo evil >p/.envrc'
	run --separate-stderr sbox apply --dry-run x
	assert_status 1
	run --separate-stderr sbox apply x
	assert_status 1
	assert_contains "$output" "kept in it"
	assert_contains "$stderr" "'~/.bashrc' stays in the layer: it is protected"
	assert_contains "$stderr" "'~/p/.git' stays in the layer: it is protected (1 change); 'sbox apply x ~/p/.git'"
	assert_equal "$(cat "$HOME/p/f")" good
	for path in .bashrc .config/autostart p/.git/hooks/post-checkout .ssh q/.git p/.envrc; do
		[ ! -e "$HOME/$path" ] || complain "applied: $path" || return
	done
	# a directory above is not enough
	run --separate-stderr sbox apply x "$HOME/.config" "$HOME/p"
	assert_status 1
	[ ! -e "$HOME/.config/autostart" ] && [ ! -e "$HOME/p/.git/hooks/post-checkout" ]
	run -0 --separate-stderr sbox apply x "$HOME/.bashrc" \
		"$HOME/.config/autostart/e.desktop" "$HOME/p/.git"
	[ -e "$HOME/.bashrc" ] && [ -e "$HOME/.config/autostart/e.desktop" ] &&
		[ -e "$HOME/p/.git/hooks/post-checkout" ]
	# nor does a link or a removal get round it
	in_layer x $engine "$tree" bash -c 'rm -rf .config; ln -s /tmp .config'
	run --separate-stderr sbox apply x
	assert_contains "$stderr" "is protected"
	[ -e "$HOME/.config/autostart/e.desktop" ]
	run -1 --separate-stderr sbox apply --force x
	[ ! -L "$HOME/.config" ]
	sbox apply --force --protected x
	[ -L "$HOME/.config" ] && [ -e "$HOME/.ssh/rc" ]
}

@test "attributes and access lists of files and directories are brought" {
	need setfacl getfacl setfattr getfattr setcap
	all_attrs() {
		(cd "$tree" && getfacl -R . && getfattr -R -d .) | sort
	}
	each_attrs() {
		mkdir "$tree"/{d,e,f,plain}
		for name in acl none users plain/in; do echo 1 >"$tree/$name"; done
		setfacl -m u:1:rw,g::- "$tree/acl"
		setfacl -m u:1:rwx,d:u:1:rwx "$tree/d" "$tree/f"
		setfattr -n user.old -v 1 "$tree/users" "$tree/e"
		make_layer x "$engine" "$tree"
		# what is only copied up has no other attributes than before
		in_t 'echo 1 >acl; touch d/new f/new e/new; rm d/new f/new e/new'
		run --separate-stderr sbox diff x
		assert_equal "$output" ""
		in_t 'echo 2 >acl; echo 2 >none; setfacl -m u:0:r none; setfacl -m u:0:rx plain
			setfattr -x user.old users; setfattr -n user.new -v 2 users
			setfattr -x user.old e; setfattr -n user.new -v 2 e; echo 2 >d/in
			mkdir made; setfattr -n user.new -v 2 made; setfacl -m d:u:0:r made
			cp "$(type -P true)" able; PATH=$PATH:/sbin:/usr/sbin setcap cap_net_raw+ep able
			echo 2 >replacing; mv replacing plain/in'
		run --separate-stderr sbox diff x
		assert_contains "$output" "changed  drwxr-xr-x     -  ~/t/e/"
		assert_contains "$output" "changed  drwxr-xr-x     -  ~/t/plain/"
		refute_contains "$output" "~/t/f/"
		refute_contains "$output" "~/t/d/
"
		run --separate-stderr sbox apply x
		assert_status 0
		assert_equal "$stderr" "sbox: warning: '~/t/able' is applied without its capabilities"
		assert_equal "$(sbox diff x)" ""
		run all_attrs
		# whom the list let in is let in still, and nobody else
		assert_equal "$(getfacl -cE "$tree/acl" | tr '\n' ' ')" \
			"user::rw- user:daemon:rw- group::--- mask::rw- other::r--  "
		assert_equal "$(getfacl -cE "$tree/none" "$tree/plain" | grep -c "^user:$(id -un):r")" 2
		assert_equal "$(getfacl -cE "$tree/d" | grep -c daemon)" 2
		assert_equal "$(getfacl -cE "$tree/made" | grep -c "^default:user:$(id -un):r--")" 1
		assert_equal "$(grep -c '^user.new="2"' <<<"$output")" 3
		refute_contains "$output" user.old
	}
	each_engine each_attrs
}

@test "what has no place for attributes gets the rest of a file, and that is said" {
	need setfacl setfattr getfacl
	engine=kernel
	make_layer x $engine "$tree"
	in_t 'echo 1 >f; chmod 600 f; setfacl -m u:0:rw f; setfattr -n user.a -v 1 f
		mkdir d; setfacl -m u:0:rwx,g::- d'
	# as on a file system without any
	run --separate-stderr "$TEST_BIN/deny" EOPNOTSUPP setxattr,fsetxattr,lsetxattr -- \
		"$SBOX" apply x
	assert_status 0
	assert_contains "$stderr" "'~/t/f' is applied without its access control list"
	assert_contains "$stderr" "'~/t/f' is applied without its extended attributes"
	assert_contains "$stderr" "'~/t/d' is applied without its access control list"
	assert_equal "$(stat -c %a "$tree/f" "$tree/d" | tr '\n' ' ')" "600 705 "
}

@test "fifos, sockets and set-id bits are not brought, and that is said" {
	engine=kernel
	make_layer x $engine "$tree"
	in_t 'mkfifo fifo; python3 -c "import socket; socket.socket(socket.AF_UNIX).bind(\"sock\")"
		echo 1 >suid; chmod 6755 suid; echo 1 >.sbox-apply-1'
	run --separate-stderr sbox apply x
	assert_status 1
	assert_contains "$stderr" "'~/t/fifo' stays in the layer: a fifo is not brought"
	assert_contains "$stderr" "'~/t/sock' stays in the layer: a socket"
	assert_contains "$stderr" "'~/t/suid' is applied without its set-id bits"
	assert_contains "$output" "1 change of the layer 'x' applied, 3 kept in it"
	assert_equal "$(ls -A "$tree") $(stat -c %a "$tree/suid")" "suid 755"
	assert_equal "$(ls -A "$layers/x/trees/1/upper" | tr '\n' ' ')" ".sbox-apply-1 fifo sock "
}

@test "a full disk loses nothing: what is brought is whole, the rest stays and can follow" {
	engine=kernel
	make_layer x $engine "$tree"
	in_t 'head -c 200K /dev/zero | tr "\0" a >a; head -c 200K /dev/zero | tr "\0" b >b
		head -c 200K /dev/zero | tr "\0" c >c'
	# shellcheck disable=SC2016
	run --separate-stderr unshare -Urm sh -c '
		mount -t tmpfs -o size=500K tmpfs "$1" && "$2" apply x; echo "r=$?"; ls -A "$1"
		"$2" diff x; mkdir "$1/../safe"; mv "$1/a" "$1/../safe"; "$2" apply x
		mv "$1/b" "$1/c" "$1/../safe"; cat "$1/../safe"/? | sha256sum' \
		sh "$tree" "$SBOX"
	assert_contains "$output" "r=125"
	assert_contains "$stderr" "No space left on device"
	assert_contains "$stderr" "'sbox apply x' goes on"
	assert_contains "$output" $'a\nb\nadded    -rw-r--r--  200K  ~/t/c\n'
	refute_contains "$output" .sbox-apply
	assert_contains "$output" "$(for c in a b c; do head -c 200K /dev/zero | tr '\0' $c; done | sha256sum)"
}

# killed_often ENGINE: a hundred times, but fewer where all is emulated; the kernel is asked
# nothing there that it is not asked here.
killed_often() {
	local times=100
	[ -z "${SBOX_TEST_VM:-}" ] || times=20
	need python3
	engine=$1
	everything
	# more of what has to be opened for a moment
	in_t 'mkdir closed; touch closed/{1..20}; chmod 500 closed'
	cp -a "$tree" "$HOME/host"
	# with what the host had, which is not to be taken for removed by it
	run_in_t true
	grep -qa "1 + [0-9]* f2d" "$layers/x/began"
	chmod -R u+rwx "$layers"/x/trees/*/work
	rm -rf "$layers"/x/trees/1/work "$layers"/x/trees/[2-9]
	sed -i '/^tree=[2-9]/d' "$layers/x/record"
	mkdir "$HOME/l"
	mv "$layers/x" "$HOME/l/x"
	"$BATS_TEST_DIRNAME/layer_kill.py" "$HOME/host" "$HOME/l/x" \
		"$times"
}

# bats test_tags=no-asan
@test "killed at many random points and begun again, apply ends as if it were never killed" {
	killed_often kernel
}

# bats test_tags=no-asan,no-vm
@test "killed anywhere between a file and a directory in its place, apply goes on" {
	local total at
	engine=kernel
	echo 1 >"$tree/a"
	mkdir "$tree/b"
	make_layer x $engine "$tree"
	run_in_t 'rm a; mkdir a; rmdir b; echo 2 >b'
	chmod -R u+rwx "$layers"/x/trees/*/work
	rm -rf "$layers"/x/trees/1/work "$layers"/x/trees/[2-9]
	sed -i '/^tree=[2-9]/d' "$layers/x/record"
	cp -a "$layers/x" "$T/x"
	# no power is lost here: nothing has to be on the disk
	quick() { "$TEST_BIN/deny" 0 fsync,syncfs -- "$@"; }
	total=$(quick "$TEST_BIN/killat" 0 "$SBOX" apply x 9>&1 >/dev/null)
	for at in $(seq $((total * 4 / 10)) 2 $((total * 8 / 10))); do
		rm -rf "$tree" "$layers/x"
		mkdir -p "$tree/b"
		echo 1 >"$tree/a"
		cp -a "$T/x" "$layers/x"
		# what is there is older than what was begun
		sed -i "s/[+] [0-9]* /+ $(date +%s%N) /g" "$layers/x/began"
		quick "$TEST_BIN/killat" "$at" "$SBOX" apply x >/dev/null 2>&1 || true
		run --separate-stderr quick "$SBOX" apply x
		[ -d "$tree/a" ] && [ -f "$tree/b" ] || complain "killed at $at of $total" \
			"output" "$output" "stderr" "$stderr"
		assert_equal "$(ls -A "$tree")" $'a\nb'
	done
}

# bats test_tags=no-asan
@test "killed at many random points over fuse-overlayfs, apply ends the same" {
	need fuse-overlayfs
	killed_often fuse-overlayfs
}

# interrupted CALL: "sbox apply x" that gets SIGINT at its CALL-th stop at a system call
interrupted() {
	# shellcheck disable=SC2016
	KILLAT_RUN='for p in $(cat /proc/$PPID/task/$PPID/children); do
			[ "$p" = $$ ] || kill -INT "$p"
		done' run --separate-stderr "$TEST_BIN/killat" "$1" "$SBOX" apply x
}

# bats test_tags=no-asan
@test "Ctrl-C ends apply with what was brought so far, and the next one goes on" {
	engine=kernel
	make_layer x $engine "$tree"
	in_t 'for i in {1..40}; do echo $i >$i; done'
	chmod -R u+rwx "$layers"
	cp -a "$layers/x" "$HOME/x"
	local total at some=0
	total=$("$TEST_BIN/killat" 0 "$SBOX" apply x 9>&1 >/dev/null)
	for at in 20 35 50 65 80 95; do
		chmod -R u+rwx "$layers"
		rm -rf "$layers/x" "${tree:?}"/*
		cp -a "$HOME/x" "$layers/x"
		interrupted $((total * at / 100))
		echo "at $at %: $status $stderr"
		assert_equal "${#stderr_lines[@]}" 1
		# before it looks, it ends like any program
		assert_status 130
		case $stderr in
		*"interrupted: nothing is applied") ;;
		*"interrupted: "*" applied; 'sbox apply x' goes on") some=1 ;;
		*) complain "not told: $stderr" || return ;;
		esac
		[ "$at" != 65 ] || assert_contains "$(ls "$tree")" 1
		refute_contains "$(ls -A "$tree")" .sbox-apply
		run -0 --separate-stderr sbox apply x
		assert_equal "$(cat "$tree"/* | sort -n)" "$(seq 40)"
		assert_equal "$(sbox diff x)" ""
	done
	assert_equal "$some" 1
}

@test "a layer in use is looked at, not changed" {
	engine=kernel
	make_layer x $engine "$tree"
	in_t 'echo 1 >a'
	exec 7<"$layers/x"
	flock 7
	for verb in apply discard "layer remove"; do
		# shellcheck disable=SC2086
		run --separate-stderr sbox $verb x
		assert_status 125
		assert_contains "$stderr" "the layer 'x' is in use"
	done
	assert_contains "$(sbox diff x)" "~/t/a"
	assert_contains "$(sbox layer list)" "yes"
	exec 7<&-
	sbox layer remove x
	[ ! -e "$layers/x" ]
}

@test "layers are listed, shown, pruned and removed, damaged ones too" {
	engine=kernel
	assert_equal "$(sbox layer list --names)" ""
	sbox layer prune
	make_layer x $engine "$tree"
	make_layer empty $engine "$tree"
	make_layer bad $engine "$tree"
	echo other >"$layers/bad/record"
	in_t 'head -c 100000 /dev/zero >a'
	run --separate-stderr sbox layer list
	assert_status 125
	assert_contains "$stderr" "the layer 'bad' is damaged"
	assert_contains "$output" "x      host"
	sbox layer list --json 2>/dev/null | python3 -c '
import json, sys
x = [l for l in json.load(sys.stdin)["layers"] if l["name"] == "x"][0]
t = x["trees"][0]
assert x["base"] == "host" and not x["in_use"] and t["engine"] == "kernel", x
assert t["files"] == 1 and t["bytes"] >= 100000, t'
	run --separate-stderr sbox layer show x
	assert_contains "$output" "tree    $HOME/t: kernel, 1 files"
	run --separate-stderr sbox layer prune
	assert_equal "$output" empty
	assert_equal "$(sbox layer list --names)" $'bad\nx'
	sbox layer remove bad x
	assert_equal "$(ls -A "$layers")" ""
}

@test "mistakes about layers are told with what to do" {
	engine=kernel
	run --separate-stderr sbox diff
	assert_status 125
	assert_contains "$stderr" "there are no layers in"
	make_layer trial $engine "$tree"
	run --separate-stderr sbox diff trail
	assert_status 125
	assert_contains "$stderr" "did you mean 'trial'?"
	run --separate-stderr sbox apply trial "$tree/nothing"
	assert_contains "$stderr" "nothing is changed at '$HOME/t/nothing'"
	for verb in diff apply discard; do
		run --separate-stderr sbox $verb nosuchthing
		assert_status 125
		assert_equal "$output" ""
		assert_contains "$stderr" "there is no layer 'nosuchthing', nor has the layer"
		assert_contains "$stderr" "a change at '$PWD/nosuchthing'"
	done
	for verb in show remove; do
		run --separate-stderr sbox layer $verb trail
		assert_status 125
		assert_contains "$stderr" "there is no layer 'trail'"
		assert_contains "$stderr" "did you mean 'trial'?"
	done
	# what is only in the layer is a path
	in_layer trial $engine "$tree" bash -c 'echo 1 >inside'
	cd "$tree"
	run -0 --separate-stderr sbox diff inside
	assert_contains "$output" "~/t/inside"
	cd "$T/work"
	# a name that is new makes a layer, where one is meant as well
	run --separate-stderr sbox --layer=trail --overlay="$tree" -c :
	assert_status 0
	assert_contains "$stderr" "the layer 'trail' is new; there is one 'trial'"
	sbox layer remove trail
	run --separate-stderr sbox --layer=y --layer-under=trail --overlay="$tree" -c :
	assert_status 125
	assert_contains "$stderr" "did you mean 'trial'?"
	make_layer step-1 $engine "$tree"
	run --separate-stderr sbox --layer=step-2 --overlay="$tree" -c :
	assert_equal "$stderr" ""
	run --separate-stderr sbox apply --frce trial
	assert_contains "$stderr" "apply: unknown flag '--frce'"
	make_layer x $engine "$tree"
	touch "$layers/x/record"
	run --separate-stderr sbox diff
	assert_contains "$stderr" "the layer 'x', which was used last"
	sed -i 's|base=host|base=directory /srv|' "$layers/x/record"
	run --separate-stderr sbox apply x
	assert_status 125
	assert_contains "$stderr" "does not lie over the host"
	assert_contains "$stderr" "--root=/srv --layer=x"
}
