# SPDX-License-Identifier: MIT
# archives.py - archives for image.bats: plain, hostile, and an OCI layout with layers
import gzip
import hashlib
import io
import json
import os
import sys
import tarfile


def member(name, data=None, kind=tarfile.REGTYPE, **more):
    info = tarfile.TarInfo(name)
    info.type = kind
    info.mode = more.pop("mode", 0o755 if kind == tarfile.DIRTYPE else 0o644)
    info.mtime = 1000000000
    data = data or b""
    info.size = len(data) if kind == tarfile.REGTYPE else 0
    for key, value in more.items():
        setattr(info, key, value)
    return info, data


def directory(name, **more):
    return member(name, kind=tarfile.DIRTYPE, **more)


def link(name, to, **more):
    return member(name, kind=tarfile.SYMTYPE, linkname=to, **more)


def hard(name, to):
    return member(name, kind=tarfile.LNKTYPE, linkname=to)


def sparse(name, size):
    """A hole of that size."""
    chart = b"1\n%d\n0\n" % size
    return member(name, chart + bytes(512 - len(chart)), pax_headers={
        "GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": name,
        "GNU.sparse.realsize": str(size)})


def tar(members, form=tarfile.PAX_FORMAT):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for info, data in members:
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


HOSTILE = {
    "dotdot": [member("../escaped", b"x")],
    "dotdot-inside": [directory("a"), member("a/../../escaped", b"x")],
    "absolute": [member("/escaped", b"x")],
    "link-then-file": [link("out", "OUTSIDE"), member("out/escaped", b"x")],
    "link-up-then-file": [link("out", "../../../../../../../../../.."),
                          member("out/escaped", b"x")],
    "link-replaced": [link("f", "OUTSIDE/kept"), member("f", b"x")],
    "hard-out": [hard("h", "OUTSIDE/kept")],
    "hard-up": [hard("h", "../../kept")],
    "hard-through-link": [link("out", "OUTSIDE"), hard("h", "out/kept")],
    "long-name": [member("n" * 300, b"x")],
    "long-path": [member("/".join(["d" * 200] * 25) + "/f", b"x")],
    "deep": [member("d/" * 1000 + "f", b"x")],
    "file-as-directory": [member("f", b"x"), member("f/g", b"x")],
    "owner": [member("f", b"x", uid=3000000000)],
    "empty": [],
    "top-link": [link(".", "OUTSIDE"), member("f", b"x")],
    "top-file": [member(".", b"x")],
    "link-loop": [link("a", "b"), link("b", "a"), member("a/f", b"x")],
    "link-to-proc": [link("p", "/proc/self/root"), member("p/OUTSIDE/escaped", b"x")],
    "hard-to-device": [member("n", kind=tarfile.CHRTYPE), hard("h", "n")],
    "hard-to-directory": [directory("d"), hard("h", "d")],
    "hard-over-its-parent": [member("a/b", b"x"), hard("a", "a/b")],
    "huge": [sparse("f", (1 << 63) - 1)],
    "deep-through-links": [
        item for i in range(10) for item in (
            member(("l%d/" % (i - 1) if i else "") + "d/" * 100 + "f", b"x"),
            link("l%d" % i, ("l%d/" % (i - 1) if i else "") + "d/" * 100))],
    # behind an entry, and behind what looks like an end's mark
    "cut": [member("f", bytes(4096)), member("g", b"x")],
}


def hostile(name, path, outside):
    members = HOSTILE[name]
    for info, _ in members:
        info.name = info.name.replace("OUTSIDE", outside)
        info.linkname = info.linkname.replace("OUTSIDE", outside)
    data = tar(members)
    with open(path, "wb") as f:
        f.write(data[:512 + 4096] if name == "cut" else data)


def bomb(path, size):
    """One file of zeros, which take no room here."""
    with open(path, "wb") as f:
        info, _ = member("zeros")
        info.size = int(size)
        f.write(info.tobuf(tarfile.GNU_FORMAT))
        f.truncate(512 + int(size) + 1024)


