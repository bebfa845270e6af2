#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# isolation.bats - what a program in a sandbox must not see, reach or change
load lib

# Profiles with ranges of ids; left out where newuidmap is powerless (fallback.bats).
if [ -z "${SBOX_TEST_NO_RANGES:-}" ]; then
	untrusted=untrusted
	root=shell
else
	untrusted=
	root=
fi

setup() {
	isolate
	secret=hunter2-$RANDOM$RANDOM
}

# Python of the host's system, inside or out; its last line is what a test looks at.
python() {
	/usr/bin/python3 -I -S -c "$@"
}

py_inside() {
	local script=$1
	shift
	sbox "$@" -- /usr/bin/python3 -I -S -c "$script"
}

# ---- files ------------------------------------------------------------------------------

@test "the root holds what the plan puts there and nothing else" {
	cat >"$T/bare.conf" <<-'END'
		[filesystem]
		root = empty
		home = none
		tmpfs = /tmp mode=1777
		dir = /data/empty
		file = /data/word hello
	END
	run --separate-stderr sbox -p "$T/bare.conf" --read="$TEST_BIN/probe" \
		--bind='/bin/busybox /bin/busybox' -- \
		/bin/busybox sh -c 'busybox ls -A / /.. /../../.. /data
			busybox ls -A /data/empty'
	assert_status 0
	local all=$'bin\ndata\ndev\netc\nproc\ntmp\n'${TEST_BIN#/} # etc: for machine-id
	all=$(sed 's|/.*||' <<<"$all" | sort)
	local shown
	shown=$(printf '%s:\n%s\n\n' / "$all" /.. "$all" /../../.. "$all")
	assert_equal "$output" "$shown"$'\n\n/data:\nempty\nword'
}

@test "no name leads out of the root" {
	echo "$secret" >"$T/marker"
	run --separate-stderr sbox -c '
		cd /tmp && cd ../../../../../.. && pwd -P
		for way in /.. /../.. /proc/self/root/.. /proc/self/cwd/../../../../../.. \
			/proc/1/root /proc/1/cwd /oldroot /.oldroot /mnt /newroot; do
			test -e "$way/$0" && echo "reached by $way"
		done
		true' "$T/marker"
	assert_status 0
	assert_equal "$output" /
}

@test "every mount is one that the plan has, and is nosuid" {
	probe --cwd=none >"$T/out"
	local line point fs flags known
	known=" / /dev /etc /opt /proc /run /tmp /usr /var/tmp /dev/pts /dev/shm /dev/null /dev/zero"
	known+=" /dev/full /dev/random /dev/urandom /dev/tty /etc/passwd /etc/group /etc/machine-id"
	known+=" $(realpath -m /etc/resolv.conf) /etc/hosts /etc/nsswitch.conf"
	known+=" $HOME $TEST_BIN/probe /etc/sudoers.d /etc/cups /etc/NetworkManager/system-connections "
	known+=" $(grep -o '/var/lib/[a-z-]*' "$SBOX_PROFILE_PATH/base.conf" | tr '\n' ' ') "
	while read -r line; do
		point=${line%%=*}
		point=${point#mount.}
		read -r fs flags _ <<<"${line#*=}"
		case $known in
		*" $point "*) ;;
		# what the host itself has mounted below a tree of its system
		*) [[ $point =~ ^/(usr|etc|opt|bin|sbin|lib[^/]*)(/|$) ]] &&
			grep -q " $point " /proc/self/mountinfo ||
			complain "not in the plan" mount "$line" ;;
		esac
		assert_contains ",$flags," ,nosuid,
	done < <(grep ^mount. "$T/out")
	grep -q '^mount./proc=proc ' "$T/out"
}

@test "only the places that are for writing can be written" {
	probe --cwd=read >"$T/out"
	local writable
	writable=$(sed -n 's/^mount\.\([^=]*\)=[^ ]* rw,.*/\1/p' "$T/out" | grep -v \
		'^/dev/[^ps]' | sort)
	assert_equal "$writable" \
		"$(printf '%s\n' /dev/pts /dev/shm /proc /run /tmp /var/tmp "$HOME" | sort)"
	run --separate-stderr sbox -c \
		'for d in / /usr /usr/bin /etc /dev /var /home /opt "$PWD"; do
		touch "$d/new" 2>/dev/null && echo "wrote to $d"; done
		for f in /etc/passwd /etc/machine-id /etc/hostname; do
		(: >>$f) 2>/dev/null && echo "wrote to $f"; done; true'
	assert_status 0
	assert_equal "$output" ""
}

