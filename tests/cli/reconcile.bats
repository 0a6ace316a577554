#!/usr/bin/env bats
# iso reconcile, on files, on the store and on a broker.

load helper

teardown() {
  if [[ -n ${origin:-} ]]; then kill "$origin" 2>/dev/null || true; fi
}

found() { jq -c "$1" stdout; } # a jq program over the findings
statuses() { jq -r .status stdout | xargs; }

# serve: an HTTP server of the files in www, for who shows the token; sets `port`. /p1 goes on at /p2.
serve() {
  cat >origin.py <<'PY'
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.headers.get("Authorization") != "Bearer secret":
            self.send_response(401); self.end_headers(); return
        body = open("www" + self.path, "rb").read()
        self.send_response(200)
        if self.path == "/p1": self.send_header("Link", '</p2>; rel="next"')
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *a): pass
s = http.server.HTTPServer(("127.0.0.1", 0), Handler)
print(s.server_port, flush=True)
s.serve_forever()
PY
  python3 origin.py >port.txt 3>&- &
  origin=$!
  wait_until test -s port.txt
  port=$(<port.txt)
}

lines() { printf '%s\n' "$@"; } # of a file of records
message() { printf '{"message_id":"%s","body":%s}\n' "$1" "$2"; }

@test "reconcile: what is on both sides is not a finding, in whatever spelling and order" {
  lines '{"message_id":"a","body":{"n":1.0,"t":"\u00e9"}}' '{"message_id":"b","body":[1,2]}' >l
  lines '{"body":[1,2.0],"message_id":"b"}' '{"message_id":"a","body":{"t":"é","n":1}}' >r
  iso reconcile l r
  exits 0
  is summary "$(statuses)"
  is '[2,2,2,0]' "$(found '[.left,.right,.ok,.exit]')"
}

@test "reconcile: missing, extra and different are findings in the order of keys, and exit 1" {
  { message c 1; message a 1; message b '{"x":12345678901234567890,"y":"1"}'; } >l
  { message b '{"x":12345678901234567891,"y":"1"}'; message d 1; message a 1; } >r
  iso reconcile l r
  exits 1
  is 'different missing extra summary' "$(statuses)"
  is '["b","c","d"]' "$(jq -sc 'map(.key // empty)' stdout)"
  is '[{"op":"test","path":"/body/x","value":12345678901234567890},{"op":"replace","path":"/body/x","value":12345678901234567891}]' \
    "$(grep -o '"patch":.*]' stdout | cut -d: -f2-)"
  is '{"end":"l","line":1,"offset":0}' "$(found 'select(.status=="missing").left')"
}

@test "reconcile: how a message travelled does not matter, what it says does" {
  lines '{"message_id":"a","exchange":"x","routing_key":"k","queue":"q","redelivered":true,"headers":{"x-death":[],"t":1},"body":1}' \
    '{"message_id":"b","type":"t","body":1}' >l
  lines '{"message_id":"a","received_at":1,"headers":{"t":1},"body":1}' '{"message_id":"b","type":"u","body":1}' >r
  iso reconcile l r
  exits 1
  is 'different summary' "$(statuses)"
  iso reconcile l r --ignore /type
  exits 0
  iso reconcile l r --compare ''
  exits 1
  is 'different different summary' "$(statuses)"
}

@test "reconcile: an id that was made on the way does not matter, one that was changed does" {
  lines '{"type":"a","body":1}' '{"type":"b","correlation_id":"c1","body":1}' >l
  lines '{"type":"a","message_id":"m1","correlation_id":"c0","body":1}' '{"type":"b","correlation_id":"c2","body":1}' >r
  iso reconcile l r --key /type
  exits 1
  is '"b"' "$(found 'select(.key).key')"
  iso reconcile l r --key /type --compare ''
  is '["a","b"]' "$(jq -sc 'map(.key // empty)' stdout)" # all there is
  head -1 r >one
  iso reconcile one l --key /type --fail-on different
  exits 1 # what was there is gone
}

