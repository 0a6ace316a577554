#include "cli/shared/record_options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <fmt/core.h>

#include "base/error.h"
#include "cli/shared/common_options.h"
#include "cli/shared/queue_options.h"
#include "record/merge.h"
#include "record/read.h"
#include "record/scan.h"
#include "record/write.h"

namespace iso::cli {
namespace {

std::string option_name(std::string_view field) {
  std::string name = "--" + std::string(field);
  std::replace(name.begin(), name.end(), '_', '-');
  return name;
}

std::string json_of(std::string_view text) {
  std::string json;
  append_json_string(json, text);
  return json;
}

// One field read by the same code as any record's, so that an option takes what the field takes.
void set(Record& record, std::string_view field, std::string_view json) {
  try {
    Record one = read_record(fmt::format("{{\"{}\":{}}}", field, json));
    fill(record, one);
  } catch (const Error& error) {
    std::string_view why = error.what();  // "byte 12: …", of no use here
    if (const auto colon = why.find(": "); colon != why.npos) why.remove_prefix(colon + 2);
    throw Error(ErrorKind::usage, fmt::format("{}: {}", option_name(field), why));
  }
}

std::string header_json(std::string_view header) {
  if (header.find('=') == header.npos && header.find(':') != header.npos)
    throw Error(
        ErrorKind::usage,
        fmt::format("--header {}: use NAME=TEXT, or NAME:=JSON; NAME: VALUE is for iso fetch", header));
  return member_of_pair("--header", header);
}

bool is_utf8_all(const std::vector<std::string>& texts) {
  return std::all_of(texts.begin(), texts.end(), [](const std::string& text) { return is_utf8(text); });
}

}  // namespace

void RecordOptions::add_to(CLI::App& app) {
  app_ = &app;
  for (const TextField& field : kTextFields)
    app.add_option(option_name(field.name), text_[field.name], std::string(field.help))
        ->type_name(field.name.ends_with("queue") || field.name == "reply_to" ? "QUEUE" : "TEXT")
        ->group(kRecordGroup);
  queue_.add_to(app, kRecordGroup);
  app.add_option("--header", headers_, "A header: name=text, or name:=JSON for another type; may be repeated")
      ->type_name("NAME=TEXT")
      ->take_all()
      ->expected(1)
      ->group(kRecordGroup);
  app.add_option("--priority", priority_, "Priority, 0 to 255")->type_name("N")->group(kRecordGroup);
  app.add_option("--expiration", expiration_, "Time to live in a queue, in milliseconds")
      ->type_name("MS")
      ->group(kRecordGroup);
  app.add_option("--timestamp", timestamp_, "When the message was made: seconds since the epoch, or RFC 3339")
      ->type_name("TIME")
      ->group(kRecordGroup);
  app.add_flag("--persistent,!--no-persistent", persistent_,
               "Whether the message survives a restart of the broker (default: --persistent)")
      ->group(kRecordGroup);
  app.add_flag("--mandatory,!--no-mandatory", mandatory_,
               "Whether a message that no queue takes is returned and reported (default: --mandatory)")
      ->group(kRecordGroup);
}

Record RecordOptions::record() const {
  const auto given = [this](const std::string& option) { return app_->count(option) > 0; };
  Record record;
  record.queue_arguments = queue_.table();
  for (const auto& [field, value] : text_) {
    if (!given(option_name(field))) continue;
    if (!is_utf8(value)) throw Error(ErrorKind::usage, fmt::format("{}: not UTF-8", option_name(field)));
    set(record, field, json_of(value));
  }
  if (!headers_.empty()) {
    if (!is_utf8_all(headers_)) throw Error(ErrorKind::usage, "--header: not UTF-8");
    std::string json = "{";
    for (const auto& header : headers_) json += (json.size() > 1 ? "," : "") + header_json(header);
    set(record, "headers", json + "}");
  }
  if (given("--priority")) set(record, "priority", is_json(priority_) ? priority_ : json_of(priority_));
  if (given("--expiration")) set(record, "expiration", json_of(expiration_));
  if (given("--timestamp")) set(record, "timestamp", is_json(timestamp_) ? timestamp_ : json_of(timestamp_));
  if (given("--persistent")) record.persistent = persistent_;
  if (given("--mandatory")) record.mandatory = mandatory_;
  return record;
}

}  // namespace iso::cli
