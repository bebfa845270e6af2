# SPDX-License-Identifier: MIT
# network.bats - network = user: what is reached through it, what is not, and how it ends
load lib
load net

setup() {
	isolate
	net_up
}

# ---- without rules ------------------------------------------------------------------------

@test "network: the world is reached by address and by name, over TCP and UDP" {
	dns server.example A 12.0.0.1
	comes 12.0.0.1 80
	assert_equal "$output" "reached world 12.0.0.1 80"
	comes server.example 7001 udp
	assert_equal "$output" "reached world 12.0.0.1 7001"
	comes server.example 7000 --network-helper=pasta
	assert_equal "$output" "reached world 12.0.0.1 7000"
}

@test "network: IPv6 by setting, with both helpers" {
	for helper in slirp4netns pasta; do
		comes 2a12::1 80 --network-helper=$helper --network-ipv6
		assert_equal "$output" "reached world 2a12::1 80"
		comes 2a12::1 80 --network-helper=$helper
		refute_contains "$output" reached
	done
}

# The leak matrix: what of the host a sandbox can get at.
@test "network: of the host's loopback nothing is reached, by gateway, own address or socket" {
	for helper in slirp4netns pasta; do
		for host in 10.0.2.2 127.0.0.1 10.0.2.3 255.255.255.255; do
			comes $host 7002 --network-helper=$helper
			refute_contains "$output" reached
		done
		run --separate-stderr nsbox --network=user --network-helper=$helper -- python3 -c \
			'import socket; socket.socket(socket.AF_UNIX).connect("\0sbox-test")'
		assert_status 1
		assert_contains "$stderr" "Connection refused"
	done
}

@test "network: loopback is up, and the files inside fit it" {
	run --separate-stderr nsbox --network=user -- sh -c \
		'cat /etc/resolv.conf /etc/hosts; grep hosts /etc/nsswitch.conf; getent hosts sbox'
	assert_status 0
	assert_contains "$output" "nameserver 10.0.2.3"
	refute_contains "$output" 12.0.0.53
	assert_contains "$output" "hosts: files dns"
	run --separate-stderr nsbox -- sh -c 'cat /etc/resolv.conf; getent ahosts nowhere.example; echo $?'
	assert_contains "$output" "no name server"
	refute_contains "$output" 12.0.0.53
}

@test "network: proxies and name settings of the caller stay outside unless named" {
	export http_proxy=http://1.2.3.4:5 HTTPS_PROXY=x RES_OPTIONS=debug LOCALDOMAIN=corp.example
	run --separate-stderr nsbox --network=user -- env
	refute_contains "$output" 1.2.3.4
	refute_contains "$output" corp.example
	refute_contains "$output" RES_OPTIONS
	run --separate-stderr nsbox --network=user --pass-env=http_proxy -- env
	assert_contains "$output" http_proxy=http://1.2.3.4:5
}

# ---- rules ----------------------------------------------------------------------------------

@test "network: internet is the world, and nothing near" {
	for helper in slirp4netns pasta; do
		local flags=(--network-helper=$helper --network-allow=internet)
		comes 12.0.0.1 80 "${flags[@]}"
		assert_equal "$output" "reached world 12.0.0.1 80"
		comes 12.0.0.1 7001 udp "${flags[@]}"
		assert_equal "$output" "reached world 12.0.0.1 7001"
		for near in 11.0.0.2 192.168.7.2 11.0.0.1 192.168.7.9 169.254.169.254 10.0.2.2; do
			comes $near 7000 "${flags[@]}"
			assert_equal "$output" refused
			[ $near = 10.0.2.2 ] || assert_contains "$stderr" "refused: $near:7000"
			comes $near 7001 udp "${flags[@]}"
			assert_equal "$output" refused
			# by the name that a rule would have
			assert_contains "$stderr" "refused: ${near/10.0.2.2/host-loopback}:7001/udp"
		done
	done
}

@test "network: internet over IPv6 leaves out the host and its network" {
	local flags=(--network-ipv6 --network-allow=internet)
	comes 2a12::1 80 "${flags[@]}"
	assert_equal "$output" "reached world 2a12::1 80"
	for near in 2a11::2 2a11::1 fd00::2; do
		comes $near 7000 "${flags[@]}"
		assert_equal "$output" refused
	done
}

# As with NAT64: the world's router answers for addresses of IPv4 in 64:ff9b::/96.
translated() {
	local address
	for address in 12.0.0.1 192.168.7.9 11.0.0.2 169.254.169.254; do
		in_world ip -6 addr add "64:ff9b::$address/128" dev up0 nodad
	done
	in_world ip -6 addr add 64:ff9b:1::c0a8:709/128 dev up0 nodad
	in_world ip -6 addr add 2002:c0a8:709::1/128 dev up0 nodad
	local served
	for served in 64:ff9b::c00:1 64:ff9b::c0a8:709 64:ff9b:1::c0a8:709 2002:c0a8:709::1; do
		comes $served 80 --network-ipv6
		assert_equal "$output" "reached world $served 80"
	done
}