@test "files of the caller are not there, nor those of others in /tmp and /var/tmp" {
	echo "$secret" >"$HOME/diary"
	mkdir "$HOME/.ssh"
	echo "$secret" >"$HOME/.ssh/id_rsa"
	local shared
	shared=$(mktemp /tmp/isolation.XXXXXX)
	echo "$secret" >"$shared"
	local profile
	for profile in default build $untrusted $root; do
		run --separate-stderr sbox -p "$profile" -c '
			cat "$@" 2>/dev/null; find ~ / -xdev -name "diary" 2>/dev/null
			ls -A /tmp /var/tmp/ | grep -v "^$\|^/"; echo done' \
			sh "$HOME/diary" "$HOME/.ssh/id_rsa" "$shared"
		assert_contains "$output" done
		refute_contains "$output" "$secret"
		refute_contains "$output" diary
		refute_contains "$output" isolation.
	done
	rm "$shared"
}

@test "passwd and group name nobody but the program and nobody" {
	local me
	me=$(id -un)
	run --separate-stderr sbox -c 'cut -d: -f1,3 /etc/passwd; echo
		cut -d: -f1,3 /etc/group'
	assert_equal "$output" \
		"$me:$(id -u)"$'\nnobody:65534\n\n'"$(id -gn):$(id -g)"$'\nnogroup:65534'
	[ -n "$root" ] || return 0
	run --separate-stderr sbox -p shell -c \
		'cut -d: -f1,3 /etc/passwd; echo; cut -d: -f1,3 /etc/group'
	assert_equal "$output" $'root:0\nnobody:65534\n\nroot:0\nnogroup:65534'
}

@test "what is read-only stays so, below it too, whatever is tried" {
	mkdir -p "$T/tree/dir/sub"
	echo old >"$T/tree/dir/file"
	ln -s dir "$T/tree/link"
	run --separate-stderr py_inside '
import os, sys
top = sys.argv[1] if len(sys.argv) > 1 else os.environ["TREE"]
f = top + "/dir/file"
def tries():
    yield lambda: open(f, "w")
    yield lambda: open(f, "a")
    yield lambda: open(top + "/dir/sub/new", "x")
    yield lambda: open(top + "/link/new", "x")
    yield lambda: os.truncate(f, 0)
    yield lambda: os.remove(f)
    yield lambda: os.rename(f, f + "2")
    yield lambda: os.mkdir(top + "/new")
    yield lambda: os.rmdir(top + "/dir/sub")
    yield lambda: os.symlink("x", top + "/s")
    yield lambda: os.link(f, top + "/l")
    yield lambda: os.chmod(f, 0o777)
    yield lambda: os.utime(f)
    yield lambda: os.setxattr(f, "user.x", b"1")
    yield lambda: open("/proc/self/fd/%d" % os.open(f, os.O_RDONLY), "w")
for n, t in enumerate(tries()):
    try: t(); print("done:", n)
    except OSError as e: pass
' --read="$T/tree" --env=TREE="$T/tree"
	assert_status 0
	assert_equal "$output" ""
	assert_equal "$(cat "$T/tree/dir/file")" old
	assert_equal "$(find "$T/tree" | wc -l)" 5
}