@test "reconcile: a key of several parts, by another name on each side, and a part to compare" {
  lines '{"shop":1,"no":7,"total":5}' '{"shop":2,"no":7,"total":6}' >l
  lines '{"message_id":"x","body":{"shop":1.0,"order":7,"sum":{"total":5}}}' '{"message_id":"y","body":{"shop":2,"order":7,"sum":{"total":9}}}' >r
  iso reconcile l r --key /shop=/body/shop --key /no=/body/order --compare /total=/body/sum/total
  exits 1
  is '[[2,7],[{"op":"test","path":"/total","value":6},{"op":"replace","path":"/total","value":9}]]' "$(found 'select(.key)|[.key,.patch]')"
}

@test "reconcile: the order of an array counts, but where it is said not to" {
  message a '{"tags":["x","y"],"list":[1,2]}' >l
  message a '{"tags":["y","x"],"list":[1,2]}' >r
  iso reconcile l r
  exits 1
  iso reconcile l r --unordered /body/tags
  exits 0
}

@test "reconcile: --fail-on narrows what is a failure, and what is on its way never is one" {
  { message a 1; message b 1; } >l
  message a 2 >r
  iso reconcile l r --fail-on extra,duplicate
  exits 0
  is 'different missing summary' "$(statuses)"
  iso reconcile l r --fail-on missing
  exits 1
  lines "{\"message_id\":\"z\",\"received_at\":$(date +%s%3N),\"body\":1}" >l
  : >r
  iso reconcile l r
  exits 0
  is 'inflight summary' "$(statuses)"
  iso reconcile l r --grace 0
  exits 1
  is 'missing summary' "$(statuses)"
}

@test "reconcile: a line that is not an item is named with its place, and the rest is compared" {
  lines '{"message_id":"a","body":1}' '{"message_id":"b",' '{"body":1}' >l
  message a 1 >r
  iso reconcile l r
  exits 1
  is 'invalid invalid summary' "$(statuses)"
  is '["l",2,28]' "$(found 'select(.left.line?==2)|[.left.end,.left.line,.left.offset]')"
  found 'select(.left.line?==2).error' | grep -q 'byte 19'
  found 'select(.left.line?==3).error' | grep -q '/message_id'
}

@test "reconcile: standard input and compressed files are sides like any other" {
  for i in {1..300}; do message "$i" "$i"; done >l
  gzip -c l >l.gz
  shuf l | zstd -q -o r.zst
  iso reconcile l.gz r.zst
  exits 0
  shuf l | iso reconcile - l.gz
  exits 0
  is 300 "$(found .ok)"
  iso reconcile <(shuf l) <(cat l)
  exits 0
  is 300 "$(found .ok)"
  head -c 100 l.gz >cut.gz
  iso reconcile l cut.gz
  exits 74
  says cut.gz
  iso reconcile - -
  exits 64
}

@test "reconcile: a side that is missing is exit 66, and no queue and no pointer 64" {
  message a 1 >l
  iso reconcile l none.ndjson
  exits 66
  says none.ndjson
  iso reconcile l sqlite:none.db#q
  exits 66
  iso publish --url sqlite:empty.db --routing-key q --body 1
  exits 1
  iso reconcile l sqlite:empty.db#q
  exits 66
  says 'no queue "q" in empty.db; there are none'
  iso reconcile l amqp://localhost
  exits 64
  says '#QUEUE'
  iso reconcile l l --key id
  exits 64
  says 'starts with /'
  iso reconcile l l --compare /body --ignore /type
  exits 64
  says '--ignore /type'
}

@test "reconcile: a pointer of more than a hundred names is exit 64, and nesting is compared however deep it is" {
  local n=9000
  printf '{"message_id":"a","body":%s1%s}\n' "$(printf '{"a":%.0s' $(seq $n))" "$(printf '}%.0s' $(seq $n))" >l
  iso reconcile l l --ignore "/body$(printf '/a%.0s' $(seq 99))"
  exits 0
  for option in --key --ignore --unordered --compare; do
    iso reconcile l l "$option" "/body$(printf '/a%.0s' $(seq 100))"
    exits 64
    says "a pointer of 101 names; at most 100 are allowed"
  done
}