@test "network: an address of IPv4 inside one of IPv6 is judged as what it is" {
	translated
	for helper in slirp4netns pasta; do
		local flags=(--network-helper=$helper --network-ipv6)
		comes 64:ff9b::c00:1 80 "${flags[@]}" --network-allow=internet
		assert_equal "$output" "reached world 64:ff9b::c00:1 80"
		for near in 64:ff9b::c0a8:709 64:ff9b::b00:2 64:ff9b::a9fe:a9fe 64:ff9b:1::c0a8:709 \
			2002:c0a8:709::1 ::ffff:192.168.7.9; do
			comes $near 80 "${flags[@]}" --network-allow=internet
			assert_equal "$output" refused
			comes $near 80 "${flags[@]}" --network-deny=lan
			assert_equal "$output" refused
		done
		comes 64:ff9b::c00:1 80 "${flags[@]}" --network-deny=12.0.0.0/24
		assert_equal "$output" refused
		comes 64:ff9b::c00:1 80 "${flags[@]}" --network-allow=12.0.0.1:80
		assert_equal "$output" "reached world 64:ff9b::c00:1 80"
		comes 64:ff9b::c00:1 443 "${flags[@]}" --network-allow=12.0.0.1:80
		assert_equal "$output" refused
		comes 64:ff9b::c0a8:709 80 "${flags[@]}" --network-allow=lan
		assert_equal "$output" "reached world 64:ff9b::c0a8:709 80"
	done
}

# As with DHCP: the address stands alone, and the router has announced the network.
@test "network: a network that is known by its route alone is near, too" {
	in_lan ip -6 addr add 2a13::9/64 dev up0 nodad
	in_host ip -6 addr add 2a13::2/128 dev lan nodad
	in_host ip -6 route add 2a13::/64 dev lan proto ra
	comes 2a13::9 80 --network-ipv6 --network-allow=lan
	assert_equal "$output" "reached lan 2a13::9 80"
	comes 2a13::9 80 --network-ipv6 --network-allow=internet
	assert_equal "$output" refused
	assert_contains "$stderr" "refused: [2a13::9]:80"
	comes 2a12::1 80 --network-ipv6 --network-allow=internet
	assert_equal "$output" "reached world 2a12::1 80"
}

@test "network: lan is the attached and private networks, without the host" {
	local flags=(--network-allow=lan)
	comes 192.168.7.9 80 "${flags[@]}"
	assert_equal "$output" "reached lan 192.168.7.9 80"
	for other in 192.168.7.2 11.0.0.2 12.0.0.1 169.254.169.254; do
		comes $other 80 "${flags[@]}"
		assert_equal "$output" refused
	done
	flags=(--network-deny=lan)
	comes 12.0.0.1 80 "${flags[@]}"
	assert_equal "$output" "reached world 12.0.0.1 80"
	for near in 192.168.7.9 192.168.7.2 11.0.0.2 169.254.169.254; do
		comes $near 80 "${flags[@]}"
		assert_equal "$output" refused
	done
}

# pasta sends it on, and everyone near may answer, under an address of their own.
@test "network: a denied lan hears no multicast" {
	in_host ip route add 239.1.2.3/32 dev lan
	"${into[@]}" "$net_lan" -- python3 -c '
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("239.1.2.3", 7005))
s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
    socket.inet_aton("239.1.2.3") + socket.inet_aton("192.168.7.9"))
print("ready", flush=True)
print("heard", s.recv(100), flush=True)' >"$T/heard" 3>&- &
	all_started+=($!)
	wait_until 10 grep -q ready "$T/heard"
	for helper in slirp4netns pasta; do
		comes 239.1.2.3 7005 udp --network-helper=$helper --network-deny=lan
		assert_equal "$output" refused
	done
	nsbox_in_background --network=user --network-helper=pasta -- sh -c '
		while :; do bash -c "echo loud >/dev/udp/239.1.2.3/7005"; sleep 0.1; done'
	wait_until 10 grep -q heard "$T/heard"
	assert_contains "$(cat "$T/heard")" loud
}

@test "network: rules for addresses, ports and protocols, the most specific first" {
	local flags=(--network-allow=12.0.0.0/8:80 --network-deny=12.0.0.2
		--network-allow=13.0.0.1/udp)
	comes 12.0.0.1 80 "${flags[@]}"
	assert_equal "$output" "reached world 12.0.0.1 80"
	comes 12.0.0.1 443 "${flags[@]}"
	assert_equal "$output" refused
	comes 12.0.0.2 80 "${flags[@]}"
	assert_equal "$output" refused
	comes 13.0.0.1 7001 udp "${flags[@]}"
	assert_equal "$output" "reached world 13.0.0.1 7001"
	comes 13.0.0.1 7000 "${flags[@]}"
	assert_equal "$output" refused
}

@test "network: one port of the host's loopback, and only that" {
	for helper in slirp4netns pasta; do
		local flags=(--network-helper=$helper --network-allow=host-loopback:7002)
		comes host-loopback 7002 "${flags[@]}"
		assert_equal "$output" "reached host 127.0.0.1 7002"
		for port in 7003 80; do
			comes host-loopback $port "${flags[@]}"
			assert_equal "$output" refused
			assert_contains "$stderr" "--network-allow=host-loopback:$port allows it"
		done
		comes 255.255.255.255 7001 udp "${flags[@]}"
		assert_equal "$output" refused
	done
}

