load helper

# The circuit breaker: --breaker and --on-trip of listen and publish. Its state is in ~/.cache, which is each test's own.

circuit() { # PATTERN COLUMNS: of the circuits whose keys are like it
  sqlite3 "$HOME/.cache/iso/breaker.db" "SELECT $2 FROM circuits WHERE key LIKE '$1'"
}

let_time_pass() { # so that open circuits may be tried
  sqlite3 "$HOME/.cache/iso/breaker.db" "UPDATE circuits SET until_ms = 0"
}

open_circuit() { # by a handler that fails
  send "$q" 1 2 3 4 5
  iso listen "$q" --exec false --breaker shop --count 5
  exits 1
  says "the circuit of shop is now open for "
}

count() { bodies "$1" | wc -l; }

@test "breaker: a handler that fails five times is tried no more, and what it has not had stays in the queue" {
  make_queue "$q"
  send "$q" 1 2 3 4 5 6 7 8 9
  iso listen "$q" --exec "sh -c 'echo >>tried; exit 3'" --breaker shop --drain --timeout 2s
  exits 69
  says "the circuit of shop is now open for "
  says "exit 3"
  says "the time of --timeout was up, and the circuit of shop has been open for "
  says "next trial in "
  is 5 "$(wc -l <tried)"
  is 4 "$(count "$q")"
}

@test "breaker: a listener that comes while the circuit is open takes nothing, says why, and waits" {
  make_queue "$q"
  open_circuit
  send "$q" 6
  iso listen "$q" --exec "touch tried" --breaker shop --count 1 --timeout 1s
  exits 69
  says "the circuit of shop has been open for "
  [[ ! -e tried ]]
  iso listen "$q" --exec "touch tried" --count 1 # without it nothing is guarded
  exits 0
  [[ -e tried ]]
}

@test "breaker: when the time is up one message is tried, and its success lets all through" {
  make_queue "$q"
  open_circuit
  send "$q" 6 7 8
  "$BIN" listen "$q" --exec "sh -c 'cat >>handled; echo >>handled'" --breaker shop --count 3 2>stderr &
  local listener=$!
  wait_until grep -q "has been open for" stderr
  [[ ! -e handled ]]
  let_time_pass
  status=0
  wait $listener || status=$?
  is 0 "$status"
  says "the circuit of shop is half open: trying one call"
  says "the circuit of shop is closed again"
  is "6 7 8" "$(paste -sd' ' handled)"
}

@test "breaker: a trial that fails costs one message and opens it for longer" {
  make_queue "$q"
  open_circuit
  send "$q" 6 7 8
  let_time_pass
  iso listen "$q" --exec "sh -c 'echo >>tried; false'" --breaker shop --drain --timeout 1s
  exits 69
  says "the circuit of shop stays open for "
  is 1 "$(wc -l <tried)"
  is 2 "$(count "$q")"
  is 1 "$(circuit shop "until_ms - since_ms BETWEEN 16000 AND 24000")"
}

@test "breaker: what asks to come again counts as a failure, and an interrupted wait ends at once" {
  make_queue "$q"
  send "$q" 1 2 3 4 5 6
  "$BIN" listen "$q" --exec "sh -c 'exit 75'" --breaker shop 2>stderr &
  local listener=$!
  wait_until grep -q "is now open" stderr
  kill $listener
  status=0
  wait $listener || status=$?
  is 143 "$status"
  wait_until bash -c "(( \$('$BIN' listen '$q' --peek | wc -l) == 6 ))"
}

@test "breaker: it guards a coprocess too" {
  make_queue "$q"
  send "$q" 1 2 3 4 5 6 7
  iso listen "$q" --coprocess "sh -c 'while read -r line; do echo \"{\\\"reject\\\":\\\"no stock\\\"}\"; done'" --prefetch 1 --breaker shop --drain --timeout 2s
  exits 69
  says "the circuit of shop is now open for "
  says "no stock"
  is 2 "$(count "$q")"
}

@test "breaker: circuits of other names know nothing of it" {
  make_queue "$q"
  open_circuit
  send "$q" 6
  iso listen "$q" --exec true --breaker billing --drain
  exits 0
  is "" "$(bodies "$q")"
}

