# shellcheck shell=bash
# Shared by the bats files. BIN is the binary; ISO_TEST_END, sqlite or amqp, is the end that a test runs on. Each wait
# has a bound, ISO_TEST_SLOWER times as long as on a quiet machine.

setup() {
  shopt -s lastpipe # so that `… | iso` sets status here
  end=${ISO_TEST_END:-sqlite}
  local broker=${ISO_TEST_AMQP:-} name
  for name in "${!ISO_@}"; do [[ $name == ISO_TEST_* ]] || unset "$name"; done
  unset AMQP_URL XDG_CACHE_HOME
  export HOME=$BATS_TEST_TMPDIR XDG_CONFIG_HOME=$BATS_TEST_TMPDIR/config LC_ALL=C TZ=UTC NO_COLOR=1
  cd "$BATS_TEST_TMPDIR" || exit
  q=t$$-$BATS_TEST_NUMBER # of this test alone: the broker is shared
  x=x$$-$BATS_TEST_NUMBER
  case $end in
    sqlite) export ISO_URL=sqlite:$BATS_TEST_TMPDIR/store.db ;;
    amqp) export ISO_URL=$broker ;;
  esac
  if [[ $end == amqp && -z $broker ]]; then skip "missing: a broker, in ISO_TEST_AMQP"; fi
}

slower=${ISO_TEST_SLOWER:-1}

# iso with what it says kept in the files stdout and stderr, and its exit in $status. Never longer than a minute.
iso() {
  status=0
  timeout $((60 * slower)) "$BIN" "$@" >stdout 2>stderr || status=$?
}

exits() { # CODE: what the last iso ended with
  if ((status != $1)); then
    echo "exit $status, not $1; stderr:" >&2
    cat stderr >&2
    return 1
  fi
}

says() { # TEXT: stderr holds it
  grep -qF -- "$1" stderr || {
    echo "stderr lacks: $1" >&2
    cat stderr >&2
    return 1
  }
}

is() { # WANTED GOT
  [[ $1 == "$2" ]] || {
    printf 'wanted: %s\n   got: %s\n' "$1" "$2" >&2
    return 1
  }
}

make_queue() { # NAME: an empty queue
  iso listen "$1" --declare --drain
  exits 0
}

send() { # QUEUE BODY…: one message each
  local queue=$1
  shift
  printf '%s\n' "$@" | iso publish --routing-key "$queue"
  exits 0
}

bodies() { # QUEUE: what is there, a body a line, and leaves it empty
  iso listen "$1" --drain --out body
  exits 0
  cat stdout
}

wait_until() { # COMMAND…: until it succeeds, for at most twenty seconds
  local i
  for ((i = 0; i < 400 * slower; i++)); do
    if "$@"; then return 0; fi
    sleep 0.05
  done
  echo "never came true: $*" >&2
  return 1
}