@test "network: without a rule that is wide no name is looked up" {
	dns server.example A 12.0.0.1
	comes server.example 80 --network-allow=12.0.0.1
	assert_equal "$output" "unknown server.example"
	run ! grep server "$T/work/dns/asked"
	comes server.example 80 --network-allow=internet
	assert_equal "$output" "reached world 12.0.0.1 80"
}

@test "network: refusals come at once, are counted, and are told in --json-status" {
	run --separate-stderr nsbox --network=user --network-allow=internet --json-status=2 -- \
		bash -c 'for i in 1 2 3; do (: </dev/tcp/192.168.7.9/80); done; exit 0'
	assert_status 0
	assert_contains "$stderr" '{"event":"refused","destination":"192.168.7.9:80","count":3}'
	assert_contains "$stderr" "warning: refused: 192.168.7.9:80 (3 packets)"
	assert_contains "$stderr" "--network-allow=192.168.7.9:80"
	run --separate-stderr nsbox --network=user --network-allow=internet -- true
	assert_equal "$stderr" ""
}

# The addresses of names are in the same table: more of them than anybody wants to read.
@test "network: refusals are told also where names have led to very many addresses" {
	nsbox_in_background --network=user --network-ipv6 --network-allow=server.example \
		--identity=root --id-map=single \
		--read="$T/work" -- bash -c 'echo up; until [ -e "$1" ]; do sleep 0.05; done
		(: </dev/tcp/192.168.7.9/80); exit 0' bash "$T/work/go"
	wait_until 10 grep -q up "$T/out"
	local inside
	inside=$(our_processes | awk '$4 == "bash" || $4 == "sleep" { print $1 }' | while read -r pid; do
		is_in_own "$pid" $$ "$net_host" "$net_world" "$net_lan" && echo "$pid" && break
	done)
	in_host nsenter --user --net --preserve-credentials --target "$inside" python3 -c '
import subprocess
def long(i): return f"2a12:1111:2222:3333:4444:5555:6666:{i:x} timeout 1h"
for at in range(4096, 64096, 3000):
    elements = ",".join(long(i) for i in range(at, at + 3000))
    subprocess.run(["nft", "-f", "-"], check=True, text=True,
        input=f"add element inet sbox name6_0 {{ {elements} }}\n")'
	touch "$T/work/go"
	wait "$started"
	assert_contains "$(cat "$T/err")" "refused: 192.168.7.9:80 (1 packet)"
}

@test "network: an nft that hangs keeps nobody from the end" {
	cp "$(PATH=$PATH:/usr/sbin command -v nft)" "$T/work/nft.real"
	cat >"$T/work/nft" <<-END
		#!/bin/sh
		read -r line
		case \$line in list*) exec sleep 1000 ;; esac
		{ echo "\$line"; cat; } | "$T/work/nft.real" "\$@"
	END
	chmod +x "$T/work/nft"
	in_host mount --bind "$T/work/nft" /usr/sbin/nft
	run --separate-stderr nsbox --network=user --network-allow=internet -- true
	assert_status 0
	no_leftovers 'home/.local*' run/sbox
}

# ---- the rules hold -----------------------------------------------------------------------

