#include "fetch/http_library.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include "base/error.h"

namespace iso {
namespace {

constexpr const char* kName = "libcurl.so.4";

template <class Function>
void load(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  if (!function)
    throw Error(Kind::internal, fmt::format("{} lacks {}: install libcurl 7.85 or newer", kName, name));
}

HttpLibrary loaded() {
  void* library = dlopen(kName, RTLD_NOW | RTLD_LOCAL);  // kept to the end
  if (!library)
    throw Error(Kind::internal, fmt::format("HTTP needs libcurl (package libcurl4): {}", dlerror()));
  HttpLibrary all{};
  load(library, "curl_global_init", all.global_init);
  load(library, "curl_easy_init", all.easy_init);
  load(library, "curl_easy_cleanup", all.easy_cleanup);
  load(library, "curl_easy_reset", all.easy_reset);
  load(library, "curl_easy_setopt", all.easy_setopt);
  load(library, "curl_easy_getinfo", all.easy_getinfo);
  load(library, "curl_easy_strerror", all.easy_strerror);
  load(library, "curl_multi_init", all.multi_init);
  load(library, "curl_multi_cleanup", all.multi_cleanup);
  load(library, "curl_multi_setopt", all.multi_setopt);
  load(library, "curl_multi_add_handle", all.multi_add_handle);
  load(library, "curl_multi_remove_handle", all.multi_remove_handle);
  load(library, "curl_multi_perform", all.multi_perform);
  load(library, "curl_multi_poll", all.multi_poll);
  load(library, "curl_multi_info_read", all.multi_info_read);
  load(library, "curl_multi_strerror", all.multi_strerror);
  load(library, "curl_slist_append", all.slist_append);
  load(library, "curl_slist_free_all", all.slist_free_all);
  all.global_init(CURL_GLOBAL_DEFAULT);
  return all;
}

}  // namespace

const HttpLibrary& http_library() {
  static const HttpLibrary library = loaded();
  return library;
}

}  // namespace iso
