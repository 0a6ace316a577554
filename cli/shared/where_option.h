#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/url.h"
#include "cli/shared/report.h"
#include "pump/end.h"
#include "pump/end_options.h"

namespace CLI {
class App;
}

namespace iso::cli {

// --where: which messages are taken, as record/condition.h reads it.
class WhereOption {
 public:
  void add_to(CLI::App& app, const std::string& group = "Options");
  // One more, that was not typed.
  void add(std::string text) { texts_.push_back(std::move(text)); }
  bool is_given() const { return !texts_.empty(); }

  // For a source that pick() is given: it is not the one that counts, and others are held.
  void prepare(SourceOptions& options) const;

  // What `source` gives and fulfils all conditions; the source itself if there are none. `window`: how many
  // may be in flight. Throws ErrorKind::usage.
  std::unique_ptr<Source> pick(std::unique_ptr<Source> source, const Url& url, const SourceOptions& options,
                               std::size_t window, Report& report) const;
  // The same where nothing becomes of the others: of a file of records.
  std::unique_ptr<Source> pick_looked_at(std::unique_ptr<Source> source) const;

  // Throws ErrorKind::usage for what cannot be read.
  void check() const;

 private:
  std::vector<std::string> texts_;
};

}  // namespace iso::cli
