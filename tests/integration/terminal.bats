#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# terminal.bats - on a terminal, a program in a sandbox behaves as one in a plain shell does
load lib

teardown() {
	local left=0
	no_leftovers 'home/.*' go || left=1
	clean_up
	return $left
}

# A shell as a person has it, with what is typed as arguments: expect=TEXT, send=TEXT.
in_shell() {
	run "$TEST_BIN/pty" 'expect=$ ' "$@" -- env PS1='$ ' HISTFILE= SBOX="$SBOX" \
		bash --norc --noediting -i 3>&-
}

@test "Ctrl-C ends the program with 130, and the calling shell lives on" {
	in_shell 'send=$SBOX -c '\''echo re""ady; exec sleep 1000'\''\n' expect=ready \
		'send=^C' \
		'expect=$ ' 'send=echo code-$?\n' expect=code-130 'expect=$ ' \
		'send=exit 7\n'
	assert_status 7
}

@test "Ctrl-C reaches a program that handles it once, and sbox waits for its end" {
	in_shell 'send=$SBOX -- /usr/bin/python3 -I -S -c '\''
import os, signal
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT]); os.write(1, b"rea" b"dy" + bytes([10]))
signal.sigwait([signal.SIGINT]); os.write(1, b"to" b"ld" + bytes([10]))
if signal.sigtimedwait([signal.SIGINT], 0.3): os.write(1, b"told again" + bytes([10]))

raise SystemExit(9)'\''\n' \
		expect=ready 'send=^C' expect=told 'expect=$ ' 'send=echo code-$?\n' \
		expect=code-9 'expect=$ ' 'send=exit 7\n'
	assert_status 7
	refute_contains "${output##*ready}" again
}

@test "Ctrl-\\ ends it by SIGQUIT" {
	in_shell 'send=ulimit -c 0; $SBOX -c '\''echo re""ady; exec sleep 1000'\''\n' \
		expect=ready 'send=^\' \
		'expect=$ ' 'send=echo code-$?\n' expect=code-131 'expect=$ ' \
		'send=exit 7\n'
	assert_status 7
}

@test "Ctrl-Z stops the job, jobs lists it, fg goes on with it" {
	in_shell 'send=$SBOX -c '\''echo re""ady; read -r line; echo got-$line'\''\n' \
		expect=ready 'send=^Z' \
		expect=Stopped 'expect=$ ' 'send=jobs\n' expect=Stopped 'expect=$ ' \
		'send=fg\n' expect=read 'send=word\n' expect=got-word 'expect=$ ' \
		'send=echo code-$?\n' expect=code-0 'expect=$ ' 'send=exit 7\n'
	assert_status 7
}

@test "a stopped job goes on in the background with bg" {
	mkfifo "$T/go"
	in_shell 'send=$SBOX --read='"$T/go"' -c '\''echo re""ady; read -r line <'"$T/go"'; echo got-$line'\''\n' \
		expect=ready 'send=^Z' expect=Stopped 'expect=$ ' 'send=bg\n' \
		'expect=$ ' \
		"send=echo word >$T/go; wait\n" expect=got-word 'expect=$ ' \
		'send=exit 7\n'
	assert_status 7
}

@test "a background job that reads from the terminal is stopped, as any is" {
	in_shell 'send=$SBOX -- cat &\n' 'expect=$ ' 'send=wait %1; jobs\n' \
		'expect=Stopped' \
		'expect=$ ' 'send=fg\n' expect=cat 'send=word\n' expect=word expect=word \
		'send=another\n' expect=another expect=another 'send=^D' 'expect=$ ' \
		'send=echo code-$?\n' expect=code-0 'expect=$ ' 'send=exit 7\n'
	assert_status 7
}

