#!/usr/bin/env bats
# What fetch prints, how it asks, and how it ends.

source "$BATS_TEST_DIRNAME/helper.bash"

@test "fetch: one URL is printed as it is, to the byte" {
  printf 'HTTP/1.1 200 OK\nContent-Length: 6\n\na\0\r\n\377b' | answer x
  iso fetch "$base/x"
  exits 0
  printf 'a\0\r\n\377b' | cmp - stdout
}

@test "fetch: a record describes the response, all its fields in order, repeats kept" {
  ok x 1 $'{"a":\n1.0}\n' 'B: 1' 'a: 2' 'b: 3' 'ETag: W/"v1"'
  iso fetch "$base/x" --out records
  exits 0
  is '[["B","1"],["a","2"],["b","3"],["ETag","W/\"v1\""],["Content-Length","11"]]' "$(field .headers)"
  is "[\"$base/x\",200,\"W/\\\"v1\\\"\",\"miss\",0,1]" "$(field '[.url,.status,.etag,.cache,.age,.attempts]')"
  grep -q '"body":{"a": 1.0}}$' stdout
}

@test "fetch: what is not JSON is text, and what is not text is base64" {
  ok text 1 'plain'
  printf 'HTTP/1.1 200 OK\nContent-Length: 1\n\n\377' | answer bytes
  iso fetch "$base/text" "$base/bytes"
  exits 0
  is '["plain",null] [null,"/w=="]' "$(jq -c '[.text,.base64]' stdout | paste -sd' ')"
}

@test "fetch: a status of 400 and more is exit 1, with the words of its problem details" {
  printf 'HTTP/1.1 403 Forbidden\nContent-Type: application/problem+json\nContent-Length: 52\n\n%s' \
    '{"title":"Not enough credit","detail":"30 but 50"}  ' | answer x
  iso fetch "$base/x"
  exits 1
  says 'status 403: Not enough credit'
  says '30 but 50'
}

@test "fetch: an origin that nobody is at is exit 69" {
  iso fetch http://127.0.0.1:1/ --retries 0
  exits 69
  says 'iso fetch: http://127.0.0.1:1/: '
  is 1 "$(wc -l < stderr)"
  is '' "$(< stdout)"
}

@test "fetch: an origin that does not answer in time is exit 75" {
  answer x <<< $'#stall\nHTTP/1.1 200 OK\nContent-Length: 9\n\nabc'
  iso fetch "$base/x" --timeout 500ms --retries 0
  exits 75
  is '' "$(< stdout)"
}

@test "fetch: of a body longer than its length said, what the length said is the body, and the rest is not taken for the next response" {
  printf 'HTTP/1.1 200 OK\nContent-Length: 3\n\nabcHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfake' | answer x
  ok y 1 real
  iso fetch "$base/x" "$base/y" --parallel 1 --out records
  exits 0
  is '["abc","real"]' "$(jq -sc 'map(.text)' stdout)"
}

@test "fetch: a body of any size takes little memory, with a cache and without one" {
  { printf 'HTTP/1.1 200 OK\nContent-Length: 134217728\n\n'; head -c 134217728 /dev/zero; } | answer x
  local limited=(bash -c 'ulimit -d 65536 && exec "$BIN" "$@"' limited)
  grep -qE '__(a|t)san_init' "$BIN" && limited=("$BIN") # those keep books of their own
  is 134217728 "$("${limited[@]}" fetch "$base/x" | wc -c)"
  is 134217728 "$("${limited[@]}" fetch "$base/x" --no-cache | wc -c)"
  is '' "$(find "${TMPDIR:-/var/tmp}" -maxdepth 1 -name 'iso*' -newer port)"
}

