#!/usr/bin/env bats
# The cache as processes see it. Its rules one by one are in tests/unit/fetch.

source "$BATS_TEST_DIRNAME/helper.bash"

@test "cache: what is fresh is not asked for again, and tells its age" {
  ok x 1 'body' 'Date: {now-10}' 'Cache-Control: max-age=100'
  iso fetch "$base/x" --out records
  iso fetch "$base/x" --out records
  exits 0
  is '["hit","body",0]' "$(field '[.cache,.text,.attempts]')"
  (($(field .age) >= 10 && $(field .age) < 15))
  is 1 "$(requests x)"
}

@test "cache: what is stale is validated by its tag, and a 304 brings new fields" {
  ok x 1 'body' 'ETag: W/"1"' 'X: old'
  printf 'HTTP/1.1 304 Not Modified\nETag: W/"1"\nX: new\nCache-Control: max-age=100\n\n' | answer x 2
  iso fetch "$base/x" --out records
  iso fetch "$base/x" --out records
  exits 0
  is '["revalidated",200,"body",1]' "$(field '[.cache,.status,.text,.attempts]')"
  is '["X","new"]' "$(field '.headers[]|select(.[0]=="X")')"
  asked x 'If-None-Match: W/"1"'
  iso fetch "$base/x" --out records
  is '"hit"' "$(field .cache)"
  is 2 "$(requests x)"
}

@test "cache: a cut body is not stored, and what was there stays" {
  ok x 1 'good' 'ETag: "1"'
  answer x 2 <<< $'#close\nHTTP/1.1 200 OK\nETag: "2"\nContent-Length: 100\n\nbad'
  printf 'HTTP/1.1 304 Not Modified\nETag: "1"\n\n' | answer x 3
  iso fetch "$base/x"
  iso fetch "$base/x" --retries 0
  exits 69
  iso fetch "$base/x"
  exits 0
  is good "$(< stdout)"
  asked x 'If-None-Match: "1"'
}

@test "cache: nothing of a response that says no-store is in any file" {
  ok x 1 'secret-in-body' 'Cache-Control: no-store' 'X: secret-in-field'
  iso fetch "$base/x"
  exits 0
  lacks secret cache
}

@test "cache: offline there is what is stored, also stale, and else a 504" {
  ok x 1 'body' 'ETag: "1"'
  iso fetch "$base/x"
  kill "$origin_pid"
  iso fetch "$base/x" --offline --out records
  exits 0
  is '["stale","body"]' "$(field '[.cache,.text]')"
  iso fetch "$base/other" --offline --out records
  exits 1
  is 504 "$(field .status)"
}

@test "cache: an origin that is away leaves what is stale only where that is allowed" {
  ok x 1 'body' 'Date: {now-100}' 'Cache-Control: max-age=10'
  ok y 1 'body' 'Date: {now-100}' 'Cache-Control: max-age=10, stale-if-error=1000'
  iso fetch "$base/x" "$base/y"
  kill "$origin_pid"
  iso fetch "$base/x" --retries 0
  exits 69
  iso fetch "$base/y" --retries 0
  exits 0
  is body "$(< stdout)"
  says 'stale'
  iso fetch "$base/x" --retries 0 --max-stale 1h
  exits 0
}

@test "cache: --refresh asks, --no-cache knows nothing" {
  ok x 1 'body' 'ETag: "1"' 'Cache-Control: max-age=100'
  iso fetch "$base/x"
  printf 'HTTP/1.1 304 Not Modified\nETag: "1"\n\n' | answer x 2
  iso fetch "$base/x" --refresh --out records
  is '"revalidated"' "$(field .cache)"
  ok x 3 'new'
  iso fetch "$base/x" --no-cache --out records
  is '["bypass","new"]' "$(field '[.cache,.text]')"
  iso fetch "$base/x" --out records
  is '["hit","body"]' "$(field '[.cache,.text]')"
}

@test "cache: what one user may see is not shown to another" {
  ok x 1 'for one' 'Cache-Control: max-age=100'
  ok x 2 'for two' 'Cache-Control: max-age=100'
  echo one > one
  echo two > two
  iso fetch "$base/x" --bearer-file one
  iso fetch "$base/x" --bearer-file two
  is 'for two' "$(< stdout)"
  iso fetch "$base/x" --bearer-file one
  is 'for one' "$(< stdout)"
  is 2 "$(requests x)"
}

@test "cache: twenty processes and twenty inputs that want one URL ask for it once" {
  answer x <<< $'#delay 0.3\nHTTP/1.1 200 OK\nCache-Control: max-age=100\nContent-Length: 4\n\nbody'
  local i pids=()
  for i in {1..20}; do
    "$BIN" fetch "$base/x" > "out$i" 3>&- &
    pids+=($!)
  done
  for i in "${pids[@]}"; do wait "$i"; done
  is 20 "$(cat out* | grep -o body | wc -l)"
  is 1 "$(requests x)"
  answer y <<< $'#delay 0.1\nHTTP/1.1 200 OK\nCache-Control: max-age=100\nContent-Length: 4\n\nbody'
  yes "{\"u\":\"$base/y\"}" | head -20 | iso fetch --url-at /u
  is 20 "$(wc -l < stdout)"
  is 1 "$(requests y)"
}