@test "reconcile: a queue is compared and left as it was" {
  make_queue "$q"
  for i in 1 2 3 4; do message "m$i" "{\"n\":$i}"; done >l
  iso publish --in records --routing-key "$q" <l
  exits 0
  iso reconcile l "$ISO_URL#$q"
  exits 0
  is 4 "$(found .ok)"
  message m5 5 >>l
  iso reconcile "$ISO_URL#$q" l
  exits 1
  is '"m5"' "$(found 'select(.status=="extra").key')"
  iso listen "$q" --drain
  is 'm1 m2 m3 m4' "$(jq -r .message_id stdout | xargs)"
}

@test "reconcile: a broker's password comes from --password-file, and is never shown" {
  [[ $end == amqp ]] || skip "a store has no passwords"
  make_queue "$q"
  for i in {1..20}; do message "m$i" "$i"; done >l
  head -19 l | iso publish --in records --routing-key "$q"
  exits 0
  broker="amqp://guest@${ISO_URL#*@}"
  echo s3cr3t >wrong
  echo guest >right
  iso reconcile l "$broker#$q" --password-file wrong
  exits 77
  ! grep -q s3cr3t stdout stderr
  iso reconcile l "$broker#$q" --password-file right --repair
  exits 0
  is 20 "$(jq -s '.[-1].ok' stdout)"
  iso reconcile l "$broker#$q" --password-file nowhere
  exits 66
  iso reconcile l "amqp://guest:guest@${ISO_URL#*@}#$q" --password-file wrong # it has its own
  exits 0
}

@test "reconcile: what was relayed is told from what is pending, dead or lost" {
  [[ $end == sqlite ]] || skip 'an outbox is a store'
  for i in 1 2 3; do message "m$i" "$i"; done | iso publish --in records --routing-key out --url sqlite:out.db --settings /dev/null 2>/dev/null || true
  iso listen out --url sqlite:out.db --declare --drain
  for i in 1 2 3; do message "m$i" "$i"; done | iso publish --in records --routing-key out --url sqlite:out.db
  exits 0
  make_queue "$q"
  iso reconcile sqlite:out.db#out "$ISO_URL#$q"
  exits 0
  is 'inflight inflight inflight summary' "$(statuses)" # nothing was sent yet
  iso publish --from sqlite:out.db#out --routing-key "$q" --count 2
  exits 0
  sqlite3 store.db "DELETE FROM iso_messages WHERE message_id = 'm1'"
  iso reconcile sqlite:out.db#out "$ISO_URL#$q" --grace 0
  exits 1
  is '["m1","missing","done"] ["m3","inflight","pending"]' "$(found 'select(.key)|[.key,.status,.left.state]' | xargs -d'\n')"
  sqlite3 out.db "UPDATE iso_messages SET state = 2, created_ms = 1 WHERE message_id = 'm2'"
  iso reconcile sqlite:out.db#out "$ISO_URL#$q"
  is '"m2"' "$(found 'select(.status=="recovered").key')"
}

@test "reconcile: what nobody relays is stuck, counts, and is not sent by --repair" {
  iso listen out --url sqlite:out.db --declare --drain
  for i in {1..20}; do message "m$i" "$i"; done | iso publish --in records --routing-key out --url sqlite:out.db
  exits 0
  sqlite3 out.db "UPDATE iso_messages SET created_ms = created_ms - 2592000000 WHERE message_id = 'm7'"
  iso reconcile sqlite:out.db#out /dev/null --out summary
  exits 1
  is '[1,19,0]' "$(found '[.stuck,.inflight,.missing]')"
  : >r
  iso reconcile sqlite:out.db#out r --repair --force
  exits 1
  is 0 "$(wc -c <r)"
  iso reconcile sqlite:out.db#out r --fail-on stuck
  exits 1
  iso reconcile sqlite:out.db#out r --stuck-after 60d
  exits 0
}

@test "reconcile: a damaged body in a store is invalid, and named by its row" {
  send_to() { message "$1" '{"a":"xxxxxxxxxxxxxxxxxxxxxxxx"}' | iso publish --in records --routing-key q --url sqlite:s.db; }
  iso listen q --declare --drain --url sqlite:s.db
  send_to a && send_to b
  sqlite3 s.db "UPDATE iso_messages SET body = '{\"a\":1}' WHERE message_id = 'b'"
  message a '{"a":"xxxxxxxxxxxxxxxxxxxxxxxx"}' >l
  iso reconcile l sqlite:s.db#q
  exits 1
  is 'invalid summary' "$(statuses)"
  is 2 "$(found 'select(.status=="invalid").right.row')"
}