@test "fetch: a body that is cut short is asked for again, and is never printed in part" {
  answer x 1 <<< $'#close\nHTTP/1.1 200 OK\nContent-Length: 100\n\nabc'
  ok x 2 'whole'
  iso fetch "$base/x"
  exits 0
  is whole "$(< stdout)"
  is 2 "$(requests x)"
  answer y 1 <<< $'#close\nHTTP/1.1 200 OK\nContent-Length: 100\n\nabc'
  iso fetch "$base/y" --retries 1
  exits 69
  is '' "$(< stdout)"
}

@test "fetch: records go on in their order with what was fetched as their body" {
  ok a 1 '{"n":1}'
  answer b 1 <<< $'#delay 0.2\nHTTP/1.1 200 OK\nContent-Length: 7\n\n{"n":2}'
  printf '{"message_id":"%s","body":{"href":"%s"}}\n' m1 "$base/b" m2 "$base/a" |
    iso fetch --url-at /body/href
  exits 0
  is '["m1",{"n":2},"miss"] ["m2",{"n":1},"miss"]' "$(jq -c '[.message_id,.body,.fetch.cache]' stdout | paste -sd' ')"
}

@test "fetch: a record whose fetch failed keeps its body and says why, and publish refuses it" {
  printf 'HTTP/1.1 404 Not Found\nContent-Length: 5\n\nnope!' | answer x
  printf '{"routing_key":"k","body":{"href":"%s"}}\n' "$base/x" | iso fetch --url-at /body/href
  exits 1
  is "[{\"href\":\"$base/x\"},404,\"status 404\"]" "$(field '[.body,.fetch.status,.error]')"
  cp stdout records
  iso publish --in records --file records
  exits 65
  says 'correct it'
}

@test "fetch: what it prints for a record is a record that publish takes" {
  ok x 1 '{"n":1}'
  make_queue "$q"
  printf '{"routing_key":"%s","body":{"href":"%s"}}\n' "$q" "$base/x" | iso fetch --url-at /body/href
  exits 0
  cp stdout records
  iso publish --in records --file records
  exits 0
  is '{"n":1}' "$(bodies "$q")"
}

@test "fetch: input that names no URL is reported, the rest goes on, and it is exit 65" {
  ok x 1 '1'
  printf '%s\n' '{"u":' '{"v":1}' '[1]' '{"u":"file:///etc/passwd"}' "{\"u\":\"$base/x\"}" | iso fetch --url-at /u
  exits 65
  is 5 "$(wc -l < stdout)"
  is 4 "$(jq -c 'select(.error)' stdout | wc -l)"
  says 'file:///etc/passwd'
}

@test "fetch: a method, a field's name or its value that would be another request is exit 64" {
  local bad
  for bad in 'G ET' $'GET\r\nX: y' 'G(T'; do iso fetch "$base/x" -X "$bad"; exits 64; done
  for bad in 'X y: 1' ': 1' $'X: 1\r\nY: 2' 'Content-Length: 9' 'Transfer-Encoding: chunked'; do
    iso fetch "$base/x" -H "$bad" -X POST --body abc
    exits 64
  done
  iso fetch "$base/x" -X GET --body abc
  exits 64
}

@test "fetch: a body without a method is posted" {
  ok x 1 'y'
  iso fetch "$base/x" --body abc
  exits 0
  asked x 'POST /x HTTP/1.1'
}

@test "fetch: own fields go to no other origin, by a redirect or a page, unless it is named" {
  local other=${base/127.0.0.1/localhost}
  printf 'HTTP/1.1 307 Away\nLocation: %s/b\nContent-Length: 0\n\n' "$other" | answer a
  ok b 1 'b'
  ok p1 1 '1' "Link: <$other/b>; rel=next"
  iso fetch "$base/a" -H 'X-Api-Key: s3cret' -H 'X-Own: mine' -H 'Accept: text/plain'
  exits 0
  iso fetch "$base/p1" --all-pages -H 'X-Api-Key: s3cret' -H 'X-Own: mine'
  exits 0
  asked b 'Accept: text/plain'
  lacks s3cret origin/b/requests
  lacks mine origin/b/requests
  iso fetch "$base/a" -H 'X-Api-Key: s3cret' --send-to localhost
  exits 0
  asked b 'X-Api-Key: s3cret'
}

