load helper

# Handlers: listen --exec.

@test "exec: runs the command for each message, body on stdin, fields in the environment, and acknowledges" {
  make_queue "$q"
  iso publish --routing-key "$q" --message-id m1 --header x-tenant=acme --priority 5 --body '{"n":1.50}'
  cat >handler <<'SH'
#!/bin/sh
echo "$ISO_MESSAGE_ID $ISO_ROUTING_KEY $ISO_HEADER_X_TENANT $ISO_PRIORITY $# $(cat)" >>handled
SH
  chmod +x handler
  iso listen "$q" --exec ./handler --drain
  exits 0
  is "m1 $q acme 5 0 {\"n\":1.50}" "$(<handled)"
  is "" "$(bodies "$q")"
}

@test "exec: what a message holds never reaches a shell" {
  make_queue "$q"
  iso publish --routing-key "$q" --message-id '$(touch pwned)' --header 'a=`touch pwned`' --body '"; touch pwned"'
  iso listen "$q" --exec "sh -c 'cat >/dev/null'" --drain
  exits 0
  [[ ! -e pwned ]]
}

@test "exec: 75 asks for the message again later, and it comes" {
  make_queue "$q"
  iso publish --routing-key "$q" --message-id m1 --body 1
  iso listen "$q" --exec "sh -c 'test -e seen || { touch seen; exit 75; }'" --drain -v
  exits 0
  if [[ $end == amqp ]]; then says "on a quorum queue each try counts"; fi
  says "deferred: message m1"
  says "1 handled"
  is "" "$(bodies "$q")"
}

@test "exec: any other exit rejects the message, says so with its id, and the rest go on, exit 1" {
  make_queue "$q"
  for id in 1 2 3; do iso publish --routing-key "$q" --message-id "m$id" --body "$id"; done
  iso listen "$q" --exec "sh -c 'read n; test \"\$n\" != 2 || exit 3'" --drain
  exits 1
  says "rejected: message m2"
  says "exit 3"
  if [[ $end == amqp ]]; then says "the broker deletes them, or moves them to the dead-letter exchange"; fi
  is "" "$(bodies "$q")"
  if [[ $end == sqlite ]]; then
    is "2|exit 3" "$(sqlite3 store.db "SELECT body, last_error FROM iso_messages WHERE state = 2")"
  fi
}

@test "exec: a rejected message goes to the queue's dead-letter exchange" {
  [[ $end == amqp ]] || skip "a store keeps it as dead"
  make_queue "$q"
  make_queue "$q-dead"
  "$ISO_TEST_RABBITMQCTL" set_policy "$q" "^$q\$" "{\"dead-letter-exchange\":\"\",\"dead-letter-routing-key\":\"$q-dead\"}" --apply-to queues >/dev/null
  send "$q" '"bad"'
  wait_until bash -c "'$BIN' listen '$q' --exec false --drain 2>/dev/null; '$BIN' publish --routing-key '$q' --body 1 >/dev/null; (( \$('$BIN' listen '$q-dead' --peek | wc -l) > 0 ))"
}

@test "exec: headers that grew past the broker's frame on their way to the dead-letter queue are read" {
  [[ $end == amqp ]] || skip "a store has no frames"
  make_queue "$q-dead"
  iso listen "$q" --declare --drain --queue-argument x-dead-letter-exchange= --queue-argument x-dead-letter-routing-key="$q-dead"
  exits 0
  printf '{"exchange":"","routing_key":"%s","headers":{"h":"%130700s"},"text":"%s"}\n' "$q" "" grown >records
  iso publish --in records --file records
  exits 0
  iso listen "$q" --exec false --drain
  exits 1
  iso listen "$q-dead" --count 1
  exits 0
  is "grown 130700 rejected" "$(jq -r '"\(.text) \(.headers.h | length) \(.headers["x-first-death-reason"])"' stdout)"
}

@test "exec: a command that cannot be started stops listen, and nothing is lost" {
  make_queue "$q"
  send "$q" 1 2
  iso listen "$q" --exec ./nowhere --drain
  exits 66
  says "cannot start ./nowhere"
  wait_until bash -c "(( \$('$BIN' listen '$q' --peek | wc -l) == 2 ))"
}

@test "exec: a command that reads nothing, and one that a signal ends, harm nothing" {
  make_queue "$q"
  head -c 200000 /dev/zero | tr '\0' x >large
  iso publish --routing-key "$q" --in whole <large
  iso listen "$q" --exec true --drain
  exits 0
  send "$q" 1
  iso listen "$q" --exec "sh -c 'test -e killed || { touch killed; kill -9 \$\$; }'" --drain
  exits 0
  says "deferred: message"
  says "ended by signal 9"
  is "" "$(bodies "$q")"
}

@test "exec: a command that is ended together with iso loses nothing: what it had comes again" {
  make_queue "$q"
  send "$q" 1 2
  local script
  # As a service manager does, to all at once; the handler is in a session of its own.
  for script in "trap '' TERM; touch at; sleep 0.5; exit 9" "touch at; exec sleep 30"; do
    rm -f at
    "$BIN" listen "$q" --exec "sh -c '$script' handler-$q" 2>stderr &
    local listener=$!
    wait_until test -e at
    kill $listener
    pkill -TERM -f "[h]andler-$q" || true
    pkill -TERM -P "$listener" || true
    status=0
    wait $listener || status=$?
    exits 143
    wait_until bash -c "(( \$('$BIN' listen '$q' --peek | wc -l) == 2 ))"
  done
}