@test "a program leaves the terminal neither dead nor halted nor closed to others" {
	in_shell 'send=$SBOX -- /usr/bin/python3 -I -S -c '\''
import fcntl, struct, termios
for discipline in 27, 0:
	try: fcntl.ioctl(0, 0x5423, struct.pack("i", discipline))
	except PermissionError: print("ref" "used")
print("re" "ady", flush=True)
fcntl.ioctl(0, termios.TIOCEXCL)
termios.tcflow(0, termios.TCOOFF)'\''; cat </dev/tty | grep -c .\n' \
		expect=refused expect=refused expect=ready 'send=line\n^D' expect=1 \
		'expect=$ ' 'send=exit 7\n'
	assert_status 7
}

@test "a program that stops itself stops its job, and fg goes on with it" {
	in_shell 'send=$SBOX -c '\''kill -STOP $$; echo went-""on'\''\n' expect=Stopped \
		'expect=$ ' \
		'send=fg\n' expect=went-on 'expect=$ ' 'send=exit 7\n'
	assert_status 7
	in_shell 'send=$SBOX -c '\''kill -TSTP $$; echo went-""on'\''\n' expect=Stopped \
		'expect=$ ' \
		'send=fg\n' expect=went-on 'expect=$ ' 'send=exit 7\n'
	assert_status 7
}

# Somewhere between fork and exec of everything that a start consists of. A Ctrl-Z that comes
# before the shell has started it is nobody's, so there is a second one.
@test "Ctrl-Z while it starts stops the job, too" {
	run --separate-stderr timeout 25 /usr/bin/python3 -I -S -c '
import os, pty, select, sys, time
def until(text, seconds):
    global seen
    end = time.monotonic() + seconds
    while text not in seen and time.monotonic() < end:
        if select.select([terminal], [], [], max(0, end - time.monotonic()))[0]: seen += os.read(terminal, 1000)
    found = text in seen
    seen = seen.partition(text)[2] if found else seen
    return found
for n in range(25):
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update(PS1="$ ", HISTFILE="", TERM="dumb")
        os.execv("/bin/bash", ["bash", "--norc", "--noediting", "-i"])
    seen = b""
    until(b"$ ", 5)
    os.write(terminal, b"echo re\"\"ady; " + sys.argv[1].encode() + b" -- sleep 1000\n")
    until(b"ready", 5) # what is typed before it is read is lost with a Ctrl-Z
    time.sleep(n * 0.0005)
    os.write(terminal, b"\x1a")
    if not until(b"Stopped", 0.3):
        os.write(terminal, b"\x1a")
        if not until(b"Stopped", 5): print("not stopped, try", n, seen)
    until(b"$ ", 5)
    os.write(terminal, b"kill -KILL %1; exec true\n")
    os.waitpid(pid, 0)
    os.close(terminal)
' "$SBOX" 3>&-
	assert_status 0
	assert_equal "$output" ""
}

@test "a pipeline of sandboxes is one job" {
	in_shell 'send=$SBOX -c '\''echo re""ady >&2; read -r l; echo got-$l >&2; exec sleep 1000'\'' | $SBOX -- cat\n' \
		expect=ready 'send=^Z' expect=Stopped 'expect=$ ' 'send=fg\n' \
		'send=word\n' expect=got-word \
		'send=^C' 'expect=$ ' \
		'send=echo code-$?\n' expect=code-130 'expect=$ ' 'send=exit 7\n'
	assert_status 7
}

@test "a shell inside has job control of its own, and Ctrl-C and Ctrl-Z are for what runs in it" {
	in_shell 'send=$SBOX --env=PS1="i""n> " -- bash --norc --noediting -i\n' \
		'expect=in> ' \
		'send=sh -c "echo fir\"\"st; exec sleep 1000"\n' expect=first 'send=^C' \
		'expect=in> ' \
		'send=echo code-$?\n' 'expect=code-130' 'expect=in> ' \
		'send=sh -c "echo re\"\"ady; read l; echo got-\$l; exec sleep 1000"\n' \
		expect=ready 'send=^Z' expect=Stopped 'expect=in> ' \
		'send=jobs\n' expect=Stopped 'expect=in> ' 'send=fg\n' 'send=word\n' \
		expect=got-word 'send=^C' 'expect=in> ' \
		'send=exit 5\n' 'expect=$ ' 'send=echo code-$?\n' expect=code-5 \
		'expect=$ ' 'send=exit 7\n'
	assert_status 7
	refute_contains "$output" "job control"
	refute_contains "$output" "cannot set"
}