@test "breaker: --on-trip runs a command once, told in variables what happened, its output on stderr" {
  make_queue "$q"
  send "$q" 1 2 3 4 5
  cat >alert <<'SH'
#!/bin/sh
cat # nothing, and at once
echo "alert: $ISO_BREAKER_CIRCUIT, $ISO_BREAKER_REASON, $ISO_BREAKER_FAILED of $ISO_BREAKER_CALLS, $ISO_BREAKER_FAILED_IN_A_ROW in a row" | tee -a alerts
test "$ISO_BREAKER_OPEN_MS" -ge 8000
SH
  chmod +x alert
  iso listen "$q" --exec false --breaker shop --on-trip ./alert --count 5
  exits 1
  says "alert: shop, exit 1, 5 of 5, 5 in a row"
  is "" "$(<stdout)"
  is 1 "$(wc -l <alerts)"
  let_time_pass
  send "$q" 6
  iso listen "$q" --exec false --breaker shop --on-trip ./alert --count 1
  says "stays open"
  is 1 "$(wc -l <alerts)"
}

@test "breaker: a command of --on-trip that hangs holds nothing up for long, and one that is missing is told" {
  make_queue "$q"
  send "$q" 1 2 3 4 5
  local before=$SECONDS
  iso listen "$q" --exec false --breaker shop --on-trip "sleep 60" --count 5
  exits 1
  says "the --on-trip command took too long and was killed"
  ((SECONDS - before < 20))
  rm -r "$HOME/.cache"
  send "$q" 1 2 3 4 5
  iso listen "$q" --exec false --breaker shop --on-trip ./nowhere --count 5
  exits 1
  says "--on-trip: cannot start ./nowhere"
  iso listen "$q" --exec false --on-trip ./alert --count 5
  exits 64
}

@test "breaker: its file is the user's alone, and one that cannot be used is reported once and fails nothing" {
  make_queue "$q"
  open_circuit
  is "700 600" "$(stat -c %a "$HOME/.cache/iso" "$HOME/.cache/iso/breaker.db" | paste -sd' ')"
  rm "$HOME"/.cache/iso/breaker.db-*
  printf 'garbage, and no database, %.0s' {1..500} >"$HOME/.cache/iso/breaker.db"
  send "$q" 1 2 3
  iso listen "$q" --exec true --breaker shop --drain
  exits 0
  is 1 "$(grep -c "going on without the circuit breaker" stderr)"
  export XDG_CACHE_HOME=$PWD/elsewhere
  send "$q" 1
  iso listen "$q" --exec true --breaker shop --drain
  exits 0
  is "" "$(<stderr)"
  [[ -e elsewhere/iso/breaker.db ]]
}

@test "breaker: a broker that cannot be reached is asked no more after the fifth time: exit 69 at once, and when again" {
  [[ $end == sqlite ]] || skip "needs no broker"
  local port i
  port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  local url=amqp://user:secret@127.0.0.1:$port
  for i in 1 2 3 4 5; do
    iso publish --url "$url" --breaker shop --routing-key "$q" --body 1
    exits 69
    says "refused"
  done
  says "the circuit of shop amqp://127.0.0.1:$port is now open for "
  for command in "publish --routing-key $q --body 1" "listen $q" "publish --routing-key $q --body 1 --await-replies"; do
    iso $command --url "$url" --breaker shop
    exits 69
    says "the circuit of shop amqp://127.0.0.1:$port has been open for "
    says "next trial in "
  done
  ! grep -rq secret "$HOME/.cache" stderr
  iso publish --url "$url" --routing-key "$q" --body 1
  exits 69
  says "refused"
}

@test "breaker: a broker that is there closes its circuit, also when it refuses us" {
  [[ $end == amqp ]] || skip "needs a broker"
  make_queue "$q"
  iso publish --breaker shop --routing-key "$q" --body 1
  exits 0
  iso listen "nowhere-$q" --breaker shop
  exits 66
  is "0 0" "$(circuit "shop amqp:%" "phase || ' ' || failures_in_a_row")"
  sqlite3 "$HOME/.cache/iso/breaker.db" "UPDATE circuits SET phase = 1, until_ms = 0, since_ms = 1"
  iso listen "$q" --breaker shop --drain --out body
  exits 0
  says "is closed again"
  is 1 "$(<stdout)"
}
