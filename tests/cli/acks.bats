load helper

# Acknowledgements: listen --acks fills the ledger of a store. The outbox and the ledger are
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

lock_ledger() { # by another process, $lock, for as long as it lives
  python3 -c '
import sqlite3, time
sqlite3.connect("shop.db", isolation_level=None).execute("BEGIN IMMEDIATE")
print("locked", flush=True)
time.sleep(60)' >locked 3>&- &
  lock=$!
  wait_until test -s locked
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

@test "acks: what is no answer is rejected with the reason and exit 1, and the rest goes on" {
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

@test "acks: kill -9 in the middle of many confirmations loses none" {
  make_queues
  for i in {1..20000}; do
    echo "{\"correlation_id\":\"c$i\",\"application_name\":\"billing\",\"message\":\"Success\"}"
  done | iso publish --routing-key "$q-replies"
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
  wait_until grep -q "confirmations wait: shop.db: another process held it locked" told
  kill -9 $listener
  kill $lock
  wait || true
  iso listen "$q-replies" --acks sqlite:shop.db --count 3 --timeout 10s
  exits 0
  is 4 "$(sqlite3 shop.db "SELECT count(*) FROM iso_acks")"
}

