#include "base/url_options.h"

#include <algorithm>
#include <array>
#include <fmt/core.h>
#include <span>

#include "base/error.h"
#include "base/suggest.h"
#include "base/text.h"

namespace iso {
namespace {

// Every option that an end reads; any other name is a typing error.
constexpr std::array<std::string_view, 3> kStoreOptions{"retain", "sync", "adopt"};
constexpr std::array<std::string_view, 8> kBrokerOptions{
    "heartbeat", "cacertfile", "certfile", "keyfile", "verify", "auth_mechanism", "offset", "management"};

std::span<const std::string_view> options_of(std::string_view scheme) {
  if (scheme == "sqlite") return kStoreOptions;
  if (scheme.starts_with("amqp")) return kBrokerOptions;
  return {};  // libpq reads them, and reports those it does not know
}

}  // namespace

void check_options(const Url& url) {
  const auto known = options_of(url.scheme);
  if (known.empty()) return;
  for (const auto& [name, value] : url.query) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    const auto near = nearest(name, known);
    const std::string hint =
        near.empty() ? "known are " + join(known, ", ") : fmt::format("did you mean {}?", near);
    throw Error(ErrorKind::usage, fmt::format("{} URL: unknown option \"{}\"; {}", url.scheme, name, hint));
  }
}

}  // namespace iso
