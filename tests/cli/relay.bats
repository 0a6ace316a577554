load helper

# The relay: publish --from an end. The outbox is a store; what it relays to is the end that the test runs on.

outbox=sqlite:outbox.db#outbox

fill_outbox() { # BODY…: one message each, for the queue $q
  printf '%s\n' "$@" | iso publish --url "$outbox" --routing-key "$q"
  exits 0
}

states() { # "BODY STATE ATTEMPTS" of each message in the outbox
  sqlite3 -separator ' ' outbox.db "SELECT body, state, attempts FROM iso_messages ORDER BY seq"
}

@test "relay: sends in order, keeps every field, and marks each done after its confirm" {
  make_queue "$q"
  seq 3000 | iso publish --url "$outbox" --routing-key "$q" --header tenant=acme --type t
  exits 0
  cp stdout published
  iso publish --from "$outbox"
  exits 0
  cmp published stdout
  is "3000|1" "$(sqlite3 outbox.db "SELECT count(*), min(state) FROM iso_messages")"
  iso listen "$q" --drain
  seq 3000 | diff - <(jq .body stdout)
  is '["acme","t",true]' "$(jq -sc '.[2999] | [.headers.tenant, .type, .persistent]' stdout)"
}

@test "relay: an outbox keeps exchange and routing key, and the settings make them at the far side" {
  echo "{\"direct_name\":\"$x\",\"queue\":\"$q\",\"routing_key\":\"new\"}" >settings.json
  iso publish settings.json --url "$outbox" --body '{"total":0.10}'
  exits 0
  iso publish settings.json --from "$outbox"
  exits 0
  iso listen "$q" --count 1
  is "$x new {\"total\":0.10}" "$(jq -r '.exchange + " " + .routing_key' stdout) $(sed 's/.*"body"://; s/}$//' stdout)"
}

@test "relay: an application inserts within its own transaction, from the shell and from Python" {
  make_queue "$q"
  iso listen outbox --declare --drain --url sqlite:app.db?adopt=yes
  exits 0
  sqlite3 app.db <<SQL
CREATE TABLE orders(id INTEGER PRIMARY KEY, total TEXT);
BEGIN;
INSERT INTO orders(total) VALUES('0.10');
INSERT INTO iso_messages(queue, routing_key, message_id, body) VALUES('outbox', '$q', lower(hex(randomblob(16))), '{"total":0.10}');
COMMIT;
BEGIN;
INSERT INTO iso_messages(queue, routing_key, body) VALUES('outbox', '$q', '"rolled back"');
ROLLBACK;
SQL
  python3 - "$q" <<'PYTHON'
import sqlite3, sys
shop = sqlite3.connect("app.db")
with shop:
    shop.execute("INSERT INTO orders(total) VALUES('0.20')")
    shop.execute("INSERT INTO iso_messages(queue, routing_key, properties, body) VALUES('outbox', ?, ?, ?)",
                 (sys.argv[1], '{"type":"order"}', '{"total":0.20}'))
try:
    with shop:
        shop.execute("INSERT INTO iso_messages(queue, routing_key, body) VALUES('outbox', ?, '1')", (sys.argv[1],))
        raise KeyError("the order is refused")
except KeyError:
    pass
PYTHON
  iso publish --from sqlite:app.db#outbox
  exits 0
  is 2 "$(wc -l <stdout)"
  iso listen "$q" --drain
  is '{"total":0.10} {"total":0.20}' "$(sed 's/.*"body"://; s/}$//' stdout | paste -sd' ')"
  is "[true,true]" "$(jq -sc 'map(.message_id | test("^[0-9a-f]{32}$"))' stdout)"
}

