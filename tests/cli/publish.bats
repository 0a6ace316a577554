load helper

@test "publish: a confirmed message gets a receipt with fresh ids, and exit 0" {
  make_queue "$q"
  iso publish --routing-key "$q" --body '{"a":1}'
  exits 0
  is confirmed "$(jq -r .status stdout)"
  [[ $(jq -r .message_id stdout) =~ ^[0-9a-f]{32}$ ]]
  is null "$(jq .correlation_id stdout)"
  is '{"a":1}' "$(bodies "$q")"
}

@test "publish: the user's settings file works as it stands, with one warning, and its null app_id is unset" {
  iso publish "$ROOT/examples/seed.json" --queue "$q" --body '{}'
  exits 0
  is 1 "$(grep -c warning: stderr)"
  says "seed.json:9: content_encoding has no value"
  iso listen "$q" --count 1
  exits 0
  is '["direct_one","routing_key_one",true,"type","reply_queue","application/json",null,1,"d7c6718f93b76fe525ee99f5fc7717a0","54fecb335af52b7b20b8910a6f1f3edf",null]' \
    "$(jq -c '[.exchange,.routing_key,.persistent,.type,.reply_to,.content_type,.content_encoding,.priority,.message_id,.correlation_id,.app_id]' stdout)"
}

@test "publish: settings create a direct exchange and a queue bound to it, once" {
  echo "{\"direct_name\":\"$x\",\"queue\":\"$q\",\"routing_key\":\"k\"}" >settings.json
  for i in 1 2; do
    iso publish settings.json --body "$i"
    exits 0
  done
  is $'1\n2' "$(bodies "$q")"
}

@test "publish: receipts come in the order of the input" {
  make_queue "$q"
  for i in {1..500}; do echo "{\"routing_key\":\"$q\",\"message_id\":\"m$i\",\"body\":$i}"; done >records
  iso publish --in records <records
  exits 0
  is "$(seq -f m%.0f 500)" "$(jq -r .message_id stdout)"
}

@test "publish: an unroutable message is returned, named with exchange, key and the broker's words, exit 1" {
  iso publish --routing-key "$q-nowhere" --body 1
  exits 1
  is '["returned","","NO_ROUTE",312]' "$(jq -c '[.status,.exchange,.reply_text,.reply_code]' stdout)"
  says "to exchange \"\" with routing key \"$q-nowhere\": NO_ROUTE (312)"
}

@test "publish: an exchange that is not there is exit 1, and the rest of the stream arrives, once" {
  make_queue "$q"
  for i in {1..300}; do echo "{\"exchange\":\"\",\"routing_key\":\"$q\",\"body\":$i}"; done >records
  sed -i "150i {\"exchange\":\"$x-missing\",\"routing_key\":\"k\",\"body\":0}" records
  iso publish --in records --rejects rejects <records
  exits 1
  says "no exchange '$x-missing'"
  is returned "$(sed -n 150p stdout | jq -r .status)"
  is 0 "$(jq -c .body rejects)"
  is "$(seq 300)" "$(bodies "$q")"
}

@test "publish: what was returned is in --rejects, ready to publish again" {
  iso publish --routing-key "$q" --header tries:=1 --body '{"a":0.10}' --rejects rejects
  exits 1
  make_queue "$q"
  iso publish --in records --file rejects
  exits 0
  iso listen "$q" --count 1
  is '{"a":0.10}' "$(sed 's/.*"body"://; s/}$//' stdout)"
  is 1 "$(jq .headers.tries stdout)"
}

@test "publish: without mandatory an unroutable message is confirmed" {
  iso publish --routing-key "$q-nowhere" --no-mandatory --body 1
  exits 0
}

@test "publish: bodies arrive as they were sent, to the byte" {
  make_queue "$q"
  cat >bodies <<'JSON'
{"z":0.1000,"a":1e400,"n":12345678901234567890123,"a":2,"e":"\u00e9\/\ud83d\ude00é"}
[ 1 , 2 ]
"text"
-0.0
null
JSON
  iso publish --routing-key "$q" --file bodies
  exits 0
  is "$(<bodies)" "$(bodies "$q")"
}

@test "publish: a pretty-printed body is one message; raw gives its bytes, records keep one line" {
  make_queue "$q"
  printf '{\n  "a": 1,\n  "b": [\n    2\n  ]\n}' >body
  iso publish --routing-key "$q" <body
  exits 0
  iso listen "$q" --peek
  is 1 "$(wc -l <stdout)"
  is '{"a":1,"b":[2]}' "$(jq -c .body stdout)"
  iso listen "$q" --count 1 --out raw
  cmp body stdout
}