@test "network: fake root inside changes no rule, address or route, and sends no raw packet" {
	for flags in "--identity=root --id-map=single" "--identity=root --id-map=single --nested=full"; do
		# shellcheck disable=SC2086
		run --separate-stderr nsbox --network=user --network-allow=internet $flags \
			--syscalls-allow=@known -- sh -c '
			PATH=$PATH:/usr/sbin:/sbin
			for cmd in "nft flush ruleset" "nft list ruleset" "ip addr add 10.9.9.9/24 dev tap0" \
				"ip route add 192.168.7.0/24 dev tap0" "ip link set tap0 down" \
				"ip link add d0 type veth peer name d1" \
				"python3 -c \"import socket; socket.socket(socket.AF_PACKET, socket.SOCK_RAW)\"" \
				"python3 -c \"import socket; socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)\"" \
				"python3 -c \"import socket; socket.socket().setsockopt(1, 36, 23308)\""; do
				eval "$cmd" >/dev/null 2>&1 && echo "did: $cmd"
			done
			exec 2>&1; python3 -c "
import socket
socket.create_connection((\"192.168.7.9\", 80), 4)"'
		refute_contains "$output" "did:"
		assert_contains "$output" "Connection refused"
	done
}

@test "network: a network namespace of its own leads nowhere, and a user namespace gives no rule away" {
	run --separate-stderr nsbox --network=user --network-allow=internet --nested=full \
		--syscalls-allow=@known -- unshare --user --map-root-user sh -c '
		PATH=$PATH:/usr/sbin
		nft flush ruleset 2>/dev/null && echo flushed
		ip addr add 10.9.9.9/24 dev tap0 2>/dev/null && echo added
		unshare --net ip -brief link'
	assert_status 0
	refute_contains "$output" flushed
	refute_contains "$output" added
	refute_contains "$output" tap0
	assert_contains "$output" "lo "
}

# Forwarding is fake root's to switch on; packets that it sends to its loopback on purpose
# must not leave from there. And two sockets that talk under a foreign address over the
# loopback must not make a known connection of it.
@test "network: no way around the rules over the loopback" {
	cat >"$T/work/around.py" <<-'END'
		import socket
		for name in ("ip_forward", "conf/all/accept_local", "conf/all/route_localnet"):
		    try:
		        open("/proc/sys/net/ipv4/" + name, "w").write("1")
		    except OSError:
		        pass
		for name in ("lo", "all", "default", "tap0"):
		    try:
		        open(f"/proc/sys/net/ipv4/conf/{name}/rp_filter", "w").write("0")
		    except OSError:
		        pass
		s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo")
		for _ in range(3):
		    s.sendto(b"x", ("192.168.7.9", 7001))
		s.settimeout(1)
		try:
		    print("reached", s.recv(100))
		except OSError as e:
		    print("nothing")
		FREEBIND = 78
		foreign, mine = "fd77::9", "fd00::100"
		def bound(address, port, device=None):
		    s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
		    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
		    s.setsockopt(socket.IPPROTO_IPV6, FREEBIND, 1)
		    if device:
		        s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device)
		    s.bind((address, port))
		    return s
		try:
		    bound(mine, 5000, b"lo").sendto(b"x", (foreign, 7001))
		    bound(foreign, 7001).sendto(b"x", (mine, 5000))
		    bound(mine, 5000).sendto(b"x", (foreign, 7001))
		    print("sent")
		except OSError:
		    print("refused")
	END
	in_lan ip -6 addr add fd77::9/128 dev up0 nodad
	in_host ip -6 route add fd77::9/128 dev lan
	run --separate-stderr nsbox --network=user --network-ipv6 --network-allow=internet \
		--identity=root --id-map=single --read="$T/work" -- python3 "$T/work/around.py"
	assert_equal "$output" "nothing
refused"
}

@test "network: the rules follow the host's addresses" {
	in_world ip addr add 15.0.0.1/32 dev up0
	nsbox_in_background --network=user --network-allow=internet -- bash -c '
		(: </dev/tcp/15.0.0.1/80) && echo first
		until ! (: </dev/tcp/15.0.0.1/80); do sleep 0.05; done
		echo closed'
	wait_until 10 grep -q first "$T/out"
	in_host ip addr add 15.0.0.1/32 dev world
	wait_until 10 grep -q closed "$T/out"
	wait "$started"
	assert_contains "$(cat "$T/err")" "refused: 15.0.0.1:80"
}

# ---- published ports -------------------------------------------------------------------------

serve='import socket,sys
s=socket.socket(socket.AF_INET, socket.SOCK_STREAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("0.0.0.0", 8000)); s.listen(); print("listening", flush=True)
c,_=s.accept(); c.sendall(b"from inside")
c.shutdown(socket.SHUT_WR); c.recv(1)'

@test "network: a published port is on the host's loopback only, unless an address is given" {
	for helper in slirp4netns pasta; do
		nsbox_in_background --network=user --network-helper=$helper --network-allow=internet \
			--publish=18000:8000 -- python3 -c "$serve"
		wait_until 10 grep -q listening "$T/out"
		run in_host ss -Hltn 'sport = 18000'
		assert_contains "$output" 127.0.0.1:18000
		refute_contains "$output" 0.0.0.0:18000
		run in_host bash -c 'cat </dev/tcp/127.0.0.1/18000'
		assert_equal "$output" "from inside"
		wait "$started"
	done
	# the client waits for the first word, as with SSH or mail
	for helper in slirp4netns pasta; do
		nsbox_in_background --network=user --network-helper=$helper --network-allow=internet \
			--publish=11.0.0.2:18000:8000 -- python3 -c "$serve"
		wait_until 10 grep -q listening "$T/out"
		run in_world timeout 20 bash -c 'cat </dev/tcp/11.0.0.2/18000'
		assert_equal "$output" "from inside"
		wait "$started"
	done
	no_leftovers 'home/.local*' run/sbox
}

@test "network: a port is published on an address of IPv6" {
	local serve6=${serve/AF_INET,/AF_INET6,}
	serve6=${serve6/0.0.0.0/::}
	for helper in slirp4netns pasta; do
		local v6=(--network=user --network-helper=$helper --network-ipv6)
		nsbox_in_background "${v6[@]}" --publish='[::1]:18000:8000' \
			--publish='[2a11::2]:18001:8000' -- python3 -c "$serve6"
		wait_until 10 grep -q listening "$T/out"
		run in_host ss -Hltn 'sport >= 18000 and sport <= 18001'
		assert_equal "$(awk '{ print $4 }' <<<"$output" | sort)" "[2a11::2]:18001
[::1]:18000"
		run in_host bash -c "cat </dev/tcp/::1/18000"
		assert_equal "$output" "from inside"
		wait "$started"
		run --separate-stderr nsbox "${v6[@]}" --publish='[2a11::2]:7000' -- touch "$T/work/ran"
		assert_status 125
		assert_contains "$stderr" 7000
		[ ! -e "$T/work/ran" ]
	done
	no_leftovers 'home/.local*' run/sbox
}

@test "network: a taken port is an error before the program starts" {
	for helper in slirp4netns pasta; do
		run --separate-stderr nsbox --network=user --network-helper=$helper --publish=7002 -- \
			touch "$T/work/ran"
		assert_status 125
		assert_contains "$stderr" 7002
		[ ! -e "$T/work/ran" ]
	done
	run --separate-stderr nsbox --network=user --publish=80:80 -- true
	assert_status 125
	no_leftovers 'home/.local*' run/sbox
}

@test "network: sbox port lists, adds and removes while the program runs" {
	for helper in slirp4netns pasta; do
		nsbox_in_background --network=user --network-helper=$helper --name=web \
			--publish=18000:8000 -- sh -c 'python3 -c "$1"; python3 -c "$1"' sh "$serve"
		wait_until 10 grep -q listening "$T/out"
		run nsbox port web
		assert_equal "$output" 127.0.0.1:18000:8000
		nsbox port web add 18001:8000 18002:7001/udp
		run nsbox port web list
		assert_equal "$output" "127.0.0.1:18000:8000
127.0.0.1:18001:8000
127.0.0.1:18002:7001/udp"
		run in_host bash -c 'cat </dev/tcp/127.0.0.1/18001'
		assert_equal "$output" "from inside"
		nsbox port web remove 18002/udp 18001
		run -125 --separate-stderr nsbox port web remove 18001
		assert_contains "$stderr" "not published"
		run in_host ss -Hltun 'sport >= 18001 and sport <= 18002'
		assert_equal "$output" ""
		run -125 --separate-stderr nsbox port web add '[::1]:18003:8000'
		assert_contains "$stderr" "network-ipv6 = yes"
		run -125 --separate-stderr nsbox port web ad 18003
		assert_contains "$stderr" "unknown word 'ad'
  hint: did you mean 'add'?"
		run -125 --separate-stderr nsbox port web add 7002
		assert_contains "$stderr" "Address already in use"
		run nsbox port web --json
		assert_equal "$(python3 -c 'import json,sys; print(json.loads(sys.argv[1])["ports"])' "$output")" \
			"['127.0.0.1:18000:8000']"
		wait_until 10 eval '[ "$(grep -c listening "$T/out")" = 2 ]'
		in_host bash -c 'cat </dev/tcp/127.0.0.1/18000'
		wait "$started"
		no_leftovers 'home/.local*' run/sbox
	done
}

# The helper that has no port yet has nobody to serve it.
@test "network: a first port is published while the program runs, for TCP and UDP" {
	cat >"$T/work/echo.py" <<-'END'
		import socket, threading
		tcp = socket.create_server(("", 8000), backlog=100)
		udp = socket.socket(type=socket.SOCK_DGRAM)
		udp.bind(("", 8000))
		def datagrams():
		    while True:
		        said, sender = udp.recvfrom(65536)
		        udp.sendto(said.upper(), sender)
		def stream(s):
		    got = b""
		    while more := s.recv(65536):
		        got += more
		    s.sendall(got.upper())
		    s.close()
		threading.Thread(target=datagrams, daemon=True).start()
		print("up", flush=True)
		while True:
		    threading.Thread(target=stream, args=(tcp.accept()[0],), daemon=True).start()
	END
	cat >"$T/work/ask.py" <<-'END'
		import socket, sys, threading
		# each in its own way: the answer comes when all is said
		def stream(i, told):
		    said = bytes([97 + i]) * (1000 + 100000 * i)
		    s = socket.create_connection(("127.0.0.1", 18000))
		    writer = threading.Thread(target=lambda: (s.sendall(said), s.shutdown(socket.SHUT_WR)))
		    writer.start()
		    got = b""
		    while more := s.recv(65536):
		        got += more
		    told.append(got == said.upper())
		told = []
		threads = [threading.Thread(target=stream, args=(i, told)) for i in range(20)]
		[t.start() for t in threads]
		[t.join() for t in threads]
		print("streams", sum(told))
		senders = [socket.socket(type=socket.SOCK_DGRAM) for i in range(5)]
		for i, s in enumerate(senders):
		    s.connect(("127.0.0.1", 18000))
		    s.settimeout(5)
		    s.send(b"sender %d" % i)
		    assert s.recv(100) == b"SENDER %d" % i
		for i, s in reversed(list(enumerate(senders))):
		    s.send(b"x" * 9000 + b"again %d" % i)
		    assert s.recv(65536)[9000:] == b"AGAIN %d" % i
		print("datagrams")
	END
	for helper in slirp4netns pasta; do
		nsbox_in_background --network=user --network-helper=$helper --network-allow=internet \
			--name=web --read="$T/work" -- python3 "$T/work/echo.py"
		wait_until 10 grep -q up "$T/out"
		# the list is there for who asks a moment later
		wait_until 5 nsbox port web
		run nsbox port web
		assert_equal "$output" ""
		nsbox port web add 18000:8000 18000:8000/udp
		run in_host python3 "$T/work/ask.py"
		assert_equal "$output" "streams 20
datagrams"
		run in_host ss -Hltun 'sport = 18000'
		refute_contains "$output" 0.0.0.0:18000
		kill "$started"
		wait "$started" || true
		no_leftovers 'home/.local*' run/sbox
		run ! in_host bash -c ': </dev/tcp/127.0.0.1/18000'
	done
}

@test "network: a connection to where nobody listens inside is closed, and the port stays" {
	mkfifo "$T/work/go"
	for helper in slirp4netns pasta; do
		nsbox_in_background --network=user --network-helper=$helper --publish=18000:8000 \
			--read="$T/work" -- sh -c \
			'echo up; read -r line <"$1"; exec python3 -c "$2"' sh "$T/work/go" "$serve"
		wait_until 10 grep -q up "$T/out"
		run timeout 20 "${into[@]}" "$net_host" -- bash -c 'cat </dev/tcp/127.0.0.1/18000'
		refute_contains "$output" inside
		[ "$status" != 124 ]
		echo >"$T/work/go"
		wait_until 10 grep -q listening "$T/out"
		run in_host bash -c 'cat </dev/tcp/127.0.0.1/18000'
		assert_equal "$output" "from inside"
		wait "$started"
	done
}

# bats test_tags=no-asan
@test "network: what passes on published ports has no capability, a filter, and ends with sbox" {
	nsbox_in_background --network=user --network-helper=pasta --publish=18000:8000 -- \
		sh -c 'echo up; exec sleep 100'
	wait_until 10 grep -q up "$T/out"
	local pids pid
	pids=$(our_processes | awk '$4 == "sbox-forward" { print $1 }')
	assert_equal "$(wc -w <<<"$pids")" 2
	for pid in $pids; do
		assert_equal "$(awk '/^Cap(Inh|Prm|Eff|Amb):/ { print $2 }' "/proc/$pid/status" | sort -u)" \
			0000000000000000
		assert_equal "$(awk '/^Seccomp:|^NoNewPrivs:/ { print $2 }' "/proc/$pid/status" |
			paste -sd,)" 1,2
	done
	kill -KILL "${pids%%[!0-9]*}"
	wait_until 5 grep -q "sbox-forward has ended; the program goes on without it" "$T/err"
	kill -KILL "$started"
	no_leftovers 'home/.local*' run/sbox
}

