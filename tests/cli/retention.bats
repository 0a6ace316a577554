load helper

# A million small messages go through an outbox and an inbox whose retention is short.

@test "retention: the files level off while a million messages go through" {
  local round size=0 settled=0
  local from='sqlite:out.db?retain=100ms#outbox' to='sqlite:in.db?retain=100ms#in'
  for ((round = 1; round <= 10; round++)); do
    seq 100000 | "$BIN" publish --url "$from" --routing-key in >/dev/null
    "$BIN" publish --from "$from" --url "$to" >/dev/null
    "$BIN" listen in --url "$to" --drain --out raw >/dev/null
    size=$(cat out.db* in.db* | wc -c)
    ((round != 3)) || settled=$size
    echo "after $((round * 100000)) messages: $size bytes"
  done
  ((size < settled * 5 / 4))
  (($(sqlite3 out.db "SELECT count(*) FROM iso_messages") < 200000))
  is 0 "$(sqlite3 out.db "SELECT count(*) FROM iso_messages WHERE state <> 1")"
}
