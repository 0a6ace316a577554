load helper

@test "usage: an unknown option, an unknown command and no destination are exit 64" {
  iso publish --nope
  exits 64
  says "iso publish --help"
  iso nope
  exits 64
  iso
  exits 64
  iso publish --body 1
  exits 64
  says "no destination: give --routing-key QUEUE"
  iso listen
  exits 64
  says "no queue: name one"
  iso publish --url localhost --routing-key k --body 1
  exits 64
  says "messages go to amqp://"
  [[ ! -e localhost ]]
  iso publish --routing-key k --body hello
  exits 64
  says "not JSON"
  iso publish --routing-key k --body 1 --priority 300
  exits 64
  says "--priority"
  iso listen q --idle soon
  exits 64
  says "not a duration"
}

@test "usage: help and version go to stdout with exit 0" {
  for command in "" publish listen; do
    iso $command --help
    exits 0
    grep -q -- --help stdout
    [[ ! -s stderr ]]
  done
  iso --version
  exits 0
  [[ $(<stdout) =~ ^iso\ [0-9] ]]
}

@test "settings: every fault is shown with file, line, column and the nearest name, exit 78" {
  printf '{\n  // to whom\n  "routng_key": "k",\n  "priority": "high"\n}\n' >settings.json
  iso publish settings.json --body 1
  exits 78
  says 'settings.json:3:3: unknown field "routng_key"; did you mean "routing_key"?'
  says 'settings.json:4:15: priority must be an integer from 0 to 255'
  says '  "routng_key": "k",'
  printf '{"type": "t",}' >settings.json
  iso publish settings.json --body 1
  exits 78
  says "settings.json:1:14:"
}

@test "input: a file that is missing is exit 66" {
  iso publish nowhere.json --body 1
  exits 66
  says "nowhere.json"
  iso publish --routing-key k --file nowhere.ndjson
  exits 66
}

@test "broker: one that is not there is exit 69, at once" {
  status=0
  timeout 2 "$BIN" publish --url amqp://127.0.0.1:1 --routing-key k --body 1 2>stderr || status=$?
  exits 69
  says "127.0.0.1:1: connection refused"
}

@test "broker: the next host of a list is tried" {
  [[ $end == amqp ]] || skip "a store has no hosts"
  make_queue "$q"
  iso publish --url "amqp://guest:guest@127.0.0.1:1,${ISO_URL#*@}" --routing-key "$q" --body 1
  exits 0
}

@test "broker: a wrong password is exit 77, and no password is shown" {
  [[ $end == amqp ]] || skip "a store has no passwords"
  iso publish --url "amqp://guest:s3cr3t@${ISO_URL#*@}" --routing-key k --body 1
  exits 77
  says "ACCESS_REFUSED"
  ! grep -q s3cr3t stdout stderr
  echo guest >password
  make_queue "$q"
  iso publish --url "amqp://guest@${ISO_URL#*@}" --password-file password --routing-key "$q" --body 1
  exits 0
}

@test "broker: a vhost that is not there is exit 77" {
  [[ $end == amqp ]] || skip "a store has no vhosts"
  iso publish --url "${ISO_URL}nowhere" --routing-key k --body 1
  exits 77
}

@test "broker: a nacked message is exit 1 and says so" {
  [[ $end == amqp ]] || skip "a store refuses nothing"
  "$ISO_TEST_RABBITMQCTL" set_policy "$q" "^$q\$" '{"max-length":1,"overflow":"reject-publish"}' --apply-to queues >/dev/null
  make_queue "$q"
  wait_until bash -c "seq 20 | '$BIN' publish --timeout 6s --routing-key '$q' 2>stderr | grep -q nacked"
  seq 5 | iso publish --timeout 6s --routing-key "$q" --rejects rejects
  exits 1
  says "nacked: message"
  says "with routing key \"$q\""
  [[ -s rejects ]]
}

@test "broker: what a queue refuses for a moment is sent again, and confirmed" {
  [[ $end == amqp ]] || skip "a store refuses nothing"
  iso publish --queue "$q" --queue-argument x-max-length:=2 --queue-argument x-overflow=reject-publish --body 0
  exits 0
  local pid
  seq 4 | "$BIN" publish --routing-key "$q" >receipts 2>stderr &
  pid=$!
  wait_until grep -q 'the broker refuses messages' stderr
  iso listen "$q" --count 5 --timeout 20s
  exits 0
  wait "$pid"
  is 4 "$(grep -c '"confirmed"' receipts)"
}

@test "broker: what a queue refuses is no failed attempt of a relay, and stays in its store" {
  [[ $end == amqp ]] || skip "a store refuses nothing"
  iso publish --queue "$q" --queue-argument x-max-length:=1 --queue-argument x-overflow=reject-publish --body 0
  exits 0
  seq 3 | ISO_URL=sqlite:shop.db iso publish --url "sqlite:shop.db#outbox" --routing-key "$q"
  exits 0
  iso publish --from sqlite:shop.db#outbox --max-attempts 1 --timeout 6s
  exits 1
  is '0|0|3' "$(sqlite3 shop.db "SELECT state, attempts, count(*) FROM iso_messages GROUP BY state, attempts")"
  iso listen "$q" --drain
  exits 0
}