@test "network: sbox port says which instances take ports" {
	nsbox_in_background --name=alone -- sh -c 'echo up; exec sleep 100'
	wait_until 10 grep -q up "$T/out"
	run -125 --separate-stderr nsbox port alone
	assert_contains "$stderr" "takes no ports"
	run -125 --separate-stderr nsbox port nobody
}

# ---- its end ----------------------------------------------------------------------------------

# What the kernel would go on sending for a program that has ended, sbox must not cut off.
@test "network: what a program has sent before its end arrives" {
	cat >"$T/work/sink.py" <<-'END'
		import socket, threading
		tcp, udp = socket.socket(), socket.socket(type=socket.SOCK_DGRAM)
		for s in (tcp, udp):
		    s.bind(("12.0.0.1", 7009))
		tcp.listen()
		def datagrams():
		    while True:
		        print("datagram", len(udp.recv(65536)), flush=True)
		threading.Thread(target=datagrams, daemon=True).start()
		print("ready", flush=True)
		while True:
		    s, _ = tcp.accept()
		    size = 0
		    while more := s.recv(65536):
		        size += len(more)
		    print("stream", size, flush=True)
	END
	"${into[@]}" "$net_world" -- python3 "$T/work/sink.py" >"$T/sink" 2>&1 3>&- &
	all_started+=($!)
	wait_until 10 grep -q ready "$T/sink"
	for helper in slirp4netns pasta; do
		for i in 1 2 3 4 5; do
			nsbox --network=user --network-helper=$helper -- bash -c '
				head -c 200000 /dev/zero >/dev/tcp/12.0.0.1/7009
				echo "the last word" >/dev/udp/12.0.0.1/7009'
		done
	done
	wait_until 5 eval '[ "$(grep -c "stream 200000" "$T/sink")" = 10 ]'
	wait_until 5 eval '[ "$(grep -c "datagram 14" "$T/sink")" = 10 ]'
}

