load helper

# The inbox: listen --inbox. The queue is on the end that the test runs on; the inbox is a store.

inbox() { # OPTION…: listens until the queue is empty, bodies on stdout
  iso listen "$q" --inbox sqlite:app.db --drain --out body "$@"
}

rows() { # "BODY STATE DUPLICATES" of each message in the inbox
  sqlite3 -separator ' ' app.db "SELECT body, state, duplicates FROM iso_messages ORDER BY seq"
}

lock_inbox() { # by another process, $lock, for as long as it lives
  python3 -c '
import sqlite3, time
sqlite3.connect("app.db", isolation_level=None).execute("BEGIN IMMEDIATE")
print("locked", flush=True)
time.sleep(60)' >locked &
  lock=$!
  wait_until test -s locked
}

@test "inbox: stores each message, acknowledges it, hands it on and marks it done" {
  make_queue "$q"
  seq 2000 | iso publish --routing-key "$q" --type t
  iso listen "$q" --inbox sqlite:app.db --drain
  exits 0
  seq 2000 | diff - <(jq .body stdout)
  is '"t"' "$(jq -c .type stdout | sort -u)"
  is "2000|1|1" "$(sqlite3 app.db "SELECT count(*), min(state), max(state) FROM iso_messages WHERE queue = '$q'")"
  is "" "$(bodies "$q")"
}

@test "inbox: what comes again is counted and acknowledged, and not handed on again" {
  make_queue "$q"
  iso publish --routing-key "$q" --message-id m1 --body '{"a":1}'
  inbox
  exits 0
  is '{"a":1}' "$(<stdout)"
  iso publish --routing-key "$q" --message-id m1 --body '{"a":1}' --count 2
  inbox -v
  exits 0
  [[ ! -s stdout ]]
  says "0 stored in the inbox, 2 duplicates, 0 conflicts"
  is '{"a":1} 1 2' "$(rows)"
  is "" "$(bodies "$q")"
}

@test "inbox: the same key with other content is a conflict: kept, reported, not handed on, exit 1" {
  make_queue "$q"
  for body in 1 2 2; do iso publish --routing-key "$q" --message-id m1 --body $body; done
  inbox
  exits 1
  is 1 "$(<stdout)"
  says 'conflict: a message with the key "m1" and other content'
  is "1 1 0,2 3 1" "$(rows | paste -sd,)"
}

@test "inbox: without an id two equal messages are two; --dedupe-key says what makes them one" {
  make_queue "$q"
  printf '{"message_id":null,"routing_key":"%s","body":{"id":7}}\n' "$q" "$q" >ticks
  iso publish --in records <ticks
  inbox
  exits 0
  is 2 "$(wc -l <stdout)"
  sed 's/"id":7/"id":8/' ticks >tocks
  iso publish --in records <tocks
  inbox --dedupe-key /body/id
  exits 0
  is 1 "$(wc -l <stdout)"
  # What was there before the rule gets its key too.
  is /body/id=7,/body/id=8 "$(sqlite3 app.db "SELECT dedupe_key FROM iso_messages WHERE dedupe_key IS NOT NULL" | paste -sd,)"
}

@test "inbox: what was stored and not handed on when the listener died is handed on by the next" {
  make_queue "$q"
  seq 20000 | iso publish --routing-key "$q"
  mkfifo pipe
  "$BIN" listen "$q" --inbox sqlite:app.db --out body >pipe 2>/dev/null &
  local listener=$!
  exec 5<pipe
  head -c 100 <&5 >before # then nobody reads, and the pipe fills up
  wait_until bash -c '(($(sqlite3 app.db "SELECT count(*) FROM iso_messages WHERE state = 0") > 0))'
  kill -9 $listener
  wait $listener || true
  cat <&5 >written
  exec 5<&-
  inbox
  exits 0
  # Each was written by the first or the second; what the first had written and not marked comes again.
  cat before written stdout | grep -x '[0-9]*' | sort -n | uniq >seen
  (($(wc -l <seen) >= 19998)) # the cut may have hit a line at each end of `before` and `written`
  is "20000|1" "$(sqlite3 app.db "SELECT count(DISTINCT message_id), min(state) FROM iso_messages")"
  is "" "$(bodies "$q")"
}

@test "inbox: nothing is acknowledged while the inbox cannot be written, and nothing is lost" {
  make_queue "$q"
  "$BIN" listen "$q" --inbox sqlite:app.db --out body >out 2>err &
  local listener=$!
  send "$q" 0
  wait_until test -s out
  lock_inbox
  send "$q" 1 2 3
  wait_until grep -q "locked by another process for 5 s; waiting" err
  kill -9 $listener
  kill $lock
  wait || true
  iso listen "$q" --count 3 --timeout 10s --out body
  is "1 2 3" "$(paste -sd' ' stdout)"
}

@test "inbox: one that another process holds is exit 69" {
  make_queue "$q"
  iso listen other --declare --drain --url sqlite:app.db
  lock_inbox
  inbox
  exits 69
  says "locked"
  kill $lock
  wait || true
}

@test "inbox: what makes no sense is a usage error" {
  iso listen "$q" --inbox amqp://127.0.0.1:1
  exits 64
  says "an inbox is a store"
  iso listen --bind "$x" --inbox sqlite:app.db
  exits 64
  iso listen "$q" --dedupe-key /a
  exits 64
  make_queue "$q"
  inbox --dedupe-key message_id
  exits 64
  says "JSON pointer"
}
