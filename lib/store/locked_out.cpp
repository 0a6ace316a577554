#include "store/locked_out.h"

#include <fmt/core.h>

namespace iso::store {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kToldAfter{5000};

}  // namespace

std::optional<milliseconds> LockedOut::duration() const {
  if (!since_) return std::nullopt;
  return std::chrono::duration_cast<milliseconds>(clock_.steady() - *since_);
}

void LockedOut::locked() {
  if (!since_) since_ = clock_.steady() - StoreEngine::kTurn;
  const auto now = *duration();
  if (text_.empty() && now >= kToldAfter)
    text_ = fmt::format("{}: locked by another process for {} s", engine_.name(), now.count() / 1000);
}

}  // namespace iso::store
