#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# image.bats - systems to be used as a root: what is imported, how, and what never is
load lib

archive() {
	python3 "$BATS_TEST_DIRNAME/archives.py" "$@"
}

with_all_ids() {
	unshare --map-auto --map-root-user "$@" 3>&-
}

image() {
	run --separate-stderr sbox image "$@"
}

images_dir() {
	echo "$HOME/.local/share/sbox/images"
}

# Names, owners and content of an image's tree, as root inside sees them.
tree_of() {
	with_all_ids sh -c 'cd "$1" && find . -printf "%p %y %m %U:%G %l " \
		\( -type f -exec sha256sum {} \; -o -printf "\n" \)' sh \
		"$(images_dir)/$1/root" | sed 's/  .*//' | sort
}

# Everything in the test's directory but the store.
surroundings() {
	find "$T" -path "$(images_dir)" -prune -o -path "$T/home/.cache" -prune -o \
		-type f -printf '%p %s %T@\n' | sort
	find "$T" -path "$(images_dir)" -prune -o -path "$T/home/.cache" -prune -o \
		-type f -print0 | sort -z | xargs -0 sha256sum
}

busybox_tar() {
	need busybox python3
	mkdir -p sys/bin sys/etc
	cp "$(command -v busybox)" sys/bin/busybox
	ln -sf busybox sys/bin/sh
	tar -C sys --owner=0 --group=0 -cf "${1:-sys.tar}" .
}

teardown() {
	[ ! -d "$(images_dir)" ] || with_all_ids rm -rf "$(images_dir)" "$T/work"
	clean_up
}

@test "a tar becomes an image with owners, modes, links, names and attributes" {
	need python3 unshare
	archive mixed m.tar
	image import m.tar
	assert_status 0
	assert_contains "$output" "m: "
	assert_contains "$stderr" "3 devices, fifos, sockets and whiteouts were left out"
	assert_contains "$stderr" "1 extended attributes could not be kept"
	local root
	root=$(images_dir)/m/root
	run with_all_ids sh -c 'cd "$1" && stat -c "%n %u:%g %a %h" srv srv/page bin/tool \
		bin/tool2 srv/of-root srv/link srv/made srv/made/f && cat srv/page usr/lib/in-usr "a b
\\" && readlink abs && stat -c %Y srv srv/page && ls | grep -v "^a b" | grep -v "^.\$"' sh "$root"
	assert_equal "$output" "srv 33:42 2775 3
srv/page 33:42 644 1
bin/tool 0:0 4755 2
bin/tool2 0:0 4755 2
srv/of-root 0:0 644 1
srv/link 0:0 777 1
srv/made 0:0 755 2
srv/made/f 0:0 644 1
wordsxodd/etc/passwd
1000000000
1000000000
abs
attributes
bin
lib
long
näme
srv
usr"
	run python3 -c 'import os, sys; print(os.listxattr(sys.argv[1]))' "$root/attributes"
	assert_equal "$output" "['user.word']"
	image verify m
	assert_status 0
	assert_equal "$output" ""
	# nobody else comes near setuid files in it
	assert_equal "$(stat -c %a "$(images_dir)")" 700
	image remove m
	assert_status 0
	assert_equal "$(ls -A "$(images_dir)")" ""
	no_leftovers 'home/.local*'
}

@test "compressed archives give the same image, and a second import of a name is refused" {
	need gzip xz zstd bzip2
	busybox_tar
	gzip -k sys.tar
	xz -0 -k sys.tar
	zstd -q sys.tar
	bzip2 -k sys.tar
	local end
	for end in '' .gz .xz .zst .bz2; do
		image import "sys.tar$end" "sys$end"
		assert_status 0
		assert_equal "$(tree_of "sys$end")" "$(tree_of sys)"
	done
	image import sys.tar
	assert_status 125
	assert_contains "$stderr" "there is an image 'sys' already"
	image list --names
	assert_equal "$output" $'sys\nsys.bz2\nsys.gz\nsys.xz\nsys.zst'
	sbox image list --json | python3 -m json.tool >/dev/null
	image show sys
	assert_contains "$output" "digest    sha256:$(sha256sum <sys.tar | cut -d ' ' -f 1)"
	assert_contains "$output" "tree      $(images_dir)/sys/root"
	assert_contains "$output" ", 5 entries"
	image show sys --json
	assert_equal "$(python3 -c 'import json, sys; i = json.load(sys.stdin)
print(i["name"], i["entries"], i["bytes"] > 100000)' <<<"$output")" "sys 5 True"
}

