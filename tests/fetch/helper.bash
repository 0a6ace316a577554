# shellcheck shell=bash
# For the bats files of fetch: an origin of our own for each test. See origin.py.

source "$BATS_TEST_DIRNAME/../cli/helper.bash"
eval "$(declare -f setup | sed '1s/setup/setup_iso/')"

setup() {
  setup_iso
  unset "${!http_@}" "${!https_@}" no_proxy
  export XDG_CACHE_HOME=$BATS_TEST_TMPDIR/cache
  mkdir origin
  python3 "$BATS_TEST_DIRNAME/origin.py" origin > port 3>&- &
  origin_pid=$!
  wait_until test -s port
  base=http://127.0.0.1:$(< port)
  export ISO_ALLOW=127.0.0.1,localhost # where all origins of tests are
}

teardown() {
  kill "$origin_pid" 2> /dev/null || true
}

not_sanitized() { # WHY: what a binary with sanitizers would fail for no fault of its own
  [[ -z ${ISO_TEST_SANITIZE-} ]] || skip "with sanitizers it $1"
}

answer() { # NAME [N]: standard input is the Nth answer to requests for /NAME, and to those after it
  mkdir -p "origin/$1"
  cat > "origin/$1/${2:-1}"
}

ok() { # NAME N BODY FIELD…: a 200 with these fields
  local name=$1 number=$2 body=$3
  shift 3
  {
    echo "HTTP/1.1 200 OK"
    printf '%s\n' "$@" "Content-Length: ${#body}" ""
    printf '%s' "$body"
  } | answer "$name" "$number"
}

requests() { # NAME: how many came
  grep -c '^[A-Z]* /.* HTTP/1' "origin/$1/requests" || true
}

asked() { # NAME TEXT: some request for it had this line
  tr -d '\r' < "origin/$1/requests" | grep -qixF -- "$2" || {
    echo "no request had: $2" >&2
    cat "origin/$1/requests" >&2
    return 1
  }
}

field() { # FILTER: of the record on stdout
  jq -c "$1" stdout
}

lacks() { # TEXT FILE…: none of these files or folders holds it
  if grep -ri -- "$@" >&2; then return 1; fi
}
