# SPDX-License-Identifier: MIT
"""sound.py - sound servers that tell what reaches them, and clients that ask for too much

sound.py server SOCKET    one line for each packet: its command, and its bytes as Python has them
sound.py client SOCKET    sends what is not to pass, and tells each answer's command
sound.py late SOCKET      a server that asks for its client's ids behind the first packet
sound.py prompt SOCKET    its client
sound.py stubborn SOCKET  connects 20 times, one after the other, and is heard by nobody
sound.py crowd SOCKET     40 clients at once: how many are answered, and how many when one goes
sound.py hostile SOCKET   ways to send what is not to pass, and to keep what others need
sound.py giver SOCKET     a server that sends a descriptor with each answer
sound.py taker SOCKET     its client: how many came
sound.py deaf SOCKET      a server that answers nothing, and then once: what it was asked
sound.py eager SOCKET     its client: 1000 questions, and no answer is read
sound.py full SOCKET      a server that lets nobody in
sound.py plain SOCKET     a client that waits for the first byte
sound.py noise SOCKET     a server that sends anything, and judges what comes
sound.py noisy SOCKET     its client, which does the same; at last one that asks properly
"""
import os
import random
import select
import socket
import struct
import sys


def number(value, letter=b"L"):
    return letter + struct.pack(">I", value)


def prop(key, value):
    return b"t" + key + b"\0" + number(len(value)) + number(len(value), b"x") + value


def whole(sock, size):
    data = b""
    while len(data) < size:
        try:
            more = sock.recv(size - len(data))
        except ConnectionResetError:
            more = b""
        if not more:
            sys.exit(0)
        data += more
    return data


def packet(sock):
    size, channel = struct.unpack(">II", whole(sock, 20)[:8])
    return channel, whole(sock, size)


def framed(command, payload, tag=7):
    data = number(command) + number(tag) + payload
    return struct.pack(">IIIII", len(data), 0xFFFFFFFF, 0, 0, 0) + data


def send(sock, command, payload, fds=(), tag=7):
    socket.send_fds(sock, [framed(command, payload, tag)], fds)


def tag_of(data):
    return struct.unpack(">I", data[6:10])[0]


def listening(path):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    return listener


def connected(path):
    sock = socket.socket(socket.AF_UNIX)
    sock.connect(path)  # which waits for a place
    sock.settimeout(30)
    return sock


def server(path):
    listener = listening(path)
    while True:
        sock = listener.accept()[0]
        if os.fork():
            sock.close()
            continue
        before = len(os.listdir("/proc/self/fd"))
        while True:
            channel, data = packet(sock)
            if channel != 0xFFFFFFFF:
                print("sound", len(data), flush=True)
                continue
            command = struct.unpack(">I", data[1:5])[0]
            more = len(os.listdir("/proc/self/fd")) - before
            print(command, more, data[10:], flush=True)
            try:
                send(sock, 2, b"", tag=tag_of(data))
            except BrokenPipeError:
                sys.exit(0)


def client(path):
    sock = connected(path)
    send(sock, 8, number(0xC0000023) + number(0, b"x"), [0])
    send(sock, 51, b"tmodule-ladspa-sink\0tplugin=/x.so\0")
    names = prop(b"application.name", b"player") + prop(b"filter.apply", b"ladspa-sink")
    send(sock, 9, b"P" + names + b"N")
    sock.sendall(struct.pack(">IIIII", 100000, 1, 0, 0, 0) + b"s" * 100000)
    for _ in range(3):
        print("answer", struct.unpack(">I", packet(sock)[1][1:5])[0])
    sock.sendall(struct.pack(">IIIII", 4, 1, 0, 0, 0x80000000) + b"mmap")
    packet(sock)


def crowd(path):
    waiting, answered = [], []
    for _ in range(40):
        waiting.append(socket.socket(socket.AF_UNIX))
        waiting[-1].connect(path)
        send(waiting[-1], 8, number(35) + number(0, b"x"))

    def hear(seconds):
        ready = select.select(waiting, [], [], seconds)[0]
        for sock in ready:
            packet(sock)
            waiting.remove(sock)
            answered.append(sock)
        return ready

    hear(10)
    while hear(2):
        pass
    print("answered", len(answered))
    answered[0].close()
    print("then", len(hear(10)))


def late(path):
    sock = listening(path).accept()[0]
    send(sock, 2, b"")
    select.select([sock], [], [])
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    for _, kind, data in sock.recvmsg(4096, 100)[1]:
        if kind == socket.SCM_CREDENTIALS:
            print("from", struct.unpack("iII", data)[1], flush=True)
    send(sock, 2, b"")


def prompt(path):
    sock = connected(path)
    packet(sock)
    send(sock, 8, number(35) + number(0, b"x"))
    packet(sock)


def stubborn(path):
    for _ in range(20):
        with socket.socket(socket.AF_UNIX) as sock:
            sock.connect(path)
            print("heard", sock.recv(1))


def asks(path):
    with connected(path) as sock:
        send(sock, 8, number(35) + number(0, b"x"))
        return packet(sock)[0] == 0xFFFFFFFF


