#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <set>
#include <string>
#include <unordered_map>

#include "base/file.h"
#include "cli/fetch/input.h"
#include "cli/fetch/pages.h"
#include "cli/fetch/request_fields.h"
#include "cli/shared/report.h"
#include "fetch/fetch.h"

namespace iso::cli {

struct FetchRunOptions {
  std::string method, body;
  bool body_at = false;  // each request has the body of its record
  RequestFields fields;
  std::uint64_t max_pages = 0;
  bool records = false;  // print records instead of bodies
  bool all_pages = false;
  Paging pages;
  bool single = false;  // its failure is the command's error, which the caller reports
  std::size_t parallel = 50;
};

struct FetchTally {
  std::uint64_t fetched = 0, refused = 0, bad_input = 0;  // refused: a status of 400 or more
  std::uint64_t unavailable = 0, unconfirmed = 0, denied = 0, other = 0;
  std::string last;  // why the last failed fetch failed
  bool closed = false;
};

// Fetches all URLs of an input, up to `parallel` at once, and prints the results in the order of the input.
class FetchRun {
 public:
  FetchRun(FetchInput& input, fetch::Fetcher& fetcher, Report& report, FetchRunOptions options,
           const std::atomic<int>& interrupted);

  // Closes standard output when everything is printed. Throws ErrorKind::io.
  FetchTally run();

 private:
  // One input with its results that are not printed yet.
  struct Slot {
    std::uint64_t number = 0;
    Wanted wanted;
    std::deque<fetch::Fetched> pages;
    std::string next_page;        // requested once this slot is the first
    std::set<std::string> asked;  // with --all-pages: URLs requested so far
    bool finished = false;
    std::string incomplete;  // why a listing ended before its last page
    bool is_bad = false;     // a page has no array of items
  };

  void fill();
  void start(Slot& slot);
  void ask(const Slot& slot, const std::string& url, http::Fields fields, bool is_named);
  void start_page(Slot& slot, const std::string& url);
  void take(fetch::Fetched fetched);
  void go_on(Slot& slot, const fetch::Fetched& page);
  void print_ready();
  void print(Slot& slot, fetch::Fetched fetched);
  void print_body(std::string_view bytes);
  void print_items(Slot& slot, std::string_view page);
  void count(const Slot& slot, const fetch::Fetched& fetched);
  bool finished() const;
  Wait wait() const;

  FetchInput& input_;
  fetch::Fetcher& fetcher_;
  Report& report_;
  FetchRunOptions options_;
  const std::atomic<int>& interrupted_;
  FirstFew failures_;
  Output out_;
  std::deque<Slot> slots_;
  std::uint64_t first_ = 0;  // the number of the first slot
  FetchTally tally_;
};

}  // namespace iso::cli