@test "broker: confirms that do not come in time are exit 75, and --rejects holds what is in doubt" {
  [[ $end == amqp ]] || skip "a store answers at once"
  make_queue "$q"
  local pid
  pid=$(<"${ISO_TEST_RABBITMQCTL%/*}/leader")
  python3 - "${ISO_URL#*@}" >port 2>proxy.log <<'PYTHON' &
import socket, sys, threading
# Passes everything, but lets the broker say no more once a message went by.
host, port = sys.argv[1].rstrip("/").split(":")
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
client, _ = listener.accept()
broker = socket.create_connection((host, int(port)))
silent = threading.Event()
def back():
    while data := broker.recv(65536):
        if not silent.is_set():
            client.sendall(data)
threading.Thread(target=back, daemon=True).start()
while data := client.recv(65536):
    if b"in doubt" in data:
        silent.set()
    broker.sendall(data)
PYTHON
  wait_until test -s port
  iso publish --url "amqp://guest:guest@127.0.0.1:$(<port)" --routing-key "$q" --timeout 1s --rejects rejects --body '"in doubt"'
  exits 75
  is unconfirmed "$(jq -r .status stdout)"
  is '"in doubt"' "$(jq -c .body rejects)"
}

@test "broker: TLS with the right authority works, and with another is refused" {
  [[ $end == amqp ]] || skip "a store has no TLS"
  make_queue "$q"
  iso publish --url "$ISO_TEST_AMQPS?cacertfile=$ISO_TEST_CA" --routing-key "$q" --body '{"tls":1}'
  exits 0
  iso listen "$q" --count 1 --out body --url "$ISO_TEST_AMQPS?cacertfile=$ISO_TEST_CA&certfile=$ISO_TEST_CERTIFICATE&keyfile=$ISO_TEST_KEY"
  exits 0
  is '{"tls":1}' "$(<stdout)"
  iso publish --url "$ISO_TEST_AMQPS" --routing-key "$q" --body 1
  exits 69
}

@test "broker: operators see who is connected" {
  [[ $end == amqp ]] || skip "a store has no connections"
  make_queue "$q"
  "$BIN" listen "$q" >out &
  wait_until bash -c "'$ISO_TEST_RABBITMQCTL' -q list_connections client_properties | grep -q 'iso listen $q'"
  kill %1
  wait || true
}

@test "store: a database of another program is refused with 74 and left as it was" {
  [[ $end == sqlite ]] || skip "a broker has no file"
  sqlite3 other.db "CREATE TABLE theirs(a); INSERT INTO theirs VALUES(1)"
  cp other.db before.db
  iso publish --url sqlite:other.db --queue q --body 1
  exits 74
  says "another program"
  cmp other.db before.db
  head -c 5000 /dev/urandom >noise.db
  iso listen q --url sqlite:noise.db
  exits 74
}

@test "store: a flipped byte in a body is found, exit 1, and the message is kept as dead" {
  [[ $end == sqlite ]] || skip "a broker has no file"
  iso publish --queue "$q" --body '"a body that will be damaged"'
  sqlite3 store.db "UPDATE iso_messages SET body = replace(CAST(body AS TEXT), 'will', 'wilt')"
  iso listen "$q" --drain
  exits 1
  is "" "$(<stdout)"
  says "does not match its hash"
  is 2 "$(sqlite3 store.db "SELECT state FROM iso_messages")"
}

@test "store: an application inserts with one statement, and listen gives it out" {
  [[ $end == sqlite ]] || skip "a broker has no file"
  make_queue "$q"
  sqlite3 store.db "INSERT INTO iso_messages(queue, message_id, properties, body) VALUES('$q', lower(hex(randomblob(16))), '{\"type\":\"order\"}', '{\"total\":0.10}')"
  iso listen "$q" --count 1
  exits 0
  is '["order","'"$q"'",{"total":0.1}]' "$(jq -c '[.type,.routing_key,.body]' stdout)"
}

@test "dry run: shows the records and contacts no one" {
  iso publish --url amqp://127.0.0.1:1 --dry-run --routing-key k --header a=1 --header b:=2 --body '{"x":0.10}'
  exits 0
  is '["k",{"a":"1","b":2},{"x":0.1}]' "$(jq -c '[.routing_key,.headers,.body]' stdout)"
  grep -q '"body":{"x":0.10}}' stdout
}

@test "context: gives the URL; an unknown one is exit 78" {
  unset_url=$ISO_URL
  mkdir -p "$XDG_CONFIG_HOME/iso"
  make_queue "$q"
  jq -n --arg url "$unset_url" '{url: $url}' >"$XDG_CONFIG_HOME/iso/shop.json"
  unset ISO_URL
  iso publish --context shop --routing-key "$q" --body 1
  exits 0
  iso publish --context nope --routing-key "$q" --body 1
  exits 78
  says "no context \"nope\""
  echo '{"uri":"x"}' >"$XDG_CONFIG_HOME/iso/shop.json"
  iso publish --context shop --routing-key "$q" --body 1
  exits 78
}

@test "environment: a long option has its twin" {
  make_queue "$q"
  ISO_COUNT=2 iso publish --routing-key "$q" --body 1
  exits 0
  is 2 "$(wc -l <stdout)"
}

@test "quiet: warnings are not shown, errors are" {
  iso publish "$ROOT/examples/seed.json" --queue "$q" --body 1 --quiet
  exits 0
  [[ ! -s stderr ]]
  iso publish --routing-key "$q-nowhere" --body 1 --quiet
  exits 1
  [[ -s stderr ]]
}

@test "a password in the command line is out of sight once iso has started" {
  mkfifo hold
  "$BIN" publish --queue q --app-id 'amqp://me:s3cret@host/' < hold > /dev/null &
  local process=$!
  exec 7> hold
  masked() { tr '\0' ' ' < "/proc/$process/cmdline" >shown; grep -qF 'me:***' shown; }
  wait_until masked
  exec 7>&-
  wait "$process" || true
  ! grep -F s3cret shown
}
