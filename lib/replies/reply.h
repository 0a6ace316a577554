#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "pump/end.h"
#include "record/record.h"

namespace iso::replies {

// What a handler says of a record, in a line of JSON: {"ack":true}, {"requeue":true}, {"reject":"why"}, or a
// record, which acknowledges and is the reply. `message_id` says which record is meant; without it, it is the
// oldest that has no answer.
struct HandlerVerdict {
  std::optional<std::string> message_id;
  DeliveryStatus status = DeliveryStatus::confirmed;  // or deferred, or rejected
  std::string why;                                    // of a rejection
  std::unique_ptr<Record> reply;  // null: none. Without a message_id, which was that of the request
};

// Throws ErrorKind::data for a line that is none of these.
HandlerVerdict read_verdict(std::string_view line);

// What a handler printed as the body of a reply: one JSON value without the space around it, or any bytes.
std::unique_ptr<Record> reply_of(std::string printed);

// Completes a reply: to the request's reply_to on the default exchange, unless it says where; with the
// request's correlation_id, or without one its message_id. The request has a reply_to.
void address_reply(Record& reply, const Record& request);

// The confirmation after sending: {"correlation_id","application_name","message":"Success"}, or "Failure"
// with an `error`. Its header x-message-id is the request's message_id. Its own id, if the request has one,
// is the same each time, so that whoever stores it can tell one that is sent again.
Record confirmation_of(const Record& request, std::string_view application, const DeliveryResult& result);

}  // namespace iso::replies