@test "no hostile archive writes outside, or leaves an image that is not whole" {
	need python3
	local name before
	mkdir outside
	echo kept >outside/kept
	for name in $(archive names); do
		archive hostile "$name" "$name.tar" "$T/work/outside"
	done
	before=$(surroundings)
	for name in $(archive names); do
		image import "$name.tar"
		case $name in
		link-then-file | link-up-then-file | link-replaced | link-to-proc)
			# the link's target is the image's own
			assert_status 125 || assert_status 0
			[ "$status" != 0 ] || sbox image remove "$name"
			;;
		*)
			assert_status 125
			assert_contains "$stderr" "sbox: "
			;;
		esac
		assert_equal "$(surroundings)" "$before"
		assert_equal "$(ls -A "$(images_dir)")" "" "$name"
	done
	no_leftovers 'home/.local*'
}

@test "what is said of a bad archive tells what is wrong with it" {
	need python3 gzip
	local name
	for name in dotdot absolute hard-out long-name owner empty; do
		archive hostile $name $name.tar /outside
	done
	image import dotdot.tar
	assert_contains "$stderr" "the name '../escaped' has '..' in it"
	image import absolute.tar
	assert_contains "$stderr" "the name '/escaped' is absolute"
	image import hard-out.tar
	assert_contains "$stderr" "a hard link's target '/outside/kept' is absolute"
	image import long-name.tar
	assert_contains "$stderr" "is too long"
	image import owner.tar
	assert_contains "$stderr" "belongs to 3000000000:0, which is outside your range"
	image import empty.tar nothing
	assert_contains "$stderr" "there is nothing in it"
	echo words >words.tar
	image import words.tar
	assert_status 125
	assert_contains "$stderr" "no tar archive"
	image import missing.tar
	assert_status 125
	assert_contains "$stderr" "No such file or directory"
	image import dotdot.tar host
	assert_contains "$stderr" "an image cannot be called 'host'"
	image remove nothing
	assert_status 125
	assert_contains "$stderr" "there is no image 'nothing'"
	for name in .. . / a/b -x .new-1 $'a\nb' ''; do
		image import dotdot.tar "$name"
		assert_status 125
		refute_contains "$stderr" "'../escaped'"
		image remove "$name"
		assert_status 125
	done
	assert_equal "$(ls -A "$(images_dir)")" ""
}

@test "of two entries with one name the later stays, whatever kinds they are of" {
	need python3
	archive again again.tar
	image import -q again.tar
	assert_status 0
	run with_all_ids sh -c 'cd "$1" && find . -mindepth 1 -printf "%P %y %l\n" | sort
		cat *-file' - "$(images_dir)/again/root"
	# what a directory held before stays in it
	assert_equal "$output" "dir-dir d 
dir-dir/first f 
dir-dir/later f 
dir-file f 
dir-link l later
file-dir d 
file-dir/later f 
file-file f 
file-link l later
link-dir d 
link-dir/later f 
link-file f 
link-link l later
laterlaterlater"
}

@test "what an overlay would take for its own stays outside" {
	need python3 unshare
	archive overlay tar.tar
	image import tar.tar tar
	assert_contains "$stderr" "5 devices, fifos, sockets and whiteouts were left out"
	assert_contains "$stderr" "27 extended attributes could not be kept"
	mkdir -p tree/d/.wh.x
	: >tree/d/.wh.f
	: >tree/d/f
	python3 -c 'import os; os.setxattr("tree/d", "user.overlay.opaque", b"y")
os.setxattr("tree/d/f", "user.word", b"kept")'
	image import tree
	assert_status 0
	archive layout layers
	image import layers
	assert_status 0
	for name in tar tree layers; do
		run with_all_ids find "$(images_dir)/$name/root" -name '.wh.*'
		assert_equal "$output" ""
		run with_all_ids python3 -c 'import os, sys
for top, _, files in os.walk(sys.argv[1]):
    for path in [top] + [os.path.join(top, f) for f in files]:
        for name in os.listxattr(path, follow_symlinks=False):
            print(path[len(sys.argv[1]):], name)' "$(images_dir)/$name/root"
		[ $name = layers ] && assert_equal "$output" "" ||
			assert_equal "$output" "/d/f user.word"
	done
}

