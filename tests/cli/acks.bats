load helper

# Acknowledgements: listen --acks fills the ledger of a store, publish --await-acks reads it. The outbox and the ledger are
# in shop.db; the queues are on the end that the test runs on.

outbox=sqlite:shop.db#outbox

make_queues() {
  make_queue "$q"
  make_queue "$q-replies"
}

order() { # OPTION…: one message in the outbox
  ISO_URL=$outbox iso publish --routing-key "$q" --reply-to "$q-replies" --body '{"total":0.10}' "$@"
  exits 0
}

relay() {
  iso publish --from "$outbox" "$@"
}

ledger() { # OPTION…: stores what is in the queue of replies
  iso listen "$q-replies" --acks sqlite:shop.db --drain "$@"
}

answer() { # CORRELATION APP MESSAGE [OPTION…]: as a program would that knows nothing of our headers
  local body="{\"correlation_id\":\"$1\",\"application_name\":\"$2\",\"message\":\"$3\",\"error\":\"no such customer\"}"
  iso publish --routing-key "$q-replies" --body "$body" "${@:4}"
  exits 0
}

answer_without_id() { # CORRELATION APP MESSAGE
  printf '{"message_id":null,"routing_key":"%s","body":{"correlation_id":"%s","application_name":"%s","message":"%s"}}' \
    "$q-replies" "$1" "$2" "$3" | iso publish --in records
  exits 0
}

acks() { # "MESSAGE APPLICATION KIND DETAIL", a line each
  sqlite3 -separator ' ' shop.db "SELECT message_id, application, kind, coalesce(detail, '-') FROM iso_acks ORDER BY 1, 2, 3" | paste -sd,
}

start_waiting() { # APPS [OPTION…]: relays and waits, in the background as $waiter
  "$BIN" publish --from "$outbox" --await-acks "$@" >receipts 2>told 3>&- &
  waiter=$!
  wait_until test -s receipts
}

waiter_exits() { # CODE [MS]: within a second or so
  local code=0 started=${EPOCHREALTIME/./}
  timeout 30 tail --pid=$waiter -s 0.01 -f /dev/null
  local took=$(((${EPOCHREALTIME/./} - started) / 1000))
  wait $waiter || code=$?
  is "$1" "$code"
  ((took < ${2:-1000})) || { echo "it took $took ms" >&2 && return 1; }
}

lock_ledger() { # by another process, $lock, for as long as it lives
  python3 -c '
import sqlite3, time
sqlite3.connect("shop.db", isolation_level=None).execute("BEGIN IMMEDIATE")
print("locked", flush=True)
time.sleep(60)' >locked 3>&- &
  lock=$!
  wait_until test -s locked
}

@test "acks: the whole circle: outbox, relay, two applications that confirm, the ledger, and the wait for both" {
  make_queue "$q-replies"
  for app in billing shop; do iso listen "$q-$app" --bind "$x:new" --declare --drain; done
  seq 300 | iso publish --url "$outbox" --exchange "$x" --routing-key new --reply-to "$q-replies"
  exits 0
  jq -r .message_id stdout >ids
  start_waiting billing,shop
  iso listen "$q-billing" --confirm-as billing --drain
  exits 0
  ledger
  exits 0
  kill -0 $waiter
  iso listen "$q-shop" --confirm-as shop --drain
  exits 0
  ledger -v
  exits 0
  says "300 stored in the ledger, 0 were there already"
  waiter_exits 0
  is "600|2|handled" "$(sqlite3 shop.db "SELECT count(*), count(DISTINCT application), min(kind) FROM iso_acks")"
  sqlite3 shop.db "SELECT DISTINCT message_id FROM iso_acks" | diff - <(sort ids)
  is 0 "$(sqlite3 shop.db "SELECT count(*) FROM iso_acks WHERE reply_id IS NULL OR at_ms < 1700000000000")"
  is "" "$(bodies "$q-replies")"
}

@test "acks: a confirmation that comes twice is stored once, and the second changes nothing" {
  make_queues
  order --message-id m1
  relay
  exits 0
  iso listen "$q" --confirm-as billing --count 1
  exits 0
  iso listen "$q-replies" --peek
  jq -c 'del(.exchange)' stdout >confirmation
  ledger -v
  exits 0
  says "1 stored in the ledger, 0 were there already"
  sqlite3 shop.db "SELECT * FROM iso_acks" >before
  iso publish --in records <confirmation
  ledger -v
  exits 0
  says "0 stored in the ledger, 1 were there already"
  sqlite3 shop.db "SELECT * FROM iso_acks" | diff before -
  is "m1 billing handled -" "$(acks)"
}

