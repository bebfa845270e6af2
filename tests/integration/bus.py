# SPDX-License-Identifier: MIT
# bus.py - the test's words on a message bus: owns a name, calls one, or listens
#
#   own NAME           "owns NAME", then for each call "called MEMBER by SENDER". Answers
#                      with the name; the member Say sends the signal Said as well.
#   call NAME PATH INTERFACE.MEMBER [TEXT]
#                      the answer, an item a line, or "error NAME"
#   forge NAME TARGET  owns the first; the first call to it is answered with messages for
#                      the second that pass themselves off as answers; then "forged"
#   listen RULE...     "added RULE" or "refused RULE"; then each message as "TYPE MEMBER
#                      TEXT", until the signal Said comes with the text "end"
import sys

from jeepney import DBusAddress, HeaderFields, MessageType, new_method_call
from jeepney import new_method_return, new_signal
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import open_dbus_connection


def field(message, name):
    return message.header.fields.get(getattr(HeaderFields, name), "")


def ask(bus, message):
    reply = bus.send_and_get_reply(message, timeout=20)
    if reply.header.message_type == MessageType.error:
        return "error " + field(reply, "error_name"), False
    return reply.body, True


def request(bus, name):
    reply, good = ask(bus, message_bus.RequestName(name, 4))
    if not good or reply[0] != 1:
        print("not given:", reply, flush=True)
        sys.exit(1)
    print("owns", name, flush=True)


def own(bus, name):
    request(bus, name)
    while True:
        message = bus.receive()
        if message.header.message_type != MessageType.method_call:
            continue
        member = field(message, "member")
        if member == "Say":
            path = DBusAddress("/", interface="org.example.Talk")
            bus.send(new_signal(path, "Said", "s", message.body))
        bus.send(new_method_return(message, "s", (name,)))
        print("called", member, "by", field(message, "sender"), flush=True)


def call(bus, name, path, method, *text):
    interface, member = method.rsplit(".", 1)
    address = DBusAddress(path, bus_name=name, interface=interface)
    reply, good = ask(bus, new_method_call(address, member, "s" * len(text), text))
    if not good:
        print(reply)
        return 1
    for item in reply:
        print("\n".join(item) if isinstance(item, list) else item)


def forge(bus, name, target):
    request(bus, name)
    asked = bus.receive()
    while asked.header.message_type != MessageType.method_call:
        asked = bus.receive()
    address = DBusAddress("/", bus_name=target, interface="org.example.Talk")
    call = new_method_call(address, "Forged", "s", ("forged words",))
    signal = new_signal(address, "Forged", "s", ("forged words",))
    signal.header.fields[HeaderFields.destination] = target
    answer = new_method_return(asked, "s", ("forged words",))
    answer.header.fields[HeaderFields.destination] = target
    for message in call, signal, answer:
        message.header.fields[HeaderFields.reply_serial] = asked.header.serial
        bus.send(message)
    # a question and its answer: the bus has read what came before
    ask(bus, message_bus.GetId())
    print("forged", flush=True)


def listen(bus, *rules):
    for rule in rules:
        reply, good = ask(bus, new_method_call(message_bus, "AddMatch", "s", (rule,)))
        print("added" if good else "refused", rule, flush=True)
    print("listening", flush=True)
    while True:
        message = bus.receive()
        text = message.body[0] if message.body else ""
        print(message.header.message_type.name, field(message, "member"), text, flush=True)
        if field(message, "member") == "Said" and text == "end":
            return


words = {"own": own, "forge": forge, "call": call, "listen": listen}
sys.exit(words[sys.argv[1]](open_dbus_connection(), *sys.argv[2:]))