def again(path):
    """Each name twice, by all pairs of kinds; the second ones have "later" in them."""
    kinds = {"file": lambda name, text: [member(name, text)],
             "link": lambda name, text: [link(name, text.decode())],
             "dir": lambda name, text: [directory(name), member(name + "/" + text.decode())]}
    members = []
    for first, make in kinds.items():
        for second, remake in kinds.items():
            name = f"{first}-{second}"
            members += make(name, b"first") + remake(name, b"later")
    with open(path, "wb") as out:
        out.write(tar(members))


def xattrs(*names):
    return {"SCHILY.xattr." + name: "y" for name in names}


def overlay(path):
    """What an overlay would take for its own, were it in a lower layer."""
    names = ["user.overlay.opaque", "user.overlay.redirect", "user.overlay.whiteout",
             "user.overlay.overlay.opaque", "user.fuseoverlayfs.opaque",
             "user.containers.override_stat", "trusted.overlay.opaque",
             "security.fuseoverlayfs.opaque", "security.selinux"]
    members = [
        directory(".", pax_headers=xattrs(*names)),
        directory("d", pax_headers=xattrs(*names)),
        member("d/f", b"x", pax_headers=xattrs("user.word", *names)),
        member("d/.wh.f"), member("d/.wh..wh..opq"), directory("d/.wh.d"),
        member("d/.wh.e/f", b"x"), member("null", kind=tarfile.CHRTYPE),
    ]
    with open(path, "wb") as f:
        f.write(tar(members))


def mixed(path):
    """All that a tar can hold and an image keeps or counts."""
    members = [
        directory("."), directory("bin"), directory("srv", uid=33, gid=42, mode=0o2775),
        # made in a directory that hands its group down
        member("srv/of-root", b"x"), link("srv/link", "page"), member("srv/made/f", b"x"),
        member("srv/page", b"first"), member("srv/page", b"words", uid=33, gid=42),
        member("bin/tool", b"#!", mode=0o4755), hard("bin/tool2", "bin/tool"),
        link("lib", "usr/lib"), directory("usr/lib"), member("lib/in-usr", b"x"),
        link("abs", "/etc/passwd"), member("a b\n\\", b"odd"),
        member("long/" + "n" * 200 + "/" + "m" * 200, b"long"),
        member("null", kind=tarfile.CHRTYPE, devmajor=1, devminor=3),
        member("sda", kind=tarfile.BLKTYPE, devmajor=8, devminor=0),
        member("fifo", kind=tarfile.FIFOTYPE),
        member("attributes", b"x", pax_headers={"SCHILY.xattr.user.word": "kept",
                                                "SCHILY.xattr.user.overlay.opaque": "y"}),
        member("näme", b"x"),
    ]
    with open(path, "wb") as f:
        f.write(tar(members))


def layers():
    first = [directory("."), directory("etc"), member("etc/a", b"1"), member("etc/b", b"1"),
             directory("opt"), member("opt/old", b"1"), directory("opt/sub"),
             member("opt/sub/old", b"1"), directory("gone"), member("gone/f", b"1"),
             link("lib", "usr/lib"), directory("usr/lib"), member("was-file", b"1"),
             directory("was-dir"), member("was-dir/f", b"1")]
    second = [directory("etc"), member("etc/.wh.a"), member("etc/b", b"2"),
              # what the same layer brings stays, wherever the marker stands
              directory("opt"), member("opt/new", b"2"), member("opt/.wh..wh..opq"),
              directory("opt/sub"), member("opt/sub/new", b"2"),
              member(".wh.gone"), member("lib/added", b"2"),
              directory("was-file"), member("was-file/f", b"2"), member("was-dir", b"2"),
              member("etc/.wh.never"),
              # names of aufs's own, and what would lead out
              member(".wh..wh.plnk/1", b"x"), directory("etc/.wh..wh.orph"),
              member("etc/.wh..."), member(".wh..."), member(".wh.."), member(".wh."),
              member("etc/.wh.../b", b"x"),
              link("up", "../../../../.."), member("up/.wh.var"), member(".wh.up")]
    third = [directory("gone"), member("gone/again", b"3"),
             member("etc/c", b"3", uid=33, gid=42), hard("etc/d", "etc/c")]
    return [tar(first), tar(second), tar(third)]


