#!/usr/bin/env bats
# The circuit breaker as fetch uses it. Its rules one by one are in tests/unit/breaker.

source "$BATS_TEST_DIRNAME/helper.bash"

fails() { # NAME: an origin that answers with 503
  printf 'HTTP/1.1 503 Down\nContent-Length: 0\n\n' | answer "$1"
}

@test "breaker: after five failures the origin is left alone, by the next process too, and 69 says for how long" {
  fails x
  local i
  for i in {1..5}; do iso fetch "$base/x" --breaker --retries 0; done
  exits 1
  says 'open'
  iso fetch "$base/x" --breaker --retries 0
  exits 69
  says "circuit of $base"
  says 'next trial in'
  is 5 "$(requests x)"
  iso fetch "$base/x" --retries 0
  exits 1
  is 6 "$(requests x)"
}

@test "breaker: it is on for records, off with --no-breaker, and other origins are called" {
  fails x
  ok y 1 'y'
  yes "{\"u\":\"$base/x\"}" | head -20 | iso fetch --url-at /u --parallel 1 --retries 0
  exits 69
  is 5 "$(requests x)"
  echo "{\"u\":\"${base/127.0.0.1/localhost}/y\"}" | iso fetch --url-at /u
  exits 0
  echo "{\"u\":\"$base/y\"}" | iso fetch --url-at /u --no-breaker
  exits 0
}

@test "breaker: what is stored is served while the circuit is open, where the origin allowed it" {
  ok x 1 'kept' 'Date: {now-20}' 'Cache-Control: max-age=10, stale-if-error=1000'
  iso fetch "$base/x"
  fails y
  yes "{\"u\":\"$base/y\"}" | head -5 | iso fetch --url-at /u --parallel 1 --retries 0
  iso fetch "$base/x" --breaker --out records
  exits 0
  is '["stale","kept",0]' "$(field '[.cache,.text,.attempts]')"
}

@test "breaker: a trip runs the command of --on-trip, once, with nothing of ours in its environment but what the manual says" {
  fails x
  yes "{\"u\":\"$base/x\"}" | head -9 | iso fetch --url-at /u --parallel 1 --retries 0 --on-trip 'sh -c "echo tripped >> alert; env > found"'
  exits 69
  is tripped "$(< alert)"
  is '' "$(grep -v '^ISO_' found | cut -d= -f1 | grep -vxE '_|PWD|OLDPWD|SHLVL' | sort | comm -23 - <(env | cut -d= -f1 | sort))"
}

@test "breaker: answers of 404 and 429 do not open a circuit" {
  printf 'HTTP/1.1 404 No\nContent-Length: 0\n\n' | answer x
  printf 'HTTP/1.1 429 Slow down\nContent-Length: 0\n\n' | answer y
  { yes "{\"u\":\"$base/x\"}" | head -9; yes "{\"u\":\"$base/y\"}" | head -9; } | iso fetch --url-at /u --retries 0
  exits 1
  is 9 "$(requests x)"
  iso fetch "$base/x" --breaker
  exits 1
}

@test "breaker: what the manual says shows the circuits that are open, and closes one" {
  fails x
  yes "{\"u\":\"$base/x\"}" | head -5 | iso fetch --url-at /u --parallel 1 --retries 0
  local show close
  { read -r show && read -r close; } < <(sed -n "s/^    \(sqlite3 .*\)/\1/p" "$ROOT/man/iso-fetch.1" |
    sed "s,~/.cache,$XDG_CACHE_HOME,; s,http://shop.example:80,$base,")
  is 1 "$(bash -c "$show" | wc -l)"
  [[ $(bash -c "$show") == "$base|$(date -u +%Y)-"*'|status 503' ]]
  bash -c "$close"
  is '' "$(bash -c "$show")"
  ok x 6 back
  iso fetch "$base/x" --breaker
  exits 0
  is back "$(< stdout)"
}

@test "breaker: origins that share a name share its circuit" {
  fails x
  ok y 1 'y'
  local i
  for i in {1..5}; do iso fetch "$base/x" --breaker=shop --retries 0; done
  iso fetch "${base/127.0.0.1/localhost}/y" --breaker=shop --retries 0
  exits 69
  says 'circuit of shop'
  iso fetch "${base/127.0.0.1/localhost}/y" --breaker --retries 0
  exits 0
}
