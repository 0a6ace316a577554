#pragma once

#include <atomic>

namespace iso {

// The address of a function in a shared library of others, which is loaded if it was not, and stays. Throws
// Kind::unavailable with what the loader says.
void* find_function(const char* library, const char* name);

// One such function, found when it is called first. For libraries that a start may not need: to load one
// takes as long as much of the rest of a start.
template <class Pointer>
class LateFunction;

template <class Result, class... Arguments>
class LateFunction<Result (*)(Arguments...)> {
 public:
  constexpr LateFunction(const char* library, const char* name) : library_(library), name_(name) {}

  Result operator()(Arguments... arguments) const {
    auto* function = function_.load(std::memory_order_acquire);
    if (!function) {
      function = reinterpret_cast<Result (*)(Arguments...)>(find_function(library_, name_));
      function_.store(function, std::memory_order_release);
    }
    return function(arguments...);
  }

 private:
  const char* library_;
  const char* name_;
  mutable std::atomic<Result (*)(Arguments...)> function_ = nullptr;
};

}  // namespace iso
