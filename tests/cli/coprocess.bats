load helper

# Handlers: listen --coprocess.

# worker SCRIPT: makes ./worker of it, a shell script that notes each of its starts.
worker() {
  printf '#!/bin/sh\necho >>starts\n%s\n' "$1" >worker
  chmod +x worker
}

starts() { wc -l <starts; }

# send_ids QUEUE ID…: messages with these ids, their bodies 1, 2, 3, …
send_ids() {
  local queue=$1 n=0
  shift
  for id in "$@"; do echo "{\"message_id\":\"$id\",\"body\":$((++n))}"; done | iso publish --in records --routing-key "$queue"
  exits 0
}

@test "coprocess: one process gets a record a line, and its answers acknowledge, ask again and reject" {
  make_queue "$q"
  send_ids "$q" m1 m2 m3
  worker 'while read -r line; do
    echo "$line" >>seen
    case $line in
      *m2*) if test -e again; then echo "{\"ack\":true}"; else touch again; echo "{\"requeue\":true}"; fi ;;
      *m3*) echo "{\"reject\":\"no stock\"}" ;;
      *) echo "{\"ack\":true}" ;;
    esac
  done'
  iso listen "$q" --coprocess ./worker --drain
  exits 1
  says "deferred: message m2"
  says "rejected: message m3"
  says "no stock"
  is 1 "$(starts)"
  is "m1 m2 m3 m2" "$(jq -r .message_id seen | paste -sd' ')"
  is "1 2 3 2" "$(jq .body seen | paste -sd' ')"
  is "" "$(bodies "$q")"
  if [[ $end == sqlite ]]; then
    is "m3|no stock" "$(sqlite3 store.db "SELECT json_extract(properties, '$.message_id'), last_error FROM iso_messages WHERE state = 2")"
  fi
}

@test "coprocess: answers with a message_id come in any order" {
  make_queue "$q"
  send_ids "$q" m1 m2 m3
  worker 'read -r a; read -r b; read -r c
    echo "{\"message_id\":\"m3\",\"reject\":\"third\"}"
    echo "{\"message_id\":\"m1\",\"ack\":true}"
    echo "{\"message_id\":\"m2\",\"reject\":\"second\"}"
    cat'
  iso listen "$q" --coprocess ./worker --drain
  exits 1
  says "2 messages were rejected"
  is "m2 second m3 third" "$(sed -n 's/.*rejected: message \(m.\) .*: \(.*\)/\1 \2/p' stderr | paste -sd' ')"
}

@test "coprocess: one that dies is started again, what it was over rests, and what it never came to was not tried" {
  make_queue "$q"
  send_ids "$q" m1 m2 m3
  worker 'if test ! -e died; then
    read -r line; read -r line; read -r line
    touch died
    kill -9 $$
  fi
  while read -r line; do echo "$line" >>seen; echo "{\"ack\":true}"; done'
  iso listen "$q" --coprocess ./worker --drain -v
  exits 0
  says "the coprocess: ended by signal 9; starting it again"
  says "deferred: message m1"
  is 1 "$(grep -c "deferred" stderr)"
  says "3 handled"
  is 2 "$(starts)"
  is "m1 m2 m3" "$(jq -r .message_id seen | sort | paste -sd' ')"
  is "true" "$(jq .redelivered seen | sort -u)"
  is "" "$(bodies "$q")"
  if [[ $end == sqlite ]]; then
    is "1 0 0" "$(sqlite3 store.db "SELECT attempts FROM iso_messages ORDER BY seq" | paste -sd' ')"
  fi
}

@test "coprocess: one that always dies is started after pauses that grow, and nothing is lost" {
  make_queue "$q"
  send_ids "$q" m1 m2 m3 m4 m5 m6 m7 m8
  worker 'exit 3'
  iso listen "$q" --coprocess ./worker --timeout 1500ms
  says "the coprocess: exit 3; starting it again"
  (($(starts) >= 2 && $(starts) <= 8))
  wait_until bash -c "(( \$('$BIN' listen '$q' --peek | wc -l) == 8 ))"
}

