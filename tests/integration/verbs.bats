#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# verbs.bats - the words behind a verb: flags that do not exist, words that are missing, help
load lib

all_verbs() {
	sbox help --verbs
}

# refused CALL MESSAGE HINT
refused() {
	# shellcheck disable=SC2086 # words
	run --separate-stderr sbox $1
	assert_status 125
	assert_equal "$output" ""
	assert_equal "$stderr" "sbox: $2
  hint: $3"
}

@test "a flag that does not exist is told in one form, with the one that was meant" {
	refused "diff --patchh" "diff: unknown flag '--patchh'" "did you mean '--patch'?"
	refused "apply --dryrun x" "apply: unknown flag '--dryrun'" "did you mean '--dry-run'?"
	refused "layer list --jsn" "layer list: unknown flag '--jsn'" "did you mean '--json'?"
	refused "kill --signl=INT x" "kill: unknown flag '--signl'" "did you mean '--signal'?"
	refused "ps -json" "ps: unknown flag '-json'" "did you mean '--json'?"
	refused "image import --nam=x" "image import: unknown flag '--nam'" \
		"usage: sbox image import [--quiet] FILE|DIRECTORY [NAME]"
}

@test "each verb refuses a flag that it does not know, and names itself once" {
	local verb word
	for verb in $(all_verbs); do
		case $verb in
		run | try) continue ;;
		layer | profile | desktop | image) word="$verb list" ;;
		*) word=$verb ;;
		esac
		# shellcheck disable=SC2086 # words
		run --separate-stderr sbox $word --no-such-flag x y
		assert_status 125
		assert_equal "${stderr_lines[0]}" "sbox: $word: unknown flag '--no-such-flag'"
		assert_contains "${stderr_lines[1]}" "  hint: "
	done
}

@test "a word that is missing, one too many, and one that is not known are told with the call" {
	refused "image export x" "image export: FILE is missing" \
		"usage: sbox image export [--force] NAME FILE"
	refused "set x" "set: KEY=VALUE is missing" "usage: sbox set ID KEY=VALUE..."
	refused "kill" "kill: ID is missing" "usage: sbox kill [--now] [--signal SIGNAL] ID..."
	refused "layer show a b" "layer show: one word too many: 'b'" \
		"usage: sbox layer show [--json] LAYER"
	refused "layer shwo a" "layer: there is no 'shwo'" "did you mean 'show'?"
	refused "layer" "layer: a word is missing that says what to do" \
		"list, show, remove or prune; 'sbox help layer' tells more"
	refused "kill -s" "kill: '--signal' lacks its SIGNAL" \
		"usage: sbox kill [--now] [--signal SIGNAL] ID..."
	refused "ps --json=yes" "ps: '--json' takes no value" "usage: sbox ps [--json] [--ids]"
	refused "help dif" "help: there is no verb and no setting 'dif'" "did you mean 'sbox help diff'?"
	refused "completion ksh" "completion: there is none for the shell 'ksh'" \
		"usage: sbox completion bash|zsh|fish"
}

@test "behind -- nothing is a flag" {
	run --separate-stderr sbox kill -- --now
	assert_status 125
	assert_contains "$stderr" "there is no sandbox '--now'"
	run --separate-stderr sbox image show -- --json
	assert_contains "$stderr" "there is no image '--json'"
}

@test "each verb tells how it is called, and help names it" {
	local verb help
	help=$(sbox help)
	for verb in $(all_verbs); do
		assert_contains "$help" "
  $verb "
		run --separate-stderr sbox help "$verb"
		assert_status 0
		assert_contains "$output" "usage: sbox $verb"
		case $verb in run | try) continue ;; esac
		# behind it may stand the setting of that name
		output=${output%%$'\n\nand the setting:'*}
		assert_equal "$(sbox "$verb" --help)" "$output"
		assert_equal "$(sbox "$verb" whatever -h)" "$output"
	done
	assert_contains "$(sbox help image)" "       sbox image remove [--force] NAME..."
}

@test "a verb with a slip of the pen is told where no program has that name" {
	run -127 --separate-stderr sbox layers
	assert_status 127
	assert_equal "$stderr" "sbox: there is no program 'layers' in the sandbox
  hint: did you mean 'sbox layer'?"
	run -127 --separate-stderr sbox imge list
	assert_status 127
	assert_contains "$stderr" "did you mean 'sbox image'?"
	# what a verb does, without the verb
	run -127 --separate-stderr sbox verify x
	assert_contains "$stderr" "did you mean 'sbox image verify'?"
	run -127 --separate-stderr sbox memory=2G make
	assert_contains "$stderr" "did you mean '--memory=2G'?"
	run -127 --separate-stderr sbox --no-limits image list
	assert_contains "$stderr" "a verb stands before all flags: sbox image"
	# neither where it was said that it is a program, nor where it is one
	run -127 --separate-stderr sbox run layers
	assert_status 127
	refute_contains "$stderr" "did you mean"
	printf '#!/bin/sh\necho a program\n' >dif
	chmod 755 dif
	run --separate-stderr sbox --env=PATH="$T/work:/usr/bin:/bin" dif
	assert_status 0
	assert_equal "$output" "a program"
}