@test "relay: what the manual of the store shows works from an empty folder, in its order" {
  make_queue "$q"
  shown() { sed -n "/^    $1/,/^\\.fi/p" "$ROOT/man/iso-store.5" | sed '$d; s/\\-/-/g; s/^    //'; }
  relay() { eval "$(shown "iso publish" | sed "s|amqp://broker/|'$ISO_URL'|; s/--follow/--max-attempts 1/")"; }
  relay
  exits 0
  shown "INSERT INTO iso_messages" | sqlite3 shop.db
  relay
  exits 1
  is 404 "$(jq .reply_code stdout)"
  is 2 "$(sqlite3 shop.db "SELECT state FROM iso_messages")"
  sqlite3 shop.db "UPDATE iso_messages SET exchange = '', routing_key = '$q'"
  eval "$(shown sqlite3)"
  relay
  exits 0
  is 1 "$(sqlite3 shop.db "SELECT state FROM iso_messages")"
  is 2 "$(shown "SELECT m.message_id" | sqlite3 shop.db | wc -l)"
}

@test "relay: a message without an id gets one that is the same on each try" {
  iso listen outbox --declare --drain --url sqlite:outbox.db
  sqlite3 outbox.db "INSERT INTO iso_messages(queue, routing_key, body) VALUES('outbox', '$q-nowhere', '1')"
  iso publish --from "$outbox" --max-attempts 1
  exits 1
  local id
  id=$(jq -r .message_id stdout)
  sqlite3 outbox.db "UPDATE iso_messages SET state = 0, attempts = 0"
  iso publish --from "$outbox" --max-attempts 1
  is "$id" "$(jq -r .message_id stdout)"
}

@test "relay: a message that fails again and again is dead with its last error, and the rest go on" {
  make_queue "$q"
  fill_outbox 1
  iso publish --url "$outbox" --routing-key "$q-nowhere" --body '"lost"'
  fill_outbox 2
  iso publish --from "$outbox" --max-attempts 3 --rejects rejects
  exits 1
  says "it is sent again later"
  is "confirmed confirmed returned" "$(jq -r .status stdout | sort | paste -sd' ')"
  is "1 2" "$(bodies "$q" | paste -sd' ')"
  is '1 1 0,"lost" 2 3,2 1 0' "$(states | paste -sd,)"
  is "NO_ROUTE (312)" "$(sqlite3 outbox.db "SELECT last_error FROM iso_messages WHERE state = 2")"
  is '"lost"' "$(jq -c .body rejects)"
}

@test "relay: a message that is returned at first and then taken is a success" {
  fill_outbox '"late"'
  "$BIN" publish --from "$outbox" >out 2>err &
  local relay=$!
  wait_until grep -q "sent again later" err
  make_queue "$q"
  status=0
  wait $relay || status=$?
  is 0 "$status"
  is confirmed "$(jq -r .status out)"
  is '"late" 1 1' "$(sqlite3 -separator ' ' outbox.db "SELECT body, state, attempts > 0 FROM iso_messages")"
}

@test "relay: two at once never send a message twice, and keep the order" {
  make_queue "$q"
  fill_outbox 0
  "$BIN" publish --from "$outbox" --follow >one 2>one.err &
  local one=$!
  "$BIN" publish --from "$outbox" --follow >two 2>two.err &
  local two=$!
  wait_until test -s one -o -s two
  wait_until grep -q "another relay has the queue" one.err two.err
  for i in 1 2 3 4; do seq "$i"000 "$i"499 | "$BIN" publish --url "$outbox" --routing-key "$q" >/dev/null; done
  wait_until bash -c '(($(cat one two | wc -l) == 2001))'
  kill $one $two
  wait || true
  iso listen "$q" --drain --out body
  diff <(echo 0; for i in 1 2 3 4; do seq "$i"000 "$i"499; done) stdout
}

@test "relay: when one dies the other takes over within a second, where the first stopped" {
  make_queue "$q"
  fill_outbox 1
  "$BIN" publish --from "$outbox" --follow >one 2>/dev/null &
  local first=$!
  wait_until test -s one
  "$BIN" publish --from "$outbox" --follow >two 2>two.err &
  local second=$!
  wait_until grep -q "another relay" two.err
  kill -9 $first
  fill_outbox 2
  local start=${EPOCHREALTIME/./}
  wait_until test -s two
  ((${EPOCHREALTIME/./} - start < 1000000))
  kill $second
  wait || true
  is "1 2" "$(bodies "$q" | paste -sd' ')"
}

@test "relay: --follow sends what is inserted within 50 ms, and does next to nothing while it waits" {
  make_queue "$q"
  iso listen outbox --declare --drain --url sqlite:outbox.db
  python3 - "$BIN" "$outbox" "$q" <<'PYTHON'
import os, sqlite3, statistics, subprocess, sys, time
binary, outbox, queue = sys.argv[1:]
relay = subprocess.Popen([binary, "publish", "--from", outbox, "--follow"], stdout=subprocess.PIPE, text=True)
shop = sqlite3.connect("outbox.db")
def send():
    with shop:
        shop.execute("INSERT INTO iso_messages(queue, routing_key, body) VALUES('outbox', ?, '1')", (queue,))
    start = time.monotonic()
    relay.stdout.readline()
    return time.monotonic() - start
def cpu():
    with open(f"/proc/{relay.pid}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
send()
before, start = cpu(), time.monotonic()
while time.monotonic() - start < 2:
    time.sleep(0.1)
share = (cpu() - before) / 2
latency = statistics.median(send() for _ in range(11))
relay.terminate()
relay.wait()
print(f"latency {latency * 1000:.1f} ms, idle {share:.1%} of a core", file=sys.stderr)
assert latency < 0.05, latency
assert share < 0.03, share
PYTHON
}

@test "relay: SIGTERM finishes what is in flight, and what it did not send is still there" {
  make_queue "$q"
  seq 5000 | iso publish --url "$outbox" --routing-key "$q"
  "$BIN" publish --from "$outbox" --follow --rate 1000 >out 2>/dev/null &
  local relay=$!
  wait_until test -s out
  kill $relay
  status=0
  wait $relay || status=$?
  is 143 "$status"
  is "$(grep -c confirmed out)" "$(sqlite3 outbox.db "SELECT count(*) FROM iso_messages WHERE state = 1")"
  iso publish --from "$outbox"
  exits 0
  seq 5000 | diff - <(bodies "$q")
}

@test "shovel: from a queue to another, with its headers, until it is empty" {
  make_queue "$q"
  make_queue "$q-to"
  iso publish --routing-key "$q" --header a:=1 --type t --count 3 --body '{"n":1.50}'
  iso publish --from "$ISO_URL#$q" --routing-key "$q-to"
  exits 0
  is 3 "$(wc -l <stdout)"
  iso listen "$q" --drain
  [[ ! -s stdout ]]
  iso listen "$q-to" --drain
  is '[1,"t"]' "$(jq -c '[.headers.a,.type]' stdout | sort -u)"
  grep -q '"body":{"n":1.50}}$' stdout
}

@test "shovel: a message that no one takes stays in its queue on the broker, exit 1" {
  [[ $end == amqp ]] || skip "a store counts the tries, and marks it dead"
  make_queue "$q"
  send "$q" 1 2
  iso publish --from "$ISO_URL#$q" --routing-key "$q-nowhere"
  exits 1
  is 2 "$(grep -c returned stdout)"
  is "1 2" "$(bodies "$q" | paste -sd' ')"
}

@test "from: --dry-run shows what would be sent, and takes nothing" {
  fill_outbox 1 2
  iso publish --from "$outbox" --dry-run --header a=1
  exits 0
  is '[1,"1"] [2,"1"]' "$(jq -c '[.body,.headers.a]' stdout | paste -sd' ')"
  is "1 0 0,2 0 0" "$(states | paste -sd,)"
}

@test "from: a file of records, as listen prints them and --rejects keeps them" {
  make_queue "$q"
  send "$q" '{"a":1}' '{"a":2}'
  iso listen "$q" --drain
  cp stdout kept.ndjson
  iso publish --from kept.ndjson
  exits 0
  is '{"a":1} {"a":2}' "$(bodies "$q" | paste -sd' ')"
}

@test "from: what makes no sense is a usage error, and what is not there is exit 66" {
  iso publish --url "amqp://127.0.0.1:1/#$q" --body 1 --routing-key k
  exits 64
  says "say --routing-key $q"
  iso publish --from "$ISO_URL"
  exits 64
  says "which queue?"
  iso publish --from file.ndjson --follow
  exits 64
  iso publish --follow
  exits 64
  iso publish --from "$outbox" --body 1
  exits 64
  iso publish --from "$ISO_URL#$q-nowhere"
  exits 66
  iso publish --from sqlite:nowhere.db#outbox
  exits 66
  iso publish --from nowhere.ndjson
  exits 66
}

@test "retention: only what is done is ever deleted, however old the rest is" {
  fill_outbox 1 2
  iso publish --url "$outbox" --routing-key "$q-nowhere" --body 3
  sqlite3 outbox.db "UPDATE iso_messages SET state_ms = 1, created_ms = 1"
  make_queue "$q"
  iso publish --from "sqlite:outbox.db?retain=1ms#outbox" --count 1
  exits 0
  iso publish --from "sqlite:outbox.db?retain=1ms#outbox" --max-attempts 1
  exits 1
  fill_outbox 4
  iso publish --from "sqlite:outbox.db?retain=1ms#outbox"
  is "1 2 4" "$(bodies "$q" | paste -sd' ')"
  is "3 2 1" "$(states | grep ^3)"
}

@test "store: one of version 1 is brought up to date, with its messages" {
  [[ $end == sqlite ]] || skip "a broker has no file"
  sqlite3 old.db <<'SQL'
CREATE TABLE iso_meta(name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE iso_exchanges(name TEXT PRIMARY KEY, type TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE iso_queues(name TEXT PRIMARY KEY, owner INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
CREATE TABLE iso_bindings(exchange TEXT NOT NULL, queue TEXT NOT NULL, routing_key TEXT NOT NULL, arguments TEXT NOT NULL DEFAULT '{}',
  PRIMARY KEY(exchange, queue, routing_key, arguments)) WITHOUT ROWID;
CREATE TABLE iso_messages(seq INTEGER PRIMARY KEY AUTOINCREMENT, queue TEXT NOT NULL, state INTEGER NOT NULL DEFAULT 0,
  state_ms INTEGER NOT NULL DEFAULT 0, created_ms INTEGER NOT NULL DEFAULT 0, expires_ms INTEGER, message_id TEXT, correlation_id TEXT,
  dedupe_key TEXT, exchange TEXT NOT NULL DEFAULT '', routing_key TEXT, properties TEXT NOT NULL DEFAULT '{}',
  attempts INTEGER NOT NULL DEFAULT 0, redeliveries INTEGER NOT NULL DEFAULT 0, last_error TEXT, body_hash BLOB, body BLOB NOT NULL);
CREATE TABLE iso_owners(owner INTEGER PRIMARY KEY);
CREATE TABLE iso_claims(seq INTEGER PRIMARY KEY, owner INTEGER NOT NULL);
INSERT INTO iso_queues VALUES('orders', 0);
INSERT INTO iso_messages(queue, body) VALUES('orders', '"kept"');
INSERT INTO iso_meta VALUES('version', 1), ('topology', 0), ('body_hash', 'xxh3-128');
SQL
  iso listen orders --url sqlite:old.db --count 1 --out body
  exits 0
  is '"kept"' "$(<stdout)"
  is 2 "$(sqlite3 old.db "SELECT value FROM iso_meta WHERE name = 'version'")"
}
