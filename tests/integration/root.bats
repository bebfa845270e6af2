# SPDX-License-Identifier: MIT
# root.bats - another system's tree as the root: a root prompt in Debian, and in busybox
#
# The Debian is made once, by mmdebstrap as the ordinary user, and unpacked with subordinate
# ids, so that its files have the owners that the package manager gave them.
bats_require_minimum_version 1.8.0
load lib

setup_file() {
	export debian_tar=${TMPDIR:-$BATS_FILE_TMPDIR}/debian.tar
	local tar=$debian_tar
	export debian=$BATS_FILE_TMPDIR/debian
	mkdir "$debian"
	# the suites of one run share it
	[ -s "$tar" ] || make_debian "$tar" 2>"$BATS_FILE_TMPDIR/log" || return 0
	with_all_ids tar -C "$debian" --exclude='./dev/*' -xf "$tar"
}

# It works as another of the user's ids, which a private TMPDIR would not let in.
make_debian() {
	local suite
	suite=$(. /etc/os-release && echo "${VERSION_CODENAME:-stable}")
	TMPDIR=/var/tmp timeout 240 mmdebstrap --quiet --mode=unshare --variant=apt --format=tar \
		--dpkgopt=force-unsafe-io --dpkgopt='path-exclude=/usr/share/doc/*' \
		--dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' "$suite" - >"$1.new" 3>&- &&
		mv "$1.new" "$1"
}

teardown() {
	with_all_ids rm -rf "$T/work" "$HOME/.local/share/sbox/images"
	clean_up
}

teardown_file() {
	with_all_ids rm -rf "$debian"
}

# A command as root of the ids that an identity = root has, but in the host's files.
with_all_ids() {
	unshare --map-auto --map-root-user "$@" 3>&-
}

need_debian() {
	need mmdebstrap unshare newuidmap
	[ ! -x "$debian/usr/bin/dpkg" ] || return 0
	complain "no Debian was made" "mmdebstrap" "$(<"$BATS_FILE_TMPDIR/log")" || true
	[ "${SBOX_TEST_STRICT:-0}" != 1 ] || return 1
	skip "mmdebstrap made no Debian"
}

busybox_root() {
	need busybox
	busybox=$T/work/busybox
	mkdir -p "$busybox/bin"
	cp "$(command -v busybox)" "$busybox/bin/busybox"
	ln -s busybox "$busybox/bin/sh"
}

in_root() {
	local root=$1
	shift
	run --separate-stderr sbox --profile shell --root="$root" "$@"
}

# Names, owners, modes, sizes and times of all that is in a tree.
listing() {
	find "$1" -printf '%P %U:%G %m %s %T@ %C@\n' 2>/dev/null | sort
}

first_subordinate() {
	awk -F: -v user="$(id -un)" -v id="$(id -u)" \
		'$1 == user || $1 == id { print $2; exit }' "$1"
}

# bats test_tags=no-vm
@test "Debian: a root prompt, in which files have their several owners" {
	need_debian
	local before
	before=$(listing "$debian")
	in_root "$debian" -c 'id; cd /
		stat -c "%n %U:%G %a" etc/passwd etc/shadow usr/bin/chage var/mail var/local'
	assert_status 0
	assert_equal "$stderr" ""
	assert_equal "$output" "uid=0(root) gid=0(root) groups=0(root)
etc/passwd root:root 644
etc/shadow root:shadow 640
usr/bin/chage root:shadow 2755
var/mail root:mail 2775
var/local root:staff 2775"

	run "$TEST_BIN/pty" 'expect=# ' 'send=echo i am $(id -un), $(pwd)\n' \
		'expect=i am root, /root' 'send=exit 7\n' -- \
		"$SBOX" --profile shell --root="$debian" 3>&-
	assert_status 7
	refute_contains "$output" "annot set"
	assert_equal "$(listing "$debian")" "$before"
	no_leftovers 'home/.cache*' # compiled filters
}

