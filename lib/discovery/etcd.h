#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "discovery/registry.h"

namespace iso::discovery {

// An etcd client over the JSON gateway (https://etcd.io/docs/v3.4/dev-guide/api_grpc_gateway), in which bytes
// are base64 and 64-bit numbers are strings.
class Etcd {
 public:
  // `endpoints`: "http://HOST:PORT", or several separated by commas: if one fails, the next is tried, all
  // within `timeout`.
  Etcd(std::string_view endpoints, std::chrono::milliseconds timeout);

  // Posts `json` and returns the JSON response. Throws ErrorKind::unavailable, ErrorKind::refused.
  std::string post(std::string_view path, const std::string& json) const;

 private:
  std::vector<std::string> endpoints_;
  std::chrono::milliseconds timeout_;
};

std::string base64_of(std::string_view bytes);

}  // namespace iso::discovery
