#!/usr/bin/env bats
# A disk that is full, or fails, under the cache: each fetch gives its body, and what is stored is whole.

source "$BATS_TEST_DIRNAME/helper.bash"
eval "$(declare -f teardown | sed '1s/teardown/stop_origin/')"

teardown() {
  stop_origin
  if mountpoint -q cache; then umount -l cache; fi
}

small_disk() { # of two mebibytes, for the cache
  mkdir cache
  mount -t tmpfs -o size=2m tmpfs cache 2> /dev/null || skip "missing: the right to mount a small file system"
}

fill() { # KIBIBYTES that are left
  head -c "$(($(df --output=avail -k cache | tail -1) - $1))k" /dev/zero > cache/filler
}

body_of() { # NAME KIBIBYTES: makes it, of bytes that no other has, and lets the origin answer with it
  openssl enc -aes-128-ctr -pass "pass:$1" -nosalt < /dev/zero 2> /dev/null | head -c "$2k" | base64 -w0 > "$1"
  ok "$1" 1 "$(< "$1")" 'Cache-Control: max-age=100' "ETag: \"$1\""
}

is_whole() { # the cache: its file, and no body without its row
  is ok "$(sqlite3 cache/iso/fetch.db 'PRAGMA integrity_check')"
  is "$(sqlite3 cache/iso/fetch.db "SELECT count(*) FROM entries WHERE object <> ''")" "$(ls cache/iso/fetch.db-bodies | wc -l)"
}

@test "full disk: each fetch gives its body and says that it is not kept, and once there is space it is kept again" {
  small_disk
  body_of kept 10
  iso fetch "$base/kept"
  fill 300
  local i warned=0
  for i in {1..12}; do
    body_of "b$i" 40
    iso fetch "$base/b$i"
    exits 0
    cmp "b$i" stdout
    if grep -q 'without the cache.*full' stderr; then warned=$((warned + 1)); fi
    is_whole
  done
  ((warned > 3))
  for i in kept b{1..12}; do # what is there is right
    iso fetch "$base/$i" --offline
    if ((status == 0)); then cmp "$i" stdout; fi
  done
  iso fetch "$base/kept" --offline
  cmp kept stdout
  rm cache/filler
  iso fetch "$base/b12"
  iso fetch "$base/b12" --offline
  exits 0
  cmp b12 stdout
}

@test "full disk: a body that does not fit on it is whole all the same, and leaves nothing" {
  small_disk
  body_of x 4000
  iso fetch "$base/x"
  exits 0
  cmp x stdout
  says 'without the cache'
  is_whole
  iso fetch "$base/x" --offline
  exits 1
}

@test "full disk: a process that met it holds up no other" {
  small_disk
  ok small 1 body
  iso fetch "$base/small"
  fill 100
  body_of x 200
  ok y 1 yes 'Cache-Control: max-age=100'
  mkfifo input
  "$BIN" fetch --url-at /u < input > first 2> said 3>&- &
  local first=$!
  exec 8> input
  echo "{\"u\":\"$base/x\"}" >&8
  wait_until test -s first
  wait_until grep -q 'without the cache' said
  rm cache/filler
  iso fetch "$base/y" --timeout 3s
  exits 0
  lacks 'without the cache' stderr
  iso fetch "$base/x" --timeout 3s # that it asked for itself
  exits 0
  cmp x stdout
  iso fetch "$base/y" --offline
  exits 0
  exec 8>&-
  wait "$first"
  is "$(< x)" "$(jq -r '.text // .body' first)"
}

@test "full disk: whichever call fails, the body is right, and what is stored later is whole" {
  not_sanitized "cannot be traced"
  local call n name failed=0
  ok kept 1 'good' 'Cache-Control: max-age=1000'
  iso fetch "$base/kept"
  for call in pwrite64 ftruncate linkat fdatasync; do
    for n in 1 3 8 21; do
      name=$call$n
      body_of "$name" 100
      body_of "$name-large" 1500
      strace -f -qq -o /dev/null -e "trace=$call" -e "inject=$call:error=ENOSPC:when=$n+" \
        "$BIN" fetch "$base/$name" "$base/$name-large" --out body > out 2> said
      cat "$name" "$name-large" | cmp - out
      if grep -q 'without the cache' said; then failed=$((failed + 1)); fi
      is_whole
      for name in "$name" "$name-large"; do
        iso fetch "$base/$name" --offline
        if ((status == 0)); then cmp "$name" stdout; fi
      done
      iso fetch "$base/kept" --offline
      is good "$(< stdout)"
    done
  done
  ((failed > 4))
}
