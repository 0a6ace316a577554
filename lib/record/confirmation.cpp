#include "record/confirmation.h"

#include <fmt/core.h>

#include "base/error.h"
#include "base/text.h"
#include "record/pointer.h"

namespace iso {
namespace {

using Text = std::optional<std::string>;

constexpr std::size_t kLongestName = 255;  // of a short string: AMQP 0-9-1 section 4.2.5.3

Text header_text(const Record& record, std::string_view name) {
  if (!record.headers) return std::nullopt;
  for (const auto& [header, field] : *record.headers)
    if (const auto* text = std::get_if<std::string>(&field.value); text && header == name) return *text;
  return std::nullopt;
}

// The first that is not empty. Throws if it is longer than a name may be.
Text name_from(std::string_view what, Text first, const Text& second = std::nullopt) {
  Text name = first.value_or("").empty() ? second : std::move(first);
  if (name.value_or("").empty()) return std::nullopt;
  if (name->size() > kLongestName)
    throw Error(ErrorKind::data, fmt::format("its {} is longer than {} bytes", what, kLongestName));
  return name;
}

Text cut(Text text) {
  return text ? Text(shortened(*text, kLongestDetail)) : text;
}

}  // namespace

std::string_view name_of(AckKind kind) {
  switch (kind) {
    case AckKind::handled:
      return "handled";
    case AckKind::rejected:
      return "rejected";
    case AckKind::reply:
      return "reply";
  }
  return "";
}

Confirmation read_confirmation(const Record& record) {
  static const Pointer kCorrelation("/body/correlation_id"), kApplication("/body/application_name"),
      kMessage("/body/message"), kError("/body/error");
  Confirmation read;
  read.message_id = name_from(kConfirmedId, header_text(record, kConfirmedId));
  read.correlation_id = name_from("correlation_id", kCorrelation.text_at(record), record.correlation_id);
  if (!read.message_id && !read.correlation_id)
    throw Error(ErrorKind::data, "it answers no message: it has no correlation_id");
  const Text application = name_from("application_name", kApplication.text_at(record), record.app_id);
  if (!application)
    throw Error(ErrorKind::data, "it does not say who answers: it has no application_name and no app_id");
  read.application = *application;
  read.reply_id = name_from("message_id", record.message_id);
  const Text message = kMessage.text_at(record);
  if (message == "Success") {
    read.kind = AckKind::handled;
  } else if (message == "Failure") {
    read.kind = AckKind::rejected;
    read.detail = cut(kError.text_at(record));
  } else if (record.body_kind != BodyKind::bytes) {
    read.detail = cut(record.body);
  }
  return read;
}

}  // namespace iso
