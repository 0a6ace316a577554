load helper

# Services: fetch finds who offers them in the DNS, etcd and Redis, and listen registers itself. Each test has registries
# and instances of its own, on loopback.

teardown() {
  local dir
  for dir in */pid; do
    [[ -e $dir ]] && "$ROOT/tests/registry/stop" "${dir%/pid}"
  done
  for dir in *.pid; do
    [[ -e $dir ]] && kill -9 "$(<"$dir")" 2>/dev/null
  done
  true
}

start_registry() { # KIND [PORT]: sets its variable to the port
  local port
  port=$("$ROOT/tests/registry/start" "$@")
  printf -v "${1}_port" %s "$port"
}
redis() {
  start_registry redis redis "$@"
  export REDIS_URL=redis://127.0.0.1:$redis_port
}
etcd() {
  start_registry etcd etcd "$@"
  export ETCDCTL_ENDPOINTS=http://127.0.0.1:$etcd_port
}

put() { # KEY VALUE: into etcd, as etcdctl put does
  curl -sf "http://127.0.0.1:$etcd_port/v3/kv/put" -d "{\"key\":\"$(printf %s "$1" | base64 -w0)\",\"value\":\"$(printf %s "$2" | base64 -w0)\"}" >/dev/null
}
keys() { # all that are in etcd
  curl -sf "http://127.0.0.1:$etcd_port/v3/kv/range" -d '{"key":"AA==","range_end":"AA=="}' | jq -r '.kvs[]?.key | @base64d'
}
has_keys() { [[ -n $(keys) ]]; }
no_keys() { [[ -z $(keys) ]]; }
in_redis() { redis-cli -p "$redis_port" "$@"; }
entry() { # in Redis, of shop, until its time is up
  in_redis ZADD iso:service:shop $(($(in_redis TIME | head -1) + ${2:-60})) "$1" >/dev/null
}

# instance NAME: an HTTP server that answers with its name; sets NAME to its port. What it was asked is in NAME.log.
instance() {
  cat >instance.py <<'PY'
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = sys.argv[1].encode()
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/there")
        elif self.path == "/away":
            self.send_response(302)
            self.send_header("Location", "http+redis://other/x")
        else:
            self.send_response(200)
        if self.path == "/kept":
            self.send_header("Cache-Control", "max-age=60")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_):
        with open(sys.argv[1] + ".log", "a") as log:
            print(self.path, self.headers["Host"], self.headers["Authorization"], file=log)
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
open(sys.argv[1] + ".port.new", "w").write(str(server.server_port))
import os; os.rename(sys.argv[1] + ".port.new", sys.argv[1] + ".port")
server.serve_forever()
PY
  rm -f "$1.port"
  python3 instance.py "$1" 2>"$1.err" &
  echo $! >"$1.pid"
  disown
  wait_until test -e "$1.port"
  printf -v "$1" %s "$(<"$1.port")"
}
stop_instance() {
  kill -9 "$(<"$1.pid")"
  rm "$1.pid"
  wait_until bash -c "! (exec 3<>/dev/tcp/127.0.0.1/$(<"$1.port")) 2>/dev/null"
}
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

@test "discovery: what redis-cli wrote is found, until its time is up" {
  redis
  instance one
  entry "127.0.0.1:$one"
  entry "127.0.0.1:1" -5
  iso fetch http+redis://shop/orders?id=1
  exits 0
  is one "$(<stdout)"
  is "/orders?id=1 127.0.0.1:$one None" "$(<one.log)"
  iso fetch http+redis://shop/orders --out records
  is "http+redis://shop/orders 127.0.0.1:$one 1" "$(jq -r '"\(.url) \(.instance) \(.attempts)"' stdout)"
  entry "127.0.0.1:$one" -5
  iso fetch http+redis://shop/orders
  exits 69
  says "the service shop has no instance: Redis has no entry for it"
}

@test "discovery: what is in etcd is found, as HOST:PORT or as JSON" {
  etcd
  instance one
  instance two
  put /iso/services/shop/1 "127.0.0.1:$one"
  put /iso/services/shop/2 "{\"host\":\"127.0.0.1\",\"port\":$two,\"priority\":1}"
  put /iso/services/shop/3 "no entry"
  put /iso/services/shopper/1 "127.0.0.1:1"
  iso fetch http+etcd://shop/x
  exits 0
  is one "$(<stdout)"
  put /iso/services/shop/1 "{\"host\":\"127.0.0.1\",\"port\":$one,\"priority\":2}"
  iso fetch http+etcd://shop/x
  is two "$(<stdout)"
  iso fetch http+etcd://other/x
  exits 69
  says "the service other has no instance: etcd has no entry for it"
  iso fetch http+etcd://shop/x --registry "etcd+http://127.0.0.1:1,127.0.0.1:$etcd_port"
  exits 0
}

