load helper

# Each test runs on a classic queue or the store's, and those that take messages out of a queue on a quorum queue too.
kinds() {
  if [[ $end == amqp ]]; then echo classic quorum; else echo store; fi
}

make_queue_of() { # KIND NAME
  case $1 in
    store) iso listen "$2" --declare --drain ;;
    *) iso listen "$2" --declare --queue-type "$1" --drain ;;
  esac
  exits 0
}

# Messages with ids m1, m2, … and bodies {"n":1}, {"n":2}, …
send_numbered() { # QUEUE COUNT
  seq "$2" | jq -c --arg queue "$1" '{routing_key: $queue, message_id: "m\(.)", body: {n: .}, headers: {odd: (. % 2 == 1)}}' |
    iso publish --in records
  exits 0
}

@test "where: one message is taken out of a queue, and the others stay in their order" {
  local kind
  for kind in $(kinds); do
    make_queue_of "$kind" "$q-$kind"
    send_numbered "$q-$kind" 5
    iso listen "$q-$kind" --where /message_id=m3 --drain
    exits 0
    is m3 "$(jq -r .message_id stdout)"
    is "1 2 4 5" "$(bodies "$q-$kind" | jq .n | xargs)"
  done
}

@test "where: --count counts what matches, and stops there" {
  make_queue "$q"
  send_numbered "$q" 6
  iso listen "$q" --where '/body/n>=2' --where /headers/odd=false --count 2 --out body
  exits 0
  is "2 4" "$(jq .n stdout | xargs)"
  is "1 3 5 6" "$(bodies "$q" | jq .n | xargs)"
  iso listen "$q" --where /message_id=none --drain --count 1
  exits 1
}

@test "where: a look shows what matches, and leaves all" {
  make_queue "$q"
  send_numbered "$q" 4
  iso listen "$q" --peek --where '/body/n<3' --out body
  exits 0
  is "1 2" "$(jq .n stdout | xargs)"
  is "1 2 3 4" "$(bodies "$q" | jq .n | xargs)"
}

@test "where: publish --from moves what matches, and nothing else" {
  local kind
  for kind in $(kinds); do
    make_queue_of "$kind" "$q-$kind"
    make_queue "$q-$kind-to"
    send_numbered "$q-$kind" 6
    iso publish --from "$ISO_URL#$q-$kind" --where /headers/odd=true --exchange '' --routing-key "$q-$kind-to"
    exits 0
    is "m1 m3 m5" "$(jq -r .message_id stdout | xargs)"
    is "1 3 5" "$(bodies "$q-$kind-to" | jq .n | xargs)"
    is "2 4 6" "$(bodies "$q-$kind" | jq .n | xargs)"
  done
}

@test "where: more messages than a window do not keep a relay from what is behind them" {
  make_queue "$q"
  make_queue "$q-to"
  send_numbered "$q" 300
  iso publish --from "$ISO_URL#$q" --where '/body/n>295' --window 10 --exchange '' --routing-key "$q-to"
  exits 0
  is 5 "$(wc -l <stdout)"
  is 295 "$(bodies "$q" | wc -l)"
}

@test "where: of a file too, where bad input is still told" {
  make_queue "$q"
  printf '%s\n' "{\"routing_key\":\"$q\",\"body\":1}" oops "{\"routing_key\":\"$q\",\"body\":2}" >records
  iso publish --from records --where /body=2
  exits 65
  says "input 2:"
  is 2 "$(bodies "$q")"
}

@test "where: a stream is read past what does not match" {
  [[ $end == amqp ]] || skip "a store has no streams"
  make_queue_of stream "$q"
  send_numbered "$q" 40
  iso listen "$q" --offset first --drain --prefetch 10 --where '/body/n>38' --out body
  exits 0
  is "39 40" "$(jq .n stdout | xargs)"
}

@test "where: through an inbox only what matches is stored" {
  make_queue "$q"
  send_numbered "$q" 4
  iso listen "$q" --inbox sqlite:inbox.db --where '/body/n=3' --drain --out body
  exits 0
  is 3 "$(jq .n stdout)"
  is "1 2 4" "$(bodies "$q" | jq .n | xargs)"
}

@test "where: what cannot be read says how one is written, before anything is opened" {
  iso listen "$q" --where 'total>3'
  exits 64
  says "--where total>3: "
  says "use /FIELD"
  iso publish --where /body --body 1 --routing-key "$q"
  exits 64
  says "--where needs --from"
}

@test "to-origin: dead letters go where they were published first, others stay, and --dry-run shows where to" {
  [[ $end == amqp ]] || skip "a store's dead messages stay in their queue"
  local kind
  for kind in $(kinds); do
    iso listen "$q-$kind-dead" --declare --drain
    iso listen "$q-$kind" --bind "$x-$kind:new" --declare --queue-type "$kind" --drain \
      --queue-argument x-dead-letter-exchange= --queue-argument "x-dead-letter-routing-key=$q-$kind-dead"
    exits 0
    iso publish --exchange "$x-$kind" --routing-key new --message-id m1 --body '{"big":12345678901234567890}'
    exits 0
    iso listen "$q-$kind" --drain --exec 'sh -c "exit 3"'
    exits 1
    send "$q-$kind-dead" 7 # was never dead-lettered
    iso publish --from "$ISO_URL#$q-$kind-dead" --to-origin --dry-run
    if [[ $kind == classic ]]; then
      exits 0
      is "$x-$kind new m1" "$(jq -r '"\(.exchange) \(.routing_key) \(.message_id)"' stdout)"
    fi
    iso publish --from "$ISO_URL#$q-$kind-dead" --to-origin
    exits 0
    is m1 "$(jq -r .message_id stdout)"
    iso listen "$q-$kind" --drain
    exits 0
    is '{"big":12345678901234567890}' "$(sed 's/.*"body"://; s/}$//' stdout)"
    is null "$(jq '.headers["x-death"]' stdout)"
    is 7 "$(bodies "$q-$kind-dead")"
  done
  iso publish --from "$ISO_URL#$q" --to-origin --routing-key a
  exits 64
}