@test "publish: whole carries any bytes: none, NUL, invalid UTF-8" {
  make_queue "$q"
  : >none
  printf 'a\0b\xff\xfe\n' >bytes
  for file in none bytes; do
    iso publish --in whole --routing-key "$q" --file "$file"
    exits 0
    iso listen "$q" --peek --out records
    jq -j '.text // (.base64 | @base64d)' stdout >/dev/null
    iso listen "$q" --count 1 --out raw
    exits 0
    cmp "$file" stdout
  done
}

@test "publish: a body of 128 MiB arrives as it was" {
  make_queue "$q"
  head -c 134217728 /dev/zero | tr '\0' x >large
  iso publish --in whole --routing-key "$q" <large
  exits 0
  iso listen "$q" --count 1 --out raw
  exits 0
  cmp large stdout
}

@test "publish: lines are a message each, empty ones too" {
  make_queue "$q"
  printf 'one\n\n"two"\n' | iso publish --in lines --routing-key "$q"
  exits 0
  iso listen "$q" --count 3
  is '["one","","two"]' "$(jq -cs '[.[] | .text // .body]' stdout)"
}

@test "publish: what listen prints, publish reads: every field survives the trip" {
  make_queue "$q"
  cat >record <<JSON
{"exchange":"","routing_key":"$q","message_id":"m","correlation_id":"c","type":"t","content_type":"text/plain","content_encoding":"identity","reply_to":"r","app_id":"a","priority":7,"expiration":"600000","timestamp":1700000000,"persistent":false,"headers":{"s":"é","i":5,"w":{"\$int32":-5},"d":2.50,"f":{"\$float":1.5},"b":true,"v":null,"t":{"\$timestamp":1700000000},"x":{"\$bytes":"AP8="},"D":{"\$decimal":"12.50"},"a":[1,"two",{"k":[]}],"n":{"m":{"\$uint8":255}}},"text":"not json"}
JSON
  iso publish --in records <record
  exits 0
  iso listen "$q" --count 1
  cp stdout first
  iso publish --in records <first
  exits 0
  iso listen "$q" --count 1
  local same='del(.queue,.redelivered,.delivery_count,.received_at)'
  is "$(jq -S "$same" first)" "$(jq -S "$same" stdout)"
  is "$(jq -S "$same" record | jq -S '.headers.d = 2.5')" "$(jq -S "$same" stdout)"
}

@test "publish: every type of header survives the trip" {
  make_queue "$q"
  headers='{"i8":{"$int8":-5},"u8":{"$uint8":255},"i16":{"$int16":-300},"u16":{"$uint16":65535},"i32":{"$int32":-70000},"u32":{"$uint32":4294967295},"i64":-5000000000,"u64":{"$uint64":18446744073709551615},"f":{"$float":1.5},"d":2.5,"D":{"$decimal":"-0.05"},"T":{"$timestamp":1700000000},"x":{"$bytes":"AP8="},"s":{"$string":"/w=="},"e":"","t":{"$table":{"$int8":300}},"v":null,"b":[true,false,[],{}],"n":{"a":{"b":[{"c":{"$uint8":1}}]}}}'
  echo "{\"routing_key\":\"$q\",\"headers\":$headers,\"body\":1}" | iso publish --in records
  exits 0
  iso listen "$q" --count 1
  # RabbitMQ 4 sorts the members of a table.
  sorted() { python3 -c 'import json, sys; print(json.dumps(json.load(sys.stdin), sort_keys=True))'; }
  is "$(sorted <<<"$headers")" "$(sed 's/.*"headers"://; s/,"redelivered".*//' stdout | sorted)"
}

@test "publish: a header that RabbitMQ cannot carry is reported, and costs only its own message" {
  [[ $end == amqp ]] || skip "a store carries it"
  make_queue "$q"
  printf '{"routing_key":"%s","headers":{"n":%s},"body":%d}\n' "$q" 1 1 "$q" '[{"$double":"nan"}]' 2 "$q" 3 3 | iso publish --in records
  exits 1
  says "nan or infinity"
  is $'1\n3' "$(bodies "$q")"
}

