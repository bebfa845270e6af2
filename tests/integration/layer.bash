# SPDX-License-Identifier: MIT
# layer.bash - layers made by hand: real uppers of both engines, with scripts as the programs
#
#   make_layer NAME ENGINE TREE   a layer over TREE, since now; ENGINE: kernel, fuse-overlayfs
#   in_layer NAME ENGINE TREE CMD...  runs CMD in the overlaid TREE (its working directory),
#                                 in a user namespace, as sbox would mount it
#   tree_hash DIR                 one line for each file: type, mode, content, time, links
# shellcheck shell=bash

layers=$HOME/.local/share/sbox/layers

engines() {
	echo kernel
	[ ! -w /dev/fuse ] || ! command -v fuse-overlayfs >/dev/null || echo fuse-overlayfs
}

make_layer() {
	layers=$HOME/.local/share/sbox/layers
	mkdir -p -m 700 "$HOME/.local/share/sbox" "$layers" "$layers/$1"
	mkdir -p "$layers/$1/trees/1/upper" "$layers/$1/trees/1/work"
	printf 'sbox-layer 1\nbase=host\nsince=%s\ntree=1 %s %s\n' "$(date +%s%N)" "$2" "$3" \
		>"$layers/$1/record"
}

in_layer() {
	local name=$1 engine=$2 tree=$3
	local at=$layers/$name/trees/1 mount
	shift 3
	mkdir -p "$T/mnt"
	if [ "$engine" = kernel ]; then
		mount='mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work,userxattr" "$3"'
	else
		mount='fuse-overlayfs -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work,squash_to_uid=0,squash_to_gid=0" "$3" 2>/dev/null'
	fi
	# a shell of its own, so that the mount is busy no more when it is taken away
	# shellcheck disable=SC2016
	unshare -Urm sh -c "$mount"' || exit 99
		mnt=$3; shift 3; (cd "$mnt" && "$@"); r=$?; umount "$mnt"; exit $r' \
		sh "$tree" "$at" "$T/mnt" "$@" 3>&-
}

tree_hash() {
	python3 - "$1" <<'END'
import hashlib, os, stat, sys
top = os.fsencode(sys.argv[1])
inodes = {}
for d, dirs, files in os.walk(top):
    dirs.sort()
    for n in sorted(dirs + files):
        p = os.path.join(d, n)
        st = os.lstat(p)
        what = [repr(os.path.relpath(p, top)), oct(st.st_mode)]
        if stat.S_ISREG(st.st_mode):
            what.append(hashlib.sha256(open(p, "rb").read()).hexdigest()[:16])
            what.append(str(st.st_mtime_ns))
            first = inodes.setdefault(st.st_ino, what[0])
            what.append(first if first != what[0] else "-")
            what.append(repr(sorted((a, os.getxattr(p, a)) for a in os.listxattr(p))))
        elif stat.S_ISLNK(st.st_mode):
            what.append(repr(os.readlink(p)))
        print(*what)
END
}
