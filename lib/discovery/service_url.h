#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "discovery/registry.h"

namespace iso::discovery {

// A URL of a service to be looked up: http+srv://_shop._tcp.example/path, http+etcd://shop/path,
// http+redis://shop/path, and the same with https.
struct ServiceUrl {
  RegistryKind registry = RegistryKind::dns;
  std::string service;      // "_shop._tcp.example", "shop"
  std::string scheme;       // "http", "https"
  std::string credentials;  // "user:password@", or ""
  std::string rest;         // path and query, as given
};

// Nothing if it is not a service URL.
std::optional<ServiceUrl> read_service_url(std::string_view url);

// The URL of the same resource at one instance.
std::string url_at(const ServiceUrl& url, const Instance& instance);

}  // namespace iso::discovery