@test "publish: a flag wins over the record, the record over the settings, the settings over the default" {
  make_queue "$q"
  echo '{"type":"settings","app_id":"settings","content_type":"settings"}' >settings.json
  echo "{\"routing_key\":\"elsewhere\",\"type\":\"record\",\"app_id\":\"record\",\"body\":1}" |
    iso publish settings.json --in records --routing-key "$q" --type flag
  exits 0
  iso listen "$q" --count 1
  is '["flag","record","settings"]' "$(jq -c '[.type,.app_id,.content_type]' stdout)"
}

@test "publish: a null id is left off" {
  make_queue "$q"
  echo "{\"routing_key\":\"$q\",\"message_id\":null,\"correlation_id\":null,\"body\":1}" | iso publish --in records
  exits 0
  is '{"status":"confirmed"}' "$(<stdout)"
  iso listen "$q" --count 1
  is '[null,null]' "$(jq -c '[.message_id,.correlation_id]' stdout)"
}

@test "publish: a broken line is named, goes to --rejects, and costs only itself: exit 65" {
  make_queue "$q"
  printf '{"n":1}\n{"n":2}\n{"n":,}\n{"n":4}\n{"n":5\n{"n":6}\n' >input
  iso publish --routing-key "$q" --rejects rejects <input
  exits 65
  says "input 3: line 3, byte 6"
  says "input 5: line"
  is 4 "$(wc -l <stdout)"
  is '["{\"n\":,}","{\"n\":5"]' "$(jq -cs '[.[].text]' rejects)"
  is $'{"n":1}\n{"n":2}\n{"n":4}\n{"n":6}' "$(bodies "$q")"
}

@test "publish: a reject that was not mended is refused, so broken input never becomes a message" {
  make_queue "$q"
  iso publish --routing-key "$q" --rejects rejects <<<'{"n":'
  exits 65
  iso publish --in records --routing-key "$q" --file rejects
  exits 65
  says "correct it"
  is "" "$(bodies "$q")"
}

@test "publish: --strict stops at the first bad input and says how many were confirmed" {
  make_queue "$q"
  printf '1\n2\nnope\n4\n' | iso publish --routing-key "$q" --strict
  exits 65
  says "2 confirmed"
  is $'1\n2' "$(bodies "$q")"
}

@test "publish: --count N stops after N, and fewer is exit 1" {
  make_queue "$q"
  seq 10 | iso publish --routing-key "$q" --count 3
  exits 0
  is $'1\n2\n3' "$(bodies "$q")"
  seq 2 | iso publish --routing-key "$q" --count 3
  exits 1
  says "only 2 of 3"
}

@test "publish: --body with --count N is N messages, --file is read in order" {
  make_queue "$q"
  iso publish --routing-key "$q" --body 7 --count 2
  exits 0
  echo 8 >one
  echo 9 >two
  iso publish --routing-key "$q" --file one --file two
  exits 0
  is $'7\n7\n8\n9' "$(bodies "$q")"
}

@test "publish: a file that ends in .gz or .zst is read as what it stands for, by --file and by --from" {
  make_queue "$q"
  seq 60000 | gzip >one.json.gz
  seq 60001 60002 | gzip >>one.json.gz # as one stream
  seq 3 | zstd -q >two.json.zst
  iso publish --routing-key "$q" --file one.json.gz --file two.json.zst
  exits 0
  is "$(seq 60002; seq 3)" "$(bodies "$q")"
  for tool in gzip zstd; do
    printf '{"routing_key":"%s","body":%d}\n' "$q" 1 "$q" 2 | $tool -c >"records.${tool/zstd/zst}"
  done
  mv records.gzip records.gz
  for file in records.gz records.zst; do
    iso publish --from "$file"
    exits 0
    is $'1\n2' "$(bodies "$q")"
  done
}

@test "publish: a compressed file that is cut off or damaged is exit 74 and named, never a shorter input" {
  make_queue "$q"
  for name in cut.gz cut.zst; do
    tool=gzip
    [[ $name == cut.zst ]] && tool="zstd -q"
    { seq 5 && head -c 300000 /dev/urandom | base64 -w0; } | $tool -c | head -c 200000 >$name
    iso publish --routing-key "$q" --file $name
    exits 74
    says "cannot read $name: its compressed data is cut off"
    is 5 "$(grep -c confirmed stdout)"
    is "$(seq 5)" "$(bodies "$q")"
  done
  seq 5 >plain.json.gz
  iso publish --routing-key "$q" --file plain.json.gz
  exits 74
  says "cannot read plain.json.gz: the gzip data is damaged"
  iso publish --routing-key "$q" --file nowhere.gz
  exits 66
}