@test "read-only reaches what is mounted below, and hidden stays hidden, for root in a namespace too" {
	mkdir -p "$T/tree/sub" "$T/tree/secret"
	echo "$secret" >"$T/tree/secret/key"
	# the mount is the user's own, in a namespace around sbox
	run --separate-stderr unshare --user --map-root-user --mount sh -c '
		mount -t tmpfs none "$0/tree/sub" && echo old >"$0/tree/sub/file" &&
		exec unshare --user --map-user='"$(id -u)"' --map-group='"$(id -g)"' "$@"' "$T" \
		"$SBOX" --read="$T/tree" --hide="$T/tree/secret" -c '
		cat "$0/sub/file"
		for as in "" "unshare --user --map-root-user --mount"; do
			$as sh -c "
				mount -o remount,rw,bind $0/sub; mount -o remount,rw $0
				umount $0/secret; umount -l $0/secret; umount -l $0/sub
				echo new >$0/sub/file; cat $0/sub/file $0/secret/key
				mount --bind $0 /tmp && cat /tmp/secret/key
				mount --rbind $0 /tmp && echo new >/tmp/sub/file" 2>/dev/null
		done; cat $0/sub/file; ls -A $0/secret' "$T/tree"
	assert_status 0
	assert_contains "$output" old
	refute_contains "$output" new
	refute_contains "$output" "$secret"
	[ -z "${output//old/}" ] || [ -z "$(tr -d 'old\n' <<<"$output")" ]
}

# What others mount is not the sandbox's, and it may be what was hidden in there.
@test "what is mounted in a shown tree later on is not seen inside" {
	local way
	mkdir -p "$T/tree/sub"
	mkfifo "$T/ready" "$T/go"
	for way in none ENOSYS; do
		run --separate-stderr unshare --user --map-root-user --mount sh -c '
			mount --bind "$0/tree" "$0/tree" && mount --make-shared "$0/tree" || exit 9
			way=$1; shift
			[ "$way" = none ] || set -- "$TEST_BIN/deny" "$way" mount_setattr -- "$@"
			timeout 20 "$@" &
			read -r _ <"$0/ready"
			mount -t tmpfs none "$0/tree/sub" && echo later >"$0/tree/sub/file"
			echo >"$0/go"
			wait $!; cat "$0/tree/sub/file"' "$T" $way "$SBOX" --read="$T/tree" \
			--write="$T/ready" --write="$T/go" -c '
			echo >"$0/ready"; read -r _ <"$0/go"; ls "$0/tree/sub"; echo looked' "$T"
		assert_equal "$output" $'looked\nlater'
	done
}

# ---- processes --------------------------------------------------------------------------

# Everything of PID 1 that could tell of the host or change it.
init_is_mute='
import os, sys
told = []
for name in ("environ", "maps", "smaps", "mem", "auxv", "io", "stack", "syscall", "pagemap",
        "personality", "numa_maps", "smaps_rollup"):
    try:
        with open("/proc/1/" + name, "rb") as f:
            if f.read(1): told.append(name)
    except OSError: pass
for name in ("fd", "fdinfo", "map_files"):
    try:
        if os.listdir("/proc/1/" + name): told.append(name)
    except OSError: pass
for name in ("exe", "root", "cwd", "fd/0", "ns/mnt", "ns/user", "ns/net", "task/1/exe", "task/1/root"):
    try: told.append(os.readlink("/proc/1/" + name))
    except OSError: pass
    try: os.stat("/proc/1/" + name + "/"); told.append(name + "/")
    except OSError: pass
for name in ("exe", "mem", "oom_score_adj", "comm", "clear_refs", "coredump_filter", "uid_map",
        "setgroups", "attr/current", "timens_offsets", "sched", "autogroup", "root/tmp/x"):
    try:
        fd = os.open("/proc/1/" + name, os.O_WRONLY); os.write(fd, b"0"); told.append("wrote " + name)
    except OSError: pass
words = open("/proc/1/cmdline", "rb").read().rstrip(b"\0")
if words != b"sbox-init": told.append(repr(words))
print("told:", *told)
'

@test "init tells nothing of the host and takes nothing" {
	local profile
	for profile in default $root; do
		run --separate-stderr env SECRET="$secret" "$SBOX" -p "$profile" \
			--env=X="$secret" -- \
			/usr/bin/python3 -I -S -c "$init_is_mute"
		assert_status 0
		assert_equal "$output" "told:"
	done
	run --separate-stderr probe ${root:+-p shell}
	assert_equal "$(fact init.ptrace)" EPERM
	assert_equal "$(fact init.comm)" sbox-init
}

@test "sbox itself cannot be changed from inside" {
	local before
	before=$(sha256sum "$SBOX")
	run --separate-stderr sbox ${root:+-p shell} --write="${SBOX%/*}" -c '
		for exe in /proc/[0-9]*/exe; do
			(: >>$exe) 2>/dev/null && echo "$exe is writable"
		done; true'
	assert_equal "$output" ""
	assert_equal "$(sha256sum "$SBOX")" "$before"
}

