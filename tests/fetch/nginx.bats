#!/usr/bin/env bats
# Fetch against nginx: TLS, HTTP/2, entity tags, ranges and large bodies as a server of others' making has them.

source "$BATS_TEST_DIRNAME/../cli/helper.bash"
eval "$(declare -f setup | sed '1s/setup/setup_iso/')"

setup_file() { # an authority of our own, and a certificate by it
  cd "$BATS_FILE_TMPDIR" || exit
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=iso tests" -keyout ca-key.pem -out ca.pem
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=127.0.0.1" -keyout key.pem -out request.pem
  openssl x509 -req -in request.pem -CA ca.pem -CAkey ca-key.pem -CAcreateserial -days 2 -out cert.pem \
    -extfile <(echo "subjectAltName=IP:127.0.0.1")
} 2> /dev/null

setup() {
  setup_iso
  unset "${!http_@}" "${!https_@}" no_proxy
  export XDG_CACHE_HOME=$BATS_TEST_TMPDIR/cache
  ca=$BATS_FILE_TMPDIR/ca.pem
  export ISO_ALLOW=127.0.0.1
  mkdir nginx www
  cp "$BATS_FILE_TMPDIR"/{cert,key}.pem nginx
  cat > nginx/server << CONF
root $PWD/www;
location /fresh/ { alias $PWD/www/; add_header Cache-Control max-age=3600; }
location /dated/ { alias $PWD/www/; etag off; add_header Cache-Control no-cache; }
location /zipped/ { alias $PWD/www/; gzip on; gzip_types *; gzip_min_length 1; gzip_vary on; add_header Cache-Control no-cache; }
add_header Cache-Control no-cache;
CONF
  port=$("$BATS_TEST_DIRNAME/../registry/start" nginx nginx 3>&-)
  base=https://127.0.0.1:$port
}

teardown() {
  "$BATS_TEST_DIRNAME/../registry/stop" nginx
}

file() { # NAME TEXT: on nginx, a day old
  printf '%s' "$2" > "www/$1"
  touch -d '1 day ago' "www/$1"
}

large() { # NAME MEBIBYTES: no two of its blocks are the same
  openssl enc -aes-128-ctr -pass pass:iso -nosalt < /dev/zero 2> /dev/null | head -c "$((1048576 * $2))" > "www/$1"
  touch -d '1 day ago' "www/$1"
}

asked() { # N PATTERN: N of the requests were like this, protocol first
  is "$1" "$(cut -d' ' -f2- nginx/asked | grep -cE -- "$2" || true)"
}

field() { # FILTER: of the record on stdout
  jq -c "$1" stdout
}

@test "nginx: an authority is trusted when it is named, and not before" {
  file x body
  iso fetch "$base/x" --retries 0
  exits 69
  says certificate
  is '' "$(< stdout)"
  asked 0 /x
  iso fetch "$base/x" --cacert "$ca"
  exits 0
  is body "$(< stdout)"
  iso fetch "$base/x" --insecure --no-cache
  exits 0
  iso fetch "${base/127.0.0.1/localhost}/x" --cacert "$ca" --retries 0 # the certificate is another host's
  exits 69
}

@test "nginx: it lets in who shows a certificate, and what they got is not another's" {
  file x secret
  cp "$ca" nginx/ca.pem
  printf '%s\n' "ssl_client_certificate $PWD/nginx/ca.pem; ssl_verify_client optional;" \
    "location /guarded/ { alias $PWD/www/; add_header Cache-Control max-age=100; if (\$ssl_client_verify != SUCCESS) { return 403; } }" >> nginx/server
  "$BATS_TEST_DIRNAME/../registry/stop" nginx
  "$BATS_TEST_DIRNAME/../registry/start" nginx nginx "$port" 3>&-
  iso fetch "$base/guarded/x" --cacert "$ca"
  exits 1
  iso fetch "$base/guarded/x" --cacert "$ca" --cert nginx/cert.pem --key nginx/key.pem
  exits 0
  is secret "$(< stdout)"
  iso fetch "$base/guarded/x" --cacert "$ca"
  exits 1
}

@test "nginx: many at once share one connection of HTTP/2" {
  local i
  for i in {1..200}; do file "$i" "number $i"; done
  for i in {1..200}; do echo "{\"u\":\"$base/$i\",\"message_id\":\"$i\"}"; done |
    iso fetch --url-at /u --cacert "$ca" --parallel 50
  exits 0
  is 200 "$(jq -r 'select(.text == "number " + .message_id) | .message_id' stdout | wc -l)"
  asked 200 'HTTP/2.0 200'
  is 1 "$(cut -d' ' -f1 nginx/asked | sort -u | wc -l)"
}

