load helper

# The value of one field of one queue.
of() { # QUEUE FIELD
  jq -r --arg queue "$1" "select(.queue == \$queue) | .$2" stdout
}

@test "status: it tells what is in each queue that is named, and changes nothing" {
  make_queue "$q"
  send "$q" 1 2 3
  make_queue "$q-empty"
  iso status "$q" "$q-empty" --out records
  exits 0
  is 3 "$(of "$q" ready)"
  is 0 "$(of "$q-empty" ready)"
  if [[ $end == amqp ]]; then is classic "$(of "$q" type)"; fi
  iso status "$q" --out table
  exits 0
  [[ $(head -1 stdout) == QUEUE*READY* ]]
  is "1 2 3" "$(bodies "$q" | xargs)"
}

@test "status: without names a store lists its queues, and a broker without its management API says how" {
  make_queue "$q"
  iso status
  if [[ $end == sqlite ]]; then
    exits 0
    is "$q" "$(jq -r .queue stdout)"
  elif ((status != 0)); then # another broker on this machine may have one at RabbitMQ's port
    says "name the queues"
    says "?management=URL"
  fi
}

@test "status: a queue that is not there is exit 66, and the others are shown" {
  make_queue "$q"
  iso status "$q" "$q-none"
  exits 66
  says "no queue \"$q-none\""
  is 0 "$(of "$q" ready)"
  is true "$(of "$q-none" missing)"
}

@test "status: a limit that is not kept is exit 1, and is told" {
  make_queue "$q"
  send "$q" 1 2
  iso status "$q" --max-ready 2
  exits 0
  iso status "$q" --max-ready 1
  exits 1
  says "\"$q\" has 2 ready, more than --max-ready 1"
  is 1 "$(of "$q" 'unhealthy | length')"
  iso status "$q" --min-consumers 1
  exits 1
  iso status "$q" --max-age 1h
  if [[ $end == sqlite ]]; then exits 0; else exits 1; fi
  bodies "$q"
  iso status "$q" --max-age 1h --max-ready 0
  exits 0
}

@test "status: it counts who consumes" {
  [[ $end == amqp ]] || skip "a store does not know its listeners"
  make_queue "$q"
  "$BIN" listen "$q" >/dev/null 2>&1 &
  local listener=$!
  iso status "$q" --min-consumers 1 --wait 20s
  exits 0
  is 1 "$(of "$q" consumers)"
  kill $listener
  wait $listener || true
}

@test "status: --wait waits until the queue is made and drained, and no longer" {
  (
    sleep 0.3
    "$BIN" listen "$q" --declare --drain
  ) >/dev/null 2>&1 3>&- &
  iso status "$q" --max-ready 0 --wait 20s
  exits 0
  wait
  send "$q" 1
  iso status "$q" --max-ready 0 --wait 300ms
  exits 1
  says "has 1 ready"
}

@test "status: --watch looks until it is interrupted, and shows how fast a queue grows" {
  make_queue "$q"
  send "$q" 1
  "$BIN" status "$q" --watch 100ms --out records >watched 2>/dev/null &
  local watcher=$!
  grown() { [[ -s watched ]] && jq -e 'select(.ready_per_s)' watched >/dev/null; }
  wait_until grown
  kill -TERM $watcher
  local code=0
  wait $watcher || code=$?
  is 143 "$code"
}

@test "status: who cannot be reached is 69, who refuses 77, and a file has no queues" {
  if [[ $end == amqp ]]; then
    ISO_URL=amqp://localhost:1/ iso status "$q" --wait 300ms
    exits 69
    ISO_URL=${ISO_URL/guest:guest/guest:wrong} iso status "$q" --wait 10s
    exits 77
  else
    ISO_URL=sqlite:none.db iso status "$q"
    exits 66
    says "there is no store"
    [[ ! -e none.db ]]
  fi
  iso status -u records.ndjson
  exits 64
}

@test "wait: publish and listen wait for a broker that is still starting" {
  [[ $end == amqp ]] || skip "a store is there or is made"
  local real=${ISO_URL##*@} port
  port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  export ISO_URL=amqp://guest:guest@127.0.0.1:$port/
  iso publish --routing-key "$q" --body 1 --wait 300ms
  exits 69
  (
    sleep 0.5
    exec timeout 60 python3 "$ROOT/tests/cli/forward.py" "$port" "${real%/}"
  ) 3>&- &
  local line=$!
  iso publish --queue "$q" --body 1 --wait 20s
  exits 0
  iso listen "$q" --drain --out body --wait 20s
  exits 0
  is 1 "$(cat stdout)"
  kill $line
  wait $line || true
}