@test "pace: records of a file are published with the pauses in which they came, or faster" {
  make_queue "$q"
  for at in 00.000 00.000 02.000; do
    echo "{\"routing_key\":\"$q\",\"received_at\":\"2026-01-01T00:00:${at}Z\",\"body\":1}"
  done >records
  local start=$EPOCHREALTIME
  iso publish --from records --pace 4x
  exits 0
  is 3 "$(wc -l <stdout)"
  (((${EPOCHREALTIME/./} - ${start/./}) >= 500000))
  is 3 "$(bodies "$q" | wc -l)"
  iso publish --from records --pace slow
  exits 64
  says '"slow" is not original, or a speed such as 2x'
}

@test "rejects: listen writes what its handler rejected, ready to be published again" {
  make_queue "$q"
  send_numbered "$q" 3
  iso listen "$q" --drain --rejects rejects --exec "jq -e '.n != 2'"
  exits 1
  is m2 "$(jq -r .message_id rejects)"
  iso publish --from rejects
  exits 0
  is 2 "$(bodies "$q" | jq .n)"
  make_queue "$q"
  iso listen "$q" --drain --rejects rejects --exec true
  exits 0
  is "" "$(cat rejects)"
  if [[ $end == sqlite ]]; then
    iso listen "$q" --drain --rejects store.db --exec true
    exits 64
    says "--rejects"
  fi
}

@test "exec: why a message failed includes the last line that its handler said" {
  make_queue "$q"
  send "$q" 1
  iso listen "$q" --drain --exec 'sh -c "echo first >&2; echo no stock >&2; exit 3"'
  exits 1
  says "first"
  says ": exit 3: no stock"
  if [[ $end == sqlite ]]; then
    is "exit 3: no stock" "$(sqlite3 store.db "SELECT last_error FROM iso_messages WHERE state = 2")"
  fi
}

@test "file: a folder is each of its files, by name" {
  make_queue "$q"
  mkdir folder folder/inside
  echo 2 >folder/b.json
  echo 1 >folder/a.json
  echo 9 >folder/.hidden
  iso publish --routing-key "$q" --file folder
  exits 0
  is "1 2" "$(bodies "$q" | xargs)"
  iso publish --routing-key "$q" --file folder/inside
  exits 66
  says "no files in this folder"
}

@test "state: dead messages of a store are shown with their reason, and sent again" {
  if [[ $end == amqp ]]; then
    iso listen "$q" --peek --state dead
    exits 64
    says "is not a store"
    return
  fi
  make_queue "$q"
  send_numbered "$q" 3
  iso listen "$q" --drain --exec "sh -c 'jq -e \".n == 2\" && exit 0; echo no stock >&2; exit 3'"
  exits 1
  iso listen "$q" --peek --state dead
  exits 0
  is "m1 m3" "$(jq -r .message_id stdout | xargs)"
  is "exit 3: no stock" "$(jq -r '.headers["x-last-error"]' stdout | head -1)"
  iso listen "$q" --peek --state dead --where '/headers/x-last-error~stock' --where /message_id=m3 --count 1
  exits 0
  iso publish --from "$ISO_URL#$q" --state dead --where /message_id=m3
  exits 0
  is m3 "$(jq -r .message_id stdout)"
  iso listen "$q" --drain
  exits 0
  is "m3 true" "$(jq -r '"\(.message_id) \(.headers | has("x-last-error") | not)"' stdout)"
  iso listen "$q" --peek --state dead
  is m1 "$(jq -r .message_id stdout)"
  iso publish --from "$ISO_URL#$q" --state dead --exchange '' --routing-key nowhere
  exits 1
  is "NO_ROUTE (312)" "$(sqlite3 store.db "SELECT last_error FROM iso_messages WHERE message_id = 'm1' AND state = 2")"
  iso listen none --peek --state dead
  exits 66
}

@test "state: a conflict is shown, and sent to where somebody can compare it" {
  [[ $end == sqlite ]] || skip "a broker keeps no conflicts"
  make_queue "$q"
  for body in 1 2; do iso publish --routing-key "$q" --message-id same --body $body; done
  iso listen "$q" --inbox sqlite:inbox.db --drain --out body
  exits 1
  iso listen "$q" --peek --state conflict -u sqlite:inbox.db --out body
  exits 0
  is 2 "$(cat stdout)"
  make_queue "$q-to"
  iso publish --from "sqlite:inbox.db#$q" --state conflict --exchange '' --routing-key "$q-to"
  exits 0
  is 2 "$(bodies "$q-to")"
  is 0 "$(sqlite3 inbox.db 'SELECT count(*) FROM iso_messages WHERE state = 3')"
}

@test "receipts: all, those that failed, or none; quiet ones are those that failed" {
  make_queue "$q"
  printf '{"routing_key":"%s","body":1}\n' "$q" "$q-nowhere" >two
  iso publish --in records --file two --receipts failed
  exits 1
  is returned "$(jq -r .status stdout)"
  iso publish --in records --file two --quiet
  is returned "$(jq -r .status stdout)"
  iso publish --in records --file two --receipts none
  exits 1
  is "" "$(cat stdout)"
  iso publish --in records --file two --quiet --receipts all -v
  is 2 "$(wc -l <stdout)"
  says "1 confirmed in"
  says "confirm p50"
}