@test "acks: a failure is stored with its error, and --await-acks names it, exit 1" {
  make_queues
  order --message-id m1
  order --message-id m2
  start_waiting billing,shop
  iso listen "$q" --confirm-as billing --drain --exec "sh -c 'test \$ISO_MESSAGE_ID = m1'"
  exits 1
  for id in m1 m2; do iso publish --routing-key "$q-replies" --header x-message-id=$id --body '{"application_name":"shop","message":"Success"}'; done
  ledger
  exits 0
  waiter_exits 1
  is "m1 billing handled -,m1 shop handled -,m2 billing rejected exit 1,m2 shop handled -" "$(acks)"
  is "iso publish: rejected: message m2 by billing: exit 1" "$(<told)"
}

@test "acks: who failed first and handled it later has handled it" {
  make_queues
  order --message-id m1 --correlation-id c1
  answer c1 billing Failure
  answer c1 billing Success
  ledger
  exits 0
  is "m1 billing handled -,m1 billing rejected no such customer" "$(acks)"
  relay --await-acks billing
  exits 0
}

@test "acks: an answer without our header counts for the message that has its correlation_id" {
  make_queues
  order --message-id m1 --correlation-id c1
  order --message-id m2 --correlation-id c2
  answer c2 billing Success
  answer c1 shop Failure
  iso publish --routing-key "$q-replies" --app-id ruby --correlation-id c1 --body '{"got":"it"}'
  ledger
  exits 0
  is 'm1 ruby reply {"got":"it"},m1 shop rejected no such customer,m2 billing handled -' "$(acks)"
}

@test "acks: a message that the relay had to name is found by its correlation_id" {
  make_queues
  iso listen outbox --declare --drain --url sqlite:shop.db
  sqlite3 shop.db "INSERT INTO iso_messages(queue, routing_key, correlation_id, body) VALUES('outbox', '$q', 'c1', '1')"
  start_waiting billing
  answer c1 billing Success
  ledger
  exits 0
  waiter_exits 0
  is "$(jq -r .message_id receipts) billing handled -" "$(acks)"
}

@test "acks: of messages that share a correlation_id, one answer counts for one, the oldest without" {
  make_queues
  for id in m1 m2 m3; do order --message-id $id --correlation-id c1; done
  answer c1 billing Success --message-id a1
  answer c1 billing Success --message-id a1 # it comes again
  ledger
  is "m1 billing handled -" "$(acks)"
  answer c1 billing Failure --message-id a2
  answer c1 billing Success --message-id a1
  answer_without_id c1 billing Success
  ledger
  is "m1 billing handled -,m2 billing rejected no such customer,m3 billing handled -" "$(acks)"
  answer c1 billing Success --message-id a3 # m2 was tried again
  answer c1 billing Success --message-id a4
  ledger -v
  says "1 stored in the ledger, 1 were there already"
  is "m1 billing handled -,m2 billing handled -,m2 billing rejected no such customer,m3 billing handled -" "$(acks)"
}

@test "acks: on one store, the queue of the replies is not taken for messages" {
  export ISO_URL=sqlite:store.db
  make_queues
  send "$q" 1 # no answer to this one
  iso publish --routing-key "$q" --body 2 --message-id m1 --correlation-id c1
  for id in a1 a2; do answer c1 billing Success --message-id $id --correlation-id c1; done
  iso listen "$q-replies" --acks "$ISO_URL" --drain
  exits 0
  is "m1" "$(sqlite3 store.db "SELECT message_id FROM iso_acks")"
}

@test "acks: an answer to no message of the store is kept under its correlation_id" {
  make_queues
  answer c9 billing Success
  ledger
  exits 0
  is "c9 billing handled -" "$(acks)"
}

@test "acks: what is not an answer is rejected with the reason and exit 1, and the rest goes on" {
  make_queues
  order --message-id m1 --correlation-id c1
  printf '{"message_id":"%s","correlation_id":%s,"app_id":%s,"routing_key":"%s","text":"what?"}\n' \
    b1 null '"shop"' "$q-replies" b2 '"c1"' null "$q-replies" | iso publish --in records
  exits 0
  answer c1 billing Success
  ledger
  exits 1
  says "rejected: message b1"
  says "it answers no message: it has no correlation_id"
  says "rejected: message b2"
  says "it does not say who answers"
  says "2 messages were rejected as no confirmations"
  is "m1 billing handled -" "$(acks)"
  is "" "$(bodies "$q-replies")"
  if [[ $end == sqlite ]]; then is "b1,b2" "$(sqlite3 store.db "SELECT message_id FROM iso_messages WHERE state = 2" | paste -sd,)"; fi
}

@test "acks: the wait ends at once when the last answer is stored" {
  make_queues
  order --message-id m1
  start_waiting billing --timeout 20s
  iso listen "$q" --confirm-as billing --drain
  ledger
  exits 0
  waiter_exits 0 500
}