@test "publish: --in whole sends a compressed file as it is" {
  make_queue "$q"
  seq 5 | gzip >body.gz
  iso publish --routing-key "$q" --in whole --file body.gz
  exits 0
  iso listen "$q" --count 1 --out raw
  cmp body.gz stdout
}

@test "publish: a small file that stands for much is read with little memory" {
  { head -c 500000000 /dev/zero | tr '\0' ' ' && echo 7; } | gzip -1 >large.json.gz
  python3 - "$BIN" publish --routing-key k --dry-run --file large.json.gz <<'PYTHON' >most
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=open("stdout", "w"), check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
PYTHON
  is 7 "$(jq .body stdout)"
  (($(<most) < 200000)) # KiB
}

@test "publish: --rate and --window bound what is sent" {
  make_queue "$q"
  seq 5 | iso publish --routing-key "$q" --rate 1000 --window 1
  exits 0
  is "$(seq 5)" "$(bodies "$q")"
}

@test "publish: a message is confirmed while the pipe it came from stays open" {
  make_queue "$q"
  mkfifo pipe
  "$BIN" publish --routing-key "$q" <pipe >receipts &
  exec 7>pipe
  echo '{"live":1}' >&7
  wait_until grep -q confirmed receipts
  exec 7>&-
  wait
}

@test "publish: SIGTERM drains what is in flight and exits 143, SIGINT 130" {
  make_queue "$q"
  for signal in TERM:143 INT:130; do
    rm -f pipe receipts
    mkfifo pipe
    env --default-signal=INT "$BIN" publish --routing-key "$q" <pipe >receipts 2>stderr &
    local pid=$!
    exec 7>pipe
    echo 1 >&7
    wait_until grep -q confirmed receipts
    kill -"${signal%:*}" $pid
    status=0
    wait $pid || status=$?
    exec 7>&-
    exits "${signal#*:}"
    says "1 confirmed"
  done
}

@test "publish: receipts that cannot be written are exit 74" {
  make_queue "$q"
  status=0
  "$BIN" publish --routing-key "$q" --body 1 >/dev/full 2>stderr || status=$?
  exits 74
  says "No space left"
}

@test "publish: --rejects that cannot be written is found before anything is sent" {
  make_queue "$q"
  iso publish --routing-key "$q" --body 1 --rejects /nowhere/rejects
  exits 74
  is "" "$(bodies "$q")"
}

@test "publish: the environment's twin of an option that only listen has is not looked at" {
  ISO_OUT=nonsense iso publish --routing-key k --body 1 --dry-run
  exits 0
  ISO_OUT=nonsense iso listen "$q"
  exits 64
}

@test "publish: SQLite is loaded for a store, nothing for a broker without TLS, and OpenSSL for neither" {
  LD_DEBUG=files iso publish --routing-key nowhere --body 1
  exits 1
  if [[ $end == sqlite ]]; then
    says libsqlite3
  else
    (($(grep -c libsqlite3 stderr) == 0))
  fi
  (($(grep -c -e librabbitmq -e libssl -e libcrypto stderr) == 0))
}

@test "publish: rejects that are an input, an end or where the receipts go are refused, and nothing is touched" {
  make_queue "$q"
  printf '{"routing_key":"%s-nowhere","body":1}\n' "$q" >rej
  cp rej before
  ln -s rej link
  for arguments in "--file rej --rejects rej" "--file link --rejects ./rej" "--from rej --rejects link" "--rejects rej"; do
    status=0
    "$BIN" publish $([[ $arguments == *from* ]] || echo --in records) $arguments <rej >stdout 2>stderr || status=$?
    exits 64
    cmp rej before
    [[ ! -s stdout ]]
  done
  status=0
  "$BIN" publish --routing-key "$q" --body 1 --rejects both >both 2>stderr || status=$?
  exits 64
  if [[ $end == sqlite ]]; then
    cp store.db before.db
    iso publish --routing-key "$q" --body 1 --rejects store.db
    exits 64
    cmp store.db before.db
    iso publish --from "$ISO_URL#$q" --routing-key "$q" --rejects store.db-wal
    exits 64
  fi
}

