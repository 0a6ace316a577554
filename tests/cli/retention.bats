load helper

# Small messages go through an outbox and an inbox whose retention is short: 200,000, a million with ISO_SOAK=1.

each=20000
if [[ ${ISO_SOAK:-} == 1 ]]; then each=100000; fi # read before setup, which clears it

@test "retention: the files level off while messages go through without end" {
  local round size=0 settled=0
  local from='sqlite:out.db?retain=100ms#outbox' to='sqlite:in.db?retain=100ms#in'
  for ((round = 1; round <= 10; round++)); do
    seq $each | "$BIN" publish --url "$from" --routing-key in >/dev/null
    "$BIN" publish --from "$from" --url "$to" >/dev/null
    "$BIN" listen in --url "$to" --drain --out raw >/dev/null
    size=$(cat out.db* in.db* | wc -c)
    ((round != 3)) || settled=$size
    echo "after $((round * each)) messages: $size bytes"
  done
  ((size < settled * 5 / 4))
  (($(sqlite3 out.db "SELECT count(*) FROM iso_messages") < 2 * each))
  is 0 "$(sqlite3 out.db "SELECT count(*) FROM iso_messages WHERE state <> 1")"
}
