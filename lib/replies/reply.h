#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "pump/end.h"
#include "record/record.h"

namespace iso::replies {

// A handler's answer to a record, as a line of JSON: {"ack":true}, {"requeue":true}, {"reject":"why"}, or a
// record, which acknowledges and is the reply. `message_id` names the record; without it, the answer is for
// the oldest unanswered one.
struct HandlerVerdict {
  std::optional<std::string> message_id;
  DeliveryStatus status = DeliveryStatus::confirmed;  // or deferred, or rejected
  std::string why;                                    // of a rejection
  std::unique_ptr<Record> reply;  // or null. Has no message_id: the one in the answer is the request's
};

// Throws ErrorKind::data for any other line.
HandlerVerdict read_verdict(std::string_view line);

// Makes a reply from the output of a handler: one JSON value without surrounding space, or any bytes.
std::unique_ptr<Record> reply_of(std::string printed);

// Completes a reply to a request that has a reply_to: sends it there on the default exchange, unless it names
// another destination, with the request's correlation_id, or its message_id if there is none.
void address_reply(Record& reply, const Record& request);

// The confirmation to publish: {"correlation_id","application_name","message":"Success"}, or "Failure" with
// an `error`. Its header x-message-id is the request's message_id. If the request has an id, the
// confirmation's own id is derived from it, so that the receiver can recognize duplicates.
Record confirmation_of(const Record& request, std::string_view application, const DeliveryResult& result);

}  // namespace iso::replies