@test "reconcile: of two stores only the rows that are not alike are copied, and each body is held to its hash" {
  for f in left right; do iso listen q --declare --drain --url "sqlite:$f.db"; done
  sqlite3 left.db "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
    INSERT INTO iso_messages(queue, state, created_ms, message_id, body)
    SELECT 'q', 1, 1, 'm' || i, CAST('{\"n\":' || i || ',\"t\":\"' || hex(zeroblob(200)) || '\"}' AS BLOB) FROM n"
  sqlite3 right.db "ATTACH 'left.db' AS l;
    INSERT INTO iso_messages(queue, message_id, body) SELECT queue, message_id, body FROM l.iso_messages ORDER BY random();
    UPDATE iso_messages SET body = replace(body, ':', ': ') WHERE message_id = 'm7';
    UPDATE iso_messages SET body = '2' WHERE message_id = 'm8'"
  sqlite3 left.db "DELETE FROM iso_messages WHERE message_id = 'm9'"
  mkdir tmp
  ( # KiB a file; the text of a side has 2,200
    ulimit -f 200
    TMPDIR=$PWD/tmp iso reconcile sqlite:left.db#q sqlite:right.db#q
    echo "$status" >status
  )
  status=$(<status)
  exits 1
  is 'different extra summary' "$(statuses)"
  is '[4999,5000,4998]' "$(found 'select(.ok)|[.left,.right,.ok]')"
  sqlite3 right.db "UPDATE iso_messages SET body_hash = zeroblob(16) WHERE message_id = 'm11'"
  iso reconcile sqlite:left.db#q sqlite:right.db#q
  is 'missing different extra invalid summary' "$(statuses)"
}

@test "reconcile: the ledger says whose answer lacks" {
  iso listen out --declare --drain --url sqlite:shop.db
  for i in 1 2 3; do message "m$i" "$i"; done | iso publish --in records --routing-key out --url sqlite:shop.db
  sqlite3 shop.db "UPDATE iso_messages SET created_ms = 1, state = 1;
    INSERT INTO iso_acks VALUES('m1','billing','handled',1,NULL,NULL), ('m1','shipping','handled',1,NULL,NULL),
      ('m2','billing','handled',1,NULL,NULL), ('m2','shipping','rejected',1,NULL,'no'), ('zz','billing','handled',1,NULL,NULL);"
  iso reconcile sqlite:shop.db#out sqlite:shop.db#acks --expect billing,shipping
  exits 1
  is '["m2",["shipping"]] ["m3",["billing","shipping"]]' "$(found 'select(.status=="unacked")|[.key,.lacks]' | xargs -d'\n')"
  iso reconcile sqlite:shop.db#out sqlite:shop.db#acks --expect billing
  is '"m3"' "$(found 'select(.key).key')"
  iso reconcile sqlite:shop.db#out sqlite:shop.db#out --expect billing
  exits 64
}

@test "reconcile: --out summary has counts alone, --out table is for people" {
  { message a 1; message b 1; } >l
  message a 2 >r
  iso reconcile l r --out summary
  exits 1
  is 1 "$(wc -l <stdout)"
  is '[1,1]' "$(found '[.missing,.different]')"
  iso reconcile l r --out table
  exits 1
  grep -q different stdout && grep -q missing stdout && grep -q /body stdout
}

@test "reconcile: --plan has what is missing, as records that publish reads" {
  for i in {1..20}; do message "m$i" "{\"n\":$i}"; done >l
  grep -v '"m7"' l | grep -v '"m9"' >r
  iso reconcile l r --plan plan
  exits 1
  is 'm7 m9' "$(jq -r .message_id plan | xargs)"
  make_queue "$q"
  iso publish --in records --routing-key "$q" <plan
  exits 0
}