@test "processes outside are neither seen nor reached" {
	sleep 1000 3>&- &
	local other=$!
	all_started+=("$other")
	run --separate-stderr py_inside "
import os, signal
print(*sorted(int(p) for p in os.listdir('/proc') if p.isdigit()))
try: os.kill($other, 9); print('reached')
except ProcessLookupError: print('no such process')
try: print(os.getpgid($other))
except ProcessLookupError: print('no such process')
"
	assert_equal "$output" $'1 2\nno such process\nno such process'
	# every process that may be reached, one's own and init left out
	run --separate-stderr sbox -c 'kill -KILL -1; echo only those inside'
	assert_equal "$output" "only those inside"
	kill -0 "$other"
}

# On a terminal the program shares the caller's process group, whatever its pid namespace;
# there only Landlock's scopes (Linux 6.12) keep its signals inside.
@test "the process group of the caller is not reached" {
	local abi signal_group='import os, signal
signal.signal(signal.SIGUSR2, signal.SIG_IGN)
os.kill(0, signal.SIGUSR2)'
	local caller='"$0" "$@"; echo "caller: $?"'
	run --separate-stderr setsid --wait sh -c "$caller" "$SBOX" -- /usr/bin/python3 \
		-I -S -c "$signal_group"
	assert_equal "$output" "caller: 0"
	abi=$(python 'import ctypes; print(ctypes.CDLL(None).syscall(444, None, 0, 1))')
	[ "$abi" -ge 6 ] || skip_kernel "no Landlock scopes"
	run "$TEST_BIN/pty" -- sh -c "$caller" "$SBOX" -- /usr/bin/python3 -I -S -c \
		"$signal_group" 3>&-
	assert_contains "$output" "caller: 0"
}

@test "with new-session no signal leaves the sandbox on any kernel" {
	run --separate-stderr setsid --wait sh -c '"$0" "$@"; echo "caller: $?"' \
		"$SBOX" --new-session -c 'kill -KILL 0'
	assert_equal "$output" "caller: 137"
}

@test "init cannot be ended from inside" {
	run --separate-stderr sbox -c 'for s in KILL STOP TERM INT HUP QUIT SEGV USR1 34
		do
		kill -$s 1; done; sleep 0.05; echo still here'
	assert_status 0
	assert_contains "$output" "still here"
}

# ---- environment and descriptors --------------------------------------------------------

@test "the environment is clean, and nobody's inside tells of the caller's" {
	run --separate-stderr env SECRET="$secret" LD_PRELOAD= BASH_ENV="/$secret" \
		PS1="$secret" \
		GCONV_PATH="/$secret" PYTHONPATH="/$secret" SSH_AUTH_SOCK="/$secret" \
		"$SBOX" -c 'env; cat /proc/[0-9]*/environ | tr "\0" "\n"'
	assert_status 0
	refute_contains "$output" "$secret"
	local names
	names=$(sbox -- /usr/bin/env | cut -d = -f 1 | sort | tr '\n' ' ')
	assert_equal "$names" "HOME LANG LOGNAME PATH SHELL TERM USER XDG_RUNTIME_DIR "
}

@test "variables pass, are set and are taken away as the settings say" {
	export KEEP_ONE=1 KEEP_TWO=2 OTHER=3
	run --separate-stderr sbox --pass-env='KEEP_*' --unset-env=KEEP_TWO \
		--env=NEW='a b=c' \
		--env=TERM=mine -- /usr/bin/env
	assert_contains "$output" KEEP_ONE=1
	assert_contains "$output" "NEW=a b=c"
	assert_contains "$output" TERM=mine
	refute_contains "$output" KEEP_TWO
	refute_contains "$output" OTHER
}

@test "no open file of the caller comes in but 0, 1 and 2" {
	local i
	echo "$secret" >"$T/file"
	for i in $(seq 3 200); do
		[ "$i" = 3 ] || eval "exec $i<\"\$T/file\"" 2>/dev/null
	done
	exec 7<"$HOME"
	run --separate-stderr probe --cwd=none
	for i in $(seq 4 200); do
		eval "exec $i<&-"
	done
	assert_status 0
	assert_equal "$(fact fds)" 0,1,2
}

