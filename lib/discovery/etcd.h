#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "discovery/registry.h"

namespace iso::discovery {

// etcd by its JSON gateway (https://etcd.io/docs/v3.4/dev-guide/api_grpc_gateway): bytes are base64, and
// numbers of 64 bits are texts.
class Etcd {
 public:
  // `endpoints`: "http://HOST:PORT", several separated by commas: the next is asked when one is away, and
  // all of them within `timeout`.
  Etcd(std::string_view endpoints, std::chrono::milliseconds timeout);

  // The answer to what is posted, which is JSON. Throws ErrorKind::unavailable, ErrorKind::refused.
  std::string post(std::string_view path, const std::string& json) const;

 private:
  std::vector<std::string> endpoints_;
  std::chrono::milliseconds timeout_;
};

std::string base64_of(std::string_view bytes);

}  // namespace iso::discovery
