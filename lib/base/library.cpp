#include "base/library.h"

#include <dlfcn.h>

#include "base/error.h"

namespace iso {

void* find_function(const char* library, const char* name) {
  void* handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
  void* function = handle ? dlsym(handle, name) : nullptr;
  if (!function) throw Error(Kind::unavailable, dlerror());
  return function;
}

}  // namespace iso
