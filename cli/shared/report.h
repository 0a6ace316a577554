#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/file.h"
#include "cli/shared/environment.h"
#include "pump/end.h"

namespace iso::cli {

// How much is said to people, and how.
struct Verbosity {
  bool quiet = false, verbose = false;
  std::string color = "auto", progress = "auto";
};

// Whether what goes to `fd` is coloured: as --color says, else on a terminal without NO_COLOR.
bool wants_color(const Verbosity& voice, const Environment& environment, int fd);

// Everything for people goes through here, to stderr: errors, warnings, notes and the progress line.
class Report {
 public:
  Report(std::string command, const Verbosity& voice, const Environment& environment);
  ~Report();

  void error(std::string_view text);    // always
  void warning(std::string_view text);  // unless --quiet
  void note(std::string_view text);     // unless --quiet
  void detail(std::string_view text);   // with --verbose

  // Shows how far it is, at most a few times a second. `doing` is "published" or "received".
  void progress(std::string_view doing, std::uint64_t count);
  // The same for bytes of which `all` are to come, if that is known and not 0: with rate and time left.
  void progress_bytes(std::string_view doing, std::uint64_t bytes, std::uint64_t all);

 private:
  bool is_time();
  void line(std::string_view label, std::string_view color, std::string_view text);
  void clear_progress();

  std::string command_;
  bool quiet_, verbose_, color_, progress_;
  bool progress_shown_ = false;
  std::chrono::steady_clock::time_point started_, shown_at_;
};

// Errors of which there may be many: the first few are told, and in the end how many more there were.
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

// A line of --rejects. A record that was not confirmed can be published again as it stands; input that was no
// record carries what was wrong in `error`, which publish refuses until someone has mended it.
void append_reject(std::string& out, const Delivery& taken);

// "returned: message 0193… to exchange "x" with routing key "y": NO_ROUTE (312)"
std::string failure_text(const Record& record, const DeliveryResult& result);

std::string_view name_of(DeliveryStatus status);

}  // namespace iso::cli