@test "reconcile: a plan never replaces what is read, and one that is there stays until the new one is whole" {
  message a 1 >l
  : >r
  ln -s l also-l
  iso reconcile l r --plan also-l
  exits 64
  says 'would replace l'
  iso reconcile - r --plan l <l
  exits 64
  says 'standard input'
  iso listen q --declare --drain --url sqlite:s.db
  cp s.db before.db
  iso reconcile l sqlite:s.db#q --plan s.db
  exits 64
  cmp s.db before.db
  is 1 "$(wc -l <l)"
  echo yesterday >plan
  chmod 640 plan
  iso reconcile l nowhere --plan plan
  exits 66
  is yesterday "$(<plan)"
  ln -s plan link
  iso reconcile l r --plan link
  exits 1
  is a "$(jq -r .message_id plan)"
  [[ -L link ]]
  is 640 "$(stat -c %a plan)"
  is '' "$(ls plan.* 2>/dev/null)"
  iso reconcile l r --plan >(cat >piped)
  exits 1
  wait_until grep -q '"a"' piped
}

@test "reconcile: a pointer that nothing has is exit 65, and two keys at one place are 64" {
  { message a 1; message b 2; } >l
  { message a 1; message b 3; } >r
  for how in '' --sorted; do
    iso reconcile l r --compare /vv $how
    exits 65
    says 'no item of either side has /vv'
  done
  iso reconcile l r --compare /vv=/body
  exits 1
  iso reconcile l r --key /message_id --key /message_id
  exits 1
  is 'different summary' "$(statuses)"
  iso reconcile l r --key /message_id=/x --key /message_id=/y
  exits 64
  says 'the same place on the left'
  iso reconcile l r --unordered /body --key /body/0
  exits 64
  iso reconcile l r --unordered /body --ignore /body/0
  exits 64
  iso reconcile l r --unordered /body --ignore '/body/*/at'
  exits 1
  message a '[1,2]' >l
  message a '[2,1]' >r
  iso reconcile l r --compare /body --unordered /body
  exits 0
  iso reconcile l r --unordered ''
  exits 1
  lines '{"message_id":"a","v":[1,2]}' >l
  lines '{"message_id":"a","w":[2,1]}' >r
  iso reconcile l r --compare /v=/w --unordered /v
  exits 0
}

@test "reconcile: an export that is empty is no peace, unless --allow-empty says so" {
  : >l
  : >r
  iso reconcile l r
  exits 1
  says --allow-empty
  iso reconcile l r --allow-empty
  exits 0
  iso listen q --declare --drain --url sqlite:s.db
  iso reconcile sqlite:s.db#q r
  exits 0
}

@test "reconcile: a database that is given as a file is exit 64, and it is said how to name its queue" {
  iso listen q --declare --drain --url sqlite:s.db
  iso reconcile s.db s.db
  exits 64
  says 'say sqlite:s.db#QUEUE'
}

@test "reconcile: --watch goes on while a side is away, and tells each line that is no item" {
  { message a 1; echo '{'; echo '{'; } >l
  message a 1 >r
  "$BIN" reconcile l r --watch 0.1 --grace 0 >stdout 2>stderr 3>&- &
  local pid=$!
  wait_until grep -q '"line":3' stdout
  grep -q '"line":2' stdout
  rm r
  wait_until grep -q 'the watch goes on' stderr
  { message a 1; message b 1; } >r.new
  mv r.new r
  wait_until grep -q '"extra"' stdout
  kill -INT $pid
  status=0
  wait $pid || status=$?
  exits 130
}

@test "reconcile: --repair sends what a queue lacks with its own id, and running it again sends nothing" {
  make_queue "$q"
  for i in {1..20}; do message "m$i" "{\"n\":$i}"; done >l
  grep -v '"m7"' l | iso publish --in records --routing-key "$q"
  exits 0
  iso reconcile l "$ISO_URL#$q" --repair
  exits 0
  is 'missing repaired summary' "$(statuses)"
  is '["m7",1,20]' "$(jq -sc '[.[1].message_id,.[2].repaired,.[2].ok]' stdout)"
  iso reconcile l "$ISO_URL#$q" --repair
  exits 0
  is summary "$(statuses)"
  iso listen "$q" --drain
  is 20 "$(jq -r .message_id stdout | sort -u | wc -l)"
}

