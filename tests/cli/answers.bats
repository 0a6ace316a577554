load helper

# Answers to the sender: listen --reply and --confirm-as.

# ask [OPTION…]: a message to the queue $q that wants its answer in the queue $q-re.
ask() {
  iso publish --routing-key "$q" --reply-to "$q-re" --message-id m1 --correlation-id c1 "$@"
  exits 0
}

# answers [JQ]: what is there, a line each, and leaves it empty.
answers() {
  "$BIN" listen "$q-re" --drain | jq -c "${1:-.body}"
}

queues() {
  make_queue "$q"
  make_queue "$q-re"
}

@test "answers: --reply sends what the command prints to reply_to with the correlation_id, JSON without the space around it" {
  queues
  ask --body '{"a":1.50,"b":2}'
  iso listen "$q" --reply --drain -v --exec "sh -c 'echo; cat'"
  exits 0
  says "1 answers sent, 0 returned"
  is "" "$(<stdout)"
  is "" "$(bodies "$q")"
  iso listen "$q-re" --drain
  is '["","'"$q-re"'","c1","application/json",{"a":1.50,"b":2}]' \
    "$(jq -c '[.exchange, .routing_key, .correlation_id, .content_type]' stdout | sed 's/]$/,/')$(grep -o '{"a":1.50,"b":2}' stdout)]"
}

@test "answers: a reply that is not JSON is sent byte for byte, and an empty one is sent too" {
  queues
  ask --body 1
  iso listen "$q" --reply --drain --exec "printf 'done\n'"
  iso listen "$q-re" --drain --out raw
  printf 'done\n' | cmp - stdout
  ask --body 1
  iso listen "$q" --reply --drain --exec "printf '\\377\\000'"
  iso listen "$q-re" --drain --out raw
  printf '\377\000' | cmp - stdout
  ask --body 1
  iso listen "$q" --reply --drain --exec true
  exits 0
  is '{"text":"","correlation_id":"c1"}' "$(answers '{text, correlation_id}')"
}

@test "answers: a large reply arrives whole" {
  queues
  ask --body 1
  iso listen "$q" --reply --drain --exec "sh -c 'head -c 3000000 /dev/zero | tr \"\\000\" x'"
  exits 0
  iso listen "$q-re" --drain --out raw
  is 3000000 "$(wc -c <stdout)"
}

@test "answers: a coprocess replies with a record, to reply_to or where the record says" {
  queues
  make_queue "$q-log"
  ask --body '{"to":"caller"}'
  ask --body '{"to":"log"}'
  cat >worker <<SH
#!/bin/sh
while read -r line; do
  case \$line in
    *log*) echo '{"exchange":"","routing_key":"$q-log","body":"for the log"}' ;;
    *) echo '{"text":"for the caller","type":"t"}' ;;
  esac
done
SH
  chmod +x worker
  iso listen "$q" --reply --drain --coprocess ./worker
  exits 0
  is '["for the caller","c1","t"]' "$(answers '[.text, .correlation_id, .type]')"
  is '"for the log"' "$(bodies "$q-log")"
}

@test "answers: a command that fails sends no reply, a coprocess that only acknowledges none either" {
  queues
  ask --body 1
  iso listen "$q" --reply --drain --exec "sh -c 'echo no; exit 3'"
  exits 1
  ask --body 1
  iso listen "$q" --reply --drain --coprocess "sh -c 'while read -r line; do echo {\\\"ack\\\":true}; done'"
  exits 0
  is "" "$(answers)"
}

@test "answers: without a reply_to nothing is sent, and a note says so" {
  queues
  iso publish --routing-key "$q" --message-id m7 --body 1
  iso listen "$q" --reply --drain --exec cat
  exits 0
  says "message m7 has no reply_to; no answer is sent"
  iso publish --routing-key "$q" --message-id m8 --body 1
  iso listen "$q" --confirm-as shop --drain
  exits 0
  says "message m8 has no reply_to; no answer is sent"
  is "" "$(answers)"
}

@test "answers: a reply that no queue takes is told, the message is done, and the exit is 1" {
  make_queue "$q"
  ask --body 1
  iso listen "$q" --reply --drain --exec cat
  exits 1
  says "the answer with correlation_id c1 to $q-re was returned"
  says "1 answers were returned"
  is "" "$(bodies "$q")"
}

@test "answers: a direct reply whose requester has gone harms nothing" {
  [[ $end == amqp ]] || skip "a store has no direct replies"
  make_queue "$q"
  iso publish --routing-key "$q" --reply-to amq.rabbitmq.reply-to.g1h2AA5yZXBseUAxMjM0NTY3OAAAAAAAAAAAAAAAAA --body 1
  exits 0
  iso listen "$q" --reply --drain --exec cat
  exits 0
  is "" "$(bodies "$q")"
}

@test "answers: --confirm-as reports success, with the id of the message in a header" {
  queues
  ask --body '{"n":1}'
  iso listen "$q" --confirm-as shop --drain --out body
  exits 0
  is '{"n":1}' "$(<stdout)"
  is '[{"correlation_id":"c1","application_name":"shop","message":"Success"},"c1","shop","m1"]' \
    "$(answers '[.body, .correlation_id, .app_id, .headers["x-message-id"]]')"
}

@test "answers: --confirm-as reports failure and why, and nothing while a message is to be delivered again" {
  queues
  ask --body 1
  iso listen "$q" --confirm-as shop --drain --exec "sh -c 'test -e seen && exit 3; touch seen; exit 75'"
  exits 1
  is '{"correlation_id":"c1","application_name":"shop","message":"Failure","error":"exit 3"}' "$(answers)"
}

@test "answers: a reply and a confirmation both go, and a confirmation sent again has the same id" {
  queues
  ask --body 1
  iso listen "$q" --reply --confirm-as shop --drain --exec cat
  ask --body 1
  iso listen "$q" --confirm-as shop --drain
  iso listen "$q-re" --drain
  is "1 Success Success" "$(jq -r '.body.message? // .body' stdout | paste -sd' ')"
  is 2 "$(jq -r .message_id stdout | sort -u | wc -l)"
}

@test "answers: a reader of standard output that goes leaves the rest unconfirmed and in the queue" {
  queues
  head -c 200000 /dev/zero | tr '\0' x >large
  for _ in 1 2 3; do ask --in whole <large; done
  "$BIN" listen "$q" --confirm-as shop --out body 2>stderr | head -c 1 >/dev/null
  local left
  left=$(bodies "$q" | wc -l)
  is 3 $((left + $(answers .body.message | wc -l)))
  ((left >= 2))
}

@test "answers: options that do not go together are a usage error" {
  make_queue "$q"
  iso listen "$q" --reply
  exits 64
  says "--reply needs a handler"
  iso listen "$q" --confirm-as shop --peek
  exits 64
}
