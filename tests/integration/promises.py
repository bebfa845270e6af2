# SPDX-License-Identifier: MIT
# promises.py - what a profile promises, as words for tests/helpers/selfcheck
#
# usage: promises.py SBOX PROFILE HOME CWD [ROOT]
#
# Read off "sbox profile show" and "sbox syscalls", so that a profile which is changed is
# held to what it says then. HOME and CWD are the caller's; ROOT the directory that is the
# root, where it is not the host's system.
import json
import os
import subprocess
import sys

# What every profile refuses, unless one of its own settings says otherwise.
REFUSED = ["@mount", "@module", "@reboot", "@swap", "@clock", "@raw-io", "@debug", "@keyring",
           "@cpu-emulation", "@obsolete"]
REFUSED_TOO = ["io_uring_setup", "io_uring_enter", "io_uring_register", "bpf", "userfaultfd",
               "open_by_handle_at", "quotactl", "quotactl_fd", "acct", "syslog", "vhangup",
               "fanotify_init", "fanotify_mark", "nfsservctl", "process_vm_readv",
               "process_vm_writev", "setns", "clone3", "sethostname", "setdomainname",
               "open_tree_attr"]
# What "profile show" leaves out is as sbox-profile(5) says.
DEFAULTS = {"root": "host", "home": "ephemeral", "cwd": "none", "identity": "self",
            "groups": "auto", "pid": "private", "ipc": "private", "uts": "private",
            "cgroup": "private", "layer": "none", "network": "none", "sys": "no", "gpu": "no",
            "nested": "none", "architectures": "native", "landlock": "auto", "ptrace": "no",
            "personality": "no", "wx-memory": "yes", "syscalls-default": "errno"}
ROOT_CAPABILITIES = 0x800400ff  # "root" in sbox-profile(5)
GRAPHICS = ["dri", "kfd", "udmabuf", "nvidiactl", "nvidia-modeset", "nvidia-uvm",
            "nvidia-uvm-tools", "nvidia0"]

sbox, profile, home, cwd = sys.argv[1:5]
root = sys.argv[5] if len(sys.argv) > 5 else ""


def ask(*words):
    return subprocess.run([sbox, *words], check=True, stdout=subprocess.PIPE, text=True).stdout


def members(group):
    for line in ask("syscalls", group).splitlines():
        if line.startswith("@"):
            yield from members(line)
        elif not line.startswith("#"):
            yield line


def answer(decision):
    verdict = decision["verdict"]
    if ":" not in verdict:
        return "EPERM"
    error = verdict.split(":")[1]
    return "killed" if error == "kill" else error


# A setting that says so: the words for single subjects, or a rule with the call's own name.
def said_otherwise(decision):
    reason = decision["reason"]
    return decision["verdict"] in ("allow", "judged") and (
        " = " in reason or reason.split(" ")[0] == decision["name"])


lists = {}
values = dict(DEFAULTS)
for setting in json.loads(ask("profile", "show", profile, "--json"))["settings"]:
    lists.setdefault(setting["key"], []).append(setting["value"])
    values[setting["key"]] = setting["value"]
as_root = values["identity"] == "root"

for key in ("pid", "ipc", "uts", "cgroup", "network", "sys", "nested", "architectures",
            "ptrace", "personality", "wx-memory"):
    if key != "sys" or values["gpu"] == "no":
        print(f"{key}={values[key]}")
print("landlock=" + ("off" if values["landlock"] == "off" or values["nested"] == "full" else "on"))
print("groups=" + ("drop" if as_root or values["groups"] == "drop" else "keep"))
print(f"uid={0 if as_root else os.getuid()}\ngid={0 if as_root else os.getgid()}")
print("capabilities=%x" % (ROOT_CAPABILITIES if "root" in lists.get("capabilities", []) else 0))
if "sockets" in lists:
    print("sockets=" + ",".join(lists["sockets"]))
elif values["architectures"] == "native":
    print("sockets=unix,inet,inet6,netlink")

places = ["/proc", "/dev/shm", "/dev/pts"]
if values["home"] != "none":
    places.append("/root" if as_root else home)
if values["cwd"] == "write":
    places.append(cwd)
if values["layer"] != "none":  # what is written there goes to the layer
    for tree in " ".join(lists.get("system", []) + lists.get("overlay", [])).split():
        if os.path.isdir(tree.lstrip("?")):
            places.append(tree.lstrip("?"))
    places += [f"{home}/{name}" for name in (".cache", ".config", ".local", ".local/share")]
for tmpfs in lists.get("tmpfs", []):
    path = tmpfs.split(" ")[0]
    if not path.startswith("?"):
        places.append(path)
    elif os.path.isdir(root + path[1:]):
        places.append(path[1:])
for place in places:
    print(f"writable={place}")
if values["gpu"] != "no":
    for name in GRAPHICS:
        print(f"device={name}")

decisions = {d["name"]: d for d in json.loads(ask("syscalls", profile, "--json"))["syscalls"]}
for group in REFUSED + ["other"]:
    for name in members(group) if group != "other" else REFUSED_TOO:
        decision = decisions[name]
        if not said_otherwise(decision):
            print(f"refused={group}:{name}:{answer(decision)}")