@test "reconcile: a file is repaired by lines at its end" {
  for i in {1..20}; do message "m$i" "$i"; done >l
  grep -v '"m7"' l >r
  iso reconcile l r --repair
  exits 0
  is '"m7"' "$(tail -1 r | jq .message_id)"
  is 20 "$(wc -l <r)"
  head -19 l >https.log # a file, whatever it is called
  iso reconcile l https.log --repair
  exits 0
  is 20 "$(wc -l <https.log)"
}

@test "reconcile: a repair of more than a tenth needs --force" {
  for i in {1..20}; do message "m$i" "$i"; done >l
  head -17 l >r
  cp r before
  iso reconcile l r --repair
  exits 1
  says 'nothing was sent: 3 of 20'
  cmp r before
  iso reconcile l r --repair --force
  exits 0
  is 20 "$(wc -l <r)"
}

@test "reconcile: a repair to another end remembers what it sent" {
  make_queue "$q"
  for i in {1..20}; do message "m$i" "$i"; done >l
  grep -v '"m7"' l >r
  iso reconcile l r --repair --repair-to "$ISO_URL#$q" --plan plan
  exits 1 # the log does not have it yet
  is 1 "$(jq -r 'select(.status=="repaired").message_id' stdout | wc -l)"
  iso reconcile l r --repair --repair-to "$ISO_URL#$q" --plan plan
  exits 1
  is 0 "$(jq -r 'select(.status=="repaired").message_id' stdout | wc -l)"
  iso listen "$q" --drain
  is m7 "$(jq -r .message_id stdout)"
  iso reconcile l r --repair --repair-to "$ISO_URL#$q"
  exits 64
}

@test "reconcile: what cannot be sent is reported, and not counted as repaired" {
  for i in {1..20}; do message "m$i" "$i"; done >l
  sed -i 's/{"message_id":"m7",/{"message_id":"m7","nonsense":1,/' l
  grep -v '"m7"' l >r
  iso reconcile l r --repair
  exits 1
  is 'unrepaired' "$(jq -r 'select(.status=="unrepaired").status' stdout)"
  is 19 "$(wc -l <r)"
}

bytes_read() { # PID: so far
  awk '/^rchar/ { print $2 }' "/proc/$1/io"
}

wait_for_looks() { # PID NUMBER: until a --watch of l and r looked so often again, and read both each time
  local enough
  enough=$(($(bytes_read "$1") + $2 * $(cat l r | wc -c)))
  wait_until eval "((\$(bytes_read $1) >= $enough))"
}

@test "reconcile: --watch tells once of what stays longer than the grace, and of nothing that heals" {
  { message a 1; message b 1; message c 1; } >l
  { message a 1; } >r
  "$BIN" reconcile l r --watch 0.1 --grace 1 >stdout 2>stderr 3>&- &
  local pid=$!
  wait_for_looks $pid 2
  message b 1 >>r
  wait_until test -s stdout
  wait_for_looks $pid 5
  kill -INT $pid
  status=0
  wait $pid || status=$?
  exits 130
  is '"c"' "$(found .key)"
}

@test "reconcile: an HTTP collection is read page by page" {
  mkdir www
  printf '{"items":[{"id":1,"v":1},\n {"id":2,"v":2}]}' >www/p1
  printf '{"items":[{"id":3,"v":3}]}' >www/p2
  serve
  echo secret >token
  lines '{"id":3,"v":3}' '{"id":1,"v":1}' '{"id":4,"v":4}' >r
  iso reconcile "http://127.0.0.1:$port/p1" r --items /items --key /id --bearer-file token
  exits 1
  is '["missing",2] ["extra",4]' "$(found 'select(.key)|[.status,.key]' | xargs -d'\n')"
  iso reconcile "http://127.0.0.1:$port/p1" r --items /items --key /id
  exits 77
  iso reconcile "http://127.0.0.1:$port/p1" r --key /id --bearer-file token
  exits 65
  says --items
}

@test "reconcile: --sorted gives the same findings, and catches what is out of order" {
  { message a 1; message b 1; message d 1; echo '{"x":1}'; message e 1; } >l
  { message b 2; message c 1; message d 1; message d 1; } >r
  iso reconcile l r
  jq -c 'select(.status!="invalid")' stdout >want
  iso reconcile l r --sorted
  exits 1
  is 'missing different extra invalid duplicate missing summary' "$(statuses)"
  jq -c 'select(.status!="invalid")' stdout | diff want -
  is 4 "$(found 'select(.status=="invalid").left.line')"
  { message 10 1; message 9 1; } >r # in the order of text, which they are
  iso reconcile r r --sorted
  exits 0
  { message a 1; message 9 1; } >r
  iso reconcile l r --sorted
  exits 65
  says 'r, line 2'
}

