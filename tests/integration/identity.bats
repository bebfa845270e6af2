#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# identity.bats - who the program is inside: ids, groups, names, machine id
load lib

setup() {
	isolate
	uid=$(id -u)
	gid=$(id -g)
}

extents() {
	sbox "$@" --read="$TEST_BIN/probe" -c 'cat /proc/self/uid_map' | tr -s ' '
}

# Whether the running tests' user has ranges; sbox needs them for fake root.
need_ranges() {
	need newuidmap newgidmap
	grep -Eq "^($(id -un)|$uid):" /etc/subuid && grep -Eq "^($(id -un)|$uid):" \
		/etc/subgid && return
	[ "${SBOX_TEST_STRICT:-0}" != 1 ] || complain "no subordinate ids for $(id -un)"
	skip "needs subordinate ids for $(id -un)"
}

need_groups() {
	[ "$(id -G | wc -w)" -gt 1 ] && return
	[ "${SBOX_TEST_STRICT:-0}" != 1 ] || complain \
		"$(id -un) is in no supplementary group"
	skip "needs a user with a supplementary group"
}

@test "one's own id stays the same number, and is the only one there is" {
	run --separate-stderr probe
	assert_equal "$(fact uid) $(fact euid) $(fact gid) $(fact egid)" \
		"$uid $uid $gid $gid"
	assert_equal "$(tr -s ' ' <<<"$(fact uid_map)")" " $uid $uid 1"
	assert_equal "$(tr -s ' ' <<<"$(fact gid_map)")" " $gid $gid 1"
	assert_equal "$(fact setgroups)" deny
	run --separate-stderr sbox -c 'id -un; id -gn; whoami; echo "$USER $LOGNAME"
		stat -c %U:%G /etc/passwd /usr ~'
	local me me2
	me=$(id -un)
	me2=$me:$(id -gn)
	assert_equal "$output" \
		"$me"$'\n'"$(id -gn)"$'\n'"$me"$'\n'"$me $me"$'\n'"$me2"$'\nnobody:nogroup\n'"$me2"
}

@test "fake root is 0 in ranges, and the caller on the host" {
	need_ranges
	run --separate-stderr probe -p shell
	assert_equal "$(fact uid) $(fact euid) $(fact gid) $(fact egid)" "0 0 0 0"
	run extents -p shell
	assert_equal "${lines[0]}" " 0 $uid 1"
	assert_contains "${lines[1]}" " 1 "
	[ "${#lines[@]}" -ge 2 ]
	run --separate-stderr sbox -p shell --write="$T/work" -c '
		id -un; echo "$HOME $USER"; touch own other; chown 1000:100 other
		stat -c %u:%g own other'
	assert_equal "$output" $'root\n/root root\n0:0\n1000:100'
	assert_equal "$(stat -c %u:%g own)" "$uid:$gid"
	refute_contains "$(stat -c %u:%g other)" "$uid"
	sbox -p shell --write="$T/work" -c 'rm other'
}

@test "fake root without ranges needs no newuidmap and has one id only" {
	run --separate-stderr "$TEST_BIN/deny" EPERM setgid -- "$SBOX" --identity=root \
		--id-map=single \
		--groups=keep -c 'id -u; id -g; cat /proc/self/uid_map'
	assert_status 0
	assert_equal "$(tr -s ' ' <<<"$output")" $'0\n0\n 0 '"$uid 1"
}

@test "a range for one's own id keeps the number and adds the others around it" {
	need_ranges
	run extents --id-map=range
	assert_contains "$output" " $uid $uid 1"
	[ "${#lines[@]}" -ge 2 ]
	# every id belongs to the caller's own ranges
	local inside outside count first size
	while read -r inside outside count; do
		[ "$outside" = "$uid" ] && continue
		while IFS=: read -r _ first size; do
			[ "$outside" -ge "$first" ] && [ $((outside + count)) -le \
				$((first + size)) ] && continue 2
		done < <(grep -E "^($(id -un)|$uid):" /etc/subuid)
		complain "not the caller's" extent "$inside $outside $count"
	done <<<"$output"
	run --separate-stderr sbox --id-map=range -c 'id -u; grep -c ^root: /etc/passwd'
	assert_equal "$output" "$uid"$'\n1'
}

@test "the caller's groups are dropped where that was asked for, and by fake root" {
	need_ranges
	local how
	for how in --profile=untrusted --profile=shell --groups=drop; do
		run --separate-stderr probe "$how"
		assert_status 0
		assert_equal "$(fact groups)" ""
	done
}

@test "groups that are kept have no name inside, and a single id keeps them" {
	need_groups
	local n
	n=$(id -G | wc -w)
	run --separate-stderr probe --groups=keep
	assert_equal "$(fact groups | tr , '\n' | wc -l)" "$n"
	assert_contains ",$(fact groups)," ,65534,
	run --separate-stderr probe --groups=auto
	assert_equal "$(fact groups | tr , '\n' | wc -l)" "$n"
}

@test "dropped groups are really gone: what only they may read is refused" {
	need_ranges
	need_groups
	local other
	for other in $(id -G); do
		[ "$other" = "$gid" ] || break
	done
	# the ids inside are others than the owner: only the group could let them in
	mkdir "$T/work/d"
	echo shared >"$T/work/d/file"
	chgrp "$other" "$T/work/d/file"
	chmod 040 "$T/work/d/file"
	chmod 755 "$T" "$T/work" "$T/work/d"
	run sbox -p shell --groups=keep --read="$T/work" -- setpriv --reuid=5 \
		--keep-groups cat d/file
	assert_equal "$output" shared
	run sbox -p shell --read="$T/work" -- setpriv --reuid=5 --keep-groups cat d/file
	assert_contains "$output" "Permission denied"
}

@test "the host name inside is a setting, or the host's with uts = host" {
	run --separate-stderr sbox --hostname=box-7 -c \
		'uname -n; cat /proc/sys/kernel/hostname'
	assert_equal "$output" $'box-7\nbox-7'
	run --separate-stderr sbox --uts=host -c 'uname -n'
	assert_equal "$output" "$(uname -n)"
	run --separate-stderr sbox --uts=host --hostname=box -- true
	assert_status 125
	assert_contains "$stderr" "a host name cannot be set with uts = host"
}

@test "the machine id is another one at each start, a given one, or the host's" {
	local one two
	one=$(sbox -- cat /etc/machine-id)
	two=$(sbox -- cat /etc/machine-id)
	[[ $one =~ ^[0-9a-f]{32}$ ]]
	[ "$one" != "$two" ]
	run --separate-stderr sbox --machine-id=00112233445566778899aabbccddeeff -- cat \
		/etc/machine-id
	assert_equal "$output" 00112233445566778899aabbccddeeff
	if [ -r /etc/machine-id ]; then
		[ "$one" != "$(</etc/machine-id)" ]
		run --separate-stderr sbox --machine-id=host -- cat /etc/machine-id
		assert_equal "$output" "$(</etc/machine-id)"
	fi
}

@test "a caller whom no file knows gets a number for a name" {
	need unshare
	run --separate-stderr unshare --map-user=54321 --map-group=54321 \
		"$SBOX" --home=ephemeral -c 'id -u; id -un; cat /etc/passwd'
	assert_status 0
	assert_equal "${lines[0]} ${lines[1]}" "54321 54321"
	assert_contains "$output" "54321:x:54321:54321:"
}

@test "identity settings that contradict each other are refused" {
	run --separate-stderr sbox --groups=drop --id-map=single -- true
	assert_status 125
	assert_contains "$stderr" "groups can be dropped only with a range of ids"
}