# What its peer takes slowly the helper still has in its hands.
@test "network: what a program has sent before its end arrives at a slow peer" {
	cat >"$T/work/slow.py" <<-'END'
		import socket, time
		s = socket.socket()
		s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
		s.bind(("12.0.0.1", 7009))
		s.listen()
		print("ready", flush=True)
		while True:
		    c, _ = s.accept()
		    size = 0
		    while more := c.recv(65536):
		        size += len(more)
		        time.sleep(0.01)
		    print("stream", size, flush=True)
	END
	"${into[@]}" "$net_world" -- python3 "$T/work/slow.py" >"$T/sink" 2>&1 3>&- &
	all_started+=($!)
	wait_until 10 grep -q ready "$T/sink"
	for helper in slirp4netns pasta; do
		for i in 1 2 3 4 5 6; do
			nsbox --network=user --network-helper=$helper -- bash -c '
				head -c 1000000 /dev/zero >/dev/tcp/12.0.0.1/7009'
		done
	done
	wait_until 20 eval '[ "$(grep -c stream "$T/sink")" = 12 ]'
	assert_equal "$(grep -c "stream 1000000" "$T/sink")" 12
}

@test "network: what a program has sent through a published port before its end arrives" {
	for helper in slirp4netns pasta; do
		for i in 1 2 3; do
			nsbox_in_background --network=user --network-helper=$helper \
				--publish=18000:8000 -- python3 -c '
import socket
s = socket.create_server(("", 8000))
print("up", flush=True)
c, _ = s.accept()
c.sendall(bytes(200000))'
			wait_until 10 grep -q up "$T/out"
			run in_host bash -c 'wc -c </dev/tcp/127.0.0.1/18000'
			assert_equal "$output" 200000
			wait "$started"
		done
	done
}