@test "a truncated archive is none, wherever it was cut" {
	need gzip xz zstd
	busybox_tar
	local size end
	size=$(stat -c %s sys.tar)
	for end in '' .gz .xz .zst; do
		case $end in .gz) gzip -k sys.tar ;; .xz) xz -0 -k sys.tar ;; .zst) zstd -q sys.tar ;; esac
		size=$(stat -c %s "sys.tar$end")
		for cut in 100 $((size / 2)) $((size - 20)); do
			head -c "$cut" "sys.tar$end" >"cut.tar$end"
			# a plain archive may lose some of its padding
			[ "$cut$end" != $((size - 20)) ] || head -c 1536 sys.tar >cut.tar
			image import "cut.tar$end"
			assert_status 125
			assert_equal "$(ls -A "$(images_dir)")" ""
		done
	done
	# at the border of an entry, too
	head -c 512 sys.tar >cut.tar
	image import cut.tar
	assert_status 125
	assert_contains "$stderr" "cut short"
}

expected_layers() {
	cat <<-'END'
	etc/b 2
	etc/c 3
	etc/d 3
	gone/again 3
	lib/added 2
	opt/new 2
	opt/sub/new 2
	was-dir 2
	was-file/f 2
	END
}

layers_of() {
	(cd "$(images_dir)/$1/root" && [ "$(readlink lib)" = usr/lib ] &&
		for f in $(find . -type f -printf '%P\n' | sed 's|^usr/lib/|lib/|' | sort); do
			echo "$f $(cat "$f")"
		done)
}

@test "OCI layouts and archives, docker archives: layers in order, with whiteouts" {
	need python3 skopeo
	archive layout o
	skopeo --insecure-policy copy -q oci:o:latest oci-archive:o.tar:latest
	skopeo --insecure-policy copy -q oci:o:latest docker-archive:d.tar:x/t:1
	local source
	for source in o o.tar d.tar; do
		image import $source x
		assert_status 0
		assert_equal "$(layers_of x)" "$(expected_layers)"
		assert_equal "$(with_all_ids stat -c %u:%g:%h "$(images_dir)/x/root/etc/d")" \
			33:42:2
		image verify x
		assert_status 0
		image show x
		case $source in d.tar) assert_contains "$output" "kind      docker" ;;
		*) assert_contains "$output" "kind      oci" ;; esac
		sbox image remove x
	done
}

@test "a wrong digest, a missing part or several images are refused" {
	need python3 skopeo
	local fault
	for fault in layer manifest config; do
		archive layout $fault $fault
		image import $fault
		assert_status 125
		assert_contains "$stderr" "the digest of"
	done
	archive layout missing missing
	image import missing
	assert_contains "$stderr" "cannot open its 'blobs/sha256/"
	archive layout two two
	image import two
	assert_contains "$stderr" "it holds several images for this machine"
	archive layout json json
	image import json
	assert_contains "$stderr" "its 'index.json' is no JSON"
	local -A says=(
		[nested]="its indexes are nested too deep"
		[no-layers]="there is nothing in it"
		[layers-text]="its manifest has no list of layers"
		[many-layers]="it has more than 1000 layers"
		[digest-path]="is no sha256 digest"
		[digest-number]="is no sha256 digest"
		[blob-link]="is no file in it"
		[blob-fifo]="is no file in it"
		[json-deep]="is no JSON"
		[json-large]="is larger than 4 MiB"
	)
	for fault in "${!says[@]}"; do
		archive layout "$fault" "$fault"
		image import "$fault"
		assert_status 125
		assert_contains "$stderr" "${says[$fault]}"
		assert_equal "$(ls -A "$(images_dir)")" "" "$fault"
	done
	# docker: digests of what is inside the layers
	archive layout good
	skopeo --insecure-policy copy -q oci:good:latest docker-archive:d.tar:x/t:1
	mkdir d
	tar -C d -xf d.tar
	chmod -R u+w d
	python3 - d <<-'END'
		import json, sys, os
		d = sys.argv[1]
		layers = json.load(open(d + "/manifest.json"))[0]["Layers"]
		path = os.path.join(d, layers[0])
		data = open(path, "rb").read()
		open(path, "wb").write(data.replace(b"etc/a", b"etc/e", 1))
	END
	tar -C d -cf d.tar .
	image import d.tar
	assert_status 125
	assert_equal "$(ls -A "$(images_dir)")" ""
}