@test "listings and help fit a terminal of 80 columns" {
	local verb
	for verb in "profile list" help syscalls $(all_verbs | sed 's/^/help_/'); do
		# shellcheck disable=SC2086 # words
		run sbox ${verb/_/ }
		assert_equal "$(grep -E '^.{81}' <<<"$output")" ""
	done
}

@test "completions know the flags and words of each verb" {
	need bash
	local shell
	for shell in bash zsh fish; do
		run sbox completion $shell
		assert_contains "$output" "sbox image list --names"
		refute_contains "$output" "(sbox sbox"
		assert_contains "$output" "--patch --json"
	done
	# as bash asks for them; the functions call sbox by its name
	mkdir bin
	ln -s "$SBOX" bin/sbox
	run env PATH="$PWD/bin:$PATH" bash -c 'eval "$(sbox completion bash)"
		COMP_WORDS=(sbox apply --) COMP_CWORD=2
		_sbox; echo "${COMPREPLY[@]}"
		COMP_WORDS=(sbox help to) COMP_CWORD=2
		_sbox; echo "${COMPREPLY[@]}"'
	assert_equal "$output" "--force --protected --dry-run
top"
}

# completed WORD... - what bash offers for the last word
completed() {
	mkdir -p bin
	ln -sf "$SBOX" bin/sbox
	env PATH="$PWD/bin:$PATH" bash -c 'eval "$(sbox completion bash)"
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
		_sbox; echo "${COMPREPLY[@]}"' bash "$@"
}

@test "completions offer what can stand at a place, and nothing else" {
	need bash
	assert_equal "$(completed sbox profile '')" "list show check edit"
	assert_equal "$(completed sbox profile show bro)" browser
	assert_equal "$(completed sbox profile -)" "--json --names"
	assert_equal "$(completed sbox kill '')" ""
	assert_equal "$(completed sbox kill --)" "--now --signal"
	assert_equal "$(completed sbox '' | tr ' ' '\n' | sort)" "$(all_verbs | sort)"
	assert_equal "$(completed sbox --layer =)" "none ephemeral"
	assert_equal "$(completed sbox -l e)" ephemeral
	assert_equal "$(completed sbox --home = p)" private
	assert_equal "$(completed sbox --memory '')" max
	assert_equal "$(completed sbox try --tmp)" --tmpfs
	assert_equal "$(completed sbox -p build try --tmp)" --tmpfs
	# words that a setting knows
	assert_equal "$(completed sbox --network = u)" user
	assert_equal "$(completed sbox --network-allow l)" lan
	assert_equal "$(completed sbox --sockets ine)" "inet inet6"
	assert_equal "$(completed sbox --capabilities = cho)" chown
	assert_equal "$(completed sbox --syscalls-deny @clo)" @clock
	# and what stands behind one word of a verb
	assert_equal "$(completed sbox kill -s U)" "USR1 USR2"
	assert_equal "$(completed sbox kill --signal = K)" KILL
	assert_equal "$(completed sbox syscalls @key)" @keyring
	assert_equal "$(completed sbox syscalls brow)" browser
	mkdir -p apps/applications
	printf '[Desktop Entry]\nType=Application\nName=A\nExec=true\n' |
		tee apps/applications/org.example.Some.desktop \
			>'apps/applications/a$(touch x).desktop'
	assert_equal "$(XDG_DATA_DIRS=$PWD/apps completed sbox desktop install '')" \
		org.example.Some
	assert_equal "$(XDG_DATA_DIRS=$PWD/apps completed sbox desktop remove '')" ""
	XDG_DATA_DIRS=$PWD/apps sbox desktop install --profile=desktop org.example.Some
	assert_equal "$(XDG_DATA_DIRS=$PWD/apps completed sbox desktop remove '')" \
		org.example.Some
	assert_equal "$(completed sbox desktop install --profile brow)" browser
	touch somefile
	assert_equal "$(completed sbox --read = some)" somefile
	assert_equal "$(completed sbox --timeout = some)" ""
}

@test "what a listing cannot write is an error" {
	[ -w /dev/full ] || skip "no /dev/full"
	run --separate-stderr bash -c '"$SBOX" ps >/dev/full'
	assert_status 125
	assert_contains "$stderr" "cannot write to standard output: No space left on device"
}

@test "help tells all of one setting, within a terminal's width" {
	run sbox help memory
	assert_status 0
	assert_contains "$output" "memory = SIZE" "[limits] of a profile" "--memory" "oom-kill"
	run sbox help layer
	assert_contains "$output" "usage: sbox layer list" "and the setting:" "layer = none"
	for key in $(sbox help --keys); do
		run sbox help "$key"
		assert_status 0
		[ -z "$(awk 'length > 80' <<<"$output")" ] || complain "too wide" "$key" "$output"
		assert_contains "$output" "$key = "
	done
	run sbox help memroy
	assert_status 125
	assert_contains "$output" "did you mean 'sbox help memory'?"
}
