#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# programs.bats - what people run every day still runs, under the profile default
#
# Each program does something that another sandbox's filter or mounts are known to break:
# threads, locks, watches, compilers at run time, terminals, servers.
load lib

# in_sandbox [FLAG...] SCRIPT: in the profile default; fails with what the script said.
in_sandbox() {
	local script=${!#}
	set -- "${@:1:$#-1}"
	run --separate-stderr sbox "$@" -c "set -e; $script"
	assert_status 0
}

@test "git makes, clones and reads repositories" {
	need git
	git init -q "$T/work/repository"
	git -C "$T/work/repository" -c user.name=A -c user.email=a@b commit -q --allow-empty -m first
	cd "$T/work/repository"
	in_sandbox '
		git log --format=%s; git status --porcelain
		git clone -q . ~/copy; cd ~/copy
		git config user.name A; git config user.email a@b
		echo text >file; git add file; git commit -q -m second
		git gc -q; git fsck --strict >&2; git log --format=%s
		git worktree add -q ../other; ls ../other; git grep -h text; git stash list'
	assert_equal "$output" $'first\nsecond\nfirst\nfile\ntext'
}

@test "python runs threads, processes, semaphores, databases and event loops" {
	need python3
	cat >"$T/work/script.py" <<-'END'
		import asyncio, ctypes, mmap, multiprocessing, os, sqlite3, ssl, subprocess, tempfile, threading

		def square(n): return n * n

		if __name__ == "__main__":
		    with multiprocessing.Pool(2) as pool: print(sum(pool.map(square, range(10))))
		    lock = multiprocessing.Lock(); lock.acquire(); lock.release()
		    done = []; t = threading.Thread(target=done.append, args=(1,)); t.start(); t.join()
		    with tempfile.TemporaryDirectory() as d:
		        db = sqlite3.connect(d + "/db"); db.execute("create table t(x)"); db.commit()
		    m = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC); m.close()
		    print(subprocess.run(["echo", "child"], stdout=subprocess.PIPE).stdout)
		    async def main():
		        server = await asyncio.start_server(lambda r, w: w.close(), "127.0.0.1", 0)
		        reader, _ = await asyncio.open_connection(*server.sockets[0].getsockname())
		        return await reader.read()
		    print(asyncio.run(main()), len(done), len(ssl.RAND_bytes(4)), os.memfd_create("x") > 2)
	END
	in_sandbox "/usr/bin/python3 -I '$T/work/script.py'"
	assert_equal "$output" $'285\nb\'child\\n\'\nb\'\' 1 4 True'
}

@test "node runs workers, children and watches, npm packs and installs offline" {
	need node npm
	cat >"$T/work/script.js" <<-'END'
		const { Worker, isMainThread, parentPort } = require('worker_threads');
		const fs = require('fs'), cp = require('child_process'), os = require('os');
		if (!isMainThread) { parentPort.postMessage(6 * 7); return; }
		const w = new Worker(__filename);
		w.on('message', (n) => {
		    const file = os.tmpdir() + '/watched';
		    fs.writeFileSync(file, '');
		    const watch = fs.watch(file, () => {
		        watch.close();
		        console.log(n, cp.execSync('echo child').toString().trim(),
		            new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0)) !== null);
		    });
		    fs.appendFileSync(file, 'x');
		});
	END
	in_sandbox "node '$T/work/script.js'"
	assert_equal "$output" "42 child true"
	mkdir "$T/work/library" "$T/work/program"
	echo '{ "name": "library", "version": "1.0.0", "main": "main.js" }' >"$T/work/library/package.json"
	echo 'module.exports = "from the library"' >"$T/work/library/main.js"
	echo '{ "name": "program", "version": "1.0.0", "scripts": { "start": "node main.js" } }' \
		>"$T/work/program/package.json"
	echo 'console.log(require("library"))' >"$T/work/program/main.js"
	in_sandbox 'npm --version >&2; cp -r * ~; cd ~/library; npm pack --silent --offline
		cd ~/program
		npm install --silent --offline --no-audit --no-fund ../library/library-1.0.0.tgz
		npm start --silent --offline'
	assert_equal "$output" $'library-1.0.0.tgz\nfrom the library'
}