# bats test_tags=no-vm
@test "Debian: its package manager looks at it; without root-write nobody changes it" {
	need_debian
	local before
	before=$(listing "$debian")
	in_root "$debian" -c 'dpkg-query -W -f "\${Status} \${Package}\n" apt dpkg
		apt-get --version | head -n 1
		cat /etc/shadow >/dev/null && echo read
		for place in / /etc /usr /var/lib/dpkg; do
			touch $place/new; chown 33 $place; rm -rf $place/passwd; done 2>&1 |
			grep -vc "Read-only file system"
		touch /tmp/new /run/new /var/tmp/new /root/new && echo written'
	assert_contains "$output" "install ok installed apt
install ok installed dpkg
apt "
	# whatever else was said, nothing succeeded: chown and touch were refused each time
	assert_contains "$output" "read
0
written"
	assert_equal "$(listing "$debian")" "$before"
	no_leftovers 'home/.cache*' # compiled filters
}

# bats test_tags=no-vm
@test "Debian with root-write: packages are installed, with files of several owners" {
	need_debian
	local copy=$T/work/copy before own group
	with_all_ids cp -a "$debian" "$copy"
	before=$(ls -A "$copy")
	cat >"$T/work/install" <<-'END'
		set -e
		mkdir -p /tmp/p/DEBIAN /tmp/p/usr/share/www
		printf '%s\n' 'Package: sbox-test' 'Version: 1' 'Architecture: all' \
			'Maintainer: x <x@example.org>' 'Description: x' >/tmp/p/DEBIAN/control
		printf '%s\n' '#!/bin/sh' 'chown www-data:shadow /usr/share/www/owned' \
			>/tmp/p/DEBIAN/postinst
		chmod 755 /tmp/p/DEBIAN/postinst
		echo words >/tmp/p/usr/share/www/page
		touch /tmp/p/usr/share/www/owned
		chown -R www-data /tmp/p/usr/share/www
		dpkg-deb --build /tmp/p /tmp/p.deb
		dpkg -i /tmp/p.deb
		apt-get check
		su -s /bin/sh www-data -c 'id -un; echo more >>/usr/share/www/page; touch /etc/x || :'
		tar -C /usr/share -cf - www | tar -C /home -xf -
	END
	in_root "$copy" --root-write --read="$T/work/install" -- sh "$T/work/install"
	assert_status 0
	assert_contains "$output" "Setting up sbox-test (1)"
	assert_contains "$output" www-data
	assert_contains "$stderr" "touch: cannot touch '/etc/x': Permission denied"

	own=$(first_subordinate /etc/subuid)
	group=$(first_subordinate /etc/subgid)
	assert_equal "$(<"$copy/usr/share/www/page")" "words"$'\n'"more"
	assert_equal "$(stat -c %u "$copy/usr/share/www/page" "$copy/home/www/page" | uniq)" \
		$((own + 33 - 1))
	assert_equal "$(stat -c %u:%g "$copy/usr/share/www/owned")" \
		"$((own + 33 - 1)):$((group + 42 - 1))"

	in_root "$copy" --root-write -c 'dpkg --purge sbox-test && test ! -e /usr/share/www/page'
	assert_status 0
	# and a later start sees what the earlier one wrote
	in_root "$copy" -c 'stat -c %U:%G /home/www/owned; dpkg -l sbox-test 2>&1 | tail -n 1'
	assert_equal "$output" "www-data:shadow
dpkg-query: no packages found matching sbox-test"
	assert_equal "$(ls -A "$copy")" "$before"
	no_leftovers 'home/.cache*' # compiled filters
}

