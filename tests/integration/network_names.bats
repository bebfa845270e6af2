# SPDX-License-Identifier: MIT
# network_names.bats - rules that name hosts: what is looked up, what that opens, what is refused
load lib
load net

setup() {
	isolate
	net_up
}

@test "names: an allowed name is looked up and reached, on its ports; all else is refused" {
	dns server.example A 12.0.0.1
	dns other.example A 12.0.0.2
	for helper in slirp4netns pasta; do
		: >"$T/work/dns/asked"
		local flags=(--network-helper=$helper --network-allow=server.example:80
			--network-allow=server.example:7001/udp)
		comes server.example 80 "${flags[@]}"
		assert_equal "$output" "reached world 12.0.0.1 80"
		comes server.example 7001 udp "${flags[@]}"
		assert_equal "$output" "reached world 12.0.0.1 7001"
		comes server.example 443 "${flags[@]}"
		assert_equal "$output" refused
		assert_contains "$stderr" "refused: server.example:443 (1 packet)"
		comes other.example 80 "${flags[@]}"
		assert_equal "$output" "unknown other.example"
		assert_contains "$stderr" "refused: other.example ("
		assert_contains "$stderr" "--network-allow=other.example allows it"
		comes 12.0.0.2 80 "${flags[@]}"
		assert_equal "$output" refused
		run ! grep other "$T/work/dns/asked"
	done
}

@test "names: nothing is open before it was looked up, and a refusal takes no time" {
	dns server.example A 12.0.0.1
	comes 12.0.0.1 80 --network-allow=server.example
	assert_equal "$output" refused
	run --separate-stderr nsbox --network=user --network-allow=server.example -- python3 -c '
import socket, time
start = time.monotonic()
try: socket.getaddrinfo("other.example", 80)
except socket.gaierror as e: print(e.errno == socket.EAI_NONAME, time.monotonic() - start < 1)'
	assert_equal "$output" "True True"
}

@test "names: a wildcard is for the names below it, and the closest rule wins" {
	dns a.b.example A 12.0.0.1
	dns b.example A 12.0.0.1
	dns bad.b.example A 12.0.0.1
	dns good.bad.b.example A 12.0.0.2
	local flags=(--network-allow='*.b.example' --network-deny='*.bad.b.example'
		--network-deny=bad.b.example --network-allow=good.bad.b.example)
	comes a.b.example 80 "${flags[@]}"
	assert_equal "$output" "reached world 12.0.0.1 80"
	comes good.bad.b.example 80 "${flags[@]}"
	assert_equal "$output" "reached world 12.0.0.2 80"
	for name in b.example bad.b.example x.bad.b.example; do
		comes $name 80 "${flags[@]}"
		assert_equal "$output" "unknown $name"
	done
	comes A.B.EXAMPLE 80 "${flags[@]}"
	assert_equal "$output" "reached world 12.0.0.1 80"
}

@test "names: a chain of aliases is followed" {
	dns www.example CNAME cdn.other.example
	dns cdn.other.example CNAME node.third.example
	dns node.third.example A 12.0.0.2
	comes www.example 80 --network-allow=www.example
	assert_equal "$output" "reached world 12.0.0.2 80"
	comes node.third.example 80 --network-allow=www.example
	assert_equal "$output" "unknown node.third.example"
}

@test "names: an address that changes between two look-ups is open each time" {
	dns server.example A 12.0.0.1 , 12.0.0.2 , 13.0.0.1
	run --separate-stderr nsbox --network=user --network-allow=server.example -- python3 -c '
import socket
seen = []
while len(set(seen)) < 3:
    s = socket.create_connection(("server.example", 7000), 4)
    seen.append(s.recv(99).decode().split()[1])
    s.close()
print(*sorted(set(seen)))
print(socket.create_connection(("12.0.0.1", 7000), 4).recv(99).decode())'
	assert_equal "$output" "12.0.0.1 12.0.0.2 13.0.0.1
world 12.0.0.1 7000"
}

@test "names: an answer that leads to the host, the lan or the metadata service is refused" {
	dns evil.example A 127.0.0.1
	dns cloud.example A 169.254.169.254
	dns near.example A 192.168.7.9
	dns own.example A 11.0.0.2
	dns mixed.example A 12.0.0.1 192.168.7.9
	dns six.example AAAA ::ffff:127.0.0.1
	dns translated.example AAAA 64:ff9b::192.168.7.9
	dns local.example AAAA 64:ff9b:1::1.1.1.1
	dns tunnel.example AAAA 2002:c0a8:709::1
	for name in evil cloud near own mixed six translated local tunnel; do
		for flags in "--network-allow=*.example" "--network-allow=internet --network-deny=x.example"; do
			# shellcheck disable=SC2086
			comes $name.example 7000 $flags
			assert_equal "$output" "unknown $name.example"
			assert_contains "$stderr" \
				"$name.example (" "it leads to an address that is not on the internet, which needs a rule"
		done
	done
	comes near.example 80 --network-allow=near.example --network-allow=lan:80
	assert_equal "$output" "reached lan 192.168.7.9 80"
	comes near.example 443 --network-allow=near.example --network-allow=lan:80
	assert_equal "$output" refused
}

