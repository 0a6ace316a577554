#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"

namespace iso::reconcile {

// Sorts any number of keys, each with a few bytes: runs that do not fit into memory go to a temporary file,
// and are merged at the end.
class Sorter {
 public:
  Sorter(std::size_t memory, std::string folder);

  // From any thread. The order of equal keys is not kept. Throws ErrorKind::io.
  void add(std::string_view key, std::string_view payload);

  // Passes all of them on in the byte order of their keys, once.
  void each(const std::function<void(std::string_view key, std::string_view payload)>& take);

 private:
  struct Run {
    std::uint64_t begin = 0, end = 0;
  };
  class RunReader;

  void sort();
  void spill();

  std::mutex mutex_;
  std::size_t memory_;
  std::string folder_;
  std::string bytes_;                 // entries one after the other: lengths, key, payload
  std::vector<std::size_t> entries_;  // where each starts
  std::vector<Run> runs_;
  Descriptor file_;
  std::uint64_t file_end_ = 0;
};

}  // namespace iso::reconcile
