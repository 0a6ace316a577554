#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "record/field.h"

namespace iso {

// How a body is written in JSON. json: verbatim in `body`; text: UTF-8 in `text`; bytes: in `base64`.
enum class BodyKind { json, text, bytes };

// One message. Every member that is optional may be unset; an unset member does not travel. The names are
// those of the JSON object (design: "The record"), and the properties those of AMQP 0-9-1 basic
// (section 1.8.1).
struct Record {
  using Text = std::optional<std::string>;

  Text exchange;     // "" is the default exchange
  Text direct_name;  // settings only: a durable direct exchange, created if missing
  Text queue;        // in settings: created if missing and bound; from listen: where it came from
  Text routing_key;
  std::optional<FieldTable> queue_arguments;  // settings only: of `queue`, if it is created
  std::optional<bool> mandatory;
  std::optional<bool> persistent;

  Text content_type;
  Text content_encoding;
  std::optional<FieldTable> headers;
  std::optional<std::uint8_t> priority;
  Text correlation_id;
  Text reply_to;
  Text expiration;  // milliseconds in decimal, as AMQP carries it
  Text message_id;
  std::optional<std::uint64_t> timestamp;  // seconds since the epoch
  Text type;
  Text user_id;
  Text app_id;

  // The id was null in JSON: send none, instead of a fresh one.
  bool no_message_id = false;
  bool no_correlation_id = false;

  std::optional<bool> redelivered;              // from listen only
  std::optional<std::uint64_t> delivery_count;  // from listen only: deliveries before this one
  std::optional<std::uint64_t> offset;          // from listen only: its place in a stream
  std::optional<std::int64_t> received_at;      // from listen only: milliseconds since the epoch

  std::optional<BodyKind> body_kind;  // unset: no body, as in a settings file
  std::string body;                   // the exact bytes, whatever the kind

  bool operator==(const Record&) const = default;
};

// The members that are text, by name: readers, writers, merging, flags and environment all walk this.
struct TextField {
  std::string_view name;
  Record::Text Record::*member;
  std::string_view help;  // a line for --help and the manual
};
inline constexpr std::array<TextField, 12> kTextFields{{
    {"exchange", &Record::exchange, "Exchange to publish to; \"\" is the default exchange"},
    {"direct_name", &Record::direct_name, "Durable direct exchange to publish to, created if missing"},
    {"queue", &Record::queue, "Durable queue, created if missing and bound with the routing key"},
    {"routing_key", &Record::routing_key, "Routing key; on the default exchange, the queue's name"},
    {"content_type", &Record::content_type, "MIME type of the body"},
    {"content_encoding", &Record::content_encoding, "MIME encoding of the body"},
    {"correlation_id", &Record::correlation_id, "Correlation id; fresh if unset and a reply is expected"},
    {"reply_to", &Record::reply_to, "Queue that replies should go to"},
    {"message_id", &Record::message_id, "Message id; fresh for each message if unset"},
    {"type", &Record::type, "Name of the message's type"},
    {"user_id", &Record::user_id, "User that publishes; the broker checks it"},
    {"app_id", &Record::app_id, "Application that publishes"},
}};

// The most readable kind for these bytes: one JSON value in UTF-8 is json, other UTF-8 is text, the rest is
// bytes. An empty body is text.
BodyKind body_kind_of(std::string_view bytes);

}  // namespace iso
