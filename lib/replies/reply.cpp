#include "replies/reply.h"

#include <fmt/core.h>
#include <utility>

#include "base/error.h"
#include "base/hash.h"
#include "record/broker_headers.h"
#include "record/confirmation.h"
#include "record/members.h"
#include "record/plain.h"
#include "record/read.h"
#include "record/write.h"

namespace iso::replies {
namespace {

std::string text_of(const Member& member) {
  auto text = member.value.starts_with('"') ? read_json_string(member.value) : std::nullopt;
  if (!text) throw Error(ErrorKind::data, fmt::format("{} must be a string", member.name));
  return *std::move(text);
}

void must_be_true(const Member& member) {
  if (member.value != "true") throw Error(ErrorKind::data, fmt::format("{} must be true", member.name));
}

// Nothing if the object has no result. A null message_id counts as none.
std::optional<HandlerVerdict> read_result(std::string_view line) {
  HandlerVerdict answer;
  unsigned results = 0;
  std::string_view other;
  ObjectWalker walker(line);
  while (const auto member = walker.next()) {
    if (member->name == R"("ack")") {
      must_be_true(*member);
      ++results;
    } else if (member->name == R"("requeue")") {
      must_be_true(*member);
      answer.status = DeliveryStatus::deferred;
      ++results;
    } else if (member->name == R"("reject")") {
      answer.status = DeliveryStatus::rejected;
      answer.why = text_of(*member);
      ++results;
    } else if (member->name == R"("message_id")") {
      if (member->value != "null") answer.message_id = text_of(*member);
    } else {
      other = member->name;
    }
  }
  if (results == 0) return std::nullopt;
  if (results > 1) throw Error(ErrorKind::data, "ack, requeue and reject exclude each other");
  if (!other.empty())
    throw Error(ErrorKind::data, fmt::format("{} cannot be combined with ack, requeue or reject", other));
  return answer;
}

}  // namespace

HandlerVerdict read_verdict(std::string_view line) try {
  if (auto result = read_result(line)) return *std::move(result);
  HandlerVerdict answer;
  answer.reply = std::make_unique<Record>(read_record(line));
  if (!answer.reply->body_kind)
    throw Error(ErrorKind::data, "it is neither a result (ack, requeue, reject) nor a record with a body");
  answer.message_id = std::exchange(answer.reply->message_id, std::nullopt);
  return answer;
} catch (const Fault& fault) {
  throw Error(ErrorKind::data, fmt::format("byte {}: {}", fault.offset + 1, fault.why));
}

std::unique_ptr<Record> reply_of(std::string printed) {
  auto reply = std::make_unique<Record>();
  reply->body_kind = body_kind_of(printed);
  if (reply->body_kind == BodyKind::json) {
    while (is_space(printed.back())) printed.pop_back();
    printed.erase(0, printed.find_first_not_of(" \n\r\t"));
  }
  reply->body = std::move(printed);
  return reply;
}

void address_reply(Record& reply, const Record& request) {
  if (!reply.exchange && !reply.routing_key) reply.routing_key = request.reply_to;
  if (!reply.exchange) reply.exchange = "";
  if (!reply.correlation_id)
    reply.correlation_id = request.correlation_id ? request.correlation_id : request.message_id;
  if (!reply.persistent) reply.persistent = request.persistent;
  if (!reply.content_type && reply.body_kind == BodyKind::json) reply.content_type = "application/json";
  // Fields that only listen or a settings file set.
  reply.queue.reset();
  reply.direct_name.reset();
  reply.queue_arguments.reset();
  reply.redelivered.reset();
  reply.delivery_count.reset();
  reply.offset.reset();
  reply.received_at.reset();
  drop_broker_headers(reply);
}

Record confirmation_of(const Record& request, std::string_view application, const DeliveryResult& result) {
  Record record;
  address_reply(record, request);
  record.app_id = application;
  record.content_type = "application/json";
  record.body_kind = BodyKind::json;
  record.body = R"({"correlation_id":)";
  append_json_string(record.body, record.correlation_id.value_or(""));
  record.body += R"(,"application_name":)";
  append_json_string(record.body, application);
  if (result.status == DeliveryStatus::confirmed) {
    record.body += R"(,"message":"Success"})";
  } else {
    record.body += R"(,"message":"Failure","error":)";
    append_json_string(record.body, result.reply_text);
    record.body += '}';
  }
  if (!request.message_id) return record;
  record.headers = FieldTable{{std::string(kConfirmedId), Field{*request.message_id}}};
  record.message_id = hash_text(fmt::format("{}/{}", *request.message_id, application));
  return record;
}

}  // namespace iso::replies
