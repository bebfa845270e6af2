#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# filter_cache.bats - compiled filters are kept, and only a whole one of one's own is used
load lib

filters() {
	find "${XDG_CACHE_HOME:-$HOME/.cache}/sbox/filters" -mindepth 1 2>/dev/null
}

from_cache() {
	sbox -n "$@" -- true | grep -q 'filter, [0-9]* instructions from the cache$'
}

# One start with an empty cache; $filter is then its only file.
one_start() {
	sbox -- true
	filter=$(filters)
	[ -f "$filter" ]
}

# The filter that is there is not used, the start works, and the next one finds it mended.
expect_mended() {
	! from_cache || complain "used: $1" || return
	run --separate-stderr sbox -c 'grep Seccomp: /proc/self/status'
	assert_equal "$output$stderr" "Seccomp:	2" || return
	from_cache || complain "not made anew: $1" || return
	[ "$(stat -c '%F %a %u' "$filter")" = "regular file 600 $(id -u)" ] || return
	cmp "$filter" "$T/good"
}

@test "the second start takes the first one's filter" {
	! from_cache
	[ "$(filters)" = "" ] # to tell what would be done leaves nothing
	one_start
	from_cache
	assert_equal "$(stat -c %a "$filter" "${filter%/*}")" $'600\n700'
	sbox -- true
	assert_equal "$(filters)" "$filter"
	# the same rules from another profile are the same program
	from_cache -p untrusted
}

@test "other rules are another filter" {
	one_start
	! from_cache --syscalls-deny=rmdir
	! from_cache --nested=browser
	sbox --syscalls-deny=rmdir -- true
	from_cache --syscalls-deny=rmdir
	from_cache
	assert_equal "$(filters | wc -l)" 2
	run --separate-stderr sbox --syscalls-deny=rmdir -c 'rmdir /tmp/x'
	assert_contains "$stderr" "Operation not permitted"
}

@test "what comes from the cache refuses what the compiled one does" {
	local i
	for i in 1 2; do
		run --separate-stderr sbox --bind="$TEST_BIN/callmatrix /tmp/callmatrix" -- /tmp/callmatrix \
			< <(printf '%s native\n' mount keyctl read clone3 'ioctl')
		assert_equal "$(sed 's/.* //' <<<"$output" | tr '\n' ' ')" "EPERM EPERM allowed ENOSYS allowed "
	done
	from_cache
}

@test "a damaged filter is not used, and made anew" {
	local size at byte
	one_start
	cp "$filter" "$T/good"
	size=$(stat -c %s "$filter")
	# in the header, its sum, the inputs, the instructions, and the last one of them
	for at in 0 8 16 20 24 100 $((size / 2)) $((size - 9)) $((size - 1)); do
		byte=$(od -An -tu1 -j$at -N1 "$T/good")
		printf "\\x$(printf %02x $((byte ^ 0xa5)))" |
			dd of="$filter" bs=1 seek=$at conv=notrunc status=none
		expect_mended "damaged at $at"
	done
}

@test "a filter that is too short or too long is not used, and made anew" {
	local size length
	one_start
	cp "$filter" "$T/good"
	size=$(stat -c %s "$filter")
	for length in 0 1 23 24 $((size / 2)) $((size - 8)) $((size - 1)) $((size + 1)) \
		$((size + 8)) 10000000; do
		truncate -s $length "$filter"
		expect_mended "of length $length"
	done
}

@test "a filter of other rules under this one's name is not used" {
	one_start
	cp "$filter" "$T/good"
	sbox --syscalls-allow=@known --syscalls-deny= -- true
	cp "$(filters | grep -vxF "$filter")" "$filter"
	expect_mended "another's"
	# inputs of the same length
	rm "$HOME"/.cache/sbox/filters/*
	sbox --syscalls-deny=rmdir:EIO -- true
	filter=$(filters)
	sbox --syscalls-deny=mkdir:EIO -- true
	cp "$(filters | grep -vxF "$filter")" "$filter"
	! from_cache --syscalls-deny=rmdir:EIO
}

@test "a filter that others may have written is not used, and made anew" {
	local mode
	one_start
	cp "$filter" "$T/good"
	for mode in 602 620 666 777; do
		chmod $mode "$filter"
		expect_mended "of mode $mode"
	done
	need unshare newuidmap
	cp "$T/good" "$filter"
	chmod 644 "$filter" # or it could not be read anyway
	unshare --map-auto --map-root-user chown 1:1 "$filter"
	[ "$(stat -c %u "$filter")" != "$(id -u)" ]
	expect_mended "of another owner"
}

@test "a link, a fifo or a socket in a filter's place is not followed, and replaced" {
	one_start
	cp "$filter" "$T/good"
	cp "$filter" "$T/elsewhere"
	ln -sf "$T/elsewhere" "$filter"
	expect_mended "a link to a good one"
	echo precious >"$T/precious"
	ln -sf "$T/precious" "$filter"
	expect_mended "a link to a file"
	assert_equal "$(<"$T/precious")" precious
	rm "$filter"
	mkfifo -m 600 "$filter"
	expect_mended "a fifo"
	rm "$filter"
	/usr/bin/python3 -I -S -c 'import os, socket, sys
os.chdir(os.path.dirname(sys.argv[1]))
socket.socket(socket.AF_UNIX).bind(os.path.basename(sys.argv[1]))' "$filter"
	expect_mended "a socket"
}

@test "a directory in a filter's place costs nothing but time" {
	one_start
	rm "$filter"
	mkdir "$filter"
	! from_cache
	run sbox -c 'echo runs'
	assert_equal "$output" runs
	assert_equal "$(filters)" "$filter" # and no half-written one beside it
}

@test "a cache that cannot be written costs nothing but time" {
	local place
	mkdir -m 500 "$T/locked"
	echo file >"$T/file"
	ln -s "$T/nowhere" "$T/dangling"
	for place in "$T/locked" "$T/file" "$T/dangling" /nonexistent/cache /dev/null /proc; do
		export XDG_CACHE_HOME=$place
		run sbox -c 'echo runs'
		assert_equal "$output" runs
		! from_cache
	done
	[ ! -e "$T/nowhere" ]
	unset XDG_CACHE_HOME
	run "$TEST_BIN/deny" ENOSPC renameat,rename,renameat2 -- "$SBOX" -c 'echo runs' 3>&-
	assert_equal "$output" runs
	assert_equal "$(filters)" ""
}

@test "from sbox's folder on no link is followed" {
	mkdir -p "$T/mine" "$HOME/.cache/sbox"
	ln -s "$T/mine" "$HOME/.cache/sbox/filters"
	run sbox -c 'echo runs'
	assert_equal "$output" runs
	assert_equal "$(ls -A "$T/mine")" ""
	rm -r "$HOME/.cache/sbox"
	ln -s "$T/mine" "$HOME/.cache/sbox"
	run sbox -c 'echo runs'
	assert_equal "$output" runs
	assert_equal "$(ls -A "$T/mine")" ""
}

@test "many first starts at once leave one whole filter" {
	local i
	for i in 1 2 3 4 5 6 7 8; do
		"$SBOX" -c 'echo runs' >"$T/out.$i" 2>&1 </dev/null 3>&- &
		all_started+=("$!")
	done
	wait "${all_started[@]}"
	assert_equal "$(cat "$T"/out.*)" "$(yes runs | head -n 8)"
	assert_equal "$(filters | wc -l)" 1
	from_cache
}

@test "no sandbox sees the cache, or can prepare it for the next one" {
	one_start
	cp "$filter" "$T/good"
	run --separate-stderr sbox --home=host --write="$HOME" -c '
		cat "$0"; ls -A "${0%/*}"; ls -A "${0%/*/*}"; (echo >"$0"); rm -rf "${0%/*/*}"
		mv "${0%/*/*}" /tmp/; mkdir -p "${0%/*}"; (echo >"$0")' "$filter"
	assert_equal "$output" ""
	cmp "$filter" "$T/good"
	# nor when there is none yet
	rm -r "$HOME/.cache"
	run --separate-stderr sbox --home=host -c 'mkdir -p "$0" && : >"$0/x"; mv ~/.cache ~/.other
		mkdir -p "$0" && : >"$0/x"' "${filter%/*}"
	sbox -- true
	from_cache
	cmp "$filter" "$T/good"
}