@test "make and gcc build a program that runs" {
	need gcc make
	printf 'all: one.o two.o\n\tcc -o program $^\n%%.o: %%.c\n\tcc -O2 -pipe -flto -c -o $@ $<\n' \
		>"$T/work/Makefile"
	printf 'int two(void);\nint main(void) { return two(); }\n' >"$T/work/one.c"
	printf 'int two(void) { return 2; }\n' >"$T/work/two.c"
	in_sandbox 'mkdir ~/build; cp * ~/build; cd ~/build; make -s -j2
		./program || echo "$?"'
	assert_equal "$output" 2
	# where the profile lets it write the working directory
	run --separate-stderr sbox -p build -c 'make -s -j2 && ./program'
	assert_status 2
	[ -x "$T/work/program" ]
}

@test "perl forks, pipes and locks" {
	need perl
	in_sandbox 'perl -MFcntl=:flock -MPOSIX -e "
		open my \$f, q(>), q(/tmp/lock) or die; flock \$f, LOCK_EX or die;
		pipe my \$r, my \$w or die;
		if (!fork) { print \$w join q(,), sort { \$b <=> \$a } 1 .. 5; POSIX::_exit(0) if close \$w }
		close \$w; print <\$r>; wait; local \$SIG{ALRM} = sub { print qq( alarm\\n) };
		alarm 1; POSIX::pause()"'
	assert_equal "$output" "5,4,3,2,1 alarm"
}

@test "tar packs and unpacks, with links, modes, holes and long names" {
	need tar gzip
	in_sandbox 'mkdir -p ~/t/a; cd ~/t
		long=$(printf "%0100d" 0); echo x >"a/$long"; ln -s "$long" a/link; ln "a/$long" a/hard
		mkfifo a/fifo; chmod 4751 "a/$long"; truncate -s 1M a/hole; touch -d 2001-02-03 a/hole
		tar --sparse --xattrs -czf t.tgz a; mkdir b; tar --xattrs -xpzf t.tgz -C b
		cd b; stat -c "%a %h" "a/$long"; readlink a/link | wc -c; stat -c %F a/fifo
		stat -c "%s %b %y" a/hole | cut -c -20; tar -df ../t.tgz -C ..'
	assert_equal "$output" $'4751 2\n101\nfifo\n1048576 0 2001-02-03'
}

