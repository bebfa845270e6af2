# SPDX-License-Identifier: MIT
# net.bash - a small world of network namespaces that an ordinary user can make
#
# After "load lib" and "load net", net_up makes three hosts in a user namespace of their own:
#
#   host    where sbox runs: 11.0.0.2 and 2a11::2 towards the world, 192.168.7.2 towards
#           the lan; on it listen 127.0.0.1:7002 and 0.0.0.0:7003
#   world   the internet: 12.0.0.1, 12.0.0.2, 13.0.0.1, 2a12::1; the name server 12.0.0.53;
#           a metadata service at 169.254.169.254
#   lan     192.168.7.9
#
# Everywhere listen ports 80 and 443 (HTTP: the answer tells the server's own address), 7000
# (TCP) and 7001 (UDP), which tell the same.
#
#   in_host CMD...    as root of that world; in_world, in_lan alike
#   nsbox ARGS...     sbox on the host, as an ordinary user
#   nsbox_in_background ARGS...
#   dns NAME TYPE DATA...   what the name server answers from now on (TYPE A, AAAA, CNAME;
#                     "dns NAME A 1.2.3.4 , 5.6.7.8": one answer after the other)
#   reach HOST PORT [tcp|udp]   a program for nsbox: prints "reached ADDRESS" or "refused"
# shellcheck shell=bash
# shellcheck disable=SC2154 # T and others are lib.bash's

# The words that lead into the namespaces of a process.
into=(nsenter --user --net --mount --preserve-credentials --target)

in_ns() {
	local pid=$1
	shift
	"${into[@]}" "$pid" -- "$@" 3>&-
}
in_host() { in_ns "$net_host" "$@"; }
in_world() { in_ns "$net_world" "$@"; }
in_lan() { in_ns "$net_lan" "$@"; }

# A user namespace in which the caller has the number that it has outside.
as_user_of_host=(unshare --user --map-user="$(id -u)" --map-group="$(id -g)")

nsbox() {
	in_host "${as_user_of_host[@]}" "$SBOX" "$@"
}

nsbox_in_background() {
	: >"$T/out" # so that nothing of an earlier one is taken for its own
	"${into[@]}" "$net_host" -- "${as_user_of_host[@]}" "$SBOX" "$@" \
		>"$T/out" 2>"$T/err" </dev/null 3>&- &
	started=$!
	all_started+=("$started")
}

# Whether the process is in a network namespace that none of the others is in.
is_in_own() {
	local pid=$1 other
	shift
	for other; do
		[ "$(readlink "/proc/$pid/ns/net")" != "$(readlink "/proc/$other/ns/net")" ] || return
	done
}

# Starts a process that holds a network namespace; its pid in $holder.
hold() {
	"$@" sleep 1000 >/dev/null 2>&1 3>&- &
	holder=$!
	all_started+=("$holder")
}

net_up() {
	PATH=$PATH:/usr/sbin:/sbin
	need ip nsenter slirp4netns nft python3
	hold unshare --user --map-root-user --net --mount
	net_host=$holder
	wait_until 5 is_in_own "$net_host" $$
	hold "${into[@]}" "$net_host" -- unshare --net
	net_world=$holder
	hold "${into[@]}" "$net_host" -- unshare --net
	net_lan=$holder
	wait_until 5 is_in_own "$net_world" $$ "$net_host"
	wait_until 5 is_in_own "$net_lan" $$ "$net_host"

	printf 'nameserver 12.0.0.53\n' >"$T/resolv.conf"
	in_host sh -e <<-END
		ip link set lo up
		ip link add world type veth peer name up0 netns $net_world
		ip link add lan type veth peer name up0 netns $net_lan
		ip addr add 11.0.0.2/24 dev world
		ip -6 addr add 2a11::2/64 dev world nodad
		ip addr add 192.168.7.2/24 dev lan
		ip link set world up
		ip link set lan up
		ip route add default via 11.0.0.1
		ip -6 route add default via 2a11::1
		mount --bind "$T/resolv.conf" /etc/resolv.conf
	END
	in_world sh -e <<-END
		ip link set lo up
		ip link set up0 up
		for a in 11.0.0.1/24 12.0.0.1/32 12.0.0.2/32 12.0.0.53/32 13.0.0.1/32 169.254.169.254/32; do
			ip addr add \$a dev up0
		done
		for a in 2a11::1/64 2a12::1/128; do
			ip -6 addr add \$a dev up0 nodad
		done
	END
	in_lan sh -e <<-END
		ip link set lo up
		ip addr add 192.168.7.9/24 dev up0
		ip link set up0 up
		ip route add default via 192.168.7.2
	END
	mkdir "$T/work/dns"
	local where
	for where in host world lan; do
		local net=net_$where
		"${into[@]}" "${!net}" -- python3 "$BATS_TEST_DIRNAME/netserver.py" $where \
			"$T/work/dns" >"$T/$where.ready" 2>"$T/$where.err" 3>&- &
		all_started+=($!)
	done
	for where in host world lan; do
		wait_until 10 grep -q ready "$T/$where.ready" || cat "$T/$where.err" >&2
	done
	note_what_is_there
}

dns() {
	printf '%s\n' "$*" >>"$T/work/dns/records"
}

# Prints to whom one came. In python, since nc and curl each know one protocol only.
reach() {
	cat >"$T/work/reach.py" <<-'END'
		import socket, sys
		host, port, kind = sys.argv[1], int(sys.argv[2]), sys.argv[3]
		try:
		    found = socket.getaddrinfo(host, port, 0,
		        socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM)
		except OSError as e:
		    print("unknown", host)
		    sys.exit()
		for family, type, proto, _, address in found:
		    try:
		        s = socket.socket(family, type, proto)
		        s.settimeout(4)
		        s.connect(address)
		        s.sendall(b"GET / HTTP/1.0\r\n\r\n")
		        print("reached", s.recv(4096).decode().split("\n")[-1])
		        break
		    except TimeoutError:
		        print("timeout")
		    except OSError as e:
		        print("refused")
	END
	printf '%s\n' python3 "$T/work/reach.py" "$1" "$2" "${3:-tcp}"
}

# comes HOST PORT [tcp|udp] FLAG...: what a program says that tries to get there.
comes() {
	local host=$1 port=$2 kind=tcp
	shift 2
	case $1 in tcp | udp) kind=$1; shift ;; esac
	local words
	mapfile -t words < <(reach "$host" "$port" "$kind")
	run --separate-stderr nsbox --network=user --read="$T/work" "$@" -- "${words[@]}"
}
