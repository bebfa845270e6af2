# SPDX-License-Identifier: MIT
"""sound.py - a sound server that tells what reaches it, and a client that asks for too much

sound.py server SOCKET    one line for each packet: its command, and its bytes as Python has them
sound.py client SOCKET    sends what is not to pass, and tells each answer's command
sound.py late SOCKET      a server that asks for its client's ids behind the first packet
sound.py prompt SOCKET    its client
sound.py stubborn SOCKET  connects 20 times, one after the other, and is heard by nobody
sound.py crowd SOCKET     40 clients at once: how many are answered, and how many when one goes
"""
import os
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
        more = sock.recv(size - len(data))
        if not more:
            sys.exit(0)
        data += more
    return data


def packet(sock):
    size, channel = struct.unpack(">II", whole(sock, 20)[:8])
    return channel, whole(sock, size)


def send(sock, command, payload, fds=()):
    data = number(command) + number(7) + payload
    header = struct.pack(">IIIII", len(data), 0xFFFFFFFF, 0, 0, 0)
    socket.send_fds(sock, [header + data], fds)


def server(path):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
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
            send(sock, 2, b"")


def client(path):
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(10)
    sock.connect(path)
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
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    sock = listener.accept()[0]
    send(sock, 2, b"")
    select.select([sock], [], [])
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    for _, kind, data in sock.recvmsg(4096, 100)[1]:
        if kind == socket.SCM_CREDENTIALS:
            print("from", struct.unpack("iII", data)[1], flush=True)
    send(sock, 2, b"")


def prompt(path):
    sock = socket.socket(socket.AF_UNIX)
    sock.connect(path)
    packet(sock)
    send(sock, 8, number(35) + number(0, b"x"))
    packet(sock)


def stubborn(path):
    for _ in range(20):
        with socket.socket(socket.AF_UNIX) as sock:
            sock.connect(path)
            print("heard", sock.recv(1))


globals()[sys.argv[1]](sys.argv[2])
