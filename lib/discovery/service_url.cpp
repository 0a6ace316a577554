#include "discovery/service_url.h"

#include <fmt/core.h>

#include "http/uri.h"

namespace iso::discovery {

std::optional<ServiceUrl> read_service_url(std::string_view text) {
  const auto canonical = http::http_url(text);
  if (!canonical) return std::nullopt;
  http::Uri uri = http::split_uri(*canonical);
  const auto plus = uri.scheme.find('+');
  if (plus == uri.scheme.npos) return std::nullopt;
  ServiceUrl url;
  const std::string registry = uri.scheme.substr(plus + 1);
  url.registry = registry == "srv"    ? RegistryKind::dns
                 : registry == "etcd" ? RegistryKind::etcd
                                      : RegistryKind::redis;
  url.scheme = uri.scheme.substr(0, plus);
  url.credentials = http::take_login(*uri.authority);
  url.service = *uri.authority;
  url.rest = uri.path;
  if (uri.query) url.rest += "?" + *uri.query;
  return url;
}

std::string url_at(const ServiceUrl& url, const Instance& instance) {
  return fmt::format("{}://{}{}{}", url.scheme, url.credentials, address_of(instance), url.rest);
}

}  // namespace iso::discovery
