load helper

@test "queues: a store says that its queues have no type, and nothing is made" {
  [[ $end == sqlite ]] || skip "a broker's queues have arguments"
  iso listen "$q" --declare --queue-type quorum --drain
  exits 64
  says "a queue of a store has no type and no arguments (here x-queue-type)"
  iso publish --queue "$q" --queue-argument x-max-length:=1 --body 1
  exits 64
  says "here x-max-length"
  iso listen "$q" --drain
  exits 66
}

@test "queues: listen makes a queue of the type and with the arguments that it is told" {
  [[ $end == amqp ]] || skip "a store's queues have no arguments"
  iso listen "$q" --declare --queue-type quorum --queue-argument x-delivery-limit:=5 --drain
  exits 0
  iso listen "$q" --peek
  exits 64
  says "\"$q\" is a quorum queue"
  # Once more is the same; other arguments are not, and none asks for nothing.
  iso listen "$q" --declare --queue-type quorum --queue-argument x-delivery-limit:=5 --drain
  exits 0
  iso listen "$q" --declare --drain
  exits 0
  iso listen "$q" --declare --queue-type classic --drain
  exits 78
  says "the queue \"$q\" exists with other arguments"
  says "x-queue-type"
}

@test "queues: publish makes one from options, or from the settings file, and names one that differs" {
  [[ $end == amqp ]] || skip "a store's queues have no arguments"
  iso publish --queue "$q" --queue-argument x-max-length:=1 --queue-argument x-overflow=reject-publish --body 1
  exits 0
  iso publish --queue "$q" --body 2 --timeout 6s
  exits 1
  is nacked "$(jq -r .status stdout)"
  echo "{\"queue\":\"$q\",\"queue_arguments\":{\"x-max-length\":2,\"x-overflow\":\"reject-publish\"}}" >settings.json
  iso publish settings.json --body 2
  exits 78
  says "exists with other arguments"
  iso publish settings.json --queue-argument x-max-length:=1 --body 2 --timeout 6s
  exits 1
  iso publish settings.json --queue "$q-2" --body 3
  exits 0
  is 1 "$(bodies "$q")"
  is 3 "$(bodies "$q-2")"
}

@test "queues: what the broker does not take is named with its reason" {
  [[ $end == amqp ]] || skip "a store's queues have no arguments"
  iso listen "$q" --declare --queue-argument x-max-length:=-1 --drain
  exits 78
  says "the queue \"$q\" cannot have these arguments"
  iso listen "$q" --drain
  exits 66
}

@test "queues: a slip of the pen in a type, an argument or its value is exit 64 with what was meant" {
  iso listen "$q" --declare --queue-type quorm
  exits 64
  says "did you mean quorum?"
  iso listen "$q" --declare --queue-argument x-mesage-ttl:=1
  exits 64
  says 'did you mean "x-message-ttl"?'
  iso publish --queue "$q" --queue-argument x-max-length=10 --body 1
  exits 64
  says "write it as x-max-length:=10"
  iso listen "$q" --queue-type quorum
  exits 64
  says "--queue-type needs --declare"
  iso listen --bind "$x" --declare --queue-type stream
  exits 64
  says "a private queue is classic"
  iso publish --routing-key "$q" --queue-type quorum --body 1
  exits 64
  says "need a queue"
  echo "{\"queue\":\"$q\",\"queue_arguments\":{\"x-queue-tipe\":\"quorum\"}}" >settings.json
  iso publish settings.json --body 1
  exits 78
  says "settings.json:1:"
  says 'did you mean "x-queue-type"?'
}
