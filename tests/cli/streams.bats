load helper

setup_stream() { # N: a stream with the bodies 1 to N
  [[ $end == amqp ]] || skip "a store has no streams"
  iso listen "$q" --declare --queue-type stream --drain
  exits 0
  seq "$1" | iso publish --routing-key "$q"
  exits 0
}

heard() { # OPTION…: the bodies that listen prints
  iso listen "$q" --out body "$@"
  exits 0
  paste -sd' ' stdout
}

@test "streams: a store says that it has none" {
  [[ $end == sqlite ]] || skip "a broker has them"
  make_queue "$q"
  iso listen "$q" --offset first --drain
  exits 64
  says "an offset is for a stream of a broker"
}

@test "streams: --drain and --peek read from an offset to what was the last, and leave all there" {
  setup_stream 5
  is "1 2 3 4 5" "$(heard --drain)"
  is "1 2 3 4 5" "$(heard --peek)"
  is "1 2 3 4 5" "$(heard --drain --offset first)"
  is "4 5" "$(heard --drain --offset 3)"
  is "5" "$(heard --peek --offset last)"
  is "" "$(heard --drain --offset next)"
  is "" "$(heard --drain --offset 5)"
  is "1 2 3 4 5" "$(heard --drain --offset 1h)"
  is "1 2" "$(heard --offset first --count 2)"
  iso listen "$q" --drain
  exits 0
  is "0 1 2 3 4" "$(jq .offset stdout | paste -sd' ')"
  is null "$(head -1 stdout | jq .headers)"
  cp stdout records
  iso listen "$q" --drain --offset 99
  exits 64
  says "has no offset 99: the next one is 5"
  iso publish --in records --dry-run <records # what listen prints can be published
  exits 0
}

@test "streams: an empty one is drained at once" {
  setup_stream 0
  is "" "$(heard --drain)"
  is "" "$(heard --peek)"
  is "" "$(heard --drain --offset last)"
}

@test "streams: listen waits for what comes next, and says so" {
  setup_stream 3
  "$BIN" listen "$q" --count 2 --out body >next 2>stderr &
  wait_until grep -q "from what comes next" stderr
  seq 4 5 | iso publish --routing-key "$q"
  exits 0
  wait
  is $'4\n5' "$(<next)"
}

@test "streams: a handler needs an inbox, which goes on exactly behind what it has, whether there are ids or not" {
  setup_stream 0
  iso listen "$q" --exec true --drain
  exits 64
  says "need --inbox"
  for i in 1 2 3; do echo "{\"routing_key\":\"$q\",\"message_id\":null,\"body\":7}"; done >three
  iso publish --in records <three
  exits 0
  local handle=(listen "$q" --inbox sqlite:app.db --drain --exec "sh -c 'cat >>handled; echo >>handled'")
  iso "${handle[@]}"
  exits 0
  is 3 "$(wc -l <handled)"
  iso "${handle[@]}"
  exits 0
  is 3 "$(wc -l <handled)"
  iso publish --in records <three
  iso "${handle[@]}" --offset first
  exits 0
  says "on from offset 3"
  is 6 "$(wc -l <handled)"
  is 6 "$(sqlite3 app.db "SELECT value FROM iso_meta WHERE name LIKE 'offset/%'")"
}

@test "streams: publish --from and reconcile read one to its end, from where its URL says" {
  setup_stream 4
  make_queue "$q-2"
  iso publish --from "$ISO_URL#$q" --routing-key "$q-2"
  exits 0
  is "1 2 3 4" "$(bodies "$q-2" | paste -sd' ')"
  iso publish --from "$ISO_URL?offset=2#$q" --routing-key "$q-2"
  exits 0
  is "3 4" "$(bodies "$q-2" | paste -sd' ')"
  heard --drain >/dev/null
  iso listen "$q" --drain
  cp stdout sent.ndjson
  iso reconcile sent.ndjson "$ISO_URL#$q"
  exits 0
  iso reconcile sent.ndjson "$ISO_URL?offset=1#$q" --grace 0s
  exits 1
  is missing "$(head -1 stdout | jq -r .status)"
}

@test "streams: an offset that is none, and one of another queue, are exit 64" {
  [[ $end == amqp ]] || skip "a store has no streams"
  make_queue "$q"
  iso listen "$q" --offset frist
  exits 64
  says "did you mean first?"
  iso listen "$q" --offset first --drain
  exits 64
  says "an offset is for a stream, which \"$q\" is not"
  iso listen "$q" --drain --url "${ISO_URL}?ofset=1"
  exits 64
  says "did you mean offset?"
}
