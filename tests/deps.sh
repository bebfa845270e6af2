#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# deps.sh - brings the Debian packages that building, running or testing needs
#
# usage: tests/deps.sh GROUP|app:PROGRAM...
#        tests/deps.sh --list GROUP...       prints the packages, there or not
#
# What is there already is not asked for, so with everything in place this says and does
# nothing. Otherwise it names the packages and installs them with apt-get, through sudo
# where not root. A system without apt-get gets the list and an error.
set -euo pipefail
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

# GROUP  PACKAGE  and what tells that it is there: a program's name, or a file (a pattern).
table() {
	cat <<-'END'
	build  gcc                      cc
	build  make                     make
	build  libc6-dev                /usr/include/stdio.h
	build  libarchive-dev           /usr/include/archive.h
	build  libjansson-dev           /usr/include/jansson.h
	build  nettle-dev               /usr/include/nettle/sha2.h
	build  libcap-dev               /usr/include/sys/capability.h
	build  libxau-dev               /usr/include/X11/Xauth.h
	build  libsystemd-dev           /usr/include/systemd/sd-bus.h
	build  libmnl-dev               /usr/include/libmnl/libmnl.h
	build  libnftnl-dev             /usr/include/libnftnl/common.h
	build  libseccomp-dev           /usr/include/seccomp.h
	run    uidmap                   newuidmap
	run    xdg-dbus-proxy           xdg-dbus-proxy
	run    slirp4netns              slirp4netns
	run    nftables                 nft
	run    fuse-overlayfs           fuse-overlayfs
	test   openssl                  openssl
	test   acl                      setfacl
	test   attr                     setfattr
	test   libcap2-bin              setcap
	test   passt                    pasta
	test   iproute2                 ip
	test   ngtcp2-client            gtlsclient
	test   ngtcp2-server            gtlsserver
	test   bats                     bats
	test   bzip2                    bzip2
	test   libcriterion-dev         /usr/include/criterion/criterion.h
	test   mmdebstrap               mmdebstrap
	test   python3                  python3
	test   python3-pip              /usr/lib/python3/dist-packages/pip
	test   python3-jeepney          /usr/lib/python3/dist-packages/jeepney
	test   desktop-file-utils       desktop-file-validate
	test   groff-base               groff
	test   imagemagick              import
	test   libglib2.0-bin           gio
	test   busybox-static           busybox
	test   dbus                     dbus-daemon
	test   dbus-session-bus-common  /usr/share/dbus-1/session.conf
	test   xvfb                     Xvfb
	test   xauth                    xauth
	test   xdotool                  xdotool
	test   firefox-esr              firefox-esr
	test   chromium                 chromium
	test   pulseaudio               pulseaudio
	test   pulseaudio-utils         paplay
	test   pipewire-pulse           pipewire-pulse
	test   git                      git
	test   nodejs                   node
	test   npm                      npm
	test   perl                     perl
	test   curl                     curl
	test   vim                      vim
	test   tmux                     tmux
	test   skopeo                   skopeo
	test   xz-utils                 xz
	test   zstd                     zstd
	test   strace                   strace
	test   bubblewrap               bwrap
	vm     e2fsprogs                mke2fs
	vm     mmdebstrap               mmdebstrap
	vm     openssh-client           ssh
	vm     python3                  python3
	vm     qemu-system-x86          qemu-system-x86_64
	vm     qemu-utils               qemu-img
	vm     uidmap                   newuidmap
	bench  bubblewrap               bwrap
	bench  iperf3                   iperf3
	bench  iproute2                 ip
	bench  hyperfine                hyperfine
	bench  python3                  python3
	lint   clang-format             clang-format
	lint   clang-tidy               clang-tidy
	lint   shellcheck               shellcheck
	fuzz   clang                    clang
	fuzz   libclang-rt-14-dev       /usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.fuzzer-*.a
	END
	# a compiler and a library for 32-bit programs
	[ "$(uname -m)" != x86_64 ] || cat <<-'END'
	test   gcc-multilib             /usr/lib/gcc/*/*/32/libgcc.a
	test   libc6-dev-i386           /usr/include/x86_64-linux-gnu/gnu/stubs-32.h
	END
}

is_there() {
	case $1 in
	/*) compgen -G "$1" >/dev/null ;;
	*) command -v "$1" >/dev/null ;;
	esac
}

# Most programs are in a package of their own name.
package_of_program() {
	case $1 in
	firefox) echo firefox-esr ;;
	*) echo "$1" ;;
	esac
}

if [ "${1:-}" = --list ]; then
	shift
	for group; do
		table | awk -v group="$group" '$1 == group { print $2 }'
	done | sort -u
	exit
fi

missing=()
for group; do
	case $group in
	app:*)
		is_there "${group#app:}" || missing+=("$(package_of_program "${group#app:}")")
		continue
		;;
	esac
	found=no
	while read -r row_group package sign; do
		[ "$row_group" = "$group" ] || continue
		found=yes
		is_there "$sign" || missing+=("$package")
	done < <(table)
	[ $found = yes ] || { echo "deps.sh: no such group: $group" >&2; exit 2; }
done
[ ${#missing[@]} -gt 0 ] || exit 0
mapfile -t missing < <(printf '%s\n' "${missing[@]}" | sort -u)

echo "These packages are needed and missing: ${missing[*]}"
if ! command -v apt-get >/dev/null; then
	echo "Install them (the names are Debian's) with your package manager, then try again." >&2
	exit 1
fi
root=()
if [ "$(id -u)" != 0 ]; then
	if ! command -v sudo >/dev/null; then
		echo "As root, run: apt-get install ${missing[*]}" >&2
		exit 1
	fi
	root=(sudo)
fi

# What apt says is shown only when it fails; a password is asked for on the terminal.
log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt() {
	"${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 \
		-o DPkg::Lock::Timeout=300 "$@" </dev/null >"$log" 2>&1
}

# Fresh lists first: an image's own are often empty, or name versions long gone. Another
# apt may be at work on the lists, for which there is no timeout to give.
for try in 1 2 3; do
	apt update && break
	[ "$try" = 3 ] && echo "apt-get update failed; trying with the lists that are there" >&2
	sleep 5
done
for package in "${missing[@]}"; do
	apt-cache show "$package" >/dev/null 2>&1 || {
		echo "There is no package called '$package' here." >&2
		exit 1
	}
done
echo "Installing them."
apt install --yes --no-install-recommends "${missing[@]}" || {
	cat "$log" >&2
	echo "apt-get install failed" >&2
	exit 1
}