@test "network: a peer that takes nothing keeps nobody from the end" {
	"${into[@]}" "$net_world" -- python3 -c '
import socket, time
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
s.bind(("12.0.0.1", 7009))
s.listen()
print("ready", flush=True)
time.sleep(1000)' >"$T/deaf" 3>&- &
	all_started+=($!)
	wait_until 10 grep -q ready "$T/deaf"
	note_what_is_there
	run --separate-stderr timeout 30 "${into[@]}" "$net_host" -- "${as_user_of_host[@]}" "$SBOX" \
		--network=user -- python3 -c '
import socket
s = socket.create_connection(("12.0.0.1", 7009))
s.setblocking(False)
try:
    while True:
        s.send(bytes(100000))
except BlockingIOError:
    print("full")'
	assert_status 0
	assert_equal "$output" full
	no_leftovers 'home/.local*' run/sbox
}

@test "network: nothing is left after any end" {
	nsbox --network=user --network-allow=internet --publish=18000 -- true
	no_leftovers 'home/.local*' run/sbox
	run nsbox --network=user --network-allow=internet -- sh -c 'kill -9 $$'
	assert_status 137
	no_leftovers 'home/.local*' run/sbox
	run -127 --separate-stderr nsbox --network=user -- /nonexistent
	assert_status 127
	no_leftovers 'home/.local*' run/sbox
}

helper_pid() {
	our_processes | awk -v name="$1" '$4 ~ name { print $1; exit }'
}

@test "network: a helper that is killed is told, and ends the program if so set" {
	mkfifo "$T/work/go"
	for helper in slirp4netns pasta; do
		nsbox_in_background --network=user --network-helper=$helper --read="$T/work" -- \
			sh -c 'echo up; read -r line <"$1"; echo over' sh "$T/work/go"
		wait_until 10 grep -q up "$T/out"
		kill -KILL "$(helper_pid "${helper/pasta/pass?t}")"
		wait_until 5 grep -q "$helper has ended; the program goes on" "$T/err"
		echo >"$T/work/go"
		wait "$started"
		assert_contains "$(cat "$T/out")" over
	done
	nsbox_in_background --network=user --network-lost=end -- sh -c 'echo up; exec sleep 100'
	wait_until 10 grep -q up "$T/out"
	kill -KILL "$(helper_pid slirp4netns)"
	wait "$started" || true
	assert_contains "$(cat "$T/err")" "slirp4netns has ended, and so does the program"
	assert_contains "$(cat "$T/err")" "network-lost = end"
	no_leftovers 'home/.local*' run/sbox
}

@test "network: nothing is left when sbox itself is killed" {
	for helper in slirp4netns pasta; do
		nsbox_in_background --network=user --network-helper=$helper \
			--network-allow=internet -- sh -c 'echo up; exec sleep 100'
		wait_until 10 grep -q up "$T/out"
		kill -KILL "$started"
		no_leftovers 'home/.local*' run/sbox
	done
}

@test "network: what is missing is told, and nothing weaker is started" {
	in_host mount --bind /dev/null /dev/net/tun
	in_host sh -c 'mount -t tmpfs none /dev/net'
	run --separate-stderr nsbox --network=user -- touch "$T/work/ran"
	assert_status 125
	assert_contains "$stderr" /dev/net/tun
	assert_contains "$stderr" "modprobe tun"
	in_host umount /dev/net
	in_host mount --bind /dev/null /usr/sbin/nft
	run --separate-stderr nsbox --network=user --network-allow=internet -- touch "$T/work/ran"
	assert_status 125
	assert_contains "$stderr" "nft"
	[ ! -e "$T/work/ran" ]
	no_leftovers 'home/.local*' run/sbox
}

# As with systemd-resolved: a link into /run, to a name server on the host's loopback.
@test "network: a resolv.conf that is a link into /run serves outside and fits inside" {
	dns server.example A 12.0.0.1
	in_host sh -e <<-END
		umount /etc/resolv.conf
		mkdir "$T/work/etc" "$T/work/run"
		mount -t tmpfs none "$T/work/run"
		mkdir -p "$T/work/run/systemd/resolve" "$T/work/run/up" "$T/work/run/work"
		echo 'nameserver 12.0.0.53' >"$T/work/run/systemd/resolve/stub-resolv.conf"
		mount -t overlay -o userxattr,lowerdir=/etc,upperdir=$T/work/run/up,workdir=$T/work/run/work none /etc
		ln -sfn ../run/systemd/resolve/stub-resolv.conf /etc/resolv.conf
		mount --bind "$T/work/run" /run
	END
	comes server.example 80
	assert_equal "$output" "reached world 12.0.0.1 80"
	comes server.example 80 --network-allow=server.example
	assert_equal "$output" "reached world 12.0.0.1 80"
	run --separate-stderr nsbox --network=user -- cat /etc/resolv.conf
	assert_equal "$output" "nameserver 10.0.2.3"
	run --separate-stderr nsbox -- cat /etc/resolv.conf
	assert_equal "$output" "# no network, no name server"
}

