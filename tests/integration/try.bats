# SPDX-License-Identifier: MIT
# try.bats - real installers under "sbox try": what they did is shown, and a part of it applied
bats_require_minimum_version 1.8.0
load lib

setup() {
	isolate
	need fuse-overlayfs
	mkdir "$HOME/project"
	echo mine >"$HOME/notes"
	cd "$HOME/project" || return
}

teardown() {
	chmod -R u+rwx "$HOME" 2>/dev/null || true
	clean_up
}

# All of the home but sbox's own, and all of /usr/local, by name, kind, mode and content.
sum_of_host() {
	local own=(\( -path "$HOME/.local/share/sbox" -o -path "$HOME/.cache/sbox"
		-o -path "$HOME/.local" -o -path "$HOME/.local/share" -o -path "$HOME/.cache" \))
	find "$HOME" /usr/local "${own[@]}" -prune -o "$@" -printf '%p %y %m %l\n' | sort
	find "$HOME" /usr/local "${own[@]}" -prune -o "$@" -type f -readable \
		-exec sha256sum {} + | sort
}

# bats test_tags=no-vm
@test "npm install: the diff names it, node_modules alone is applied, the rest is discarded" {
	need node npm
	mkdir "$T/work/left"
	echo '{"name":"left","version":"1.0.0","main":"index.js"}' >"$T/work/left/package.json"
	echo 'module.exports = 42' >"$T/work/left/index.js"
	(cd "$T/work/left" && npm pack --silent --pack-destination="$HOME/project")
	echo '{"name":"mine","version":"1.0.0"}' >package.json
	rm -rf ~/.npm
	before=$(sum_of_host)
	run --separate-stderr sbox try -- npm install --offline --no-audit --no-fund \
		./left-1.0.0.tgz
	assert_status 0
	assert_equal "$(sum_of_host)" "$before"
	run --separate-stderr sbox diff
	assert_status 0
	assert_contains "$output" "~/project/node_modules/left/index.js"
	assert_contains "$output" "~/project/package.json"
	run --separate-stderr sbox diff --patch try ~/project/package.json
	assert_contains "$output" '"left":"file:left-1.0.0.tgz"'
	run --separate-stderr sbox apply try ~/project/node_modules
	assert_status 0
	cmp "$T/work/left/index.js" node_modules/left/index.js
	assert_equal "$(node -p 'require("left")')" 42
	run --separate-stderr sbox discard try
	assert_status 0
	rm -r node_modules
	assert_equal "$(sum_of_host)" "$before"
	run --separate-stderr sbox layer list
	refute_contains "$output" try
}

# A wheel is a zip file with a few words about itself.
make_wheel() {
	python3 - "$1" <<-'END'
		import sys, zipfile
		with zipfile.ZipFile(sys.argv[1] + "/left-1.0-py3-none-any.whl", "w") as wheel:
		    wheel.writestr("left/__init__.py", "answer = 42\n")
		    info = "left-1.0.dist-info/"
		    wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\nName: left\nVersion: 1.0\n")
		    wheel.writestr(info + "WHEEL",
		                   "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
		    wheel.writestr(info + "entry_points.txt", "[console_scripts]\nleft = left:main\n")
		    wheel.writestr(info + "RECORD", "left/__init__.py,,\n" + info + "METADATA,,\n" +
		                   info + "WHEEL,,\n" + info + "entry_points.txt,,\n" +
		                   info + "RECORD,,\n")
	END
}

# bats test_tags=no-vm
@test "pip install of a wheel: its program waits for its own name, its library is applied" {
	need python3
	/usr/bin/python3 -c 'import pip' 2>/dev/null || need pip
	make_wheel .
	before=$(sum_of_host)
	run --separate-stderr sbox try -- env PIP_BREAK_SYSTEM_PACKAGES=1 /usr/bin/python3 -m pip \
		install --user --no-index --no-cache-dir ./left-1.0-py3-none-any.whl
	assert_status 0
	assert_equal "$(sum_of_host)" "$before"
	run --separate-stderr sbox diff
	assert_contains "$output" "/site-packages/left/__init__.py"
	assert_contains "$output" "~/.local/bin/left"
	# what is found by the shell's PATH is not brought along without its name
	run --separate-stderr sbox apply
	assert_contains "$stderr" "'~/.local/bin' stays in the layer: it is protected"
	[ ! -e ~/.local/bin/left ]
	assert_equal "$(/usr/bin/python3 -c 'import left; print(left.answer)')" 42
	run --separate-stderr sbox apply try ~/.local/bin/left
	assert_status 0
	[ -x ~/.local/bin/left ]
}

@test "make install into /usr/local: caught, shown, and not written where the user may not" {
	need make
	[ ! -w /usr/local/bin ] || skip "this user may write to /usr/local"
	printf 'install:\n\tinstall -D -m 755 program /usr/local/bin/sbox-try-program\n\tinstall -D -m 644 program /usr/local/share/sbox-try/data\n\tcp program built\n' >Makefile
	echo '#!/bin/sh' >program
	before=$(sum_of_host)
	run --separate-stderr sbox try -- sh -c 'make install && sbox-try-program && rm ~/notes'
	assert_status 0
	assert_equal "$(sum_of_host)" "$before"
	run --separate-stderr sbox diff
	assert_contains "$output" /usr/local/bin/sbox-try-program
	assert_contains "$output" /usr/local/share/sbox-try/data
	assert_contains "$output" "~/notes"
	# only what is there is asked for, and cannot be had
	run --separate-stderr sbox apply try /usr/local
	assert_status 125
	assert_contains "$stderr" "nothing is applied: 2 of the changes cannot be"
	assert_equal "$(sum_of_host)" "$before"
	run --separate-stderr sbox apply --dry-run
	assert_status 1
	assert_equal "$output" "$(sbox diff 2>/dev/null | grep '~')"
	run --separate-stderr sbox apply
	assert_status 1
	assert_equal "$output" "2 changes of the layer 'try' applied, 2 kept in it"
	assert_contains "$stderr" \
		"'/usr/local/bin/sbox-try-program' stays in the layer: you may not change it"
	assert_contains "$stderr" "'/usr/local/share/sbox-try' stays in the layer"
	cmp program built
	[ ! -e ~/notes ]
	# as root, who is told how: here into another place
	mkdir "$T/usr"
	command=${stderr#*as root: }
	command=${command%%$'\n'*}
	assert_contains "$command" " | sudo tar -C /usr --no-same-owner -x"
	bash -c "${command/sudo tar -C \/usr/tar -C $T/usr}"
	assert_equal "$(cd "$T/usr" && find . -type f | sort | paste -sd' ')" \
		"./local/bin/sbox-try-program ./local/share/sbox-try/data"
	rm built
	echo mine >~/notes
	run --separate-stderr sbox discard try
	assert_status 0
	assert_equal "$(sum_of_host)" "$before"
}