# bats test_tags=no-vm
@test "Debian as an image: a package is installed, all is kept, exported and imported again" {
	need_debian
	local copies=$HOME/.local/share/sbox/images name
	mkdir -p p/DEBIAN p/usr/share/www
	printf '%s\n' 'Package: sbox-test' 'Version: 1' 'Architecture: all' \
		'Maintainer: x <x@example.org>' 'Description: x' >p/DEBIAN/control
	printf '%s\n' '#!/bin/sh' 'cd /usr/share/www && chown www-data:shadow owned &&' \
		'chmod 4750 owned' >p/DEBIAN/postinst
	chmod 755 p/DEBIAN/postinst
	echo words >p/usr/share/www/owned
	dpkg-deb --root-owner-group --build p p.deb
	sbox image import -q "$debian_tar" debian
	in_root debian --root-write --bind="$T/work/p.deb /tmp/p.deb" -c '
		apt-get --yes install /tmp/p.deb'
	assert_status 0
	assert_contains "$output" "Setting up sbox-test (1)"
	in_root debian -c 'stat -c "%U:%G %a" /usr/share/www/owned'
	assert_equal "$output" "www-data:shadow 4750"
	run --separate-stderr sbox image verify debian
	assert_status 1
	assert_contains "$output" "new      /usr/share/www/owned"

	sbox image export debian out.tar
	sbox image import -q out.tar again
	for name in debian again; do
		with_all_ids sh -c 'cd "$1" && find . -printf "%p %y %m %U:%G %l %T@\n" | sort &&
			find . -type f -print0 | sort -z | xargs -0 sha256sum' sh \
			"$copies/$name/root" >"$name"
	done
	cmp debian again
	run -0 --separate-stderr sbox image verify again
	sbox image remove debian
	sbox image remove again
	assert_equal "$(ls -A "$copies")" ""
}

# bats test_tags=no-vm
@test "Debian as an image with a layer: the package is in the layer, there again, and exported" {
	need_debian
	local copies=$HOME/.local/share/sbox/images
	mkdir -p p/DEBIAN p/usr/share/www
	printf '%s\n' 'Package: sbox-test' 'Version: 1' 'Architecture: all' \
		'Maintainer: x <x@example.org>' 'Description: x' >p/DEBIAN/control
	printf '%s\n' '#!/bin/sh' 'chown www-data:shadow /usr/share/www/owned &&' \
		'chmod 4750 /usr/share/www/owned' >p/DEBIAN/postinst
	chmod 755 p/DEBIAN/postinst
	echo words >p/usr/share/www/owned
	dpkg-deb --root-owner-group --build p p.deb
	sbox image import -q "$debian_tar" debian
	in_root debian --layer=work --bind="$T/work/p.deb /tmp/p.deb" -c '
		apt-get --yes install /tmp/p.deb && dpkg --purge --force-remove-essential hostname'
	assert_status 0
	assert_contains "$output" "Setting up sbox-test (1)"
	run -0 --separate-stderr sbox image verify debian
	in_root debian -c 'test ! -e /usr/share/www'
	assert_status 0
	in_root debian --layer=work -c '
		stat -c "%U:%G %a" /usr/share/www/owned; dpkg -s sbox-test | grep Status
		test ! -e /bin/hostname && apt-get check'
	assert_status 0
	assert_contains "$output" "www-data:shadow 4750
Status: install ok installed"
	run --separate-stderr sbox diff work
	assert_contains "$output" "added    -rwsr-x---     6  /usr/share/www/owned"
	assert_contains "$output" "removed  -rwxr-xr-x"
	run --separate-stderr sbox apply work
	assert_status 125

	sbox --profile shell --root=debian --layer=work -- tar --one-file-system -C / -cf - . >out.tar
	sbox image import -q out.tar again
	in_root again -c 'stat -c "%U:%G %a" /usr/share/www/owned; test ! -e /bin/hostname'
	assert_status 0
	assert_equal "$output" "www-data:shadow 4750"
	sbox layer remove work
	sbox image remove debian again
	assert_equal "$(ls -A "$copies")" ""
	[ ! -e "$HOME/.local/share/sbox/layers/work" ]
}

@test "busybox alone is root enough, and nothing is made in its tree" {
	local before
	busybox_root
	before=$(listing "$busybox")
	in_root "$busybox" -c '/bin/busybox id -u; /bin/busybox ls / /bin
		for place in /tmp /run /root /var/tmp /dev/shm; do : >$place/new; done
		: </dev/null && /bin/busybox test -d /proc/self && echo furnished'
	assert_status 0
	assert_equal "$stderr" ""
	assert_equal "$output" "0
/:
bin
dev
etc
proc
root
run
tmp
var

/bin:
busybox
sh
furnished"
	in_root "$busybox" -c ': >/new'
	assert_status 1
	assert_contains "$stderr" "Read-only file system"

	# nor where sbox has no time to take something away
	sbox_in_background --profile shell --root="$busybox" -- /bin/busybox sleep 60
	wait_until 5 eval 'descendants_of "$started" | grep -w busybox'
	assert_equal "$(listing "$busybox")" "$before"
	kill -KILL "$started"
	wait "$started" || true
	assert_equal "$(listing "$busybox")" "$before"
	no_leftovers 'home/.cache*' # compiled filters
}