@test "a directory that the caller has open is no way out" {
	echo "$secret" >"$HOME/diary"
	run sbox -c 'cat /proc/self/fd/7/diary /dev/fd/7/diary; ls /proc/self/fd' \
		7<"$HOME"
	assert_contains "$output" "/proc/self/fd/7/diary: No such file or directory"
	refute_contains "$output" "$secret"
}

@test "pass-fd passes just the descriptors that it names" {
	local fd
	echo passed >"$T/file"
	exec 7<"$T/file" 8<"$T/file" 9<"$T/file" 150<"$T/file"
	run --separate-stderr probe --pass-fd=150 --pass-fd=8 --pass-fd=8
	assert_equal "$(fact fds)" 0,1,2,8,150
	run --separate-stderr sbox --pass-fd=7 -c 'cat <&7'
	assert_equal "$output" passed
	exec 7<&- 8<&- 9<&- 150<&-
	run --separate-stderr sbox --pass-fd=7 -- true
	assert_status 125
	assert_contains "$stderr" "descriptor 7 is not open"
	# nor is one that sbox itself has opened by then, to ask for a control group above all
	for fd in 4 5 6 7 8 9; do
		run --separate-stderr eval \
			"sbox --memory=100M --limits=auto --pass-fd=$fd true 4>&- 5>&- 6>&- 9>&-"
		assert_contains "$stderr" "descriptor $fd is not open"
	done
}

# ---- privileges -------------------------------------------------------------------------

@test "no capability is in any set, and no_new_privs is set, in every profile that runs as oneself" {
	local profile set
	for profile in default build browser $untrusted; do
		run --separate-stderr probe -p "$profile" --dbus=none
		assert_status 0
		for set in CapInh CapPrm CapEff CapBnd CapAmb; do
			assert_equal "$set $(fact $set)" "$set 0000000000000000"
		done
		assert_equal "$(fact NoNewPrivs)" 1
	done
}

# bats test_tags=ranges
@test "fake root has what a package manager needs and nothing over mounts or network" {
	run --separate-stderr probe -p shell
	local set
	# chown dac_override dac_read_search fowner fsetid kill setgid setuid sys_chroot setfcap
	for set in CapInh CapPrm CapEff CapBnd CapAmb; do
		assert_equal "$set $(fact $set)" "$set 00000000800400ff"
	done
	assert_equal "$(fact NoNewPrivs)" 1
	run --separate-stderr sbox -p shell -c '
		mount -t tmpfs none /tmp && echo mounted
		mount -o remount,rw,bind /usr && echo remounted
		umount /etc/passwd && echo unmounted
		hostname other && echo named
		ip link add d type dummy && echo linked
		true' 2>/dev/null
	assert_equal "$output" ""
}

# bats test_tags=ranges
@test "a setuid program gains nothing" {
	cp "$TEST_BIN/probe" "$T/work/probe"
	run --separate-stderr sbox -p shell --read="$TEST_BIN/probe" -c '
		cp "$0" /root/p && chown 5:5 /root/p && chmod 6755 /root/p && /root/p ids' "$TEST_BIN/probe"
	assert_status 0
	assert_equal "$(fact euid) $(fact egid)" "0 0"
	# a program of the host that is setuid root: its end is the refusal
	run sbox -c 'su -c id </dev/null'
	[ "$status" != 0 ]
	refute_contains "$output" uid=0
}

@test "device nodes cannot be made, and work nowhere but in /dev" {
	run --separate-stderr py_inside '
import os, stat
for d in ("/tmp", os.environ["HOME"], "/dev/shm", "/run"):
    for node in (os.makedev(1, 3), os.makedev(1, 1), os.makedev(8, 0)):
        for kind in (stat.S_IFCHR, stat.S_IFBLK):
            try: os.mknod(d + "/node", kind | 0o666, node); print("made in", d)
            except OSError: pass
' ${root:+-p shell}
	assert_status 0
	assert_equal "$output" ""
	run sbox --bind='/dev/zero /tmp/zero' -c 'head -c 1 /tmp/zero'
	assert_contains "$output" "Permission denied"
	run --separate-stderr sbox -c 'head -c 3 /dev/zero | wc -c; echo x >/dev/null
		: >/dev/full'
	assert_equal "$output" 3
}