@test "a directory becomes an image whose root is the owner of its top" {
	need unshare busybox
	busybox_tar
	mkdir shifted
	with_all_ids sh -c 'cp -a sys/. shifted; chown -R 1:1 shifted; chown 34:43 shifted/etc'
	image import shifted
	assert_status 0
	assert_equal "$(with_all_ids stat -c %u:%g "$(images_dir)"/shifted/root{,/bin,/etc})" \
		"0:0"$'\n'"0:0"$'\n'"33:42"
	image import /
	assert_status 125
	assert_contains "$stderr" "the host's own / cannot be imported"
	image import "$HOME"
	assert_status 125
	assert_contains "$stderr" "holds the folder of images"
}

@test "an image is a root by its name; a file by its own, imported once" {
	busybox_tar
	image import sys.tar
	run --separate-stderr sbox -p shell --root=sys -c 'busybox id -u; : >/etc/x'
	assert_status 1
	assert_equal "$output" 0
	assert_contains "$stderr" "Read-only file system"
	run -0 --separate-stderr sbox -p shell --root=sys --root-write -c \
		'echo new >/etc/x && busybox chown 33:42 /etc/x && busybox chmod 4750 /etc/x &&
		busybox stat -c "%u:%g %a" /etc/x'
	assert_equal "$output" "33:42 4750"
	run --separate-stderr sbox image verify sys
	assert_status 1
	assert_contains "$output" "new      /etc/x"

	run -0 --separate-stderr sbox -p shell --root=./sys.tar -c 'busybox echo once'
	assert_equal "$output" once
	# sys has its digest
	image list --names
	assert_equal "$output" sys
	sbox image remove sys
	run -0 --separate-stderr sbox -p shell --root=sys.tar -c 'busybox echo again'
	run -0 --separate-stderr sbox -p shell --root=sys.tar -c 'busybox echo again'
	image list --names
	assert_equal "$output" "sys-$(sha256sum <sys.tar | cut -c 1-12)"
	run --separate-stderr sbox -p shell --root=nothing -- true
	assert_status 125
	assert_contains "$stderr" "there is no image of that name either"
}

@test "an image that is in use is not removed" {
	busybox_tar
	sbox image import -q sys.tar
	sbox_in_background -p shell --root=sys --name=web -- busybox sleep 60
	wait_until 10 eval 'sbox ps --ids | grep -x web'
	image show sys
	assert_contains "$output" "in use    by web"
	# nor is it taken from under a program by force
	for force in "" --force; do
		# shellcheck disable=SC2086 # a flag or none
		image remove $force sys
		assert_status 125
		assert_equal "$stderr" "sbox: the image 'sys' is in use by the sandbox web
  hint: 'sbox kill web' ends it"
	done
	sbox kill web
	image remove sys
	assert_status 0
}

@test "several images are removed at once, each that cannot be is told, and a mistyped one guessed" {
	busybox_tar
	sbox image import -q sys.tar one
	sbox image import -q sys.tar debian
	for verb in show remove verify; do
		image $verb debain
		assert_status 125
		assert_equal "$stderr" "sbox: there is no image 'debain'
  hint: did you mean 'debian'?"
	done
	run --separate-stderr sbox --root=debain true
	assert_status 125
	assert_contains "$stderr" "there is no image of that name either; did you mean 'debian'?"
	sbox image remove debian
	sbox image import -q sys.tar two
	image remove one none two
	assert_status 125
	assert_equal "$stderr" "sbox: there is no image 'none'
  hint: 'sbox image list' shows those that there are"
	assert_equal "$(ls -A "$(images_dir)")" ""
}

@test "an image that layers lie over is removed by force only" {
	busybox_tar
	sbox image import -q sys.tar
	sbox -p shell --root=sys --layer=work -- busybox touch /new
	run --separate-stderr sbox layer list
	assert_contains "$output" "work  image sys ("
	run --separate-stderr sbox layer show work
	assert_contains "$output" "base    image sys ("
	image show sys
	assert_contains "$output" "layers    work"
	image remove sys
	assert_status 125
	assert_contains "$stderr" "the image 'sys' is what the layer work lies over"
	assert_contains "$stderr" "'sbox layer remove work' first"
	# another one of the same content serves as well
	sbox image import -q sys.tar other
	image remove sys
	assert_status 0
	run --separate-stderr sbox layer list
	assert_contains "$output" "work  image other ("
	image remove --force other
	assert_status 0
	run --separate-stderr sbox layer list
	assert_contains "$output" "which is gone"
	run --separate-stderr sbox diff work
	assert_contains "$stderr" "the image that the layer 'work' lies over is gone"
}