@test "curl gets a page from a server inside" {
	need curl python3
	in_sandbox 'echo page >/tmp/page; mkfifo /tmp/port
		/usr/bin/python3 -I -c "
import functools, http.server, threading
handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=\"/tmp\")
server = http.server.ThreadingHTTPServer((\"127.0.0.1\", 0), handler)
open(\"/tmp/port\", \"w\").write(\"%d\\n\" % server.server_port)
server.serve_forever()" 2>/dev/null &
		read -r port </tmp/port
		curl -sS "http://127.0.0.1:$port/page"
		curl -sS "http://localhost:$port/page"
		curl -sS -o /dev/null -w "%{http_code}\n" "http://127.0.0.1:$port/none"
		kill $!'
	assert_equal "$output" $'page\npage\n404'
}

@test "vim edits a file in a terminal" {
	need vim
	run env TERM=xterm "$TEST_BIN/pty" 'expect=~' 'send=ihello^[yyp:wq\n' -- \
		"$SBOX" -- vim -Nu NONE -i NONE "$HOME/text" 3>&-
	assert_status 0
	in_sandbox 'cat ~/text; ls -A ~ | grep -v "^\.[a-z]*$"'
	assert_equal "$output" $'hello\nhello\ntext'
}

@test "tmux gives a session in a terminal" {
	need tmux
	run env TERM=xterm "$TEST_BIN/pty" 'expect=typed-42' 'send=exit\n' -- \
		"$SBOX" -- tmux -u -f /dev/null new-session 'echo typed-$((6 * 7)); read -r line' 3>&-
	assert_status 0
	in_sandbox 'tmux -f /dev/null new-session -d -x 80 -y 24 "cat"
		tmux send-keys "over there" Enter
		until tmux capture-pane -p | grep -c "over there" | grep 2; do :; done; tmux kill-server'
	assert_equal "$output" 2
}

@test "a static program runs, and one by its own interpreter line" {
	need busybox
	in_sandbox 'busybox sh -c "busybox echo static | busybox tr a-z A-Z"
		printf "#!/bin/busybox sh\necho script\n" >/tmp/script; chmod +x /tmp/script
		ln -s "$(command -v busybox)" /tmp/busybox; sed -i "s|/bin/|/tmp/|" /tmp/script; /tmp/script'
	assert_equal "$output" $'STATIC\nscript'
}

@test "a Go program runs: skopeo copies an image" {
	need skopeo
	local image=$T/work/image config layer
	mkdir "$image"
	printf 'Directory Transport Version: 1.1\n' >"$image/version"
	echo '{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}' >"$T/work/config"
	config=$(sha256sum "$T/work/config" | cut -d ' ' -f 1)
	mv "$T/work/config" "$image/$config"
	printf '{"schemaVersion":2,"mediaType":"%s","config":{"mediaType":"%s","digest":"sha256:%s","size":%d},"layers":[]}' \
		application/vnd.oci.image.manifest.v1+json application/vnd.oci.image.config.v1+json \
		"$config" "$(stat -c %s "$image/$config")" >"$image/manifest.json"
	in_sandbox "skopeo --version >&2
		skopeo inspect --config dir:$image | grep -o '\"architecture\": *\"amd64\"' | wc -l
		skopeo copy --quiet --insecure-policy dir:$image oci:\$HOME/copy:latest
		ls ~/copy/blobs/sha256 | wc -l"
	assert_equal "$output" $'1\n2'
}

@test "a 32-bit program runs where such programs are allowed, and is told what it lacks where not" {
	[ "$(uname -m)" = x86_64 ] || skip_kernel "no 32-bit programs"
	need gcc
	cat >"$T/work/program.c" <<-'END'
		#include <pthread.h>
		#include <stdio.h>
		#include <sys/mman.h>
		#include <sys/shm.h>
		#include <sys/socket.h>
		#include <sys/wait.h>
		#include <time.h>
		#include <unistd.h>
		static void *run(void *arg) { *(int *)arg = 42; return 0; }
		int main(void)
		{
			pthread_t t;
			int n = 0, pair[2], id = shmget(IPC_PRIVATE, 4096, 0600);
			struct timespec now;
			pthread_create(&t, 0, run, &n);
			pthread_join(t, 0);
			if (fork() == 0) _exit(0);
			wait(0);
			printf("%zu %d %d %d %d %d\n", sizeof(void *), n, clock_gettime(CLOCK_REALTIME, &now),
				socketpair(AF_UNIX, SOCK_STREAM, 0, pair), id < 0 || shmat(id, 0, 0) == (void *)-1,
				socket(AF_INET, SOCK_STREAM, 0) < 0);
			return shmctl(id, IPC_RMID, 0);
		}
	END
	gcc -m32 -o "$T/work/program" "$T/work/program.c" 2>"$T/err" ||
		complain "no 32-bit compiler" gcc "$(<"$T/err")" || {
		[ "${SBOX_TEST_STRICT:-0}" != 1 ] || return 1
		skip "needs gcc -m32"
	}
	"$T/work/program" >/dev/null || skip_kernel "no 32-bit programs"
	run --separate-stderr sbox --architectures=multiarch -- "$T/work/program"
	assert_status 0
	assert_equal "$output" "4 42 0 0 0 0"
	run --separate-stderr sbox -- "$T/work/program"
	assert_status 159 # 128 + SIGSYS
	assert_contains "$stderr" "--architectures=multiarch"
}

@test "a program with AddressSanitizer finds its leaks under the profile build" {
	need gcc
	printf '#include <stdlib.h>\nint main(int c, char **v) { v[0] = malloc(c); v[0] = 0; return 0; }\n' \
		>"$T/work/leak.c"
	run --separate-stderr sbox -p build -c 'gcc -g -fsanitize=address -o leak leak.c && ./leak'
	assert_status 1
	assert_contains "$stderr" "LeakSanitizer: detected memory leaks"
	assert_contains "$stderr" "leak.c:2"
}
