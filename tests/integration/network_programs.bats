# SPDX-License-Identifier: MIT
# network_programs.bats - what people run, in a network with rules, by name
load lib
load net

setup() {
	isolate
	net_up
	dns server.example A 12.0.0.2
	by_name=(--network=user --network-allow=server.example --read="$T/site")
	mkdir "$T/site"
}

# serve PORT [tls]: the files of $T/site, at 12.0.0.2 in the world.
serve() {
	cat >"$T/work/serve.py" <<-'END'
		import functools, http.server, ssl, sys
		handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=sys.argv[2])
		server = http.server.ThreadingHTTPServer(("12.0.0.2", int(sys.argv[1])), handler)
		if len(sys.argv) > 3:
		    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
		    context.load_cert_chain(sys.argv[3])
		    server.socket = context.wrap_socket(server.socket, server_side=True)
		print("ready", flush=True)
		server.serve_forever()
	END
	"${into[@]}" "$net_world" -- python3 "$T/work/serve.py" "$1" "$T/site" ${2+"$T/site/cert.pem"} \
		>"$T/served.$1" 2>"$T/served.err" 3>&- &
	all_started+=($!)
	wait_until 10 grep -q ready "$T/served.$1"
}

certificate() {
	need openssl
	openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=server.example \
		-addext subjectAltName=DNS:server.example -keyout "$T/key.pem" \
		-out "$T/site/ca.pem" 2>/dev/null
	cat "$T/key.pem" "$T/site/ca.pem" >"$T/site/cert.pem"
}

@test "programs: curl, over http and https" {
	need curl
	certificate
	echo "a page" >"$T/site/page"
	serve 8080
	serve 8443 tls
	run --separate-stderr nsbox "${by_name[@]}" -- curl -sS http://server.example:8080/page
	assert_equal "$output" "a page"
	run --separate-stderr nsbox "${by_name[@]}" -- curl -sS --cacert "$T/site/ca.pem" \
		https://server.example:8443/page
	assert_equal "$output" "a page"
	run --separate-stderr nsbox "${by_name[@]}" -- curl -sS http://other.example:8080/page
	assert_status 6
	assert_contains "$stderr" "refused: other.example"
	run --separate-stderr nsbox "${by_name[@]}" -- curl -sS http://12.0.0.1/
	assert_status 7
}

# QUIC: many packets of UDP both ways, on the port that the rule names for UDP.
@test "programs: an HTTP/3 client, where the rule is for UDP" {
	need gtlsclient gtlsserver
	certificate
	echo "a page over QUIC" >"$T/site/page"
	head -c 3000000 /dev/urandom >"$T/site/large"
	"${into[@]}" "$net_world" -- gtlsserver --quiet --htdocs="$T/site" 12.0.0.2 443 \
		"$T/key.pem" "$T/site/ca.pem" >"$T/served.quic" 2>&1 3>&- &
	all_started+=($!)
	wait_until 10 eval 'in_world ss -Hlun | grep -qF 12.0.0.2:443'
	local get=(gtlsclient --quiet --exit-on-all-streams-close --download=/tmp server.example 443)
	for helper in slirp4netns pasta; do
		run --separate-stderr nsbox --network=user --network-helper=$helper \
			--network-allow=server.example:443/udp -- sh -c '"$@" \
				https://server.example/page https://server.example/large &&
			cat /tmp/page && sha256sum </tmp/large' sh "${get[@]}"
		assert_status 0
		assert_equal "$output" "a page over QUIC
$(sha256sum <"$T/site/large")"
		refute_contains "$stderr" refused
	done
	run --separate-stderr nsbox --network=user --network-allow=server.example:443 -- \
		timeout 20 "${get[@]}" https://server.example/page
	[ "$status" != 0 ]
	[ "$status" != 124 ]
	assert_contains "$stderr" "refused: server.example:443/udp ("
	assert_contains "$stderr" "--network-allow=server.example:443/udp allows it"
}

@test "programs: git clones over http and https" {
	need git
	certificate
	git init -q -b main "$T/src"
	git -C "$T/src" -c user.name=n -c user.email=e@x commit -q --allow-empty -m "a commit"
	git clone -q --bare "$T/src" "$T/site/repo.git"
	git -C "$T/site/repo.git" update-server-info
	serve 8080
	serve 8443 tls
	for url in http://server.example:8080 https://server.example:8443; do
		run --separate-stderr nsbox "${by_name[@]}" --env=GIT_SSL_CAINFO="$T/site/ca.pem" -- \
			sh -c 'git clone -q "$1/repo.git" /tmp/clone && git -C /tmp/clone log --format=%s' \
			sh $url
		assert_status 0
		assert_equal "$output" "a commit"
	done
}

@test "programs: npm installs from a registry" {
	need npm
	mkdir -p "$T/package" "$T/site/small"
	echo '{"name":"small","version":"1.0.0","main":"index.js"}' >"$T/package/package.json"
	echo 'module.exports = "installed"' >"$T/package/index.js"
	tar -C "$T" -czf "$T/site/small-1.0.0.tgz" package
	cat >"$T/site/small/index.html" <<-'END'
		{"name":"small","dist-tags":{"latest":"1.0.0"},"versions":{"1.0.0":{"name":"small",
		"version":"1.0.0","dist":{"tarball":"http://server.example:8080/small-1.0.0.tgz"}}}}
	END
	serve 8080
	run --separate-stderr nsbox "${by_name[@]}" --home=ephemeral -- sh -c '
		cd /tmp && npm install --silent --no-audit --no-fund \
			--registry=http://server.example:8080/ small && node -p "require(\"small\")"'
	assert_status 0
	assert_equal "$output" installed
}

# bats test_tags=no-vm
@test "programs: a browser reads a page of the internet, and none of the lan" {
	need chromium
	echo "<p>a page of the world</p>" >"$T/site/page.html"
	serve 8080
	run --separate-stderr nsbox --profile=browser -- chromium --headless --dump-dom \
		http://server.example:8080/page.html
	assert_contains "$output" "a page of the world"
	run --separate-stderr nsbox --profile=browser -- chromium --headless --dump-dom \
		http://192.168.7.9/
	refute_contains "$output" lan
	assert_contains "$stderr" "refused: 192.168.7.9:80"
}

# bats test_tags=no-vm
@test "programs: Firefox reads a page of the internet" {
	need firefox-esr
	echo "<p>a page of the world</p>" >"$T/site/page.html"
	serve 8080
	run --separate-stderr nsbox --profile=browser -- firefox-esr --headless --no-remote \
		--screenshot /tmp/shot.png http://server.example:8080/page.html
	assert_status 0
	wait_until 5 grep -q 'GET /page.html HTTP/1.1" 200' "$T/served.err"
}