@test "acks: when the time is up it is exit 75, with the first ten ids, who is missing, and how many more" {
  make_queues
  for id in {01..12}; do order --message-id "m$id" --correlation-id "c$id"; done
  for id in {02..12}; do answer "c$id" billing Success; done
  answer c01 shop Success
  ledger
  exits 0
  relay --await-acks billing,shop --timeout 300ms
  exits 75
  says "open: message m01 was not handled by billing"
  says "open: message m02 was not handled by shop"
  says "open: message m10 was not handled by shop"
  says "and 2 more are open"
  says "12 of 12 messages were not handled by all of billing, shop within 0.3s"
  is 12 "$(grep -c iso stderr)"
  is "12|1" "$(sqlite3 shop.db "SELECT count(*), min(state) FROM iso_messages")"
}

@test "acks: a reply alone does not say that it was handled" {
  make_queues
  order --message-id m1 --correlation-id c1
  iso publish --routing-key "$q-replies" --app-id billing --correlation-id c1 --body '"later"'
  ledger
  exits 0
  relay --await-acks billing --timeout 200ms
  exits 75
}

@test "acks: the manual's query names the messages that were sent and lack an answer" {
  make_queues
  for id in m1 m2; do order --message-id $id --correlation-id c-$id; done
  relay
  order --message-id m3
  answer c-m1 billing Success
  answer c-m1 shop Success
  answer c-m2 shop Success
  ledger
  exits 0
  sed -n '/^    SELECT m.message_id/,/;$/p' "$ROOT/man/iso-store.5" >query
  is "m2|billing" "$(sqlite3 shop.db <query)"
}

@test "acks: with nothing to relay there is nothing to wait for" {
  make_queues
  order
  relay
  relay --await-acks billing
  exits 0
}

@test "acks: SIGTERM and SIGINT end the wait with 143 and 130" {
  make_queues
  order
  start_waiting billing
  kill -TERM $waiter
  waiter_exits 143
  rm receipts
  order
  start_waiting billing
  kill -INT $waiter
  waiter_exits 130
}

@test "acks: while it waits, another relay has the queue" {
  make_queues
  order
  start_waiting billing
  order
  relay --timeout 10s
  exits 0
  is 1 "$(wc -l <stdout)"
  kill -TERM $waiter
  wait $waiter || true
}

@test "acks: kill -9 in the middle of many confirmations loses none" {
  make_queues
  seq -f '{"correlation_id":"c%.0f","application_name":"billing","message":"Success"}' 20000 |
    iso publish --routing-key "$q-replies"
  exits 0
  "$BIN" listen "$q-replies" --acks sqlite:shop.db 3>&- &
  local listener=$!
  wait_until bash -c '(($(sqlite3 shop.db "SELECT count(*) FROM iso_acks" 2>/dev/null) > 0))'
  kill -9 $listener
  wait $listener || true
  (($(sqlite3 shop.db "SELECT count(*) FROM iso_acks") < 20000))
  ledger
  exits 0
  is 20000 "$(sqlite3 shop.db "SELECT count(*) FROM iso_acks")"
  is "" "$(bodies "$q-replies")"
}

@test "acks: nothing is acknowledged while the ledger cannot be written, and nothing is lost" {
  make_queues
  "$BIN" listen "$q-replies" --acks sqlite:shop.db 2>told 3>&- &
  local listener=$!
  answer c0 billing Success
  wait_until bash -c '(($(sqlite3 shop.db "SELECT count(*) FROM iso_acks" 2>/dev/null) == 1))'
  lock_ledger
  for i in 1 2 3; do answer c$i billing Success; done
  wait_until grep -q "confirmations wait: shop.db: locked by another process" told
  kill -9 $listener
  kill $lock
  wait || true
  iso listen "$q-replies" --acks sqlite:shop.db --count 3 --timeout 10s
  exits 0
  is 4 "$(sqlite3 shop.db "SELECT count(*) FROM iso_acks")"
}

@test "acks: what makes no sense is a usage error" {
  for with in "--exec true" "--coprocess cat" "--inbox sqlite:app.db" --peek "--out body" "--exec true --reply" "--confirm-as shop"; do
    # shellcheck disable=SC2086 # options and their values
    iso listen "$q" --acks sqlite:shop.db $with
    exits 64
  done
  for ledger in amqp://127.0.0.1:1 sqlite:shop.db#acks; do
    iso listen "$q" --acks $ledger
    exits 64
    says "a ledger is a store"
  done
  iso publish --await-acks billing --body 1 --routing-key "$q"
  exits 64
  order
  relay --await-acks billing --follow
  exits 64
  relay --await-acks billing --dry-run
  exits 64
  relay --await-acks billing,
  exits 64
  echo '{"routing_key":"a","body":1}' >records
  iso publish --from records --await-acks billing
  exits 64
  says "needs the ledger of a store"
  is 0 "$(sqlite3 shop.db "SELECT max(state) FROM iso_messages")"
}
