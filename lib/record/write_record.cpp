#include <array>
#include <charconv>

#include "base/base64.h"
#include "record/time.h"
#include "record/write.h"

namespace iso {
namespace {

class RecordWriter {
 public:
  RecordWriter(std::string& out, const Record& record) : out_(out), record_(record) { out_ += '{'; }

  void write(BodyAs as) {
    texts({{"exchange", &Record::exchange},
           {"direct_name", &Record::direct_name},
           {"routing_key", &Record::routing_key},
           {"queue", &Record::queue}});
    if (record_.queue_arguments) append_fields(name("queue_arguments"), *record_.queue_arguments);
    id("message_id", record_.message_id, record_.no_message_id);
    id("correlation_id", record_.correlation_id, record_.no_correlation_id);
    texts({{"type", &Record::type},
           {"content_type", &Record::content_type},
           {"content_encoding", &Record::content_encoding},
           {"reply_to", &Record::reply_to},
           {"app_id", &Record::app_id},
           {"user_id", &Record::user_id}});
    number("priority", record_.priority);
    texts({{"expiration", &Record::expiration}});
    number("timestamp", record_.timestamp);
    boolean("persistent", record_.persistent);
    boolean("mandatory", record_.mandatory);
    if (record_.headers) append_fields(name("headers"), *record_.headers);
    boolean("redelivered", record_.redelivered);
    number("delivery_count", record_.delivery_count);
    number("offset", record_.offset);
    if (record_.received_at) {
      name("received_at") += '"';
      append_rfc3339(out_, *record_.received_at);
      out_ += '"';
    }
    if (record_.body_kind && as != BodyAs::left_out) body(as);
    out_ += '}';
  }

 private:
  using NamedText = std::pair<std::string_view, Record::Text Record::*>;

  std::string& name(std::string_view name) {
    if (out_.back() != '{') out_ += ',';
    out_ += '"';
    out_ += name;
    return out_ += "\":";
  }

  void texts(std::initializer_list<NamedText> fields) {
    for (const auto& [field, member] : fields)
      if (const auto& text = record_.*member) append_json_string(name(field), *text);
  }

  void id(std::string_view field, const Record::Text& text, bool left_off) {
    if (text) {
      append_json_string(name(field), *text);
    } else if (left_off) {
      name(field) += "null";
    }
  }

  template <class Integer>
  void number(std::string_view field, const std::optional<Integer>& value) {
    if (!value) return;
    char digits[24];
    name(field).append(digits, std::to_chars(digits, digits + sizeof digits, *value).ptr);
  }

  void boolean(std::string_view field, const std::optional<bool>& value) {
    if (value) name(field) += *value ? "true" : "false";
  }

  void body(BodyAs as) {
    if (as == BodyAs::base64 || record_.body_kind == BodyKind::bytes) {
      name("base64") += '"';
      append_base64(out_, record_.body);
      out_ += '"';
    } else if (record_.body_kind == BodyKind::json) {
      append_one_line(name("body"), record_.body);
    } else {
      append_json_string(name("text"), record_.body);
    }
  }

  std::string& out_;
  const Record& record_;
};

}  // namespace

void append_record(std::string& out, const Record& record, BodyAs as) {
  RecordWriter(out, record).write(as);
}

}  // namespace iso
