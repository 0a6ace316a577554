#pragma once

#include <atomic>

namespace iso {

// The address of a function in a shared library, which is loaded on the first call and stays loaded.
// `library` is a literal. Throws ErrorKind::unavailable with the loader's message.
void* find_function(const char* library, const char* name);

// One such function, found on its first call. For libraries that a short run may not need: loading one takes
// about as long as everything else at the start of a program.
template <class Pointer>
class LateFunction;

template <class Pointer>
class LateAddress {
 public:
  constexpr LateAddress(const char* library, const char* name) : library_(library), name_(name) {}

 protected:
  Pointer address() const {
    Pointer function = function_.load(std::memory_order_acquire);
    if (!function) {
      function = reinterpret_cast<Pointer>(find_function(library_, name_));
      function_.store(function, std::memory_order_release);
    }
    return function;
  }

 private:
  const char* library_;
  const char* name_;
  mutable std::atomic<Pointer> function_ = nullptr;
};

template <class Result, class... Arguments>
class LateFunction<Result (*)(Arguments...)> : LateAddress<Result (*)(Arguments...)> {
 public:
  using LateAddress<Result (*)(Arguments...)>::LateAddress;
  Result operator()(Arguments... arguments) const { return this->address()(arguments...); }
};

// One that takes more arguments than it names.
template <class Result, class... Arguments>
class LateFunction<Result (*)(Arguments..., ...)> : LateAddress<Result (*)(Arguments..., ...)> {
 public:
  using LateAddress<Result (*)(Arguments..., ...)>::LateAddress;
  template <class... More>
  Result operator()(Arguments... arguments, More... more) const {
    return this->address()(arguments..., more...);
  }
};

}  // namespace iso
