#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

namespace iso::amqp {

// What a publisher has learnt about the exchanges that its messages go to.
class Exchanges {
 public:
  // It is there: it has confirmed or refused a message. The default exchange always is.
  bool is_known(std::string_view name) const {
    return name.empty() || name == last_ || known_.contains(name);
  }
  void add_known(std::string_view name) {
    if (name.empty() || name == last_) return;
    last_ = name;
    known_.emplace(name);
  }

  // Why messages to it need not be sent, in the broker's words; null: they may.
  const std::string* why_missing(std::string_view name) const {
    const auto missing = missing_.find(name);
    return missing != missing_.end() ? &missing->second : nullptr;
  }
  void add_missing(std::string_view name, std::string_view why) {
    missing_.emplace(name, why);
    if (const auto known = known_.find(name); known != known_.end()) known_.erase(known);
    last_.clear();
  }

 private:
  std::set<std::string, std::less<>> known_;
  std::string last_;  // of known_, the one that was added last: most messages go there
  std::map<std::string, std::string, std::less<>> missing_;
};

}  // namespace iso::amqp
