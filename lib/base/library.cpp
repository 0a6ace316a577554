#include "base/library.h"

#include <dlfcn.h>

#include "base/error.h"

namespace iso {

void* find_function(const char* library, const char* name) {
  // Lazily, as programs have them that name their libraries: libcurl brings forty others, and few of their
  // functions are ever called.
  void* handle = dlopen(library, RTLD_LAZY | RTLD_LOCAL);
  void* function = handle ? dlsym(handle, name) : nullptr;
  if (!function) throw Error(Kind::unavailable, dlerror());
  return function;
}

}  // namespace iso