# As with DNS64, where the answer for a host of IPv4 is made up.
@test "names: an answer that leads to the world through a translator is good" {
	in_world ip -6 addr add 64:ff9b::12.0.0.1/128 dev up0 nodad
	dns server.example AAAA 64:ff9b::12.0.0.1
	for rule in server.example internet; do
		comes server.example 80 --network-ipv6 --network-allow=$rule
		assert_equal "$output" "reached world 64:ff9b::c00:1 80"
	done
}

@test "names: a denied name is not looked up where all others are" {
	dns ads.example A 12.0.0.2
	dns server.example A 12.0.0.1
	comes ads.example 80 --network-allow=internet --network-deny=ads.example
	assert_equal "$output" "unknown ads.example"
	comes server.example 80 --network-deny=ads.example
	assert_equal "$output" "reached world 12.0.0.1 80"
	run ! grep ads "$T/work/dns/asked"
}

@test "names: another name server is not reached, nor the helper's by the program itself" {
	dns server.example A 12.0.0.1
	for to in 12.0.0.53 10.0.2.3; do
		run --separate-stderr nsbox --network=user --network-allow=internet \
			--network-allow=server.example --network-deny=x.example \
			--identity=root --id-map=single -- python3 -c '
import socket, sys
for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
    try:
        s = socket.socket(socket.AF_INET, kind)
        s.connect((sys.argv[1], 53)); s.send(b"x" * 20); print("sent")
    except OSError as e:
        print("refused")' $to
		assert_equal "$output" "refused
refused"
	done
}

# What the resolver has asked makes its port and the name server's known to each other, for the
# packet filter too, for some time after the resolver has let go of that port.
@test "names: the resolver's port is of no use to the program" {
	dns server.example A 12.0.0.1
	dns other.example A 12.0.0.2
	run --separate-stderr nsbox --network=user --network-allow=server.example -- python3 -c '
import socket
first, last = map(int, open("/proc/sys/net/ipv4/ip_local_port_range").read().split())
question = b"\x12\x34\1\0\0\1\0\0\0\0\0\0\5other\7example\0\0\1\0\1"
for _ in range(300): # each from another port of the resolver: one in fourteen hits some
    address = socket.gethostbyname("server.example")
print(address)
for port in range(first, last + 1, 14):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        s.bind(("10.0.2.100", port))
        s.sendto(question, ("10.0.2.3", 53))
        print("sent from", port)
    except OSError:
        pass
    s.close()'
	assert_status 0
	assert_equal "$output" 12.0.0.1
	run ! grep other "$T/work/dns/asked"
}

@test "names: long answers come over TCP" {
	local all=() i
	for i in $(seq 1 50); do all+=("12.0.1.$i"); done
	dns many.example A "${all[@]}"
	run --separate-stderr nsbox --network=user --network-allow=many.example -- python3 -c '
import socket
print(len(socket.getaddrinfo("many.example", 80, socket.AF_INET, socket.SOCK_STREAM)))'
	assert_equal "$output" 50
}

@test "names: a name server that is down is a failure soon, not a hang" {
	printf 'nameserver 12.0.0.2\n' >"$T/resolv.conf"
	run --separate-stderr nsbox --network=user --network-allow=server.example -- python3 -c '
import socket, time
start = time.monotonic()
try: socket.getaddrinfo("server.example", 80)
except socket.gaierror as e: print(e.errno == socket.EAI_AGAIN, time.monotonic() - start < 2)'
	assert_equal "$output" "True True"
}

resolver_pid() {
	our_processes | awk '$4 == "sbox-resolver" { print $1; exit }'
}

@test "names: without its resolver the program looks up nothing, and that is told" {
	dns server.example A 12.0.0.1
	mkfifo "$T/work/go"
	nsbox_in_background --network=user --network-allow=server.example --read="$T/work" -- \
		sh -c 'echo up; read -r line <"$1"; getent hosts server.example; echo "over $?"' \
		sh "$T/work/go"
	wait_until 10 grep -q up "$T/out"
	kill -KILL "$(resolver_pid)"
	wait_until 5 grep -q "sbox-resolver has ended; the program goes on" "$T/err"
	echo >"$T/work/go"
	wait "$started"
	assert_contains "$(cat "$T/out")" "over 2"
	run ! grep server "$T/work/dns/asked"
	nsbox_in_background --network=user --network-allow=server.example --network-lost=end -- \
		sh -c 'echo up; exec sleep 100'
	wait_until 10 grep -q up "$T/out"
	kill -KILL "$(resolver_pid)"
	wait "$started" || true
	assert_contains "$(cat "$T/err")" "sbox-resolver has ended, and so does the program"
	no_leftovers 'home/.local*' run/sbox
}

# bats test_tags=no-asan
@test "names: the resolver has one capability, a filter, and no file in sight" {
	nsbox_in_background --network=user --network-allow=server.example -- \
		sh -c 'echo up; exec sleep 100'
	wait_until 10 grep -q up "$T/out"
	local pid
	pid=$(resolver_pid)
	assert_equal "$(awk '/^Cap(Prm|Eff):/ { print $2 }' "/proc/$pid/status" | sort -u)" \
		0000000000001000
	assert_equal "$(awk '/^Cap(Inh|Amb):/ { print $2 }' "/proc/$pid/status" | sort -u)" \
		0000000000000000
	assert_equal "$(awk '/^Seccomp:|^NoNewPrivs:/ { print $2 }' "/proc/$pid/status" | paste -sd,)" 1,2
	kill "$started"
	wait "$started" || true
	no_leftovers 'home/.local*' run/sbox
}
