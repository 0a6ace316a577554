#include "base/library.h"

#include <dlfcn.h>
#include <mutex>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace iso {
namespace {

// Remembered: dlopen() of a library that is already loaded takes ten times as long as dlsym().
void* load(const char* library) {
  static std::mutex mutex;
  static std::vector<std::pair<std::string_view, void*>> loaded;
  {
    const std::scoped_lock lock(mutex);
    for (const auto& [name, handle] : loaded)
      if (name == library) return handle;
  }
  // Lazy binding, as in a program linked with the library: libcurl brings forty others, and few of their
  // functions are ever called.
  void* handle = dlopen(library, RTLD_LAZY | RTLD_LOCAL);
  const std::scoped_lock lock(mutex);
  if (handle) loaded.emplace_back(library, handle);
  return handle;
}

}  // namespace

void* find_function(const char* library, const char* name) {
  void* handle = load(library);
  void* function = handle ? dlsym(handle, name) : nullptr;
  if (!function) throw Error(ErrorKind::unavailable, dlerror());
  return function;
}

}  // namespace iso
