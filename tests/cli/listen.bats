load helper

@test "listen: prints records, acknowledges them, and stops after --count" {
  make_queue "$q"
  send "$q" '{"a":1}' '{"a":2}'
  iso listen "$q" --count 1
  exits 0
  is '{"a":1}' "$(jq -c .body stdout)"
  is "$q" "$(jq -r .queue stdout)"
  is '{"a":2}' "$(bodies "$q")"
}

@test "listen: a missing queue is exit 66, and shows --declare" {
  send_nothing=$(iso listen "$q-missing"; echo "$status")
  is 66 "$send_nothing"
  says "create it with --declare"
}

@test "listen: fewer than --count is exit 1 and says why" {
  make_queue "$q"
  send "$q" 1
  iso listen "$q" --count 2 --idle 200ms
  exits 1
  says "1 of 2 messages came"
  send "$q" 1
  iso listen "$q" --count 2 --timeout 300ms
  exits 1
  says "--timeout"
}

@test "listen: --drain ends when the queue is empty, with or without messages" {
  make_queue "$q"
  iso listen "$q" --drain
  exits 0
  is "" "$(<stdout)"
  seq 3000 | iso publish --routing-key "$q"
  is "$(seq 3000)" "$(bodies "$q")"
}

@test "listen: --peek shows what is there and leaves it there" {
  make_queue "$q"
  send "$q" 1 2 3
  iso listen "$q" --peek --out body
  exits 0
  is $'1\n2\n3' "$(<stdout)"
  iso listen "$q" --peek --count 2 --out body
  exits 0
  is $'1\n2' "$(<stdout)"
  is $'1\n2\n3' "$(bodies "$q")"
}

@test "listen: --declare creates queue and exchange, and --bind binds them" {
  iso listen "$q" --declare --bind "$x:orders.*" --drain
  exits 0
  iso publish --exchange "$x" --routing-key orders.new --body 1
  exits 0
  iso publish --exchange "$x" --routing-key other --body 2
  exits 1
  is 1 "$(bodies "$q")"
}

@test "listen: a bound exchange that is missing is exit 66 without --declare" {
  make_queue "$q"
  iso listen "$q" --bind "$x-missing:k" --drain
  exits 66
  says "no exchange \"$x-missing\""
}

@test "listen: --bind without a queue taps the exchange through a private queue that ends with it" {
  iso listen "$q" --declare --bind "$x" --drain
  "$BIN" listen --bind "$x" --count 1 --out body >tapped 2>stderr &
  wait_until grep -q "private queue" stderr
  private=$(sed 's/.*private queue //' stderr)
  iso publish --exchange "$x" --body '{"tap":1}'
  exits 0
  wait
  is '{"tap":1}' "$(<tapped)"
  is '{"tap":1}' "$(bodies "$q")"
  iso listen "$private" --drain
  exits 66
}

@test "listen: two listeners share a queue, and each message comes once" {
  make_queue "$q"
  seq 2000 | iso publish --routing-key "$q"
  "$BIN" listen "$q" --idle 500ms --prefetch 10 --out body >one &
  "$BIN" listen "$q" --idle 500ms --prefetch 10 --out body >two &
  wait
  is "$(seq 2000)" "$(sort -n one two)"
}

@test "listen: a reader that goes away ends it with 0, and what was not written is still in the queue" {
  make_queue "$q"
  seq -f '{"n":%.0f,"pad":"'"$(head -c 1000 /dev/zero | tr '\0' x)"'"}' 2000 | iso publish --routing-key "$q"
  set -o pipefail
  timeout 60 "$BIN" listen "$q" --out body | head -1 >first
  is 1 "$(jq .n first)"
  iso listen "$q" --drain --out body
  # What the pipe had already taken counts as written; all that follows is here, without a gap.
  jq .n stdout >rest
  local from
  from=$(head -1 rest)
  ((from > 1 && from < 400))
  is "$(seq "$from" 2000)" "$(<rest)"
}

@test "listen: what could not be written is exit 74 and is still in the queue" {
  make_queue "$q"
  send "$q" 1
  status=0
  timeout 60 "$BIN" listen "$q" --count 1 >/dev/full 2>stderr || status=$?
  exits 74
  is 1 "$(bodies "$q")"
}

@test "listen: killed in the middle, nothing that was not written is lost" {
  make_queue "$q"
  seq 20000 | iso publish --routing-key "$q"
  mkfifo pipe
  "$BIN" listen "$q" --out body >pipe 2>/dev/null &
  local pid=$!
  exec 7<pipe
  head -c 100 <&7 >taken
  kill -KILL $pid
  wait $pid || true
  cat <&7 >>taken
  exec 7<&-
  iso listen "$q" --idle 500ms --out body
  # The bodies are 1, 2, 3, …: what is left starts no later than after the last whole line that was taken.
  is 20000 "$(tail -1 stdout)"
  (($(head -1 stdout) <= $(wc -l <taken) + 1))
}

@test "listen: SIGTERM exits 143, SIGINT 130" {
  make_queue "$q"
  for signal in TERM:143 INT:130; do
    send "$q" 1
    env --default-signal=INT "$BIN" listen "$q" >out &
    local pid=$!
    wait_until test -s out
    kill -"${signal%:*}" $pid
    status=0
    wait $pid || status=$?
    : >stderr
    exits "${signal#*:}"
    : >out
  done
}

@test "listen: --out base64 is a record whose body is exact, --out raw adds nothing" {
  make_queue "$q"
  printf '[1,\n2]' | iso publish --in whole --routing-key "$q"
  iso listen "$q" --peek --out base64
  is "$(printf '[1,\n2]' | base64)" "$(jq -r .base64 stdout)"
  iso listen "$q" --count 1 --out raw
  is "[1,\n2]" "$(sed ':a;N;s/\n/\\n/' stdout)"
}

@test "listen: a dead-letter queue is sent to another with jq and a flag" {
  make_queue "$q"
  make_queue "$q-retry"
  send "$q" '{"n":0.10}'
  "$BIN" listen "$q" --drain | jq -c 'del(.exchange)' | "$BIN" publish --in records --routing-key "$q-retry"
  iso listen "$q-retry" --count 1
  exits 0
  is "$q-retry" "$(jq -r .routing_key stdout)"
}
