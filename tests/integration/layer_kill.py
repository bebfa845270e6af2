#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# layer_kill.py - sbox apply, killed at random system calls and begun again, ends the same
#
# usage: layer_kill.py HOST LAYER ROUNDS: HOST is the tree as it was, LAYER the layer's folder;
# both are only read. Works in $HOME, where HOST is copied to $HOME/t.
import hashlib, os, random, re, shutil, stat, subprocess, sys, time

host, layer, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3])
home = os.environ["HOME"]
tree, kept = home + "/t", home + "/.local/share/sbox/layers/" + os.path.basename(layer)
apply = [os.environ["SBOX"], "apply", os.path.basename(layer)]
killat = os.environ["TEST_BIN"] + "/killat"
record = open(layer + "/record").read()
random.seed(os.environ.get("SEED") or 4)


def look(top):
    """All that a user can see in a tree, but for the times of directories."""
    seen, inodes = {}, {}
    for d, dirs, files in os.walk(os.fsencode(top)):
        for n in dirs + files:
            p = os.path.join(d, n)
            st = os.lstat(p)
            what = [oct(st.st_mode)]
            if stat.S_ISREG(st.st_mode):
                what += [hashlib.sha256(open(p, "rb").read()).hexdigest(), st.st_mtime_ns,
                         sorted((a, os.getxattr(p, a)) for a in os.listxattr(p))]
                inodes.setdefault(st.st_ino, []).append(p)
            elif stat.S_ISLNK(st.st_mode):
                what.append(os.readlink(p))
            seen[p] = what
    for paths in inodes.values():
        for p in paths:
            seen[p].append(sorted(paths))
    return seen


def begin():
    for path in tree, kept:
        if os.path.exists(path):
            subprocess.run(["chmod", "-R", "u+rwx", path], check=True)
            subprocess.run(["rm", "-rf", path], check=True)
    subprocess.run(["cp", "-a", host, tree], check=True)
    subprocess.run(["cp", "-a", layer, kept], check=True)
    lines = [f"since={time.time_ns()}" if l.startswith("since=") else l for l in record.splitlines()]
    with open(kept + "/record", "w") as f:
        f.write("\n".join(lines) + "\n")
    with open(layer + "/began", "rb") as f:
        began = f.read()
    with open(kept + "/began", "wb") as f:
        f.write(re.sub(rb"(\d+ [+-]) \d{19} ", rb"\1 %d " % time.time_ns(), began))


def left():
    return sum(len(d) + len(f) for _, d, f in os.walk(kept + "/trees/1/upper"))


def killed_at(n, **more):
    global said
    done = subprocess.run([killat, str(n)] + apply, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, **more)
    said = done.stderr.decode(errors="replace")
    return done.returncode


begin()
r, w = os.pipe()
os.dup2(w, 9)
assert killed_at(0, pass_fds=[9]) == 0
total = int(os.read(r, 100))
wanted = look(tree)
assert left() == 0 and total > 200, (left(), total)

killed = 0
for i in range(rounds):
    begin()
    times = 0
    at = random.randint(1, total)
    # some are killed again while they go on with what was left
    while killed_at(at) == 128 + 9:
        times += 1
        at = random.randint(1, total) if times < 3 else 0
    killed += times > 0
    now = look(tree)
    if now != wanted or left() or os.path.exists(kept + "/journal"):
        print("killed at", at, "of", total, "left", left(), said)
        for p in sorted(set(now) | set(wanted)):
            if now.get(p) != wanted.get(p):
                print(p, "is", now.get(p), "should be", wanted.get(p))
        sys.exit(1)
print(killed, "killed,", total, "stops")
assert killed > rounds * 0.8