@test "/dev has the usual nodes and nothing of the host's hardware" {
	run --separate-stderr sbox -c 'ls /dev; ls -A /dev/shm /dev/pts
		stat -c %a /dev /dev/shm /dev/pts/ptmx' </dev/null
	assert_equal "$output" \
		"$(printf '%s\n' fd full null ptmx pts random shm stderr stdin stdout tty \
		urandom zero /dev/pts: ptmx '' /dev/shm: 755 1777 666)"
}

@test "terminals can be made inside, in a place of their own" {
	run --separate-stderr py_inside '
import os
main, other = os.openpty()
print(os.ttyname(other), os.listdir("/dev/pts"))
os.write(main, b"typed\n"); print(os.read(other, 10))
'
	assert_status 0
	assert_equal "$output" "/dev/pts/0 ['0', 'ptmx']"$'\n'"b'typed\\n'"
}

# ---- what lies outside of files ---------------------------------------------------------

@test "abstract sockets and loopback of the host are out of reach" {
	mkfifo "$T/ready"
	/usr/bin/python3 -I -S -c '
import signal, socket, sys
u = socket.socket(socket.AF_UNIX); u.bind("\0sbox-test-" + sys.argv[1]); u.listen()
t = socket.socket(); t.bind(("127.0.0.1", 0)); t.listen()
d = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); d.bind("\0sbox-test-d" + sys.argv[1])
open(sys.argv[2], "w").write("%d\n" % t.getsockname()[1])
signal.pause()' "$secret" "$T/ready" 3>&- &
	all_started+=("$!")
	local port client
	read -r port <"$T/ready"
	client="
import socket
for family, kind, address in ((socket.AF_UNIX, socket.SOCK_STREAM, '\\0sbox-test-$secret'),
        (socket.AF_UNIX, socket.SOCK_DGRAM, '\\0sbox-test-d$secret'),
        (socket.AF_INET, socket.SOCK_STREAM, ('127.0.0.1', $port))):
    try: socket.socket(family, kind).connect(address); print('reached')
    except OSError as e: print('refused')
"
	run --separate-stderr python "$client"
	assert_equal "$output" $'reached\nreached\nreached'
	run --separate-stderr py_inside "$client"
	assert_equal "$output" $'refused\nrefused\nrefused'
}

@test "there is a loopback of one's own and no other interface" {
	run --separate-stderr py_inside '
import os, socket
print(*socket.if_nameindex())
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen()
c = socket.create_connection(s.getsockname()); print("talks")
try: socket.create_connection(("192.0.2.1", 80), 1); print("reached")
except OSError as e: print(e.strerror)
'
	assert_equal "$output" $'(1, \'lo\')\ntalks\nNetwork is unreachable'
}

@test "System V and POSIX IPC of the host are not there" {
	need ipcmk ipcs ipcrm
	local id
	id=$(ipcmk -M 4096)
	id=${id##* }
	touch /dev/shm/"$secret"
	run --separate-stderr sbox -c 'ipcs -m | grep -c "^0x"; ls -A /dev/shm'
	assert_equal "$output" 0
	run --separate-stderr sbox --ipc=host -c 'ipcs -m | grep -c "^0x"'
	[ "$output" -ge 1 ]
	ipcrm -m "$id"
	rm /dev/shm/"$secret"
}

@test "the host's name is not told" {
	run --separate-stderr sbox -c 'uname -n; cat /proc/sys/kernel/hostname
		grep -rl "$0" /etc/hostname /etc/hosts' "$(uname -n)"
	assert_contains "$output" sbox
	[ "${lines[0]}" = sbox ]
	[ "${lines[1]}" = sbox ]
}

@test "settings of the kernel cannot be changed" {
	local profile
	for profile in default $root; do
		run --separate-stderr sbox -p "$profile" -c '
			cd /proc/sys
			for f in ../sysrq-trigger kernel/core_pattern kernel/hostname \
				vm/drop_caches fs/binfmt_misc/register net/ipv4/ip_forward; do
				test -w $f && echo "$f"
				(: >>$f) 2>/dev/null && echo "opened $f"
			done; true'
		assert_status 0
		assert_equal "$output" ""
	done
}