@test "coprocess: --job-timeout kills one that is stuck, rejects the message that it was over, and the rest go on" {
  make_queue "$q"
  send_ids "$q" stuck m2 m3
  worker 'while read -r line; do case $line in *stuck*) sleep 60 | cat ;; *) echo "{\"ack\":true}" ;; esac; done'
  iso listen "$q" --coprocess ./worker --job-timeout 300ms --drain -v
  exits 1
  says "rejected: message stuck"
  says "no answer for 0.3s"
  says "2 handled"
  is 2 "$(starts)"
  is "" "$(bodies "$q")"
}

@test "coprocess: a command that cannot be started stops listen, and nothing is lost" {
  make_queue "$q"
  send_ids "$q" m1 m2
  iso listen "$q" --coprocess ./nowhere --drain
  exits 66
  says "cannot start ./nowhere"
  wait_until bash -c "(( \$('$BIN' listen '$q' --peek | wc -l) == 2 ))"
}

@test "coprocess: a line that is not an answer is exit 65, and only what was answered is gone" {
  make_queue "$q"
  send_ids "$q" m1 m2
  worker 'read -r line; read -r line; echo "{\"ack\":true}"; echo hello; cat'
  iso listen "$q" --coprocess ./worker --drain
  exits 65
  says "the coprocess wrote hello, which is not an answer"
  wait_until bash -c "[[ \$('$BIN' listen '$q' --peek | jq -r .message_id) == m2 ]]"
}

@test "coprocess: a reply is a usage error without --reply, and nothing is lost" {
  make_queue "$q"
  send_ids "$q" m1
  worker 'while read -r line; do echo "{\"body\":1}"; done'
  iso listen "$q" --coprocess ./worker --drain
  exits 64
  says "a reply needs the option --reply"
  wait_until bash -c "(( \$('$BIN' listen '$q' --peek | wc -l) == 1 ))"
}

@test "coprocess: SIGTERM lets it answer what it holds, and its input ends" {
  make_queue "$q"
  send_ids "$q" m1
  worker 'read -r line; touch started
    until test -e go; do sleep 0.02; done
    echo "{\"ack\":true}"
    read -r line || touch ended'
  "$BIN" listen "$q" --coprocess ./worker 2>stderr &
  local listener=$!
  wait_until test -e started
  kill $listener
  touch go
  status=0
  wait $listener || status=$?
  is 143 "$status"
  [[ -e ended ]]
  is "" "$(bodies "$q")"
}

@test "coprocess: --count N ends it after N, and what it asked for again is still there" {
  make_queue "$q"
  send_ids "$q" m1 m2 m3
  worker 'while read -r line; do case $line in *m1*) echo "{\"requeue\":true}" ;; *) echo "{\"ack\":true}" ;; esac; done'
  iso listen "$q" --coprocess ./worker --count 2
  exits 1
  says "1 of 2 messages were handled: the others come again"
  wait_until bash -c "[[ \$('$BIN' listen '$q' --peek | jq -r .message_id | sort | paste -sd' ') == 'm1 m3' ]]"
}

@test "coprocess: options that do not go together are a usage error" {
  make_queue "$q"
  iso listen "$q" --coprocess cat --exec cat
  exits 64
  iso listen "$q" --coprocess cat --peek
  exits 64
  iso listen "$q" --coprocess cat --out body
  exits 64
  iso listen "$q" --job-timeout 1s
  exits 64
}

@test "coprocess: one that answers only when its input ends is heard" {
  make_queue "$q"
  send_ids "$q" m1 m2 m3
  worker 'sed -e "s/.*/{\"ack\":true}/"'
  iso listen "$q" --coprocess ./worker --count 3
  exits 0
  is "" "$(bodies "$q")"
}