@test "exec: a command that cannot find what it runs stops listen with 66, and all is kept" {
  make_queue "$q"
  send "$q" 1 2 3
  printf '#!/bin/sh\n' >script
  for command in "timeout 9 no_such_command" "sh -c ./script"; do
    iso listen "$q" --exec "$command" --drain
    exits 66
    says "or what it runs: exit 12"
    wait_until bash -c "(( \$('$BIN' listen '$q' --peek | wc -l) == 3 ))"
  done
}

@test "exec: a header that is too large for the environment costs itself and not the message" {
  make_queue "$q"
  python3 -c "
import json
print(json.dumps({'headers': {'big': {'\$bytes': 'AAAA' * 25000 + 'AAAA' * 10000}, 'small': 's'}, 'body': 1}))" >record
  iso publish --in records --routing-key "$q" <record
  if ((status != 0)); then skip "the broker takes no frame of that size"; fi
  iso listen "$q" --exec "sh -c 'echo \$ISO_HEADER_SMALL-\$ISO_HEADER_BIG'" --drain
  exits 0
  is "s-" "$(<stdout)"
  says "ISO_HEADER_BIG is too large"
}

@test "exec: what was meant for this listen does not reach an iso that the handler runs" {
  make_queue "$q"
  make_queue "$q-b"
  send "$q" 1
  ISO_COUNT=1 ISO_EXEC="$BIN publish --routing-key $q-b --body 7" iso listen "$q"
  exits 0
  is 7 "$(bodies "$q-b")"
  send "$q" 1 2 3
  ISO_COUNT=3 ISO_PREFETCH=1 iso listen "$q" --exec "$BIN publish --routing-key $q-b --body 7"
  exits 0
  is "7 7 7" "$(bodies "$q-b" | paste -sd' ')"
}

@test "exec: --jobs run at once, and --job-timeout kills one that is stuck" {
  make_queue "$q"
  send "$q" 1 2 3 4
  # Each waits until all four are there.
  iso listen "$q" --jobs 4 --drain --exec "sh -c 'read n; touch at-\$n; until [ \$(ls at-* | wc -l) = 4 ]; do sleep 0.05; done'"
  exits 0
  send "$q" 1
  iso listen "$q" --exec "sleep 60" --job-timeout 200ms --drain
  exits 1
  says "killed after 0.2s"
}

@test "exec: a command that fails because the reader of its output has gone is not to blame, and listen ends" {
  make_queue "$q"
  send "$q" 1 2 3
  # The first runs until the reader has gone, so that the second cannot print.
  "$BIN" listen "$q" --exec "sh -c 'cat || exit; until test -e gone; do sleep 0.02; done'" 2>stderr | {
    head -c 1 >read
    exec <&-
    touch gone
  }
  is "1 0" "$(<read) ${PIPESTATUS[0]}"
  is "" "$(<stderr)"
  is "2 3" "$(bodies "$q" | paste -sd' ')"
}

@test "exec: with an inbox, a message is done only when the command succeeded, and is handed on again after a crash" {
  make_queue "$q"
  send "$q" 1 2
  "$BIN" listen "$q" --inbox sqlite:app.db --exec "sh -c 'cat >>started; until test -e over; do sleep 0.1; done'" 2>/dev/null &
  local listener=$!
  wait_until test -s started
  is 0 "$(sqlite3 app.db "SELECT max(state) FROM iso_messages")"
  kill -9 $listener
  wait || true
  touch over # its command outlives it
  iso listen "$q" --inbox sqlite:app.db --exec "sh -c 'read n; echo \$n >>handled'" --drain
  exits 0
  is "1 2" "$(sort handled | paste -sd' ')"
  is "2|1|1" "$(sqlite3 app.db "SELECT count(*), min(state), max(state) FROM iso_messages")"
}

@test "exec: SIGTERM lets the command finish" {
  make_queue "$q"
  send "$q" 1
  "$BIN" listen "$q" --exec "sh -c 'touch started; until test -e go; do sleep 0.02; done; touch finished'" &
  local listener=$!
  wait_until test -e started
  kill $listener
  touch go
  status=0
  wait $listener || status=$?
  is 143 "$status"
  [[ -e finished ]]
  is "" "$(bodies "$q")"
}

@test "exec: an invalid command line is a usage error" {
  make_queue "$q"
  iso listen "$q" --exec "sh -c 'open"
  exits 64
  says "a quote is not closed"
  iso listen "$q" --jobs 2
  exits 64
}

@test "exec: --timeout ends a listen whose command is stuck, and its message comes again" {
  make_queue "$q"
  send "$q" 1
  iso listen "$q" --exec "sleep 60" --timeout 200ms
  exits 75
  says "1 messages were not done 5s later"
  is 1 "$(bodies "$q")"
}