# ---- ways around ----------------------------------------------------------------------------

@test "network: a socket bound to the device does not reach the host's loopback" {
	local flags script='
import socket, sys
family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
s = socket.socket(family, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, 25, b"tap0")
s.sendto(b"x", (sys.argv[1], 7002))
print("sent")'
	for flags in --network-helper=pasta --network-deny=lan --network-allow=internet \
		--network-allow=0.0.0.0/0; do
		run --separate-stderr nsbox --network=user "$flags" -- python3 -c "$script" 127.0.0.1
		refute_contains "$output" sent
		assert_contains "$stderr" "Operation not permitted"
	done
	run --separate-stderr nsbox --network=user --network-ipv6 -- python3 -c "$script" ::1
	refute_contains "$output" sent
	run --separate-stderr nsbox --network=user -- python3 -c "$script" 12.0.0.1
	assert_equal "$output" sent
}

@test "network: a forged sender does not make a packet an answer" {
	run --separate-stderr nsbox --network=user --network-ipv6 --network-allow=internet -- python3 -c '
import socket
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.setsockopt(41, 78, 1) # IPV6_FREEBIND
s.setsockopt(socket.SOL_SOCKET, 25, b"tap0")
s.bind(("fd00::2", 7002))
s.sendto(b"x", ("2a12::1", 4444))
print("sent")'
	refute_contains "$output" sent
	assert_contains "$stderr" "Operation not permitted"
}

# An address translator that takes anybody's packets for a port which the program has used
# would make a known connection of the first one, and let the program answer.
@test "network: a stranger's packet opens no way out" {
	cat >"$T/work/knock.py" <<-'END'
		import socket
		s, other = socket.socket(type=socket.SOCK_DGRAM), socket.socket(type=socket.SOCK_DGRAM)
		s.bind(("12.0.0.1", 7009))
		other.bind(("12.0.0.2", 7010))
		print("ready", flush=True)
		while True:
		    said, sender = s.recvfrom(100)
		    other.sendto(b"knock", sender)
		    s.sendto(b"after", sender)
		    other.settimeout(1)
		    try:
		        print("stranger heard", other.recv(100), flush=True)
		    except TimeoutError:
		        print("stranger heard nothing", flush=True)
	END
	cat >"$T/work/inside.py" <<-'END'
		import socket
		s = socket.socket(type=socket.SOCK_DGRAM)
		s.bind(("10.0.2.100", 7011))
		s.settimeout(10)
		s.sendto(b"hello", ("12.0.0.1", 7009))
		while True:
		    said, sender = s.recvfrom(100)
		    if said == b"after":
		        break
		    try:
		        s.sendto(b"secret", sender)
		    except OSError:
		        pass
		print("over")
	END
	"${into[@]}" "$net_world" -- python3 "$T/work/knock.py" >>"$T/knock" 2>&1 3>&- &
	all_started+=($!)
	wait_until 10 grep -q ready "$T/knock"
	for helper in slirp4netns pasta; do
		run --separate-stderr nsbox --network=user --network-helper=$helper \
			--network-allow=12.0.0.1 --read="$T/work" -- python3 "$T/work/inside.py"
		assert_equal "$output" over
		wait_until 10 grep -q heard "$T/knock"
		assert_equal "$(tail -n 1 "$T/knock")" "stranger heard nothing"
		: >"$T/knock"
	done
	run --separate-stderr nsbox --network=user --network-allow=12.0.0.1 --publish=11.0.0.2:17011:7011/udp \
		--read="$T/work" -- python3 "$T/work/inside.py"
	assert_equal "$output" over
	wait_until 10 grep -q heard "$T/knock"
	assert_equal "$(tail -n 1 "$T/knock")" "stranger heard nothing"
}

@test "network: an empty question ends the connection to the resolver at once" {
	run --separate-stderr nsbox --network=user --network-allow=server.example -- timeout 8 python3 -c '
import re, socket
server = re.search(r"nameserver (\S+)", open("/etc/resolv.conf").read())[1]
s = socket.create_connection((server, 53))
s.sendall(b"\0\0x")
try: print("end", s.recv(1))
except ConnectionResetError: print("end")'
	assert_status 0
	assert_contains "$output" end
}

@test "network: what the hint tells to type is never a program's own words" {
	local name
	for name in 'x|reboot.example' '*' '0.0.0.0/0' 'host-loopback:1-65535'; do
		run --separate-stderr nsbox --network=user --network-allow=server.example -- \
			python3 -c 'import socket, sys; socket.gethostbyname(sys.argv[1])' "$name"
		refute_contains "$stderr" "--network-allow=$name"
	done
	run --separate-stderr nsbox --network=user --network-allow=server.example -- \
		python3 -c 'import socket; socket.gethostbyname("other.example")'
	assert_contains "$stderr" "--network-allow=other.example allows it"
	run --separate-stderr nsbox -q --network=user --network-allow=server.example -- \
		python3 -c 'import socket
try: socket.gethostbyname("other.example")
except socket.gaierror: pass'
	assert_equal "$stderr" ""
}