@test "nginx: a strong tag is validated, and what changed comes anew" {
  file x old
  iso fetch "$base/x" --cacert "$ca" --out records
  local tag
  tag=$(field .etag)
  iso fetch "$base/x" --cacert "$ca" --out records
  is '["revalidated","old",200]' "$(field '[.cache,.text,.status]')"
  is "$tag" "$(field .etag)"
  asked 1 "304 /x \"$(jq -r . <<< "$tag")\""
  file x other
  iso fetch "$base/x" --cacert "$ca" --out records
  is '["miss","other"]' "$(field '[.cache,.text]')"
}

@test "nginx: what is compressed has a weak tag, which is validated too" {
  file x "$(yes | head -500)"
  local i
  for i in 1 2; do iso fetch "$base/zipped/x" --cacert "$ca" -H 'Accept-Encoding: gzip' --out records; done
  is '["revalidated",true]' "$(field '[.cache,(.etag|startswith("W/"))]')"
  is "$(< www/x)" "$(jq -r .base64 stdout | base64 -d | gunzip)"
  asked 1 '304 /zipped/x "W/'
  iso fetch "$base/zipped/x" --cacert "$ca" # not for those who did not ask for it
  is "$(< www/x)" "$(< stdout)"
}

@test "nginx: more requests than a connection of HTTP/2 has streams wait for it, and open no other" {
  sed -i '1i http2_max_concurrent_streams 4;' nginx/server
  "$BATS_TEST_DIRNAME/../registry/stop" nginx
  port=$("$BATS_TEST_DIRNAME/../registry/start" nginx nginx "$port" 3>&-)
  local n
  for n in {1..40}; do file "$n" "body $n"; done
  # shellcheck disable=SC2046
  iso fetch $(printf "$base/%s " {1..40}) --cacert "$ca" --parallel 40 --no-cache
  exits 0
  is 40 "$(wc -l < stdout)"
  (($(cut -d' ' -f1 nginx/asked | sort -u | wc -l) <= 2))
}

@test "nginx: without a tag the date of the last change is validated" {
  file x body
  local i
  for i in 1 2; do iso fetch "$base/dated/x" --cacert "$ca" --out records; done
  is '["revalidated","body"]' "$(field '[.cache,.text]')"
  is null "$(field .etag)"
  asked 1 '304 /dated/x "" "[MTWFS][a-z]{2}, .* GMT"'
}

@test "nginx: a part comes from nginx, and from the cache once the whole is there" {
  file x abcdefghij
  iso fetch "$base/fresh/x" --cacert "$ca" -H 'Range: bytes=2-4' --out records
  is '[206,"cde"]' "$(field '[.status,.text]')"
  iso fetch "$base/fresh/x" --cacert "$ca"
  iso fetch "$base/fresh/x" --cacert "$ca" -H 'Range: bytes=-3' --out records
  is '[206,"hij","hit"]' "$(field '[.status,.text,.cache]')"
  asked 2 /fresh/x
}

@test "nginx: a download that is cut goes on where it broke off" {
  large x 3
  PYTHONPATH=$BATS_TEST_DIRNAME/../faults python3 - "$port" > through 3>&- << 'PYTHON' &
import sys, time
from proxy import DOWN, Proxy
proxy = Proxy("127.0.0.1", int(sys.argv[1]))
proxy.set(cut_after={DOWN: 1_500_000}, reset=False)  # what was sent arrives
print(proxy.port, flush=True)
time.sleep(60)
PYTHON
  local pid=$!
  wait_until test -s through
  iso fetch "https://127.0.0.1:$(< through)/x" --cacert "$ca"
  kill "$pid"
  exits 0
  cmp www/x stdout
  asked 1 '206 /x .* "bytes=[1-9][0-9]{5,}-"'
}

@test "nginx: a large body is whole, from nginx and from the cache" {
  large x 40
  iso fetch "$base/fresh/x" --cacert "$ca"
  exits 0
  cmp www/x stdout
  iso fetch "$base/fresh/x" --cacert "$ca"
  exits 0
  cmp www/x stdout
  asked 1 /fresh/x
}
