#include "cli/fetch/output.h"

#include <fmt/core.h>

#include "base/base64.h"
#include "base/clock.h"
#include "base/secrets.h"
#include "cli/shared/report.h"
#include "fetch/retry.h"
#include "http/problem.h"
#include "record/members.h"
#include "record/record.h"
#include "record/scan.h"
#include "record/write.h"

namespace iso::cli {
namespace {

// Reads bytes that are not UTF-8 as ISO 8859-1, which RFC 9110 section 5.5 mentions, so that they can be
// recovered.
void append_value(std::string& out, std::string_view value) {
  if (is_utf8(value)) return append_json_string(out, value);
  std::string text;
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80)
      text += c;
    else
      text += {static_cast<char>(0xC0 | byte >> 6), static_cast<char>(0x80 | (byte & 0x3F))};
  }
  append_json_string(out, text);
}

void append_headers(std::string& out, const http::Fields& fields) {
  out += '[';
  const char* comma = "";
  for (const auto& field : fields) {
    out += comma;
    out += '[';
    append_value(out, field.name);
    out += ',';
    append_value(out, field.value);
    out += ']';
    comma = ",";
  }
  out += ']';
}

std::string_view without_space(std::string_view json) {
  constexpr std::string_view kSpace = " \t\r\n";
  const auto start = json.find_first_not_of(kSpace);
  return json.substr(start, json.find_last_not_of(kSpace) - start + 1);
}

void append_body(std::string& out, std::string_view bytes) {
  switch (body_kind_of(bytes)) {
    case BodyKind::json:
      out += "\"body\":";
      append_one_line(out, without_space(bytes));
      return;
    case BodyKind::text:
      out += "\"text\":";
      append_json_string(out, bytes);
      return;
    case BodyKind::bytes:
      out += "\"base64\":\"";
      append_base64(out, bytes);
      out += '"';
  }
}

// The 1xx responses before the final one.
void append_interim(std::string& out, const std::vector<http::Response>& interim) {
  out += ",\"interim\":[";
  const char* comma = "";
  for (const auto& response : interim) {
    out += fmt::format("{}{{\"status\":{},\"headers\":", comma, response.status);
    append_headers(out, response.fields);
    out += '}';
    comma = ",";
  }
  out += ']';
}

// The members that both forms share, without braces.
void append_how(std::string& out, const Wanted& wanted, const fetch::Fetched& fetched) {
  out += "\"url\":";
  append_value(out, without_secrets(wanted.url));
  if (!fetched.url.empty() && fetched.url != wanted.url) {
    out += ",\"final_url\":";
    append_value(out, without_secrets(fetched.url));
  }
  if (fetched.response.status != 0) {
    out += fmt::format(",\"status\":{},\"headers\":", fetched.response.status);
    append_headers(out, fetched.response.fields);
    if (const auto etag = fetched.response.fields.first("etag")) {
      out += ",\"etag\":";
      append_value(out, *etag);
    }
  }
  if (!fetched.interim.empty()) append_interim(out, fetched.interim);
  out += fmt::format(",\"cache\":\"{}\",\"age\":{},\"attempts\":{},\"elapsed_ms\":{}", name_of(fetched.cache),
                     fetched.age.count(), fetched.attempts, fetched.elapsed.count());
  if (!fetched.instance.empty()) {
    out += ",\"instance\":";
    append_value(out, fetched.instance);
  }
}

void append_error(std::string& out, std::string_view why) {
  out += ",\"error\":";
  append_json_string(out, why);
}

// The members of the record that are kept, each followed by a comma.
void append_members(std::string& out, std::string_view record, bool with_body) {
  ObjectWalker walker(record);
  while (const auto member = walker.next()) {
    const auto name = read_json_string(member->name).value_or("");
    if (name == "fetch" || name == "error") continue;
    if (!with_body && (name == "body" || name == "text" || name == "base64")) continue;
    out += member->name;
    out += ':';
    append_one_line(out, member->value);
    out += ',';
  }
}

}  // namespace

std::optional<std::string> failure_of(const fetch::Fetched& fetched) {
  if (fetched.failure) return without_secrets(fetched.failure->why);
  if (fetched.response.status < 400) return std::nullopt;
  const auto details =
      http::is_problem(fetched.response.fields) ? http::problem_line(fetched.body.bytes()) : std::nullopt;
  const auto now = std::chrono::floor<http::Seconds>(system_clock().wall().time_since_epoch());
  const auto rest = fetch::retry_after(fetched.response.fields, now);
  return fmt::format("status {}{}{}{}", fetched.response.status, details ? ": " : "", details.value_or(""),
                     rest ? fmt::format("; it asks to wait {} s", rest->count()) : "");
}

void append_fetched(std::string& out, const Wanted& wanted, const fetch::Fetched& fetched) {
  out += '{';
  append_how(out, wanted, fetched);
  if (const auto why = failure_of(fetched)) append_error(out, *why);
  if (fetched.response.status != 0) {
    out += ',';
    append_body(out, fetched.body.bytes());
  }
  out += "}\n";
}

void append_record_with(std::string& out, const Wanted& wanted, const fetch::Fetched& fetched) {
  const auto why = failure_of(fetched);
  out += '{';
  append_members(out, wanted.record, why.has_value());
  out += "\"fetch\":{";
  append_how(out, wanted, fetched);
  out += '}';
  if (!why) {
    out += ',';
    append_body(out, fetched.body.bytes());
  } else {
    append_error(out, *why);
  }
  out += "}\n";
}

void append_bad_input(std::string& out, const Wanted& wanted) {
  Delivery taken;
  taken.bad_input =
      std::make_unique<BadInput>(BadInput{wanted.number, 0, 0, wanted.bad_input, wanted.record});
  append_reject(out, taken);
}

}  // namespace iso::cli
