#pragma once

#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "reconcile/reconcile.h"
#include "support/folder.h"

namespace iso::test {

using namespace ends;
using namespace reconcile;

// A source of what a test says, and of what came later.
class SmallItems final : public ItemSource {
 public:
  explicit SmallItems(std::vector<std::string> lines, std::vector<std::string> later = {})
      : lines_(std::move(lines)), later_(std::move(later)) {}

  bool read(std::string& out) override {
    if (next_ == lines_.size()) return false;
    out += lines_[next_++] + "\n";
    return true;
  }
  std::unique_ptr<ItemSource> reopen_for_changes() override {
    return later_.empty() ? nullptr : std::make_unique<SmallItems>(std::exchange(later_, {}));
  }

 private:
  std::vector<std::string> lines_, later_;
  std::size_t next_ = 0;
};

struct SmallSides {
  Folder folder;
  Side left, right;
  ReconcileOptions options;

  SmallSides() {
    options.folder = folder.path;
    options.threads = 2;
    options.seed = 5;
    for (Side* side : {&left, &right}) {
      side->key = {{"id"}};
      side->rule.at({"id"}).key = 0;
      side->rule.compared = true;
    }
    left.name = "left";
    right.name = "right";
  }

  static std::unique_ptr<LineFile> lines(const Folder& folder, std::vector<std::string> lines,
                                         std::vector<std::string> later = {}) {
    return std::make_unique<LineFile>(std::make_unique<SmallItems>(std::move(lines), std::move(later)),
                                      folder.path);
  }
  std::unique_ptr<LineFile> file(const std::string& name, const std::string& text) const {
    std::ofstream(folder.path + "/" + name) << text;
    return std::make_unique<LineFile>(folder.path + "/" + name);
  }

  // The key is message_id, and delivery fields are ignored.
  void of_messages() {
    for (Side* side : {&left, &right}) {
      side->key = {{"message_id"}};
      side->rule = {};
      side->rule.at({"message_id"}).key = 0;
      side->rule.compared = true;
      ignore_delivery_fields(side->rule);
    }
  }

  ReconcileTally tally;
  // Findings as lines.
  std::vector<std::string> run() {
    const std::atomic<int> stop = 0;
    std::vector<std::string> found;
    tally = reconcile::reconcile(left, right, options, stop, [&found](const Finding& finding) {
      append_finding(found.emplace_back(), finding);
    });
    return found;
  }
  std::vector<std::string> run_sorted() {
    const std::atomic<int> stop = 0;
    std::vector<std::string> found;
    tally = reconcile_sorted(left, right, options, stop, [&found](const Finding& finding) {
      append_finding(found.emplace_back(), finding);
    });
    return found;
  }
  std::vector<std::string> run(std::vector<std::string> left_lines, std::vector<std::string> right_lines) {
    left.text = lines(folder, std::move(left_lines));
    right.text = lines(folder, std::move(right_lines));
    return run();
  }
};

}  // namespace iso::test