@test "discovery: SRV records are found, in the order of their priorities" {
  instance one
  instance two
  mkdir dns
  cat >dns/records <<CONF
host-record=a.iso.test,127.0.0.1
srv-host=_shop._tcp.iso.test,a.iso.test,$one,10,1
srv-host=_shop._tcp.iso.test,a.iso.test,$two,20,1
srv-host=_gone._tcp.iso.test
host-record=_none._tcp.iso.test,127.0.0.1
CONF
  start_registry dns dns
  # Only that server knows where a.iso.test is.
  iso fetch http+srv://_shop._tcp.iso.test/x --dns-server "127.0.0.1:$dns_port" --out records
  exits 0
  is one "$(jq -r .text stdout)"
  is "a.iso.test:$one" "$(jq -r .instance stdout)"
  stop_instance one
  iso fetch http+srv://_shop._tcp.iso.test/x --dns-server "127.0.0.1:$dns_port"
  exits 0
  is two "$(<stdout)"
  for name in _gone._tcp.iso.test _none._tcp.iso.test _never._tcp.iso.test; do
    iso fetch "http+srv://$name/x" --dns-server "127.0.0.1:$dns_port"
    exits 69
    says "the service $name has no instance: the DNS has no entry for it"
  done
}

@test "discovery: a registry that is away is exit 69 and named, and its password is not" {
  local port
  port=$(free_port)
  iso fetch http+redis://shop/x --registry "redis://:secret@127.0.0.1:$port"
  exits 69
  says "redis://127.0.0.1:$port cannot be reached"
  iso fetch http+etcd://shop/x --registry "etcd+http://127.0.0.1:$port"
  exits 69
  says "etcd at http://127.0.0.1:$port cannot be reached"
  iso fetch http+srv://_shop._tcp.iso.test/x --dns-server "127.0.0.1:$port"
  exits 69
  says "cannot look up _shop._tcp.iso.test in DNS"
  ! grep -q secret stderr
}

@test "discovery: a server that holds the port and says nothing costs its time limit and no more" {
  local port
  python3 -c 'import socket, time
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(); print(s.getsockname()[1], flush=True); time.sleep(120)' >silent.port &
  echo $! >silent.pid
  disown
  wait_until test -s silent.port
  port=$(<silent.port)
  local before=$SECONDS
  iso fetch http+redis://shop/x --registry "redis://127.0.0.1:$port"
  exits 69
  iso fetch http+etcd://shop/x --registry "etcd+http://127.0.0.1:$port"
  exits 69
  ((SECONDS - before < 15))
}

@test "discovery: an instance that is down leaves it to the next, three are tried, and the circuit remembers" {
  redis
  instance one
  instance two
  stop_instance one
  entry "{\"host\":\"127.0.0.1\",\"port\":$one}"
  entry "{\"host\":\"127.0.0.1\",\"port\":$two,\"priority\":1}"
  for n in 1 2 3 4 5; do
    iso fetch http+redis://shop/x --out records
    exits 0
    is "two 2" "$(jq -r '"\(.text) \(.attempts)"' stdout)"
    says "trying the next"
  done
  says "the circuit of http://127.0.0.1:$one is now open"
  iso fetch http+redis://shop/x --out records # it is not even asked
  is "two 1" "$(jq -r '"\(.text) \(.attempts)"' stdout)"
  in_redis DEL iso:service:shop >/dev/null
  entry "{\"host\":\"127.0.0.1\",\"port\":1}"
  entry "{\"host\":\"127.0.0.1\",\"port\":2,\"priority\":1}"
  entry "{\"host\":\"127.0.0.1\",\"port\":3,\"priority\":2}"
  entry "{\"host\":\"127.0.0.1\",\"port\":$two,\"priority\":3}"
  iso fetch http+redis://shop/y --out records --retries 0
  exits 69
  is 3 "$(jq .attempts stdout)"
}

@test "discovery: the cache knows the service, whichever instance answered, and serves when the registry is away" {
  redis
  instance one
  entry "127.0.0.1:$one"
  iso fetch http+redis://shop/kept
  stop_instance one
  "$ROOT/tests/registry/stop" redis
  iso fetch http+redis://shop/kept --out records
  exits 0
  is "hit one" "$(jq -r '"\(.cache) \(.text)"' stdout)"
  is null "$(jq .instance stdout)"
}

@test "discovery: a redirect within a service stays there and keeps its credentials; one to another service is refused" {
  redis
  instance one
  entry "127.0.0.1:$one"
  iso fetch http+redis://shop/moved -H "Authorization: Bearer t" --out records
  exits 0
  is "http+redis://shop/there" "$(jq -r .final_url stdout)"
  is "Bearer t" "$(tail -1 one.log | cut -d' ' -f3-)"
  iso fetch http+redis://shop/away
  exits 69
  says "redirected to http+redis://other/x"
  iso fetch http+redis://shop:80/x
  exits 65
  iso fetch 'http+redis://sh*p/x'
  exits 65
}

@test "discovery: records name services too, and a registry is asked once for many" {
  redis
  instance one
  entry "127.0.0.1:$one"
  in_redis CONFIG RESETSTAT >/dev/null
  for n in $(seq 50); do echo "{\"body\":\"http+redis://shop/$n\"}"; done | iso fetch --url-at /body --allow shop
  exits 0
  is 50 "$(jq -r .text stdout | grep -c one)"
  is 1 "$(in_redis INFO commandstats | grep -c '^cmdstat_zrangebyscore:calls=1,')"
}

