#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "record/record.h"

namespace iso {

// What an application said of a message.
enum class AckKind {
  handled,   // it has done what the message asks for
  rejected,  // it has failed, and will not try again
  reply,     // it answered; what the answer means is up to the two applications
};

// The word of man iso-store for it: "handled", "rejected", "reply".
std::string_view name_of(AckKind kind);

// What a ledger stores of an answer to a message. At least one of message_id and correlation_id is set; no
// name or id is empty or longer than AMQP's short strings.
struct Confirmation {
  std::optional<std::string> message_id;      // of the message that is answered: the header x-message-id
  std::optional<std::string> correlation_id;  // the body's, else the property
  std::string application;                    // the body's application_name, else the property app_id
  AckKind kind = AckKind::reply;
  std::optional<std::string> reply_id;  // the answer's own message_id
  std::optional<std::string> detail;    // of a rejection its error, of a reply its text
};

// The header with the id of the message that a confirmation is about.
inline constexpr std::string_view kConfirmedId = "x-message-id";

// The longest detail in bytes; a longer one is shortened and ends with "…".
inline constexpr std::size_t kLongestDetail = 1000;

// Reads what confirmation_of() in replies/reply.h writes, or another program in the same form: a body whose
// `message` is "Success" or "Failure", the latter with `error`. Anything else is a reply. Throws
// ErrorKind::data if it does not say which message it answers, or which application answers, or if a name is
// too long.
Confirmation read_confirmation(const Record& record);

}  // namespace iso