@test "fetch: a record's URL gets credentials only where a host was named for them" {
  local other=${base/127.0.0.1/localhost} port
  port=${base##*:}
  ok a 1 'a' 'Cache-Control: no-store'
  ok b 1 'b' 'Cache-Control: no-store'
  echo s3cret > token
  printf '{"u":"%s"}\n' "$base/a" "$other/b" > records
  iso fetch --url-at /u --bearer-file token < records
  exits 64
  says '--send-to'
  iso fetch --url-at /u -H 'Cookie: s3cret' < records
  exits 64
  iso fetch --url-at /u --bearer-file "token@127.0.0.1:$port" -H 'X-Trace: 1' < records
  exits 0
  asked a 'Authorization: Bearer s3cret'
  asked b 'X-Trace: 1'
  lacks s3cret origin/b/requests
}

@test "fetch: no secret is in any file, however it was given" {
  ok x 1 'x' 'Cache-Control: max-age=99' 'Vary: Authorization, Cookie, X-Api-Key, X-Own, Accept'
  echo s3cret-bearer > token
  echo 'machine 127.0.0.1 login me password s3cret-netrc' > netrc
  local -a ways=("-H|Authorization: Bearer s3cret-a" "-H|Cookie: id=s3cret-b" "-H|X-Api-Key: s3cret-c" "-H|X-Own: s3cret-d"
    "--bearer-file|token" "--netrc-file|netrc")
  local way
  for way in "${ways[@]}"; do
    iso fetch "$base/x" "${way%%|*}" "${way#*|}" -v
    exits 0
    lacks s3cret stdout stderr cache
  done
  iso fetch "${base/\/\//\/\/me:s3cret-e@}/x?token=s3cret-f" --out records
  exits 0
  lacks s3cret stdout stderr cache
  is 7 "$(requests x)" # each is another user
  iso fetch "$base/x" -H 'Cookie: id=s3cret-b'
  exits 0
  is 7 "$(requests x)"
}

@test "fetch: what tells users and servers apart is in the cache's key" {
  ok x 1 'x' 'Cache-Control: max-age=99'
  local -a ways=(-q "-HHost: other" "-HX-Auth-Token: 1" "-HX-Auth-Token: 2" --insecure)
  local way
  for way in "${ways[@]}" "${ways[@]}"; do
    iso fetch "$base/x" "$way"
    exits 0
  done
  is 5 "$(requests x)"
  iso fetch "$base/x" -H 'X-Tenant: 1' --key-header x-tenant
  iso fetch "$base/x" -H 'X-Tenant: 2' --key-header x-tenant
  is 7 "$(requests x)"
}

@test "fetch: a listing that ends before its last page is a failure" {
  ok a 1 '[1]' 'Link: <ftp://127.0.0.1/2>; rel=next'
  ok b 1 '[1]' 'Link: </c>; rel=next'
  ok c 1 '[2]' 'Link: </c>; rel=next'
  ok d 1 '[1]' 'Link: nonsense, <e f>; rel=next'
  ok e%20f 1 '[2]'
  iso fetch "$base/a" --all-pages
  exits 69
  says 'not whole'
  iso fetch "$base/b" --all-pages
  exits 69
  says 'fetched before'
  is '[1] [2]' "$(paste -sd' ' stdout)"
  iso fetch "$base/d" --all-pages
  exits 0
  is '[1] [2]' "$(paste -sd' ' stdout)"
  iso fetch "$base/b" --all-pages --max-pages 1
  exits 69
  says 'more than 1 pages'
}

@test "fetch: the items of all pages are one stream, the next page named by Link or in the body" {
  ok a 1 '{"data":[{"id":1},{"id":2.0}],"next":null}' 'Link: </b>; rel=next'
  ok b 1 $'{"data":[\n{"id":3,\n"x":"y"}\n]}'
  iso fetch "$base/a" --items /data
  exits 0
  is '{"id":1} {"id":2.0} {"id":3,"x":"y"}' "$(sed 's/": /":/; s/, "/,"/' stdout | paste -sd' ')"
  ok p1 1 '{"items":[1],"links":{"next":"p2?a=b c"}}' 'Link: </wrong>; rel=next'
  ok p2 1 '{"items":[],"links":{"next":"/p3"}}'
  ok p3 1 '{"items":[[2]],"links":{"next":""}}'
  iso fetch "$base/p1" --items /items --next /links/next
  exits 0
  is '1 [2]' "$(paste -sd' ' stdout)"
  asked p2 'GET /p2?a=b%20c HTTP/1.1'
  iso fetch "$base/p1" --next /links/next --out records
  exits 0
  is 3 "$(wc -l < stdout)"
  ok list 1 '[{"id":1},{"id":2}]'
  iso fetch --items '' --url-at /u < <(printf '{"u":"%s"}\n{"u":"%s"}\n' "$base/list" "$base/a")
  exits 65
  iso fetch "$base/list" "$base/list" --items ''
  exits 0
  is 4 "$(wc -l < stdout)"
}

@test "fetch: a page that is none, or names a next page that cannot be, is a failure" {
  ok a 1 '{"data":{"id":1}}'
  iso fetch "$base/a" --items /data
  exits 65
  says 'no array of items where --items says'
  ok b 1 'no json'
  iso fetch "$base/b" --items /data
  exits 65
  iso fetch "$base/b" --next /next
  exits 69
  says 'not whole'
  local next
  for next in 5 true '{}' '"ftp://a/"' '"/c"'; do
    ok c 1 "{\"data\":[1],\"next\":$next}"
    iso fetch "$base/c" --items /data --next /next --no-cache
    exits 69
    says 'not whole'
    is 1 "$(< stdout)"
  done
  ok d 1 '{"data":[1],"next":"/e"}'
  printf 'HTTP/1.1 500 No\nContent-Length: 2\n\n[]' | answer e
  iso fetch "$base/d" --items /data --next /next --retries 0
  exits 1
  iso fetch "$base/d" --items /data --out records
  exits 64
}

@test "fetch: a record, a redirect or a page leads to no private address that was not named" {
  local other=${base/127.0.0.1/localhost}
  unset ISO_ALLOW
  ok x 1 'secret'
  printf 'HTTP/1.1 302 Found\nLocation: %s/x\nContent-Length: 0\n\n' "$other" | answer away
  printf 'HTTP/1.1 302 Found\nLocation: /x\nContent-Length: 0\n\n' | answer home
  ok p1 1 '[1]' "Link: <$other/x>; rel=next"
  local url
  for url in "$base/x" "$other/x" "http://[::1]:${base##*:}/x" "http://127.1:${base##*:}/x"; do
    iso fetch --url-at /u <<< "{\"u\":\"$url\"}"
    exits 77
    jq -e '.error | contains("not public")' stdout
  done
  iso fetch "$base/away"
  exits 77
  says '--allow'
  iso fetch "$base/p1" --all-pages
  exits 77
  is 0 "$(cat origin/x/requests 2> /dev/null | wc -l)"
  iso fetch "$base/x" --out body
  exits 0
  iso fetch "$base/home"
  exits 0
  iso fetch --url-at /u <<< "{\"u\":\"$base/x\"}" # what the cache has is not for it either
  exits 77
  iso fetch "$base/away" --allow localhost
  exits 0
  iso fetch "$base/away" "$other/home"
  exits 0
  iso fetch "$base/p1" --all-pages --send-to localhost
  exits 0
  iso fetch --url-at /u --allow '*' <<< "{\"u\":\"$base/x\"}"
  exits 0
}

@test "fetch: encodings are asked for, undone and kept apart as Vary says; a body that is cut is none" {
  local coding
  printf '{"a":1}' | gzip -n > zipped
  { printf 'HTTP/1.1 200 OK\nContent-Encoding: gzip\nVary: Accept-Encoding\nCache-Control: max-age=60\nContent-Length: %s\n\n' "$(stat -c %s zipped)"; cat zipped; } | answer x
  iso fetch "$base/x"
  exits 0
  is '{"a":1}' "$(< stdout)"
  asked x 'Accept-Encoding: gzip, br, zstd'
  iso fetch "$base/x" --out records
  is '["hit",1]' "$(field '[.cache,.body.a]')"
  iso fetch "$base/x" -H 'Accept-Encoding: gzip' # who asks himself gets it as it is
  exits 0
  cmp zipped stdout
  is 2 "$(requests x)"
  printf plain | zstd -q > packed
  { printf 'HTTP/1.1 200 OK\nContent-Encoding: zstd\nContent-Length: %s\n\n' "$(stat -c %s packed)"; cat packed; } | answer z
  iso fetch "$base/z"
  exits 0
  is plain "$(< stdout)"
  head -c -4 zipped > cut
  { printf 'HTTP/1.1 200 OK\nContent-Encoding: gzip\nContent-Length: %s\n\n' "$(stat -c %s cut)"; cat cut; } | answer c
  iso fetch "$base/c" --retries 0
  exits 69
  is '' "$(< stdout)"
  ok foo 1 plain 'Content-Encoding: foo'
  iso fetch "$base/foo" --retries 0
  exits 69
  says 'not asked for: foo'
}

@test "fetch: the body of a request comes from a file, from standard input or from each record" {
  ok x 1 ok 'Cache-Control: no-store'
  printf '{"a":1}' > body
  iso fetch "$base/x" --body-file body
  exits 0
  asked x 'POST /x HTTP/1.1'
  asked x 'Content-Length: 7'
  asked x 'Content-Type: application/json'
  iso fetch "$base/x" --body-file - <<< text
  exits 0
  asked x 'Content-Length: 5'
  asked x 'Content-Type: text/plain'
  iso fetch --url-at /u --body-at /b <<< "{\"u\":\"$base/x\",\"b\":{\"a\":12}}"
  exits 0
  asked x 'Content-Length: 8'
  iso fetch --url-at /u --body-at /b -X PUT <<< "{\"u\":\"$base/x\",\"b\":\"\"}"
  exits 0
  asked x 'Content-Length: 0'
  asked x 'PUT /x HTTP/1.1'
  iso fetch --url-at /u --body-at /b <<< "{\"u\":\"$base/x\"}"
  exits 65
  iso fetch "$base/x" --body-file missing
  exits 66
  iso fetch "$base/x" --body-at /b
  exits 64
  iso fetch "$base/x" --body a --body-file body
  exits 64
}

@test "fetch: --rate bounds the requests in a second" {
  ok x 1 ok 'Cache-Control: no-store'
  local before=$EPOCHREALTIME
  iso fetch "$base/x" "$base/x" "$base/x" "$base/x" --rate 10 --timeout 200ms --no-cache
  exits 0
  awk "BEGIN { exit !($EPOCHREALTIME - $before >= 0.3) }"
}

@test "fetch: a stored part answers the ranges within it" {
  printf 'HTTP/1.1 206 Partial Content\nETag: "a"\nCache-Control: max-age=60\nContent-Range: bytes 2-7/10\nContent-Length: 6\n\ncdefgh' | answer x
  iso fetch "$base/x" -H 'Range: bytes=2-7'
  exits 0
  iso fetch "$base/x" -H 'Range: bytes=4-5' --out records
  is '["hit",206,"ef"]' "$(field '[.cache,.status,.text]')"
  field .headers | grep -qF '["Content-Range","bytes 4-5/10"]'
  is 1 "$(requests x)"
}

@test "fetch: Retry-After makes the origin rest for the whole batch" {
  printf 'HTTP/1.1 429 Slow down\nRetry-After: 60\nContent-Length: 0\n\n' | answer x
  yes "{\"u\":\"$base/x\"}" | head -40 | iso fetch --url-at /u --parallel 2 --timeout 10s --no-cache
  exits 69
  says 'asks to wait'
  (($(requests x) <= 2))
}

@test "fetch: a try that stalls is ended, and another is made" {
  answer x 1 <<< $'#stall\nHTTP/1.1 200 OK\nContent-Length: 9\n\nabc'
  ok x 2 'whole'
  iso fetch "$base/x" --stall 300ms
  exits 0
  is whole "$(< stdout)"
  answer y 1 <<< $'#stall\nHTTP/1.1 200 OK\nContent-Length: 9\n\nabc'
  ok y 2 'whole'
  iso fetch "$base/y" --try-timeout 300ms
  exits 0
  is whole "$(< stdout)"
}

@test "fetch: a stored body that is longer than --max-filesize is refused too; a missing --cacert is exit 66" {
  ok x 1 'abcdef' 'Cache-Control: max-age=99'
  iso fetch "$base/x"
  exits 0
  iso fetch "$base/x" --max-filesize 5
  exits 69
  is '' "$(< stdout)"
  iso fetch "$base/x" --cacert nothing.pem
  exits 66
}

@test "fetch: header fields are sent as they are given, and the method and its body" {
  ok x 1 'y'
  iso fetch "$base/x" -H 'X-One: 1' --header 'Accept: text/plain' -X POST --body '{"a":1}'
  exits 0
  asked x 'X-One: 1'
  asked x 'Accept: text/plain'
  asked x 'POST /x HTTP/1.1'
  asked x 'Content-Type: application/json'
  iso fetch "$base/x" --header 'no colon'
  exits 64
  says 'Name: value'
}

@test "fetch: redirects are followed, credentials go to no other origin, and only http is spoken" {
  printf 'HTTP/1.1 302 Found\nLocation: /b\nContent-Length: 0\n\n' | answer a
  printf 'HTTP/1.1 307 Moved\nLocation: %s/c\nContent-Length: 0\n\n' "${base/127.0.0.1/localhost}" | answer b
  ok c 1 'there'
  echo secret-token > token
  iso fetch "$base/a" --bearer-file token --out records
  exits 0
  is '"there"' "$(field .text)"
  is "\"${base/127.0.0.1/localhost}/c\"" "$(field .final_url)"
  asked b 'Authorization: Bearer secret-token'
  lacks authorization origin/c/requests
  printf 'HTTP/1.1 302 Found\nLocation: file:///etc/passwd\nContent-Length: 0\n\n' | answer d
  iso fetch "$base/d"
  exits 69
  is '' "$(< stdout)"
}

@test "fetch: a redirect in a circle ends" {
  printf 'HTTP/1.1 302 Found\nLocation: /a\nContent-Length: 0\n\n' | answer a
  iso fetch "$base/a" --max-redirs 3
  exits 69
  says 'more than 3 redirects'
  is 4 "$(requests a)"
}

@test "fetch: a busy origin is asked again, no sooner than it says" {
  printf 'HTTP/1.1 503 Busy\nRetry-After: 1\nContent-Length: 0\n\n' | answer x 1
  ok x 2 'now'
  iso fetch "$base/x" --out records
  exits 0
  is '["now",2]' "$(field '[.text,.attempts]')"
  (($(field .elapsed_ms) >= 1000))
}

@test "fetch: a pause that is longer than the time left is not waited for" {
  printf 'HTTP/1.1 503 Busy\nRetry-After: 100\nContent-Length: 0\n\n' | answer x
  iso fetch "$base/x" --timeout 5s
  exits 1
  is 1 "$(requests x)"
}

@test "fetch: all pages are fetched, each once" {
  ok p1 1 '[1]' 'Link: <p2>; rel="next"'
  ok p2 1 '[2]' 'Link: </p1>; rel="prev", </p3>; rel="x next"'
  ok p3 1 '[3]' 'Link: <p1>; rel=next'
  iso fetch "$base/p1" --all-pages
  exits 0
  is '[1] [2] [3]' "$(paste -sd' ' stdout)"
}

@test "fetch: user and password of the URL are Authorization, and in no output" {
  ok x 1 '1' 'Cache-Control: max-age=100'
  iso fetch "${base/\/\//\/\/user:s3cret@}/x" -v
  exits 0
  asked x 'Authorization: Basic dXNlcjpzM2NyZXQ='
  lacks s3cret stdout stderr cache
  iso fetch "$base/x"
  is 2 "$(requests x)"
}

@test "fetch: user and password of a redirect are Authorization there, and in no output" {
  printf 'HTTP/1.1 302 Found\nLocation: %s/b\nContent-Length: 0\n\n' "${base/\/\//\/\/user:s3cret@}" | answer a
  ok b 1 '1' 'Cache-Control: max-age=100'
  iso fetch "$base/a" -v --out records
  exits 0
  asked b 'Authorization: Basic dXNlcjpzM2NyZXQ='
  is "\"$base/b\"" "$(field .final_url)"
  lacks s3cret stdout stderr cache
}

@test "fetch: user and password of the URL go to its further pages, and to none elsewhere" {
  ok p1 1 '[1]' 'Link: <p2>; rel=next'
  ok p2 1 '[2]' "Link: <${base/127.0.0.1/localhost}/p3>; rel=next"
  ok p3 1 '[3]'
  iso fetch "${base/\/\//\/\/user:s3cret@}/p1" --all-pages
  exits 0
  is '[1] [2] [3]' "$(paste -sd' ' stdout)"
  asked p2 'Authorization: Basic dXNlcjpzM2NyZXQ='
  lacks authorization origin/p3/requests
}

@test "fetch: user and password of a netrc file go to their host, and into no output and no key" {
  echo 'machine 127.0.0.1 login me password s3cret' > netrc
  ok x 1 'mine' 'Cache-Control: max-age=100'
  ok x 2 'anybody' 'Cache-Control: max-age=100'
  printf 'HTTP/1.1 302 Found\nLocation: %s/y\nContent-Length: 0\n\n' "${base/127.0.0.1/localhost}" | answer away
  ok y 1 'y'
  iso fetch "$base/x" --netrc-file netrc -v
  exits 0
  asked x 'Authorization: Basic bWU6czNjcmV0'
  lacks s3cret stdout stderr cache
  iso fetch "$base/x"
  is anybody "$(< stdout)"
  iso fetch "$base/away" --netrc-file netrc
  exits 0
  lacks authorization origin/y/requests
}

@test "fetch: a proxy is asked for what is elsewhere, by the option or by the environment, but not for no_proxy" {
  ok x 1 'through'
  iso fetch http://shop.invalid/x --proxy "$base"
  exits 0
  is through "$(< stdout)"
  asked x 'GET http://shop.invalid/x HTTP/1.1'
  http_proxy=$base iso fetch http://other.invalid/x
  exits 0
  asked x 'GET http://other.invalid/x HTTP/1.1'
  http_proxy=$base no_proxy=third.invalid iso fetch http://third.invalid/x --retries 0
  exits 69
  is 2 "$(grep -c '^GET http:' origin/x/requests)"
}

@test "fetch: --retries bounds the tries" {
  printf 'HTTP/1.1 503 Down\nContent-Length: 0\n\n' | answer x
  iso fetch "$base/x" --retries 1
  exits 1
  is 2 "$(requests x)"
}

@test "fetch: an origin that speaks no HTTP is exit 69, and nothing of it is printed or kept" {
  answer x <<< $'#close\ngarbage, and more of it'
  iso fetch "$base/x" --retries 0
  exits 69
  is '' "$(< stdout)"
  iso fetch "$base/x" --offline
  exits 1
}

@test "fetch: a record goes on before the next one comes" {
  ok x 1 '1'
  mkfifo input
  "$BIN" fetch --url-at /u < input > out 3>&- &
  local pid=$!
  exec 8> input
  echo "{\"u\":\"$base/x\"}" >&8
  wait_until grep -q '"body":1' out
  exec 8>&-
  wait "$pid"
}

@test "fetch: memory does not grow with the number of records" {
  not_sanitized "takes memory of its own"
  ok x 1 "$(head -c 1000000 /dev/zero | tr '\0' x)" 'Cache-Control: no-store'
  yes "{\"u\":\"$base/x\"}" | head -300 > records
  python3 - "$BIN" > peak << 'PYTHON'
import resource, subprocess, sys
with open("records") as records, open("out", "wb") as out:
    subprocess.run([sys.argv[1], "fetch", "--url-at", "/u", "--parallel", "4"], stdin=records, stdout=out, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)
PYTHON
  is 300 "$(wc -l < out)"
  (($(< peak) < 100)) # of 300 MB
}

@test "fetch: many URLs of one origin that closes each connection are asked for together" {
  local i urls=()
  for i in {1..40}; do
    printf '#delay 1\n#close\nHTTP/1.1 200 OK\nContent-Length: 1\n\nx' | answer "x$i"
    urls+=("$base/x$i")
  done
  local start=${EPOCHREALTIME/./}
  iso fetch "${urls[@]}" --timeout 5s
  exits 0
  is 40 "$(wc -l < stdout)"
  ((${EPOCHREALTIME/./} - start < 4000000)) # 40 s, one at a time
}

@test "fetch: one slow URL fails no other of its origin" {
  ok fast 1 'fast'
  answer slow <<< $'#stall\nHTTP/1.1 200 OK\nContent-Length: 9\n\nabc'
  iso fetch "$base/fast" "$base/slow" "$base/fast?1" "$base/fast?2" --timeout 1s --retries 0
  exits 75
  is '[200,null,200,200]' "$(jq -sc 'map(.status)' stdout)"
  is 1 "$(jq -c 'select(.error)' stdout | wc -l)"
}

@test "fetch: what is not idempotent goes once, on a connection of its own" {
  ok x 1 'x'
  printf '#close\n' | answer y # takes the request and closes
  ok warm 1 'w'
  local method
  for method in POST PATCH QUERYISH; do
    : > origin/y/requests
    printf '{"u":"%s"}\n' "$base/warm" "$base/y" | iso fetch --url-at /u -X "$method" --body '{}' --parallel 1
    exits 69
    is 1 "$(grep -c "^$method /y" origin/y/requests)"
  done
}

@test "fetch: an answer that contradicts itself or was not asked for is exit 69, no body, and not kept" {
  local i=0 head
  while IFS= read -r head; do
    printf "%b" "$head\n\nabcde" | answer "bad$((++i))"
    iso fetch "$base/bad$i" --retries 0
    exits 69
    is '' "$(< stdout)"
    iso fetch "$base/bad$i" --offline
    exits 1
  done << 'HEADS'
HTTP/1.1 200 OK\nCache-Control: max-age=99\nContent-Length: 5\nContent-Length: 3
HTTP/1.1 200 OK\nCache-Control: max-age=99\nContent-Length: 5, 3
HTTP/1.1 200 OK\nCache-Control: max-age=99\nContent-Length: +5
HTTP/1.1 200 OK\nCache-Control: max-age=99\nContent-Length: 0x5
HTTP/1.1 206 Partial Content\nCache-Control: max-age=99\nContent-Range: bytes 0-4/9\nContent-Length: 5
HTTP/1.1 101 Switching Protocols\nUpgrade: other
HEADS
  is 6 "$i"
}

@test "fetch: a folded field is read as one, so that no-store counts" {
  printf 'HTTP/1.1 200 OK\nCache-Control: max-age=60,\n no-store\nContent-Length: 1\n\nx' | answer x
  iso fetch "$base/x"
  iso fetch "$base/x"
  exits 0
  is 2 "$(requests x)"
}
