#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/wait.h"
#include "record/record.h"

namespace iso {

// Names one record between a source, the pump and a sink. Given by the source: 1, 2, 3, … in the order taken.
using Ticket = std::uint64_t;

// What became of a record at its sink.
enum class DeliveryStatus {
  confirmed,    // the far side said that it has it
  returned,     // it has no queue to go to, or no such exchange
  nacked,       // the far side said no
  unconfirmed,  // handed over, and nothing is known
  deferred,     // its handler asks for it again later
  rejected,     // its handler will never take it
  untried,      // its handler was gone before its turn
};

struct DeliveryResult {
  Ticket ticket = 0;
  DeliveryStatus status = DeliveryStatus::confirmed;
  int reply_code =
      0;  // AMQP section 1.2's numbers: 312 NO_ROUTE, 404 NOT_FOUND, 403 ACCESS_REFUSED; 0 if none
  std::string reply_text;    // the broker's own words
  bool comes_again = false;  // the source gives the record again by itself: this was not its end
  std::unique_ptr<Record> reply = nullptr;  // what its handler answers, for reply_to; null: nothing
};

// Moves all that is known to the end of `out`: results, or replies.
template <class News>
void move_append(std::vector<News>& known, std::vector<News>& out) {
  out.insert(out.end(), std::make_move_iterator(known.begin()), std::make_move_iterator(known.end()));
  known.clear();
}

// What a source is told about a record it gave.
enum class Disposition {
  ack,          // done with
  requeue,      // it failed: give it again, after a pause that grows
  dead_letter,  // do not give it again
  give_back,    // it was not tried: give it again at once, to any consumer
  postpone,     // it was refused for a passing reason: give it again after a pause, not counted as an attempt
};

// Input that is no record. It is a ticket like any other, so that order and count hold; the pump settles it
// as dead_letter at once.
struct BadInput {
  std::uint64_t number = 0, line = 0, offset = 0;  // as in record/split.h
  std::string why;
  std::string bytes;  // what it was, for --rejects
};

struct Delivery {
  Ticket ticket = 0;
  Record record;
  std::unique_ptr<BadInput> bad_input;  // null: record is good
};

// What people are told of input that came from a queue.
inline std::string unreadable_text(const Delivery& taken) {
  return "rejected: message " + taken.record.message_id.value_or("without an id") +
         " cannot be read: " + taken.bad_input->why;
}

enum class SourceState {
  ready,  // there may be more right now
  idle,   // nothing now; wait() says what to wait for
  ended,  // nothing ever again
};

// Where records come from. The constructor connects, and takes at most EndOptions::timeout for each answer.
// No call waits for a record, but any may wait for an answer of the far side: drained() and stop() of a
// broker for one, take() and settle() of a store for its disk, or for another process that writes to it. An
// end that is connected again tries that within a call, for at most 10 s.
class Source {
 public:
  virtual ~Source() = default;

  // Appends at most `most` records to `out`. Throws ErrorKind::unavailable if the far side went away: then
  // all that was not settled comes again.
  virtual SourceState take(std::size_t most, std::vector<Delivery>& out) = 0;

  // Says what became of a record, and why if it failed; each ticket once, in any order. May be held back
  // until flush(). A settlement is not confirmed by anyone: it promises "settled, or it comes again". True if
  // the record will come again from this source while it is open.
  virtual bool settle(Ticket ticket, Disposition how, std::string_view why) = 0;
  virtual void flush() {}

  virtual Wait wait() const = 0;

  // Whether the far side has nothing left to give at this moment (--drain). Asked only when take() said idle.
  virtual bool drained() { return true; }

  // The queue that it takes from, also where the far side made its name up; "" if there is none.
  virtual std::string_view queue() const { return {}; }

  // Why nothing can come now, in the far side's words, or "".
  virtual std::string_view away() const { return {}; }

  // The last ticket of a connection that was lost: what was given up to it and is not settled comes again by
  // itself, under another ticket. 0: none.
  virtual Ticket lost() const { return 0; }

  // How long a record may wait for its turn before it is better given back: the far side takes back what is
  // held for too long, and all else with it. 0: as long as it likes.
  virtual std::chrono::milliseconds longest_wait() const { return std::chrono::milliseconds(0); }

  // No more will be taken: what was pushed to us and not taken goes back. Called once, before the last
  // settlements, so that they do not make the far side push more. settle() and flush() still work.
  virtual void stop() {}

  // Waits until the far side has worked on all settlements. False if it is not known to have: then what was
  // acknowledged last may come again. Called once, in the end; nothing is called after it.
  virtual bool finish() { return true; }
};

// How many more records a sink or an observer wants now.
enum class Demand {
  many,
  one,   // one record, and then ask again
  none,  // not now; an observer's wait() says what to wait for
  over,  // never again: finish what is in flight
};

// Where records go. Handing over and learning the status are two steps, so a window is possible and a lie is
// not. No call waits for a result, but flush() of a store or a file waits for its disk, that of a pipe for
// its reader for at most 10 ms (ends/pipe_writer.h), and an end that is connected again tries that for at
// most 10 s.
class Sink {
 public:
  virtual ~Sink() = default;

  // Hands over one record; says nothing of its status. May hold it back until flush(). The record stays the
  // caller's, who keeps it in place until its result. Throws ErrorKind::unavailable; all that is without a
  // result is then unconfirmed, not failed.
  virtual void put(Ticket ticket, const Record& record) = 0;

  // Everything that was put is on its way when this returns, or as much as goes without waiting.
  virtual void flush() = 0;

  // Appends the statuses known now: any order, each ticket once. Does not wait. Gives all that is known
  // before it throws that the far side went away.
  virtual void results(std::vector<DeliveryResult>& out) = 0;

  virtual Wait wait() const = 0;

  // Why nothing moves, in the far side's words ("blocked: low on memory"), or "".
  virtual std::string_view stalled() const { return {}; }

  // Where replies to what is put should go, if the options asked for such a place; and what came to it.
  virtual std::string_view reply_address() const { return {}; }
  virtual void replies(std::vector<Record>&) {}

  // Asked before records are taken for it, and why it wants none ("" if it does).
  virtual Demand demand() { return Demand::many; }
  virtual std::string_view why_none() const { return {}; }

  // What was put up to this ticket is given back to its source. What of it has not begun shall not be: it is
  // untried. The rest goes on.
  virtual void withdraw(Ticket up_to) { static_cast<void>(up_to); }

  // Nothing more will be put. With `begin_nothing`, what was put and not begun shall not be: it is untried.
  // Called once, or again when there is a reason to hurry; all else still works.
  virtual void finish(bool begin_nothing) { static_cast<void>(begin_nothing); }

  // Whether the reader has gone for good: not a failure, but no more can be put (stdout of `| head`).
  virtual bool closed() const { return false; }
};

// A line for people about something that is not an error: the name of a private queue, a connection made
// again.
using Notice = std::function<void(std::string_view)>;

}  // namespace iso