def hostile(path):
    module = framed(51, b"tmodule-ladspa-sink\0tplugin=/x.so\0")
    with connected(path) as sock:
        for byte in module:
            sock.sendall(bytes([byte]))
        sock.sendall(module + module[:25])
        sock.sendall(module[25:])
        for command in (7, 101, 102, 103, 104, 105, 0x01000008, 0xFFFFFFFF):
            send(sock, command, number(0))
        for _ in range(11):
            packet(sock)
    for size in (0, 9, 0x10001, 0x7FFFFFFF, 0xFFFFFFFF):
        with connected(path) as sock:
            sock.sendall(struct.pack(">IIIII", size, 0xFFFFFFFF, 0, 0, 0) + b"L" * 100)
            try:
                print(size, sock.recv(1))
            except ConnectionResetError:
                print(size, b"")
    for _ in range(100):
        with connected(path) as sock:
            send(sock, 8, number(35) + number(0, b"x"), [0] * 5)
            sock.sendall(module[:30])
            sock.shutdown(socket.SHUT_WR)
    print("asks", asks(path))


def giver(path):
    sock = listening(path).accept()[0]
    while True:
        data = packet(sock)[1]
        send(sock, 2, b"", [0, 1], tag_of(data))


def taker(path):
    sock = connected(path)
    for _ in range(3):
        send(sock, 8, number(35) + number(0, b"x"))
        data, fds = socket.recv_fds(sock, 30, 10)[:2]
        print(len(data), len(fds))


def deaf(path):
    sock = listening(path).accept()[0]
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    asked = 0
    for answers, expected in ((0, 128), (2, 130)):
        for _ in range(answers):
            send(sock, 2, b"")
        while select.select([sock], [], [], 30 if asked < expected else 1)[0]:
            packet(sock)
            asked += 1
        print("asked", asked, flush=True)
    sock.close()


def eager(path):
    sock = connected(path)
    for _ in range(1000):
        send(sock, 20, b"")
    while sock.recv(100):
        pass


def plain(path):
    print(connected(path).recv(1))


def full(path):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(0)
    first = connected(path)
    print("full", flush=True)
    select.select([], [], [])
    first.close()


def anything(source):
    """Packets that are nearly right, cut anywhere, and sometimes none."""
    kinds = [lambda: number(source.getrandbits(32) >> source.randrange(32)),
             lambda: b"1B\5v\1\0\1\0\0a\3\2\0\0\xac\x44",
             lambda: b"P" + prop(b"filter.apply", b"x") + b"N",
             lambda: b"t" + bytes(source.choices(range(1, 256), k=5)) + b"\0",
             lambda: source.randbytes(source.randrange(40))]
    data = b""
    for _ in range(source.randrange(1, 30)):
        payload = b"".join(source.choices(kinds, [6, 6, 6, 6, 1])[0]()
                           for _ in range(source.randrange(6)))
        tag = source.choices([7, 0x80000000, 0x80000001, 0xFFFFFFFF], [97, 1, 1, 1])[0]
        part = framed(source.choice([0, 2, 3, 5, 30, 37, 51, 64, 66]), payload, tag)
        if source.random() < 0.05:
            part = struct.pack(">IIIII", source.getrandbits(12), 1, 0, 0, 0) + part
        if source.random() < 0.05:
            at = source.randrange(len(part))
            part = part[:at] + source.randbytes(3) + part[at:]
        data += part
    return data


def shout(sock, source, listens):
    data = anything(source)
    sock.settimeout(0.05)
    try:
        while data:
            n = source.randrange(1, 1 + min(len(data), 2000))
            sock.sendall(data[:n])
            data = data[n:]
            if listens and source.random() < 0.3:
                sock.recv(4096)
    except OSError:
        pass


def judge(data, sock):
    """What has come through is packets, and of those none that do more than play."""
    try:
        while select.select([sock], [], [], 10)[0]:
            more = sock.recv(65536)
            if not more:
                break
            data += more
    except OSError:
        pass
    while len(data) > 20:
        size, channel = struct.unpack(">II", data[:8])
        part, data = data[20:20 + size], data[20 + size:]
        if channel != 0xFFFFFFFF or len(part) < size:
            continue
        command = struct.unpack(">I", part[1:5])[0]
        good = command in (3, 25, 30) and b"filter.apply" not in part
        print("good" if good else f"bad {command} {part}", flush=True)


def noise(path):
    listener = listening(path)
    for seed in range(100000):
        sock = listener.accept()[0]
        if os.fork():
            sock.close()
            continue
        data = sock.recv(65536)
        if data[30:35] == number(35):
            send(sock, 2, b"")
        elif not os.fork():
            shout(sock, random.Random(seed), False)
        else:
            judge(data, sock)
        os._exit(0)


def noisy(path):
    for seed in range(150):
        with connected(path) as sock:
            shout(sock, random.Random(-seed - 1), True)
    print("asks", asks(path))


globals()[sys.argv[1]](sys.argv[2])
