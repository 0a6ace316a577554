#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/file.h"
#include "cli/shared/environment.h"
#include "pump/end.h"

namespace iso::cli {

// How much to tell people, and how.
struct Verbosity {
  bool quiet = false, verbose = false;
  std::string color = "auto", progress = "auto";
};

// Whether what goes to `fd` is coloured: as --color says, else on a terminal without NO_COLOR.
bool wants_color(const Verbosity& voice, const Environment& environment, int fd);

// All messages for people, on stderr: errors, warnings, notes and the progress line.
class Report {
 public:
  Report(std::string command, const Verbosity& voice, const Environment& environment);
  ~Report();

  void error(std::string_view text);    // always
  void warning(std::string_view text);  // unless --quiet
  void note(std::string_view text);     // unless --quiet
  void detail(std::string_view text);   // with --verbose

  bool is_verbose() const { return verbose_; }

  // How many there will be in all, if that is known: progress then tells the time that is left.
  void expect(std::uint64_t count) { expected_ = count; }
  // Shows the progress, at most a few times a second, from the first second on. `doing` is "published" or
  // "received".
  void progress(std::string_view doing, std::uint64_t count);
  // The same in bytes, with the rate, and with the time left if the total `all` is known (not 0).
  void progress_bytes(std::string_view doing, std::uint64_t bytes, std::uint64_t all);

 private:
  bool is_time();
  void line(std::string_view label, std::string_view color, std::string_view text);
  void show_progress(std::string_view text);
  void clear_progress();

  std::string command_;
  bool quiet_, verbose_, color_, progress_;
  bool progress_shown_ = false;
  std::uint64_t expected_ = 0;
  std::chrono::steady_clock::time_point started_, shown_at_;
};

// "12,345"
std::string grouped(std::uint64_t number);

// For errors that may be many: reports the first few, and at the end how many more there were.
class FirstFew {
 public:
  explicit FirstFew(Report& report) : report_(report) {}
  void add(const std::string& text);
  // "and 7 more " and this, if there are more. Gives how many there were in all.
  std::uint64_t finish(std::string_view more);

 private:
  Report& report_;
  std::uint64_t count_ = 0;
};

// A receipt: one line of JSON about one message that was published.
void append_receipt(std::string& out, const Record& record, const DeliveryResult& result);

// A line of --rejects. A record that was not confirmed can be published again unchanged; input that was not a
// record has the reason in `error`, and publish refuses it until someone has repaired it.
void append_reject(std::string& out, const Delivery& taken);

// "returned: message 0193… to exchange "x" with routing key "y": NO_ROUTE (312)"
std::string failure_text(const Record& record, const DeliveryResult& result);

std::string_view name_of(DeliveryStatus status);

}  // namespace iso::cli