@test "registration: listen is found in Redis while it runs, and no longer" {
  redis
  make_queue "$q"
  "$BIN" listen "$q" --register shop=127.0.0.1:8080 --registry "$REDIS_URL" 2>err &
  local listener=$!
  wait_until bash -c "[[ \$(redis-cli -p $redis_port ZRANGE iso:service:shop 0 -1) == 127.0.0.1:8080 ]]"
  local score now
  score=$(in_redis ZSCORE iso:service:shop 127.0.0.1:8080)
  now=$(in_redis TIME | head -1)
  ((score >= now && score <= now + 11))
  wait_until bash -c "(( \$(redis-cli -p $redis_port ZSCORE iso:service:shop 127.0.0.1:8080) > $score ))" # renewed
  kill $listener
  wait $listener || true
  is "" "$(in_redis ZRANGE iso:service:shop 0 -1)"
  is "" "$(<err)"
}

@test "registration: listen is found in etcd while it runs, and a killed one is gone once its lease is over" {
  etcd
  make_queue "$q"
  "$BIN" listen "$q" --register shop=127.0.0.1:8080 --registry "etcd+$ETCDCTL_ENDPOINTS" &
  local listener=$!
  wait_until bash -c "curl -sf '$ETCDCTL_ENDPOINTS/v3/lease/leases' -d '{}' | grep -q ID"
  wait_until has_keys
  is /iso/services/shop/127.0.0.1:8080 "$(keys)"
  kill $listener
  wait $listener || true
  is "" "$(keys)"
  "$BIN" listen "$q" --register shop=127.0.0.1:8080 --registry "etcd+$ETCDCTL_ENDPOINTS" &
  listener=$!
  wait_until has_keys
  kill -9 $listener
  is /iso/services/shop/127.0.0.1:8080 "$(keys)"
  wait_until no_keys # its lease is of ten seconds
  is "" "$(keys)"
}

@test "registration: a registry that is away at the start is exit 69; later it is told, tried again, and listening goes on" {
  redis
  make_queue "$q"
  iso listen "$q" --register shop=127.0.0.1:8080 --registry "redis://127.0.0.1:$(free_port)" --drain
  exits 69
  says "cannot be reached"
  "$BIN" listen "$q" --register shop=127.0.0.1:8080 --registry "$REDIS_URL" --out body >out 2>err &
  local listener=$!
  wait_until bash -c "[[ -n \$(redis-cli -p $redis_port ZRANGE iso:service:shop 0 -1) ]]"
  "$ROOT/tests/registry/stop" redis
  wait_until grep -q "shop=127.0.0.1:8080 may no longer be registered: .*; trying again" err
  send "$q" 1
  wait_until grep -q 1 out
  redis "$redis_port"
  wait_until grep -q "shop=127.0.0.1:8080 is registered again" err
  is 127.0.0.1:8080 "$(in_redis ZRANGE iso:service:shop 0 -1)"
  kill $listener
  status=0
  wait $listener || status=$?
  is 143 "$status"
  is 2 "$(wc -l <err)"
}

@test "registration: an etcd that has lost all gets the entry anew" {
  etcd
  make_queue "$q"
  "$BIN" listen "$q" --register shop=127.0.0.1:8080 --registry "etcd+$ETCDCTL_ENDPOINTS" 2>err &
  local listener=$!
  wait_until has_keys
  "$ROOT/tests/registry/stop" etcd
  rm -r etcd/data
  etcd "$etcd_port"
  wait_until has_keys
  is /iso/services/shop/127.0.0.1:8080 "$(keys)"
  kill $listener
  wait $listener || true
  is "" "$(keys)"
}

@test "registration: what it needs is a usage error without it" {
  iso listen "$q" --register shop=127.0.0.1:8080
  exits 64
  for wrong in shop shop= =127.0.0.1:80 shop=127.0.0.1 'sh*p=127.0.0.1:80'; do
    iso listen "$q" --declare --drain --register "$wrong" --registry redis://127.0.0.1:1
    exits 64
    says "say NAME=HOST:PORT"
  done
  iso listen "$q" --declare --drain --register shop=127.0.0.1:80 --registry http://127.0.0.1:1
  exits 64
  says "--registry is etcd+http://HOST:PORT"
}

@test "discovery: a Redis with a password lets in who has it, and refuses others with 77" {
  redis
  in_redis CONFIG SET requirepass secret >/dev/null
  instance one
  REDISCLI_AUTH=secret entry "127.0.0.1:$one"
  iso fetch http+redis://shop/x --registry "redis://:secret@127.0.0.1:$redis_port/0"
  exits 0
  make_queue "$q"
  for login in "" ":wrong@"; do
    iso listen "$q" --drain --register shop=127.0.0.1:8080 --registry "redis://${login}127.0.0.1:$redis_port"
    exits 77
    ! grep -q wrong stderr
  done
}
