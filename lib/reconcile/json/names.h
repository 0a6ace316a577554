#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <utility>

namespace iso::reconcile {

// What an object's names stand for, of a name that comes twice the last.
template <class Entry>
class Names {
 public:
  struct Found {
    Entry& entry;
    bool fresh;  // the name is new
  };

  // The entry stays where it is.
  Found find(std::uint64_t name) {
    const std::uint64_t bit = std::uint64_t{1} << (name >> 58);
    const bool perhaps_known = (std::exchange(seen_, seen_ | bit) & bit) != 0;
    if (perhaps_known)
      for (std::size_t i = 0; i < count_; ++i)
        if (few_[i].name == name) return {few_[i].entry, false};
    if (count_ < kFew) {
      few_[count_].name = name;
      return {few_[count_++].entry, true};
    }
    if (!many_) many_ = std::make_unique<Many>();
    const auto [found, fresh] = many_->try_emplace(name);
    return {found->second, fresh};
  }

  std::size_t size() const { return count_ + (many_ ? many_->size() : 0); }

 private:
  static constexpr std::size_t kFew = 24;  // among so many a look at each is fastest
  struct Named {
    std::uint64_t name;
    Entry entry;
  };
  using Many = std::unordered_map<std::uint64_t, Entry>;

  std::uint64_t seen_ = 0;  // a bit of each name's hash: most names are new, and this tells without a look
  std::size_t count_ = 0;
  std::array<Named, kFew> few_;
  std::unique_ptr<Many> many_;
};

}  // namespace iso::reconcile
