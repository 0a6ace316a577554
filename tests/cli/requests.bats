load helper

# Request/response: publish --await-replies.

# Answers each message of $q with {"echo":BODY}, until the test ends.
start_echo() {
  cat >echo.py <<'PYTHON'
import json, sys
for line in sys.stdin:
    print(json.dumps({"body": {"echo": json.loads(line)["body"]}}), flush=True)
PYTHON
  make_queue "$q"
  "$BIN" listen "$q" --coprocess "python3 echo.py" --reply 2>worker_errors 3>&- 4>&- &
  worker=$!
}

teardown() {
  if [[ -n ${worker:-} ]]; then
    kill "$worker" || true
    wait "$worker" || true
  fi
}

@test "requests: one call prints its reply as a record in place of a receipt" {
  start_echo
  iso publish --routing-key "$q" --await-replies=1 --correlation-id c1 --timeout 20s --body '{"n":7}'
  exits 0
  is 1 "$(wc -l <stdout)"
  is 'c1 {"echo":{"n":7}}' "$(jq -r '"\(.correlation_id) \(.body | tojson)"' stdout)"
}

@test "requests: 10,000 calls go through one process, none waits for another" {
  start_echo
  seq 10000 | iso publish --routing-key "$q" --await-replies=1 --timeout 30s
  exits 0
  is 10000 "$(jq .body.echo stdout | sort -un | wc -l)"
}

@test "requests: no reply in time is 75, with the ids that are open, and the rest goes on" {
  make_queue "$q"
  "$BIN" listen "$q" --exec "sh -c 'read n; test \$n = 2 || echo \$n'" --jobs 3 --count 3 --reply 3>&- 4>&- &
  seq 3 | iso publish --routing-key "$q" --await-replies=1 --timeout 3s --rejects rejects
  # An empty reply is a reply: the second has one too.
  exits 0
  wait
  seq 4 5 | iso publish --routing-key "$q" --await-replies=1 --timeout 500ms --rejects rejects
  exits 75
  is "4 5" "$(jq .body rejects | paste -sd' ')"
  for id in $(jq -r .message_id rejects); do says "message $id"; done
  says "no reply in 0.5s"
  says "2 of 2 requests have not had their replies"
}

@test "requests: an unroutable request is exit 1 at once" {
  local start=$SECONDS
  iso publish --routing-key nowhere --await-replies=1 --timeout 30s --body 1
  exits 1
  says "NO_ROUTE"
  ((SECONDS - start < 10))
}

@test "requests: with =N the Nth reply ends it, without N the timeout does" {
  make_queue "$q"
  make_queue "$q-2"
  for queue in "$q" "$q-2"; do
    iso listen "$queue" --bind "$x" --declare --drain
    exits 0
    "$BIN" listen "$queue" --exec "echo '\"$queue\"'" --count 2 --reply 3>&- 4>&- &
  done
  iso publish --exchange "$x" --await-replies=2 --timeout 20s --body 1
  exits 0
  is "\"$q\" \"$q-2\"" "$(jq -c .body stdout | sort | paste -sd' ')"
  iso publish --exchange "$x" --await-replies --timeout 2s --body 1
  exits 0
  is "\"$q\" \"$q-2\"" "$(jq -c .body stdout | sort | paste -sd' ')"
  wait
}

@test "requests: the reply_to of the settings is where replies come, and others' stay there" {
  start_echo
  make_queue "$q-answers"
  iso publish --routing-key "$q-answers" --correlation-id other --body '"not yours"'
  printf '{"routing_key":"%s","reply_to":"%s"}' "$q" "$q-answers" >settings.json
  iso publish settings.json --await-replies=1 --timeout 20s --body 5
  exits 0
  is 5 "$(jq .body.echo stdout)"
  says "1 replies answer nothing of this run"
  is '"not yours"' "$(bodies "$q-answers")"
}

@test "requests: a record that wants its replies elsewhere, or shares its correlation_id, is refused" {
  start_echo
  printf '%s\n' '{"reply_to":"elsewhere","body":1}' '{"body":2}' |
    iso publish --in records --routing-key "$q" --await-replies=1 --timeout 20s
  exits 65
  says "its reply_to is elsewhere"
  is 2 "$(jq .body.echo stdout)"
  make_queue "$q-quiet"
  seq 2 | iso publish --routing-key "$q-quiet" --correlation-id c --await-replies=1 --timeout 1s
  exits 1
  says "another request with the correlation_id c is open"
}

@test "requests: SIGTERM ends the wait within seconds, and says what is open" {
  make_queue "$q"
  "$BIN" publish --routing-key "$q" --await-replies=1 --timeout 60s --body 1 >stdout 2>stderr &
  local publisher=$!
  wait_until bash -c "(( \$('$BIN' listen '$q' --peek 2>/dev/null | wc -l) == 1 ))"
  kill $publisher
  status=0
  wait $publisher || status=$?
  is 75 "$status"
  says "interrupted, and no reply for 5s"
}

@test "requests: an invalid number of replies is a usage error" {
  for number in 0 x -1 1.5; do
    iso publish --routing-key q "--await-replies=$number" --body 1
    exits 64
  done
  iso publish --routing-key q --await-replies=1 --dry-run --body 1
  exits 64
}
