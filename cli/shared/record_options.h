#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "cli/shared/queue_options.h"
#include "record/record.h"

namespace CLI {
class App;
}

namespace iso::cli {

// The fields of the record as options: --routing-key, --header, …
class RecordOptions {
 public:
  void add_to(CLI::App& app);

  // What was typed. Throws ErrorKind::usage that names the option.
  Record record() const;

 private:
  std::map<std::string_view, std::string> text_;  // by field name; only what add_to declared
  std::string priority_, expiration_, timestamp_;
  bool persistent_ = true, mandatory_ = true;
  std::vector<std::string> headers_;
  QueueOptions queue_;
  const CLI::App* app_ = nullptr;
};

}  // namespace iso::cli
