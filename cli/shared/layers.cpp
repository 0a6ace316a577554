#include "cli/shared/layers.h"

#include <fmt/core.h>

#include "base/error.h"
#include "record/broker_headers.h"
#include "record/death.h"
#include "record/merge.h"

namespace iso::cli {
namespace {

// A record of the input must have a body, and what only listen or the settings say is dropped or refused.
void check(Record& record, bool keep_broker_headers) {
  if (!record.body_kind) throw Error(ErrorKind::data, "it has no body: give it one of body, text or base64");
  if (record.direct_name)
    throw Error(ErrorKind::data, "direct_name belongs in a settings file; a record has exchange");
  if (record.queue_arguments)
    throw Error(ErrorKind::data, "queue_arguments belong in a settings file, with queue");
  record.queue.reset();
  record.redelivered.reset();
  record.delivery_count.reset();
  record.offset.reset();
  record.received_at.reset();
  if (!keep_broker_headers) drop_broker_headers(record);
}

void send_to_origin(Record& record) {
  const auto death = first_death(record);
  if (!death) throw Error(ErrorKind::data, "it has no header x-death that says where it was dead-lettered");
  record.exchange = death->exchange;
  record.routing_key = death->routing_key;
}

}  // namespace

Layers::Layers(Record typed_fields, Record settings_fields)
    : typed(std::move(typed_fields)), settings(std::move(settings_fields)) {
  if (typed.exchange) settings.direct_name.reset();
  if (typed.direct_name) settings.exchange.reset();
}

Record resolve_defaults(const Layers& layers) {
  Record defaults = layers.typed;
  fill(defaults, layers.settings);
  if (defaults.direct_name && defaults.exchange && *defaults.exchange != *defaults.direct_name)
    throw Error(ErrorKind::config,
                fmt::format("exchange \"{}\" and direct_name \"{}\" name two exchanges; give one",
                            *defaults.exchange, *defaults.direct_name));
  if (defaults.queue_arguments && !defaults.queue)
    throw Error(layers.typed.queue_arguments ? ErrorKind::usage : ErrorKind::config,
                "--queue-type, --queue-argument and queue_arguments need a queue, which is created");
  if (defaults.direct_name) defaults.exchange = defaults.direct_name;
  if (!defaults.exchange) defaults.exchange = "";
  if (defaults.queue && defaults.exchange->empty() && !defaults.routing_key)
    defaults.routing_key = defaults.queue;
  return defaults;
}

Preparer::Preparer(const Layers& layers, Record defaults, Incoming incoming, bool awaits_replies)
    : typed_(layers.typed),
      defaults_(std::move(defaults)),
      incoming_(incoming),
      keep_broker_headers_(layers.keep_broker_headers),
      to_origin_(layers.to_origin),
      awaits_replies_(awaits_replies) {
  if (typed_.direct_name) typed_.exchange = typed_.direct_name;
  for (Record* layer : {&typed_, &defaults_}) {
    layer->queue.reset();
    layer->queue_arguments.reset();
    layer->direct_name.reset();
  }
}

void Preparer::operator()(Record& record) {
  if (incoming_ != Incoming::bodies) {
    if (to_origin_) send_to_origin(record);
    check(record, keep_broker_headers_);
    overlay(record);
  }
  fill(record, defaults_);
  if (record.exchange->empty() && record.routing_key.value_or("").empty())
    throw Error(ErrorKind::data,
                "it has no exchange and no routing key: give it one, or say --routing-key QUEUE");
  if (incoming_ == Incoming::messages) return;
  if (!record.message_id && !record.no_message_id) record.message_id = ids_.next();
  const bool correlates = awaits_replies_ || !record.reply_to.value_or("").empty();
  if (correlates && !record.correlation_id && !record.no_correlation_id) record.correlation_id = ids_.next();
}

void Preparer::overlay(Record& record) const {
  Record top = typed_;
  top.body.swap(record.body);
  std::swap(top.body_kind, record.body_kind);
  fill(top, record);
  record = std::move(top);
}

}  // namespace iso::cli