def layout(path, fault=""):
    blobs = os.path.join(path, "blobs/sha256")
    os.makedirs(blobs)

    def blob(data, media):
        digest = hashlib.sha256(data).hexdigest()
        with open(os.path.join(blobs, digest), "wb") as f:
            f.write(data)
        return {"mediaType": media, "digest": "sha256:" + digest, "size": len(data)}

    kind = "application/vnd.oci.image."
    streams = layers()
    packed = [blob(gzip.compress(s, mtime=0), kind + "layer.v1.tar+gzip") for s in streams]
    diffs = ["sha256:" + hashlib.sha256(s).hexdigest() for s in streams]
    config = blob(json.dumps({
        "architecture": "amd64", "os": "linux", "config": {},
        "rootfs": {"type": "layers", "diff_ids": diffs}}).encode(), kind + "config.v1+json")
    told = {"schemaVersion": 2, "mediaType": kind + "manifest.v1+json",
            "config": config, "layers": packed}
    first = os.path.join(blobs, packed[0]["digest"][7:])
    if fault == "no-layers":
        told["layers"] = []
    elif fault == "layers-text":
        told["layers"] = "x"
    elif fault == "many-layers":
        told["layers"] = packed * 400
    elif fault == "digest-path":
        told["layers"] = [dict(packed[0], digest="sha256:" + "../" * 21 + "x")]
    elif fault == "digest-number":
        told["layers"] = [dict(packed[0], digest=5)]
    elif fault in ("blob-link", "blob-fifo"):
        os.rename(first, path + ".blob")
        if fault == "blob-link":
            os.symlink(os.path.abspath(path + ".blob"), first)
        else:
            os.mkfifo(first)
    text = json.dumps(told).encode()
    if fault == "json-deep":
        text = b"[" * 100000
    elif fault == "json-large":
        text += b" " * (5 << 20)
    manifest = blob(text, kind + "manifest.v1+json")
    if fault == "nested":
        for _ in range(5):
            manifest = blob(json.dumps({"manifests": [manifest]}).encode(),
                            kind + "index.v1+json")
    manifest["annotations"] = {"org.opencontainers.image.ref.name": "latest"}
    index = {"schemaVersion": 2, "manifests": [manifest]}
    if fault == "two":
        other = blob(json.dumps({"schemaVersion": 2, "config": config,
                                 "layers": packed[:1]}).encode(), kind + "manifest.v1+json")
        index["manifests"].append(other)
    with open(os.path.join(path, "index.json"), "w") as f:
        f.write("{" if fault == "json" else json.dumps(index))
    with open(os.path.join(path, "oci-layout"), "w") as f:
        f.write('{"imageLayoutVersion": "1.0.0"}')
    victim = {"layer": packed[1], "manifest": manifest, "config": config,
              "missing": packed[2]}.get(fault)
    if victim:
        name = os.path.join(blobs, victim["digest"][7:])
        if fault == "missing":
            os.unlink(name)
        else:
            with open(name, "r+b") as f:  # same length, still readable
                data = f.read()
                if fault == "layer":
                    data = gzip.compress(tar([member("other", b"x")]), mtime=0)
                    f.seek(0)
                    f.truncate()
                else:
                    data = data.replace(b"{", b" {", 1)
                f.seek(0)
                f.write(data)


what, *rest = sys.argv[1:]
if what == "names":
    print("\n".join(HOSTILE))
else:
    {"hostile": hostile, "mixed": mixed, "layout": layout, "bomb": bomb,
     "overlay": overlay, "again": again}[what](*rest)