@test "what was made in an image's layer to mount on is no change of the program's" {
	busybox_tar
	sbox image import -q sys.tar
	sbox -p shell --root=sys --layer=work --bind="$T/work/sys /a/b/c" \
		--file='/etc/told words' -- busybox sh -c '
		busybox cat /etc/told && busybox mkdir /made && busybox touch /a/b/more'
	run --separate-stderr sbox diff work
	assert_status 0
	assert_equal "$(sed 's/.* //' <<<"$output")" "/a/
/a/b/
/a/b/more
/made/"
	# as long as nothing is in it
	sbox -p shell --root=sys --layer=work -- busybox sh -c '
		busybox touch /a/b/c/filled; busybox rm /a/b/more /etc/told; busybox rmdir /made'
	assert_equal "$(sbox diff work | sed 's/.* //')" "/a/
/a/b/
/a/b/c/
/a/b/c/filled"
	# a layer that holds nothing else shows nothing
	sbox -p shell --root=sys --layer=still -- busybox true
	assert_equal "$(sbox diff still)" ""
	[ -d "$HOME/.local/share/sbox/layers/still/trees/1/upper/proc" ]
}

@test "verify tells what was changed, what is missing and what is new" {
	need python3
	archive mixed m.tar
	sbox image import -q m.tar 2>/dev/null
	local root
	root=$(images_dir)/m/root
	with_all_ids sh -c 'cd "$1" && echo wordz >srv/page && rm lib && : >srv/extra &&
		chmod 700 bin && ln -sf /etc/shadow abs' sh "$root"
	image verify m
	assert_status 1
	assert_equal "$(sort <<<"$output")" "changed  /abs
changed  /bin
changed  /srv/page
missing  /lib
new      /srv/extra"
}

@test "an export that is imported is the same image" {
	need python3 zstd
	archive mixed m.tar
	truncate -s 10M hole
	printf end >>hole
	truncate -s 5M all-hole
	tar -Srf m.tar hole all-hole
	sbox image import -q m.tar 2>/dev/null
	local end
	for end in tar tar.gz tar.zst; do
		image export m "out.$end"
		assert_status 0
		image import "out.$end" copy
		assert_status 0
		assert_equal "$(tree_of copy)" "$(tree_of m)"
		[ "$(stat -c %b "$(images_dir)/copy/root/hole")" -lt 100 ]
		image verify copy
		assert_status 0
		sbox image remove copy
	done
	image export m missing/out.tar
	assert_status 125
	assert_equal "$(ls -A . | grep -c '^\.out')" 0
}

@test "an export takes no file's place unless told to, and goes to standard output for -" {
	busybox_tar
	sbox image import -q sys.tar
	echo mine >out.tar
	ln -s nowhere link.tar
	for file in out.tar link.tar; do
		image export sys $file
		assert_status 125
		assert_equal "$stderr" "sbox: there is a file '$PWD/$file' already
  hint: --force puts the image in its place"
	done
	assert_equal "$(<out.tar)" mine
	image export --force sys out.tar
	assert_status 0
	tar tf out.tar ./bin/busybox
	"$SBOX" image export sys - | tar t ./bin/busybox
	[ ! -e ./- ]
	assert_equal "$(ls -A . | grep -c '^\.out')" 0
}

@test "of two imports under one name one becomes the image, whole" {
	busybox_tar
	head -c 50M /dev/zero >sys/zeros
	tar -C sys -cf big.tar .
	local first second
	sbox_in_background image import -q big.tar two
	first=$started
	sbox_in_background image import -q big.tar two
	second=$started
	local failed=0
	wait "$first" || failed=$((failed + 1))
	wait "$second" || failed=$((failed + 1))
	assert_equal "$failed" 1
	assert_equal "$(ls -A "$(images_dir)")" two
	image verify two
	assert_status 0
}