@test "reconcile: what is missing is fetched again from its reference, and sent with its own id" {
  mkdir www
  serve
  make_queue "$q"
  for i in {1..20}; do
    echo "{\"n\":$i}" >"www/$i"
    echo "{\"message_id\":\"m$i\",\"headers\":{\"href\":\"http://127.0.0.1:$port/$i\"},\"body\":null}"
  done >l
  head -18 l >r
  iso reconcile l r --plan plan
  exits 1
  "$BIN" fetch --url-at /headers/href -H 'Authorization: Bearer secret' --send-to "127.0.0.1:$port" <plan | iso publish --in records --routing-key "$q"
  exits 0
  iso listen "$q" --drain
  is '["m19",{"n":19}] ["m20",{"n":20}]' "$(jq -c '[.message_id,.body]' stdout | xargs -d'\n')"
}

@test "reconcile: nothing is left in the temporary folder, also by one that was killed" {
  mkdir tmp
  seq 200000 | sed 's/.*/{"message_id":"&","body":&}/' >l
  TMPDIR=$PWD/tmp iso reconcile l l --memory 32MiB
  exits 0
  mkfifo pipe
  TMPDIR=$PWD/tmp "$BIN" reconcile l pipe --memory 32MiB >/dev/null 2>&1 3>&- &
  local pid=$!
  { cat l; wait_until test -e over; } >pipe &
  wait_until eval "ls -l /proc/$pid/fd 2>/dev/null | grep -q '$PWD/tmp'"
  kill -9 $pid
  wait $pid || true
  touch over
  is '' "$(ls tmp)"
}

peak_kb() { # COMMAND…: runs it, and says how much memory it took
  python3 -c 'import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=open("stdout", "w"))
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)' "$@"
}

@test "reconcile: too little memory is exit 64, and it is said how much is enough" {
  iso reconcile /dev/null /dev/null --memory 31MiB
  exits 64
  says '--memory: at least 32MiB'
  iso reconcile /dev/null /dev/null --memory 32MiB --allow-empty
  exits 0
}

@test "reconcile: --memory holds, for sides of many times that, and --sorted takes no more for long sides than for short ones" {
  awk 'BEGIN { for (i = 0; i < 3000000; i++) printf "{\"message_id\":\"%07d\",\"body\":%d}\n", i, i }' >l
  head -300000 l >short
  local all sorted short
  all=$(peak_kb "$BIN" reconcile l l --memory 32MiB --out summary)
  is 3000000 "$(found .ok)"
  sorted=$(peak_kb "$BIN" reconcile l l --sorted --out summary)
  is 3000000 "$(found .ok)"
  short=$(peak_kb "$BIN" reconcile short short --sorted --out summary)
  grep -qE '__(a|t)san_init' "$BIN" && return # those keep books of their own
  ((all < 32 * 1024)) && ((sorted < short + 1024))
}

@test "reconcile: a queue of more messages than a broker lets one hold is refused, and a store has no such bound" {
  make_queue "$q"
  seq 65536 | sed 's/.*/{"message_id":"m&","body":&}/' >l
  iso publish --in records --routing-key "$q" --quiet <l
  exits 0
  iso reconcile l "$ISO_URL#$q" --out summary
  if [[ $ISO_TEST_END == sqlite ]]; then
    exits 0
    is 65536 "$(found .ok)"
  else
    exits 64
    says "at most 65535 can be browsed"
    is '' "$(<stdout)"
  fi
}

@test "reconcile: a queue that waits while the other side is read for long is opened again" {
  make_queue "$q"
  send "$q" 1
  iso listen "$q" --peek
  cp stdout l
  mkfifo slow
  { sleep 6; cat l; } >slow &
  send "$q" 2 # also what comes before its turn is seen
  iso reconcile slow "$ISO_URL#$q"
  exits 1
  is 'extra summary' "$(statuses)"
}

