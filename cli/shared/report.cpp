#include "cli/shared/report.h"

#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/shared/columns.h"
#include "cli/shared/people.h"
#include "cli/shared/terminal_size.h"
#include "record/scan.h"
#include "record/write.h"

namespace iso::cli {
namespace {

constexpr std::uint64_t kFew = 10;
constexpr std::size_t kColumns = 80;  // of a terminal that does not say
constexpr std::string_view kRed = "\033[31m", kYellow = "\033[33m", kClearLine = "\r\033[K";
constexpr std::chrono::milliseconds kProgressEvery{200}, kProgressAfter{1000};
constexpr double kMega = 1e6;

bool decide(const std::string& when, bool automatic) {
  return when == "always" || (when == "auto" && automatic);
}

bool is_pipe(int fd) {
  struct stat status {};
  return fstat(fd, &status) == 0 && (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode));
}

void append_member(std::string& out, std::string_view name, std::string_view value) {
  out += out.back() == '{' ? "\"" : ",\"";
  out += name;
  out += "\":";
  append_json_string(out, value);
}

}  // namespace

bool wants_color(const Verbosity& voice, const Environment& environment, int fd) {
  return decide(voice.color, environment.is_terminal(fd) && !environment.variable("NO_COLOR"));
}

Report::Report(std::string command, const Verbosity& voice, const Environment& environment)
    : command_(std::move(command)), quiet_(voice.quiet), verbose_(voice.verbose) {
  const bool terminal = environment.is_terminal(STDERR_FILENO);
  color_ = wants_color(voice, environment, STDERR_FILENO);
  // On the same screen as the data it would only be in the way, also where a pager or another program at the
  // end of a pipe writes them.
  const bool data_may_be_shown = environment.is_terminal(STDOUT_FILENO) || is_pipe(STDOUT_FILENO);
  progress_ = !quiet_ && decide(voice.progress, terminal && !data_may_be_shown);
  started_ = system_clock().steady();
  shown_at_ = started_ + kProgressAfter - kProgressEvery;
}

Report::~Report() {
  clear_progress();
}

void Report::error(std::string_view text) {
  line("", kRed, text);
}

void Report::warning(std::string_view text) {
  if (!quiet_) line("warning: ", kYellow, text);
}

void Report::note(std::string_view text) {
  if (!quiet_) line("", "", text);
}

void Report::detail(std::string_view text) {
  if (verbose_) line("", "", text);
}

void Report::line(std::string_view label, std::string_view color, std::string_view text) {
  clear_progress();
  tell_people(command_, fmt::format("{}{}", label, text), color_ ? color : "");
}

bool Report::is_time() {
  if (!progress_) return false;
  const auto now = system_clock().steady();
  if (now - shown_at_ < kProgressEvery) return false;
  shown_at_ = now;
  return true;
}

void Report::progress_bytes(std::string_view doing, std::uint64_t bytes, std::uint64_t all) {
  if (!is_time()) return;
  const double seconds = std::chrono::duration<double>(shown_at_ - started_).count();
  const double rate = static_cast<double>(bytes) / seconds;
  std::string text = fmt::format("{} {:.1f} MB, {:.0f} MB a second", doing,
                                 static_cast<double>(bytes) / kMega, rate / kMega);
  if (all > bytes)
    text += fmt::format(", {}%, {:.0f} s left", bytes * 100 / all, static_cast<double>(all - bytes) / rate);
  show_progress(text);
}

void Report::show_progress(std::string_view text) {
  write_to_people(
      fmt::format("{}{}", kClearLine, cut_end(text, terminal_columns(STDERR_FILENO, kColumns) - 1)));
  progress_shown_ = true;
}

void Report::progress(std::string_view doing, std::uint64_t count) {
  if (!is_time()) return;
  const double seconds = std::chrono::duration<double>(shown_at_ - started_).count();
  const double rate = static_cast<double>(count) / seconds;
  if (expected_ <= count)
    return show_progress(fmt::format("{} {}, {}/s, {:.0f} s", grouped(count), doing,
                                     grouped(static_cast<std::uint64_t>(rate)), seconds));
  show_progress(fmt::format("{} of {} {}, {}/s, {:.0f} s left", grouped(count), grouped(expected_), doing,
                            grouped(static_cast<std::uint64_t>(rate)),
                            static_cast<double>(expected_ - count) / rate));
}

std::string grouped(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3;) digits.insert(at -= 3, ",");
  return digits;
}

void Report::clear_progress() {
  if (progress_shown_) write_to_people(kClearLine);
  progress_shown_ = false;
}

void FirstFew::add(const std::string& text) {
  if (++count_ <= kFew) report_.error(text);
}

std::uint64_t FirstFew::finish(std::string_view more) {
  if (count_ > kFew) report_.error(fmt::format("and {} more {}", count_ - kFew, more));
  return count_;
}

void append_receipt(std::string& out, const Record& record, const DeliveryResult& result) {
  out += '{';
  if (record.message_id) append_member(out, "message_id", *record.message_id);
  if (record.correlation_id) append_member(out, "correlation_id", *record.correlation_id);
  append_member(out, "status", name_of(result.status));
  if (result.status != DeliveryStatus::confirmed) {
    append_member(out, "exchange", record.exchange.value_or(""));
    append_member(out, "routing_key", record.routing_key.value_or(""));
  }
  if (result.reply_code != 0) out += fmt::format(",\"reply_code\":{}", result.reply_code);
  if (!result.reply_text.empty()) append_member(out, "reply_text", result.reply_text);
  out += "}\n";
}

void append_reject(std::string& out, const Delivery& taken) {
  if (!taken.bad_input) {
    append_record(out, taken.record);
    out += '\n';
    return;
  }
  out += '{';
  append_member(out, "error", taken.bad_input->why);
  Record raw;
  raw.body = taken.bad_input->bytes.empty() ? taken.record.body : taken.bad_input->bytes;
  raw.body_kind = is_utf8(raw.body) ? BodyKind::text : BodyKind::bytes;
  std::string rest;
  append_record(rest, raw);
  out += ',';
  out.append(rest, 1);
  out += '\n';
}

std::string failure_text(const Record& record, const DeliveryResult& result) {
  std::string text = fmt::format("{}: message {} to exchange \"{}\" with routing key \"{}\"",
                                 name_of(result.status), record.message_id.value_or("without an id"),
                                 record.exchange.value_or(""), record.routing_key.value_or(""));
  if (!result.reply_text.empty()) text += ": " + result.reply_text;
  if (result.reply_code != 0) text += fmt::format(" ({})", result.reply_code);
  return text;
}

std::string_view name_of(DeliveryStatus status) {
  switch (status) {
    case DeliveryStatus::confirmed:
      return "confirmed";
    case DeliveryStatus::returned:
      return "returned";
    case DeliveryStatus::nacked:
      return "nacked";
    case DeliveryStatus::unconfirmed:
      return "unconfirmed";
    case DeliveryStatus::deferred:
      return "deferred";
    case DeliveryStatus::rejected:
      return "rejected";
    case DeliveryStatus::untried:
      return "untried";
  }
  return "";
}

}  // namespace iso::cli