@test "an image is removed, however deep and closed a program has made it" {
	need python3 unshare
	busybox_tar
	sbox image import -q sys.tar
	with_all_ids python3 - "$(images_dir)/sys/root" <<-'END'
		import os, sys
		os.chdir(sys.argv[1])
		for name, depth in ("d", 3000), ("n" * 200, 50):
		    top = os.open(".", os.O_RDONLY)
		    for _ in range(depth):
		        os.mkdir(name)
		        os.chdir(name)
		        open("f", "w").close()
		    os.chmod(".", 0)
		    os.fchdir(top)
		os.chown(".", 5, 5)
		os.chmod(".", 0o700)
	END
	image remove sys
	assert_status 0
	assert_equal "$(ls -A "$(images_dir)")" ""
}

@test "a folder of images that is a link or another user's is not used" {
	need unshare
	busybox_tar
	mkdir -p "$(images_dir)" elsewhere
	chmod 777 "$(images_dir)"
	sbox image import -q sys.tar
	assert_equal "$(stat -c %a "$(images_dir)")" 700
	sbox image remove sys
	with_all_ids chown 5:5 "$(images_dir)"
	with_all_ids chmod 755 "$(images_dir)"
	image import sys.tar
	assert_status 125
	assert_contains "$stderr" "'$(images_dir)' is not yours"
	with_all_ids rmdir "$(images_dir)"
	ln -s "$T/work/elsewhere" "$(images_dir)"
	for verb in 'import sys.tar' list 'remove sys'; do
		# shellcheck disable=SC2086 # words
		image $verb
		assert_status 125
		assert_contains "$stderr" "cannot open the folder of images"
	done
	assert_equal "$(ls -A elsewhere)" ""
	rm "$(images_dir)"
	# nor is a link in it an image
	mkdir "$(images_dir)"
	ln -s "$T/work/sys" "$(images_dir)/sys"
	image remove sys
	assert_contains "$stderr" "there is no image 'sys'"
	[ -e sys/bin/busybox ]
}

@test "an import that is killed leaves nothing that the next one does not sweep" {
	need python3
	busybox_tar
	head -c 200M /dev/zero >sys/zeros
	tar -C sys -cf big.tar .
	rm sys/zeros
	local n
	for n in 1 2 3; do
		sbox_in_background image import big.tar
		wait_until 5 eval '[ -n "$(find "$(images_dir)" -name zeros -size +1k)" ]'
		kill -KILL "$started"
		wait "$started" || true
		image list --names
		assert_equal "$output" ""
	done
	# what is locked is somebody's still: a killed tree ends in the kernel's own time
	for n in "$(images_dir)"/.new-*; do
		wait_until 10 flock -n "$n" true
	done
	image import sys.tar
	assert_status 0
	assert_equal "$(ls -A "$(images_dir)")" sys
	# one that is asked to end cleans up itself; this one does not end by itself
	archive bomb big.tar 1000000000000
	sbox_in_background image import big.tar
	wait_until 5 eval '[ -n "$(find "$(images_dir)" -name zeros -size +1k)" ]'
	kill -TERM "$started"
	wait "$started" && false
	assert_equal "$?" 143
	assert_equal "$(tail -n 1 "$T/err")" \
		"sbox: interrupted: '$PWD/big.tar' is not imported; nothing is left of it"
	assert_equal "$(ls -A "$(images_dir)")" sys
	no_leftovers 'home/.local*'
}

@test "a full disk gives a clear error and leaves nothing" {
	need python3 unshare
	# read to its end it would take hours
	archive bomb big.tar 1000000000000
	run --separate-stderr unshare --map-root-user --map-auto --mount sh -c '
		mkdir -p ~/.local && mount -t tmpfs -o size=10M,mode=755 none ~/.local &&
		"$SBOX" image import big.tar; echo "$? $(ls -A ~/.local/share/sbox/images)"' 3>&-
	assert_equal "$output" "125 "
	assert_contains "$stderr" "No space left on device"
}

@test "without a range of ids all files are the caller's, and that is said" {
	need python3
	archive mixed m.tar
	run -0 --separate-stderr unshare --map-root-user "$SBOX" image import m.tar
	assert_contains "$stderr" "no range of subordinate ids"
	assert_equal "$(stat -c %u "$(images_dir)/m/root/srv/page")" "$(id -u)"
}
