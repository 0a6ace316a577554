#!/usr/bin/env bats
# What stands in the way of iso reconcile: it ends with the code for that, and says nothing of a comparison that
# was not finished.

load helper

teardown() {
  if mountpoint -q small; then umount -l small; fi
}

items() { # COUNT
  seq "$1" | sed 's/.*/{"message_id":"m&","body":&}/'
}

small_disk() { # of a mebibyte
  mkdir small
  mount -t tmpfs -o size=1m tmpfs small 2>/dev/null || skip "cannot mount a small file system"
}

no_summary() {
  ! grep -q '"status"' stdout || {
    echo "stdout has:" >&2
    cat stdout >&2
    return 1
  }
}

@test "reconcile: a full TMPDIR is exit 74 and named, for a side that is copied and for one that is too large for the memory" {
  small_disk
  items 200000 >l
  TMPDIR=small iso reconcile l - <l
  exits 74
  says "small: No space left on device"
  no_summary
  items 500000 >l
  TMPDIR=small iso reconcile l l --memory 32MiB
  exits 74
  says "small: No space left on device"
  no_summary
  is '' "$(ls small)"
}

@test "reconcile: a TMPDIR that is missing or takes no file is exit 74 and named" {
  items 3 >l
  for folder in /nowhere /proc; do
    TMPDIR=$folder iso reconcile - l <l
    exits 74
    says "cannot make a temporary file in $folder"
    no_summary
  done
  TMPDIR=/nowhere iso reconcile l l # needs none
  exits 0
}

@test "reconcile: a reader that goes away costs nothing but the rest, and the exit status is what was found" {
  items 50000 >l
  { "$BIN" reconcile l /dev/null 2>stderr || echo "$?" >status; } | head -1 >first
  is 1 "$(<status)"
  grep -q missing first
  [[ ! -s stderr ]]
  { "$BIN" reconcile l l 2>stderr; echo "$?" >status; } | true
  is 0 "$(<status)"
}

@test "reconcile: a full standard output is exit 74" {
  items 3 >l
  status=0
  "$BIN" reconcile l /dev/null >/dev/full 2>stderr || status=$?
  exits 74
  says 'standard output'
  status=0
  "$BIN" reconcile l l >/dev/full 2>stderr || status=$?
  exits 74
}

@test "reconcile: a signal while a side is awaited is exit 130 or 143, at once and without a summary" {
  items 3 >l
  mkfifo pipe
  local signal pid
  for signal in INT TERM; do
    for how in '' --sorted; do
      (trap - INT; exec "$BIN" reconcile l pipe $how >stdout 2>stderr 3>&-) &
      pid=$!
      exec 9>pipe
      items 3 >&9
      wait_until is_asleep $pid
      kill -$signal $pid
      status=0
      wait_until is_gone $pid
      wait $pid || status=$?
      exec 9>&-
      [[ $signal == INT ]] && exits 130
      [[ $signal == TERM ]] && exits 143
      no_summary
    done
  done
}

is_asleep() { grep -q '^State:.S' "/proc/$1/status"; }
is_gone() { ! kill -0 "$1" 2>/dev/null || grep -q '^State:.Z' "/proc/$1/status"; }

@test "reconcile: a pipe is a side, but cannot be looked at twice" {
  items 9 >l
  iso reconcile l <(shuf l)
  exits 0
  is 9 "$(jq .ok stdout)"
  iso reconcile <(cat l) <(head -8 l)
  exits 1
  is 'missing summary' "$(jq -r .status stdout | xargs)"
  iso reconcile <(cat l) l --repair
  exits 64
  iso reconcile l <(cat l) --watch 1
  exits 64
}

@test "reconcile: a store that others write to is read, and one that is locked is exit 69 after five seconds" {
  [[ $end == sqlite ]] || skip 'it is about a store'
  make_queue q
  send q 1 2 3
  coproc WRITER { sqlite3 store.db; }
  echo "BEGIN IMMEDIATE; UPDATE iso_messages SET message_id = 'x'; SELECT 'locked';" >&"${WRITER[1]}"
  read -r -t 10 <&"${WRITER[0]}"
  iso reconcile "$ISO_URL#q" "$ISO_URL#q"
  exits 0
  is 3 "$(jq .ok stdout)"
  echo "ROLLBACK; PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE; SELECT 'exclusive';" >&"${WRITER[1]}"
  read -r -t 10 <&"${WRITER[0]}"
  read -r -t 10 <&"${WRITER[0]}"
  iso reconcile "$ISO_URL#q" "$ISO_URL#q"
  exits 69
  says 'store.db: locked by another process'
  no_summary
  eval "exec ${WRITER[1]}>&-"
  wait
  iso reconcile "$ISO_URL#q" "$ISO_URL#q"
  exits 0
}