@test "publish: the rejects of yesterday stay until there are new ones, or the run ended well" {
  make_queue "$q"
  echo yesterday >rejects
  iso publish --url amqp://127.0.0.1:1 --routing-key "$q" --body 1 --rejects rejects
  exits 69
  is yesterday "$(<rejects)"
  iso publish --routing-key "$q-nowhere" --body 1 --rejects rejects
  exits 1
  is 1 "$(jq .body rejects)"
  iso publish --routing-key "$q" --body 1 --rejects rejects
  exits 0
  [[ -e rejects && ! -s rejects ]]
  rm rejects
  iso publish --routing-key "$q-nowhere" --body 1 --rejects rejects
  exits 1
  is 600 "$(stat -c %a rejects)"
}

@test "publish: rejects that cannot be written are told once, with every receipt, exit 74" {
  make_queue "$q"
  printf '{"routing_key":"%s","body":1}\n{"routing_key":"%s-nowhere","body":2}\n{"routing_key":"%s-nowhere","body":3}\n{"routing_key":"%s","body":4}\n' "$q" "$q" "$q" "$q" |
    iso publish --in records --rejects /dev/full
  exits 74
  is "confirmed returned returned confirmed" "$(jq -r .status stdout | paste -sd' ')"
  is 1 "$(grep -c "cannot write /dev/full" stderr)"
  is "1 4" "$(bodies "$q" | paste -sd' ')"
  mkfifo fifo
  iso publish --routing-key "$q" --body 1 --rejects fifo
  exits 74
  says "nobody reads it"
  is "" "$(bodies "$q")"
}

@test "publish: closed standard descriptors are 74, and nothing is written where it does not belong" {
  make_queue "$q"
  status=0
  "$BIN" publish --routing-key "$q" <&- >stdout 2>stderr || status=$?
  exits 74
  status=0
  "$BIN" publish --routing-key "$q" --body 1 >&- 2>stderr || status=$?
  exits 74
  says "standard output is closed"
  is "" "$(bodies "$q")"
  status=0
  "$BIN" publish --routing-key "$q-nowhere" --body 1 >stdout 2>&- || status=$?
  : >stderr
  exits 1
  is returned "$(jq -r .status stdout)"
}

@test "publish: a signal ends it though nobody reads its receipts, and what it took is at the end" {
  make_queue "$q"
  mkfifo receipts
  exec 8<>receipts # which is never read
  seq 100000 | "$BIN" publish --routing-key "$q" >&8 2>stderr 8>&- &
  local publisher=$!
  wait_until bash -c "'$BIN' listen '$q' --peek --count 1200 --out body | grep -qx 1200" # more than a pipe takes receipts of
  kill -TERM $publisher
  status=0
  wait $publisher || status=$?
  exec 8>&-
  exits 74
  says "its reader takes nothing"
}

@test "publish: SIGHUP ends it like SIGTERM: every message taken has a receipt, exit 129" {
  make_queue "$q"
  mkfifo input
  "$BIN" publish --routing-key "$q" <input >stdout 2>stderr &
  local publisher=$!
  exec 8>input
  seq 100 >&8
  wait_until test -s stdout
  kill -HUP $publisher
  kill -HUP $publisher || true # a shell and the kernel both say it; it may have ended by then
  status=0
  wait $publisher || status=$?
  exec 8>&-
  exits 129
  is "$(wc -l <stdout)" "$(bodies "$q" | wc -l)"
}

@test "publish: a file that may not grow is 74, not a core" {
  make_queue "$q"
  status=0
  (ulimit -f 0; exec "$BIN" publish --routing-key "$q-nowhere" --body 1 --rejects rejects) 2>/dev/null | cat >stdout || status=$?
  (ulimit -f 0; "$BIN" publish --routing-key "$q-nowhere" --dry-run --body 1 >limited) 2>/dev/null || status=$?
  : >stderr
  exits 74
}

@test "publish: settings from a FIFO that nobody writes to are not waited for for ever" {
  make_queue "$q"
  mkfifo settings
  iso publish settings --body 1
  exits 74
  says "nobody writes to it"
  printf '{"routing_key":"%s"}' "$q" >settings &
  iso publish settings --body 2
  exits 0
  iso publish <(printf '{"routing_key":"%s"}' "$q") --body 3
  exits 0
}

@test "publish: a fresh correlation_id is made only where there is something to correlate" {
  make_queue "$q"
  iso publish --routing-key "$q" --body 1
  is null "$(jq .correlation_id stdout)"
  iso publish --routing-key "$q" --body 1 --reply-to answers
  [[ $(jq -r .correlation_id stdout) =~ ^[0-9a-f]{32}$ ]]
  iso publish --routing-key "$q" --body 1 --correlation-id mine
  is '"mine"' "$(jq .correlation_id stdout)"
}
