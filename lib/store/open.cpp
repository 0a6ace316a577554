#include "store/open.h"

#include <fmt/core.h>

#include "base/duration.h"
#include "base/error.h"
#include "base/url_options.h"
#include "store/sqlite_engine.h"

namespace iso::store {
namespace {

constexpr const char* kRetain = "7d";

// Whether an option has the first of two values. The first is its default, or the second is.
bool either(const Url& url, std::string_view name, std::string_view yes, std::string_view no,
            std::string_view usual) {
  const auto value = url.option(name, usual);
  if (value != yes && value != no)
    throw Error(ErrorKind::usage, fmt::format("{}: {} is {} or {}", redacted(url), name, yes, no));
  return value == yes;
}

}  // namespace

StoreOptions store_options(const Url& url) {
  check_options(url);
  return {either(url, "adopt", "yes", "no", "no"), either(url, "sync", "full", "normal", "full"),
          parse_duration(url.option("retain", kRetain))};
}

OpenStore open_store(const Url& url, Access access, std::chrono::milliseconds timeout) {
  const auto options = store_options(url);
  return {options, open_sqlite_engine(url.path, options, access, timeout)};
}

std::unique_ptr<StoreReader> open_store_reader(const Url& url) {
  check_options(url);
  return open_sqlite_reader(url.path);
}

}  // namespace iso::store
