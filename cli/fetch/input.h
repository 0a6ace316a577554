#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "base/wait.h"
#include "record/pointer.h"
#include "record/split.h"

namespace iso::cli {

// One thing to fetch: a URL, and the record that it comes from.
struct Wanted {
  std::string url;
  std::string record;     // one JSON object; "": the URL comes from the command line
  std::string bad_input;  // why it has no URL, or is not a record; then `record` holds the bytes of the input
  std::uint64_t number = 0;
  std::string body;  // of the request, if it comes from the record
};

// URLs from the command line, or records from standard input.
class FetchInput {
 public:
  explicit FetchInput(std::vector<std::string> urls);
  FetchInput(Pointer url_at, std::optional<Pointer> body_at);

  // Never blocks. Nothing: no input is available now. Throws ErrorKind::io.
  std::optional<Wanted> next();
  bool ended() const { return ended_; }
  Wait wait() const;  // for more input

 private:
  void read_some();
  Wanted wanted(const Piece& piece) const;

  std::deque<std::string> urls_;
  std::uint64_t number_ = 0;
  std::optional<Pointer> url_at_, body_at_;
  Splitter splitter_{Framing::json};
  bool read_all_ = false, ended_ = false;
};

}  // namespace iso::cli