# Halts a process once it has read some, for longer than a progress line waits.
halt_while_it_reads() { # PID
  local name count=0 end=$((SECONDS + 30))
  until ((count > 1000000)); do
    ((SECONDS < end)) || return 1
    while read -r name count; do [[ $name == rchar: ]] && break; done <"/proc/$1/io"
  done
  kill -STOP "$1"
  sleep 1.2
  kill -CONT "$1"
}

@test "reconcile: the progress line has bytes, rate, share and time left, and standard output has none of it" {
  awk 'BEGIN { for (i = 0; i < 2000000; i++) printf "{\"message_id\":\"%d\",\"body\":{\"number\":%d,\"text\":\"of a message\"}}\n", i, i }' >l
  "$BIN" reconcile l l --progress always --out summary >stdout 2>stderr &
  halt_while_it_reads $!
  wait $!
  is 1 "$(wc -l <stdout)"
  tr '\r' '\n' <stderr | grep -qE 'read [0-9.]+ MB, [0-9]+ MB a second, [0-9]+%, [0-9]+ s left'
}

@test "reconcile: wildcards, tolerances and elements that are matched by a member" {
  echo '{"id":1,"total":1.00,"items":[{"sku":"a","at":1,"n":1},{"sku":"b","at":2,"n":2}]}' >l
  echo '{"id":1,"total":1.01,"items":[{"sku":"b","at":3,"n":5},{"sku":"a","at":4,"n":1}]}' >r
  iso reconcile l r --key /id --unordered /items=/sku --ignore '/items/*/at' --tolerance /total=0.01
  exits 1
  is '["/items/1/n"]' "$(jq -sc '.[0].patch|map(.path)|unique' stdout)"
  iso reconcile l r --key /id --unordered /items=/sku --ignore '/items/*/at' --ignore '/items/*/n' --tolerance /total=0.01
  exits 0
  iso reconcile l r --key /id --compare '/items/*/sku' --unordered /items
  exits 0
  iso reconcile l r --key /id --compare '/items/*/none'
  exits 65
  for option in --tolerance=/total --tolerance=/total=-1 --tolerance=/total=x --key='/items/*/sku'; do
    iso reconcile l r --key /id "$option"
    exits 64
  done
}

@test "reconcile: arrays, CSV and what is compressed are sides by their content" {
  printf 'id,name\n1,"a, b"\n2,c\n' >l.csv
  printf '[\n {"name": "a, b", "id": 1},\n {"id": 2, "name": "c"}\n]\n' >r.json
  iso reconcile l.csv r.json --key /id
  exits 0
  gzip -c r.json >packed
  iso reconcile l.csv packed --key /id
  exits 0
  printf '{"data":{"list":%s}}' "$(<r.json)" >page
  iso reconcile r.json page --key /id --items /data/list
  exits 65
  iso reconcile l.csv page --key /id --items /data/list
  exits 0
  iso reconcile page page --key /id --items /data/list
  exits 0
  is 2 "$(jq .left stdout)"
  head -c -4 r.json >cut.json
  iso reconcile l.csv cut.json --key /id
  exits 65
  echo '{"id":3}' >>new
  iso reconcile new r.json --key /id --repair --force
  exits 64
  is 2 "$(jq length r.json)"
}

@test "reconcile: an option for a side that is not there is refused" {
  echo '{"message_id":"a"}' >l
  for option in --header=A:1 --bearer-file=l --password-file=l; do
    iso reconcile l l "$option"
    exits 64
    says 'neither LEFT nor RIGHT'
  done
  ISO_OUT=body iso reconcile l l
  exits 64
  says ISO_OUT
}

@test "reconcile: a line larger than the memory allows is invalid by its place, and the others are compared" {
  { echo '{"message_id":"a"}'; printf '{"message_id":"b","x":"'; head -c 4000000 /dev/zero | tr '\0' x; echo '"}'; echo '{"message_id":"c"}'; } >l
  for side in l <(cat l); do
    iso reconcile "$side" l --memory 32MiB
    exits 1
    is 2 "$(jq -s 'map(select(.status=="invalid"))|length' stdout)"
    is 2 "$(jq -s '.[-1].ok' stdout)"
  done
}