@test "busybox with root-write: what is written stays, the places for mounts do not" {
	busybox_root
	in_root "$busybox" --root-write -c '
		echo words >/kept; /bin/busybox mkdir -p /srv/x; /bin/busybox chown 33:42 /kept
		: </dev/null && : >/tmp/gone && /bin/busybox test -d /proc/self && echo furnished'
	assert_equal "$output" furnished
	assert_equal "$(cd "$busybox" && find . | sort | tr '\n' ' ')" \
		". ./bin ./bin/busybox ./bin/sh ./kept ./srv ./srv/x "
	assert_equal "$(stat -c %u:%g "$busybox/kept")" \
		"$(($(first_subordinate /etc/subuid) + 32)):$(($(first_subordinate /etc/subgid) + 41))"
	no_leftovers 'home/.cache*' # compiled filters
}

@test "the variables of a root prompt name what is there" {
	busybox_root
	in_root "$busybox" -c 'echo $HOME $USER $SHELL
		/bin/busybox stat -c "%a %u" $HOME $XDG_RUNTIME_DIR $SHELL/. 2>/dev/null
		/bin/busybox test -x $SHELL && echo shell'
	assert_equal "$output" "/root root /bin/sh
700 0
700 0
shell"
	# as its own passwd has it; /bin/sh again where there is no such thing
	mkdir "$busybox/etc"
	ln -s busybox "$busybox/bin/ash"
	printf 'root:x:0:0::/root:/bin/ash\n' >"$busybox/etc/passwd"
	run -0 --separate-stderr sbox --profile shell --root="$busybox" <<<'echo $0 $SHELL'
	assert_equal "$output" "/bin/ash /bin/ash"
	printf 'root:x:0:0::/root:/bin/missing\n' >"$busybox/etc/passwd"
	run -0 --separate-stderr sbox --profile shell --root="$busybox" <<<'echo $SHELL'
	assert_equal "$output" /bin/sh
	rm "$busybox/etc/passwd"
	mkfifo "$busybox/etc/passwd"
	run -0 --separate-stderr sbox --profile shell --root="$busybox" <<<'echo $SHELL'
	assert_equal "$output" /bin/sh
}

@test "a root that cannot be one is refused, and why is said" {
	need unshare newuidmap
	mkdir "$T/work/other"
	touch "$T/work/file"
	with_all_ids sh -c 'chmod 700 other; chown 5:5 other'
	in_root "$T/work/other"
	assert_status 125
	assert_contains "$stderr" "sbox: --root: the root '$T/work/other': Permission denied"
	assert_contains "$stderr" "hint: you must be allowed to read and enter it on the host"
	in_root "$T/work/other/below"
	assert_contains "$stderr" "the root '$T/work/other/below': Permission denied"
	in_root "$T/work/missing"
	assert_status 125
	assert_contains "$stderr" "the root '$T/work/missing': No such file or directory"
	in_root "$T/work/file"
	assert_status 125
	assert_contains "$stderr" "cannot import '$T/work/file': it is no tar archive"
	in_root /
	assert_status 125
	assert_contains "$stderr" "the host's own / cannot be the root"
	for write in no yes; do
		mkdir "$T/work/empty-$write"
		run -127 --separate-stderr sbox --profile shell --root="$T/work/empty-$write" \
			--root-write=$write
		assert_contains "$stderr" "/bin/sh"
		assert_equal "$(ls -A "$T/work/empty-$write")" ""
	done
	# compiled filters, and the folder of images
	no_leftovers 'home/.cache*' 'home/.local*'
	assert_equal "$(ls -A "$HOME/.local/share/sbox/images")" ""
}
