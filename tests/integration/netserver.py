# SPDX-License-Identifier: MIT
# netserver.py - what listens on the hosts of net.bash
#
# usage: netserver.py host|world|lan DIR
#
# Each server answers with the address that it was reached at. In the world there is a name
# server too, which reads DIR/records anew for each question: lines "NAME TYPE DATA...".
import os
import selectors
import socket
import struct
import sys
import threading

where, folder = sys.argv[1:]
told = {}


def answer(local):
    address = local[0].split("%")[0].removeprefix("::ffff:")
    return f"{where} {address} {local[1]}"


def serve_tcp(listener, http):
    while True:
        s, _ = listener.accept()
        threading.Thread(target=serve_one, args=(s, http), daemon=True).start()


def serve_one(s, http):
    try:
        if http:
            request = b""
            while b"\r\n\r\n" not in request:
                more = s.recv(4096)
                if not more:
                    return
                request += more
            body = answer(s.getsockname())
            s.sendall(f"HTTP/1.0 200 OK\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
        else:
            s.sendall(answer(s.getsockname()).encode())
            while s.recv(4096):
                pass
    except OSError:
        pass
    finally:
        s.close()


def serve_udp(s, v6):
    while True:
        # the address that it was sent to, from a control message; the answer comes from it
        _, control, _, peer = s.recvmsg(2048, 256)
        level, kind, value = control[0]
        if v6:
            local = socket.inet_ntop(socket.AF_INET6, value[:16])
        else:
            local = socket.inet_ntoa(value[8:12])
            value = bytes(4) + value[8:12] + bytes(4)
        text = answer((local, s.getsockname()[1])).encode()
        try:
            s.sendmsg([text], [(level, kind, value)], 0, peer)
        except OSError:
            pass


def listen_tcp(address, port, http):
    v6 = ":" in address
    s = socket.socket(socket.AF_INET6 if v6 else socket.AF_INET, socket.SOCK_STREAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if v6:
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    s.bind((address, port))
    s.listen(20)
    threading.Thread(target=serve_tcp, args=(s, http), daemon=True).start()


def listen_udp(port):
    IP_PKTINFO = 8
    for v6 in (False, True):
        s = socket.socket(socket.AF_INET6 if v6 else socket.AF_INET, socket.SOCK_DGRAM)
        if v6:
            s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
        else:
            s.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
        s.bind(("", port))
        threading.Thread(target=serve_udp, args=(s, v6), daemon=True).start()


# ---- names -------------------------------------------------------------------------------

TYPES = {"A": 1, "CNAME": 5, "AAAA": 28, "TTL": 0}


def pack_name(name):
    out = b""
    for label in name.rstrip(".").split("."):
        out += bytes([len(label)]) + label.encode()
    return out + b"\0"


def records():
    try:
        with open(os.path.join(folder, "records")) as f:
            return [line.split() for line in f]
    except OSError:
        return []


def data_of(kind, text):
    if kind == "A":
        return socket.inet_aton(text)
    if kind == "AAAA":
        return socket.inet_pton(socket.AF_INET6, text)
    return pack_name(text)


def look_up(name, kind):
    """Answers, the last lines first; "," between the answers of one question and the next."""
    found = []
    for _ in range(20):
        cname = None
        for row in reversed(records()):
            if row[0].lower() != name.lower():
                continue
            if row[1] == kind:
                groups = " ".join(row[2:]).split(" , ")
                turn = told.get((name.lower(), kind), 0)
                told[(name.lower(), kind)] = turn + 1
                group = groups[min(turn, len(groups) - 1)]
                return found + [(name, kind, d) for d in group.split()]
            if row[1] == "CNAME":
                cname = row[2]
        if not cname:
            return found
        found.append((name, "CNAME", cname))
        name = cname
    return found


def reply(query):
    ident, _, questions = struct.unpack("!HHH", query[:6])
    at, labels = 12, []
    while query[at]:
        labels.append(query[at + 1 : at + 1 + query[at]].decode())
        at += 1 + query[at]
    name = ".".join(labels)
    (number,) = struct.unpack("!H", query[at + 1 : at + 3])
    question = query[12 : at + 5]
    kind = {v: k for k, v in TYPES.items()}.get(number, "?")
    found = look_up(name, kind)
    known = any(row[0].lower() == name.lower() for row in records())
    head = struct.pack("!HHHHHH", ident, 0x8180 | (0 if known else 3), 1, len(found), 0, 0)
    body = b""
    for owner, k, d in found:
        data = data_of(k, d)
        body += pack_name(owner) + struct.pack("!HHIH", TYPES[k], 1, 30, len(data)) + data
    with open(os.path.join(folder, "asked"), "a") as f:
        f.write(f"{name} {kind}\n")
    return head + question + body


def serve_names(address):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind((address, 53))
    while True:
        query, peer = s.recvfrom(4096)
        answer = reply(query)
        if len(answer) > 512 and b"\0\0\x29" not in query:
            answer = answer[:2] + b"\x83\x80" + answer[4:6] + b"\0" * 6 + answer[12:12]
            answer += query[12:]
        s.sendto(answer, peer)


def serve_names_tcp(address):
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((address, 53))
    listener.listen(10)
    while True:
        s, _ = listener.accept()
        with s:
            size = s.recv(2)
            if len(size) == 2:
                answer = reply(s.recv(struct.unpack("!H", size)[0]))
                s.sendall(struct.pack("!H", len(answer)) + answer)


for port in (80, 443):
    listen_tcp("::", port, True)
listen_tcp("::", 7000, False)
listen_udp(7001)
if where == "host":
    listen_tcp("127.0.0.1", 7002, False)
    listen_tcp("0.0.0.0", 7003, False)
    abstract = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    abstract.bind("\0sbox-test")
    abstract.listen(5)
    threading.Thread(target=serve_tcp, args=(abstract, False), daemon=True).start()
if where == "world":
    threading.Thread(target=serve_names, args=("12.0.0.53",), daemon=True).start()
    threading.Thread(target=serve_names_tcp, args=("12.0.0.53",), daemon=True).start()
print("ready", flush=True)
threading.Event().wait()
