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

@test "listen: --bind takes the exchange that exists, and an escaped colon belongs to its name" {
  iso listen "$q" --declare --bind "$x\\:Placed:new.*" --drain
  exits 0
  iso listen "$q-2" --declare --bind "$x:Placed" --drain # no $x is made, for there is one of the whole name
  exits 0
  iso publish --exchange "$x:Placed" --routing-key new.1 --body 1
  exits 0
  iso publish --exchange "$x:Placed" --routing-key other --body 2
  exits 0
  is 1 "$(bodies "$q")"
  is $'1\n2' "$(bodies "$q-2")"
  iso listen "$q-3" --declare --drain
  iso listen "$q-3" --bind "$x-none:key" --drain
  exits 66
  says "no exchange \"$x-none\""
  says 'a colon in its name is written \:'
}

@test "listen: --bind without a key hears all of a topic exchange, and says that of a direct one it does not" {
  iso listen "$q" --declare --bind "$x:a.*" --bind "$x-direct:k" --drain
  exits 0
  iso listen "$q-2" --declare --bind "$x" --bind "$x-direct" --drain
  exits 0
  says "the exchange \"$x-direct\" is direct"
  is 1 "$(grep -c "is direct" stderr)"
  iso publish --exchange "$x" --routing-key b.c --body 1
  exits 0
  is 1 "$(bodies "$q-2")"
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

@test "listen: a reader that wants N lines and leaves has taken N messages, and all others are still in the queue" {
  local total size n
  # Lines of 0 bytes to 1 MB: messages, bytes of a body, and how many of them head takes.
  for row in "1300 0 1" "1300 0 1000" "1300 10 40" "60 100000 5" "4 1000000 1" "4 1000000 3"; do
    read -r total size n <<<"$row"
    make_queue "$q-$size-$n"
    python3 -c "for i in range($total): print('x' * $size)" | iso publish --in lines --routing-key "$q-$size-$n"
    set -o pipefail
    timeout 60 "$BIN" listen "$q-$size-$n" --out body 2>stderr | head -n "$n" | wc -l >taken
    is "$n" "$(<taken)"
    says "$n messages were handed over"
    is $((total - n)) "$(bodies "$q-$size-$n" | wc -l)"
  done
}

@test "listen: a reader that stays gets all, and one that leaves an empty queue ends listen too" {
  make_queue "$q"
  seq 20000 | iso publish --routing-key "$q"
  is "$(seq 20000)" "$("$BIN" listen "$q" --drain --out body | cat)"
  send "$q" 1
  # Nothing more is written after the first, so only the pipe tells that head has gone.
  is 1 "$(timeout 20 "$BIN" listen "$q" --out body 2>stderr | head -n 1)"
  says "1 messages were handed over"
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

@test "listen: SIGTERM exits 143, SIGINT 130, SIGHUP 129" {
  make_queue "$q"
  for signal in TERM:143 INT:130 HUP:129; do
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

@test "listen: --grace is how long a handler may take after a signal, counted from the signal" {
  make_queue "$q"
  send "$q" 1 2 3
  rm -f started
  "$BIN" listen "$q" --grace 300ms --exec "sh -c 'touch started; exec sleep 30'" 2>stderr &
  local listener=$! begun
  wait_until test -e started
  begun=$(date +%s%N)
  kill $listener
  status=0
  wait $listener || status=$?
  exits 143
  (($(date +%s%N) - begun < 5000000000))
  says "not done 300ms later"
  wait_until bash -c "(( \$('$BIN' listen '$q' --peek | wc -l) == 3 ))"
  # One that takes longer than the grace in all, but not after the signal, is waited for.
  rm -f started
  "$BIN" listen "$q" --grace 20s --exec "sh -c 'touch started; until test -e go; do sleep 0.05; done'" --count 1 2>stderr &
  listener=$!
  wait_until test -e started
  kill $listener
  touch go
  status=0
  wait $listener || status=$?
  exits 143
  is 2 "$(bodies "$q" | wc -l)"
}

@test "listen: a standard output that is closed is 74 and takes nothing; a closed stderr harms nothing" {
  make_queue "$q"
  send "$q" 1 2
  status=0
  "$BIN" listen "$q" --drain >&- 2>stderr || status=$?
  exits 74
  says "standard output is closed"
  status=0
  "$BIN" listen "$q" --drain --out body >stdout 2>&- || status=$?
  : >stderr
  exits 0
  is "1 2" "$(paste -sd' ' stdout)"
}
