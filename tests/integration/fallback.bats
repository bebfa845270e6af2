#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# fallback.bats - on kernels that lack newer system calls, the same promises hold
#
# The tests of other files are run again, by a bats inside, with an sbox for which those
# calls fail. Tests that need newuidmap are left out: the filter comes with no_new_privs,
# which makes setuid programs powerless. No guest has so old a kernel either: what is run again
# as a whole is run once, on this machine.
load lib

mount_api=open_tree,move_mount,mount_setattr,fsopen,fsconfig,fsmount

# without CALLS FILE... [-f REGEX]: the tests again; all have to pass.
without() {
	local calls=$1 report code=0
	shift
	mkdir "$T/bin"
	printf '#!/bin/sh\nexec "%s" ENOSYS %s -- "%s" "$@"\n' "$TEST_BIN/deny" "$calls" \
		"$SBOX" >"$T/bin/sbox"
	chmod 755 "$T/bin" "$T/bin/sbox"
	cd "$BATS_TEST_DIRNAME"
	report=$(env -i PATH="${PATH//"$BATS_LIBEXEC:"/}" LANG="$LANG" TMPDIR="${T%/*}" \
		SBOX="$T/bin/sbox" \
		TEST_BIN="$TEST_BIN" SBOX_PROFILE_PATH="$SBOX_PROFILE_PATH" \
		SBOX_LIBEXEC="$SBOX_LIBEXEC" \
		SBOX_TEST_REAPER="$SBOX_TEST_REAPER" HOME="$(getent passwd "$(id \
		-u)" | cut -d: -f6)" \
		SBOX_TEST_STRICT="${SBOX_TEST_STRICT:-0}" SBOX_TEST_NO_RANGES=1 \
		bats --tap --filter-tags '!ranges' "$@" 2>&1 3>&-) || code=$?
	[ $code = 0 ] || complain "some promise does not hold" "report" \
		"$(grep -v '^ok' <<<"$report")"
	[ "$(grep -c '^ok' <<<"$report")" -ge 1 ] || complain "nothing was run" "report" \
		"$report"
}

# bats test_tags=no-vm
@test "without the mount calls of Linux 5.2 and 5.12: what is isolated" {
	without $mount_api isolation.bats
}

# bats test_tags=no-vm
@test "without the mount calls of Linux 5.2 and 5.12: what is shown" {
	without $mount_api filesystem.bats
}

# bats test_tags=no-vm
@test "without mount_setattr alone, as before Linux 5.12" {
	without mount_setattr isolation.bats filesystem.bats -f \
		'read-only|hidden|protected|mount'
}

@test "without any one of the mount calls" {
	local call
	for call in open_tree move_mount fsopen; do
		run --separate-stderr "$TEST_BIN/deny" ENOSYS $call -- "$SBOX" \
			--read="$TEST_BIN/probe" \
			-- "$TEST_BIN/probe" mounts
		assert_status 0
		assert_contains "$(fact mount./usr)" "ro,nosuid,nodev"
	done
}

# bats test_tags=no-vm
@test "without the mount calls of Linux 5.2 and 5.12: layers, in memory and kept" {
	local engine layer
	need fuse-overlayfs
	for engine in kernel fuse-overlayfs; do
		for layer in ephemeral "kept-$engine"; do
			rm -rf "$T/work/tree"
			mkdir "$T/work/tree"
			echo old >"$T/work/tree/file"
			run --separate-stderr "$TEST_BIN/deny" ENOSYS $mount_api -- "$SBOX" \
				--id-map=single --layer="$layer" \
				--engine=$engine --overlay="$T/work/tree" -- sh -c '
				cd "$1" && cat file && echo new >file && cat file' - "$T/work/tree"
			assert_status 0
			assert_equal "$output" $'old\nnew'
			assert_equal "$(<"$T/work/tree/file")" old
		done
		run sbox diff "kept-$engine"
		assert_contains "$output" "changed"
	done
}

@test "without clone3, and where it is judged by a filter" {
	without clone3 isolation.bats -f 'capability|processes|init|passwd|root'
}

@test "without close_range, as before Linux 5.9" {
	without close_range isolation.bats -f 'descriptor|open'
}

@test "without statx's mount ids, openat2's absence being an error that says so" {
	run --separate-stderr "$TEST_BIN/deny" ENOSYS openat2 -- "$SBOX" -c 'echo started'
	assert_status 125
	assert_equal "$output" ""
	assert_contains "$stderr" "Linux 5.10"
	no_leftovers 'home/.cache*'
}

@test "another errno than ENOSYS is no reason to fall back" {
	local call errno
	for call in open_tree move_mount mount_setattr fsopen; do
		for errno in EPERM EACCES EINVAL; do
			run --separate-stderr "$TEST_BIN/deny" $errno $call -- "$SBOX" \
				-c 'echo started'
			assert_status 125
			assert_equal "$output" ""
		done
	done
	no_leftovers 'home/.cache*'
}