@test "cache: the one who asks for all is killed, and another takes over" {
  answer x 1 <<< $'#stall\nHTTP/1.1 200 OK\nContent-Length: 4\n\n'
  ok x 2 'body'
  "$BIN" fetch "$base/x" 3>&- &
  local first=$!
  wait_until test -s origin/x/requests
  "$BIN" fetch "$base/x" > stdout 3>&- &
  wait_until eval "ls -l /proc/$!/fd | grep -q '$XDG_CACHE_HOME'" # it waits, or is about to; both must end well
  kill -9 "$first"
  wait $!
  is body "$(< stdout)"
}

@test "cache: an unsafe method makes what is stored void" {
  ok x 1 'old' 'Cache-Control: max-age=100'
  ok x 2 'done'
  ok x 3 'new'
  iso fetch "$base/x"
  iso fetch "$base/x" -X POST --body 1
  iso fetch "$base/x"
  is new "$(< stdout)"
}

@test "cache: it is served stale and validated behind that, where the origin allows it" {
  ok x 1 'old' 'Date: {now-20}' 'Cache-Control: max-age=10, stale-while-revalidate=1000'
  ok x 2 'new' 'Cache-Control: max-age=100'
  iso fetch "$base/x"
  iso fetch "$base/x"
  is old "$(< stdout)"
  is 2 "$(requests x)"
  iso fetch "$base/x"
  is new "$(< stdout)"
}

@test "cache: a damaged or foreign file is reported, and the fetch continues without it" {
  ok x 1 'body'
  mkdir -p cache/iso
  head -c 8192 /dev/urandom > cache/iso/fetch.db
  cp cache/iso/fetch.db before
  iso fetch "$base/x"
  exits 0
  is body "$(< stdout)"
  says 'without the cache'
  cmp before cache/iso/fetch.db
  iso fetch "$base/x" --cache before
  exits 74
}

@test "cache: killed at any moment, what is stored is whole, with its own tag" {
  local i body took after
  for i in {1..40}; do
    body=version-$i-$(head -c 300000 /dev/zero | tr '\0' x)
    ok x "$i" "$body" "ETag: \"$(md5sum <<< "$body" | cut -d' ' -f1)\""
  done
  took=-$(date +%s%3N)
  iso fetch "$base/x"
  took=$((took + $(date +%s%3N)))
  for i in {1..25}; do
    after=$((RANDOM % (took * 2 + 10))) # ms: before, while and after it stores
    timeout -s KILL "$(printf '%d.%03d' $((after / 1000)) $((after % 1000)))" "$BIN" fetch "$base/x" --refresh > /dev/null 2>&1 3>&- || true
    iso fetch "$base/x" --offline --out records
    exits 0
    is "\"\\\"$(jq -r .text stdout | md5sum | cut -d' ' -f1)\\\"\"" "$(field .etag)"
  done
  [[ $(jq -r .text stdout) != version-1-* ]] # some were stored
}

@test "cache: a folder that may not be written costs no fetch" {
  ok x 1 'body'
  mkdir -p cache
  : > cache/iso # a file where the folder should be
  iso fetch "$base/x"
  exits 0
  is body "$(< stdout)"
  says 'without the cache'
}

@test "cache: its size is a whole number of mebibytes, and anything else a mistake" {
  local size
  for size in 1.5 0 -1 1e3 x 99999999999999999999; do
    iso fetch "$base/x" --cache-size "$size"
    exits 64
    says --cache-size
  done
  ok x 1 'body' 'Cache-Control: max-age=100'
  iso fetch "$base/x" --cache-size 1
  exits 0
}

@test "cache: what is fresh opens no socket" {
  not_sanitized "cannot be traced"
  ok x 1 'body' 'Cache-Control: max-age=100'
  iso fetch "$base/x"
  yes "{\"u\":\"$base/x\"}" | head -50 > records
  strace -f -qq -e trace=socket,connect -o sockets "$BIN" fetch --url-at /u < records > out
  is 50 "$(wc -l < out)"
  is '' "$(< sockets)"
}

@test "cache: an entry that another process removes while the origin is asked is served whole, and stored again" {
  ok x 1 'body' 'ETag: "1"'
  answer x 2 <<< $'#wait go\nHTTP/1.1 304 Not Modified\nETag: "1"\nCache-Control: max-age=100\n\n'
  ok x 3 'done'
  iso fetch "$base/x"
  "$BIN" fetch "$base/x" --out records > first 3>&- &
  local pid=$!
  wait_until grep -qi 'if-none-match: "1"' origin/x/requests
  iso fetch "$base/x" -X POST --body 1
  exits 0
  iso fetch "$base/x" --offline
  exits 1
  : > origin/go
  wait "$pid"
  is '["revalidated","body"]' "$(jq -c '[.cache,.text]' first)"
  iso fetch "$base/x" --offline
  is body "$(< stdout)"
}
