#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pump/binding.h"
#include "pump/end.h"
#include "pump/stream_offset.h"

namespace iso::breaker {
class Breaker;
}

namespace iso {

// The circuit breaker that is asked before a connection is made; none guards nothing.
struct CircuitOptions {
  breaker::Breaker* breaker = nullptr;  // outlives the end
  std::string name;  // of its circuits, each followed by the address it is about: "shop amqp://host"
};

inline constexpr std::uint64_t kMaxMessage = std::uint64_t{256}
                                             << 20;  // RabbitMQ takes half of it by default

// What both kinds of end are told.
struct EndOptions {
  CircuitOptions guard;  // of the connection, if the end is reached over a network
  std::string name;      // "iso publish shop"; a broker's operators see it as the connection's name
  std::chrono::milliseconds timeout{30'000};  // to connect, and for each answer while setting up
  std::chrono::milliseconds outage{
      0};  // how long a far side that was reached may stay away; 0: without limit
  std::uint64_t max_message = kMaxMessage;  // a broker only: bytes of the largest body that is taken from it
  Notice notice = [](std::string_view) {};
};

struct SinkOptions : EndOptions {
  // From the settings; made once, before the first record. Empty: none.
  std::string direct_name;     // a durable direct exchange, created if missing, used as it is if there
  std::string queue;           // a durable queue, created if missing, bound to `exchange` with `routing_key`
  FieldTable queue_arguments;  // of that queue, if it is created; a broker only
  std::string exchange;        // what queue is bound to; "" binds nothing
  std::string routing_key;
  // A broker only: how long a destination may refuse (nack) all that comes for it before a nack is the last
  // word on a message.
  std::chrono::milliseconds refused_for{10'000};
  // A broker only: replies come back over the connection (RabbitMQ's direct reply-to).
  bool direct_replies = false;
  std::string
      into;  // a store only: the queue that takes every message, created if missing; "": routing decides
};

// What a source that is opened again, after its connection was lost, must know of the ones before.
struct SourceProgress {
  std::uint64_t given = 0;               // records that were taken, also those that came again
  std::uint64_t settled = 0;             // of them, those that will not come again
  std::optional<std::uint64_t> present;  // how many there were at first, if more than these are not wanted
  // Of a stream: the first offset that is not settled, and the first that is not wanted.
  std::optional<std::uint64_t> next_offset, past_end;
  // The broker has taken back what was held for this long (consumer_timeout): no more is held than can begin.
  std::optional<std::chrono::milliseconds> held_at_most;
};

struct SourceOptions : EndOptions {
  std::string queue;              // "": a private queue that ends with us (needs bindings)
  std::vector<Binding> bindings;  // made before the first record
  // Create what is missing: the queue, durable; a bound exchange, durable, its kind by the key: topic if it
  // has
  // * or #, fanout if it is empty, direct otherwise.
  bool declare = false;
  // Of the queue that is created, which one that is there must have too: x-queue-type, …; a broker only.
  FieldTable queue_arguments;
  bool peek = false;  // look, and leave all as it was
  // Look also where the broker counts that as a delivery of what is shown, up to a limit.
  bool peek_counted = false;
  // A stream only. Nothing: what its URL says, else first with `until_end`, else next.
  std::optional<StreamOffset> offset;
  bool until_end = false;   // end after what was its last message when it was opened
  bool gives_back = false;  // its reader may reject or requeue, which no stream can take: ErrorKind::usage
  // Begin with one message at a time, since the reader may leave soon and some queues count what comes back.
  bool few_at_first = false;
  std::uint16_t at_once = 1;  // records that can begin at once, of those that are held
  bool only_present = false;  // end after as many as were there at first: what comes back in is not taken
  // Shared by all openings of one source; null: it is never opened again.
  std::shared_ptr<SourceProgress> progress;
  // A peek at all there is, or none: what is more than a broker's client can hold at once is
  // ErrorKind::usage.
  bool peek_all = false;
  // A store only. As the relay of the queue: wait until no other relay has it, and give a message that has no
  // id one that is the same each time.
  bool relay = false;
  std::uint32_t max_attempts = 0;  // a store only: times a message may fail before it is dead; 0: no limit
  std::uint64_t count = 0;         // no more than these are wanted; 0: no limit
  std::uint16_t prefetch = 1000;   // most that are with us and not settled
  std::size_t peek_most = 1000;    // most that a peek without a count holds at once
};

}  // namespace iso
