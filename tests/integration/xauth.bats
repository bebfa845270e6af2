# SPDX-License-Identifier: MIT
# xauth.bats - sbox-xauth gives the one cookie of the display, and no other
#
# xauth(1) writes the files and reads what comes out.
bats_require_minimum_version 1.8.0
load lib

one=00112233445566778899aabbccddeeff
two=102132435465768798a9bacbdcedfe0f

setup() {
	isolate
	need xauth
	sbox_xauth=$SBOX_LIBEXEC/sbox-xauth
	host=$(uname -n)
	export XAUTHORITY=$T/authority
}

add() {
	xauth -q -f "$XAUTHORITY" add "$@" 2>/dev/null
}

# What the helper writes, as numbers: family, address, display, name, data.
cookie_of() {
	"$sbox_xauth" "$@" >"$T/out" && xauth -f "$T/out" nlist
}

wild_record() {
	local number
	number=$(printf %s "$1" | od -An -tx1 | tr -d ' \n')
	printf 'ffff 0000  %04x %s 0012 4d49542d4d414749432d434f4f4b49452d31 0010 %s' \
		${#1} "$number" "$2"
}

@test "the cookie of the display comes out, valid under every host name" {
	add "$host/unix:0" . $one
	add "$host/unix:12" . $two
	for display in :12 :12.0 unix:12 "$host:12" "$host/unix:12" localhost:12.1; do
		run --separate-stderr cookie_of "$display"
		assert_status 0
		assert_equal "$output" "$(wild_record 12 $two)"
	done
	run cookie_of :0
	assert_equal "$output" "$(wild_record 0 $one)"
}

# bats test_tags=no-vm
@test "an X server takes it" {
	need Xvfb xdotool
	add "$host/unix:0" . $one
	mkfifo "$T/ready"
	Xvfb -displayfd 4 -nolisten tcp -noreset -auth "$XAUTHORITY" 4>"$T/ready" 3>&- \
		>/dev/null 2>&1 &
	all_started+=($!)
	read -r number <"$T/ready"
	[ "$number" = 0 ] || add "$host/unix:$number" . $one
	"$sbox_xauth" ":$number" >"$T/out"
	DISPLAY=:$number XAUTHORITY=$T/out xdotool getdisplaygeometry
	run ! env DISPLAY=":$number" XAUTHORITY=/dev/null xdotool getdisplaygeometry
}

@test "this host's own record goes before a wild one, another host's and localhost's" {
	local family
	# as nlist and nmerge write them: localhost, another host, wild, this host
	{
		printf '0000 0004 7f000001 0001 30 0012 %s 0010 %s\n' "$magic" "${one/00/a1}"
		printf '0100 0005 %s 0001 30 0012 %s 0010 %s\n' "$(hex other)" "$magic" "${one/00/a2}"
		printf 'ffff 0000  0001 30 0012 %s 0010 %s\n' "$magic" "${one/00/a3}"
		printf '0100 %04x %s 0001 30 0012 %s 0010 %s\n' ${#host} "$(hex "$host")" \
			"$magic" "${one/00/a4}"
	} >"$T/records"
	for family in 1 2 3 4; do
		rm -f "$XAUTHORITY"
		head -n $family "$T/records" | xauth -q -f "$XAUTHORITY" nmerge - 2>/dev/null
		run cookie_of :0
		assert_equal "$output" "$(wild_record 0 "${one/00/a$family}")"
	done
}
magic=4d49542d4d414749432d434f4f4b49452d31
hex() {
	printf %s "$1" | od -An -tx1 | tr -d ' \n'
}

@test "no cookie: exit 1 and not a word" {
	for prepare in 'true' ': >"$XAUTHORITY"' 'add "$host/unix:1" . $one' \
		'add "10.0.0.1:0" . $one' 'add "$host/unix:0" XDM-AUTHORIZATION-1 $one'; do
		rm -f "$XAUTHORITY"
		eval "$prepare"
		run "$sbox_xauth" :0
		assert_status 1
		assert_equal "$output" ""
	done
	unset XAUTHORITY
	HOME=/nowhere run "$sbox_xauth" :0
	assert_status 1
}

@test "the file is the one named, else XAUTHORITY, else ~/.Xauthority" {
	XAUTHORITY=$HOME/.Xauthority add "$host/unix:0" . ${one/00/a1}
	XAUTHORITY=$T/named add "$host/unix:0" . ${one/00/a2}
	add "$host/unix:0" . ${one/00/a3}
	run cookie_of :0 "$T/named"
	assert_equal "$output" "$(wild_record 0 ${one/00/a2})"
	run cookie_of :0
	assert_equal "$output" "$(wild_record 0 ${one/00/a3})"
	unset XAUTHORITY
	run cookie_of :0
	assert_equal "$output" "$(wild_record 0 ${one/00/a1})"
}

@test "a truncated file counts up to where it is whole" {
	local size
	add "$host/unix:0" . $one
	size=$(stat -c %s "$XAUTHORITY")
	add "$host/unix:1" . $two
	for cut in $((size + 1)) $((size + 20)) $(($(stat -c %s "$XAUTHORITY") - 1)); do
		head -c "$cut" "$XAUTHORITY" >"$T/cut"
		XAUTHORITY=$T/cut run cookie_of :0
		assert_equal "$output" "$(wild_record 0 $one)"
		XAUTHORITY=$T/cut run "$sbox_xauth" :1
		assert_status 1
		assert_equal "$output" ""
	done
	printf '\1\0\377\377' >"$T/cut"
	XAUTHORITY=$T/cut run "$sbox_xauth" :0
	assert_status 1
}

@test "of 1000 records the right one comes out" {
	local n
	for ((n = 0; n < 1000; n++)); do
		printf '0100 %04x %s %04x %s 0012 %s 0010 %032x\n' ${#host} "$(hex "$host")" \
			${#n} "3${n//?/X}" "$magic" $n
	done | awk '{ # the display in hexadecimal digits of its characters
		n = NR - 1 ""; digits = ""
		for (i = 1; i <= length(n); i++) digits = digits "3" substr(n, i, 1)
		$5 = digits; print }' | xauth -q -f "$XAUTHORITY" nmerge - 2>/dev/null
	assert_equal "$(xauth -f "$XAUTHORITY" nlist | wc -l)" 1000
	run cookie_of :777
	assert_equal "$output" "$(wild_record 777 "$(printf %032x 777)")"
}

@test "a bad call or a file that cannot be read: exit 2 and the reason" {
	add "$host/unix:0" . $one
	for display in "" 0 : :x :0x :123456 elsewhere:0 x:; do
		run --separate-stderr "$sbox_xauth" "$display"
		assert_status 2
		assert_contains "$stderr" "not a display of this machine"
		assert_equal "$output" ""
	done
	run --separate-stderr "$sbox_xauth"
	assert_status 2
	assert_contains "$stderr" "usage: sbox-xauth DISPLAY [FILE [NUMBER]]"

	chmod 000 "$XAUTHORITY"
	run --separate-stderr "$sbox_xauth" :0
	assert_status 2
	assert_contains "$stderr" "cannot read '$XAUTHORITY': Permission denied"

	mkfifo "$T/fifo"
	for XAUTHORITY in "$T/fifo" "$T"; do
		run --separate-stderr "$sbox_xauth" :0
		assert_status 2
		assert_contains "$stderr" "not a regular file"
	done
	truncate -s 2M "$T/large"
	XAUTHORITY=$T/large run --separate-stderr "$sbox_xauth" :0
	assert_status 2
	assert_contains "$stderr" "larger than 1 MiB"
	if [ "$(id -u)" != 0 ] && [ -c /dev/full ]; then
		XAUTHORITY=$T/good
		add "$host/unix:0" . $one
		run sh -c '"$1" :0 >/dev/full' - "$sbox_xauth"
		assert_status 2
	fi
}