@test "suspend of a shell inside stops the whole, and fg comes back to it" {
	in_shell 'send=$SBOX --env=PS1="i""n> " -- bash --norc --noediting -i\n' \
		'expect=in> ' \
		'send=suspend -f\n' expect=Stopped 'expect=$ ' 'send=fg\n' 'expect=bash' \
		'send=\n' 'expect=in> ' \
		'send=exit 5\n' 'expect=$ ' 'send=echo code-$?\n' expect=code-5 \
		'expect=$ ' 'send=exit 7\n'
	assert_status 7
}

@test "after a shell inside the terminal is the caller's again, in a script too" {
	run "$TEST_BIN/pty" 'expect=in> ' 'send=exit 5\n' expect=ended-5 'send=word\n' \
		expect=got-word -- \
		sh -c '"$0" --env=PS1="in> " -- bash --norc --noediting -i; echo ended-$?
		read -r line; echo got-$line' "$SBOX" 3>&-
	assert_status 0
}

@test "the terminal has a name, a size and a controlling process inside" {
	run "$TEST_BIN/pty" -- "$SBOX" -c 'tty; stty size
		test -t 0 && : >/dev/tty && echo opened; ls -A /dev/pts' 3>&-
	assert_status 0
	assert_equal "$(tr -d '\r' <<<"$output")" $'/dev/console\n24 80\nopened\nptmx'
	run "$TEST_BIN/pty" -- "$SBOX" --read="$TEST_BIN/probe" -- "$TEST_BIN/probe" \
		process 3>&-
	output=$(tr -d '\r' <<<"$output")
	assert_equal "$(fact tty) $(fact controlling_tty)" "/dev/console yes"
}

@test "with new-session the program has no controlling terminal" {
	run "$TEST_BIN/pty" -- "$SBOX" --new-session --read="$TEST_BIN/probe" -- \
		"$TEST_BIN/probe" process 3>&-
	output=$(tr -d '\r' <<<"$output")
	assert_equal "$(fact controlling_tty)" ENXIO
	[ "$(fact sid)" = "$(fact pid)" ]
}

@test "when the terminal goes away, so does the sandbox" {
	run --separate-stderr timeout 10 /usr/bin/python3 -I -S -c '
import os, pty, sys
pid, terminal = pty.fork()
if pid == 0: os.execv(sys.argv[1], [sys.argv[1], "-c", "(sleep 1000 &); echo rea\"\"dy; exec sleep 1000"])
seen = b""
while b"ready" not in seen: seen += os.read(terminal, 1000)
os.close(terminal)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))' "$SBOX" 3>&-
	assert_equal "$output" 129
}

@test "the size of the terminal changes inside as well" {
	run --separate-stderr timeout 10 /usr/bin/python3 -I -S -c '
import fcntl, os, pty, struct, sys, termios
pid, terminal = pty.fork()
if pid == 0: os.execv(sys.argv[1], [sys.argv[1], "--", "/usr/bin/python3", "-I", "-S", "-c", """
import os, signal, time
n = []
def told(*_): n.append(1); os.write(1, b"%d %d." % os.get_terminal_size())
signal.signal(signal.SIGWINCH, told); os.write(1, b"ready")
while not n: time.sleep(0.01)
"""])
seen = b""
while b"ready" not in seen: seen += os.read(terminal, 1000)
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 132, 0, 0))
while b"132 50" not in seen: seen += os.read(terminal, 1000)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))' "$SBOX" 3>&-
	assert_equal "$output" 0
}
