#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/shared/breaker_options.h"
#include "cli/shared/common_options.h"
#include "cli/shared/registry_options.h"

namespace iso::cli {

enum class FetchForm { automatic, body, records };

// The options of `iso fetch`. An empty string: not given.
struct FetchArgs {
  Verbosity voice;
  std::string timeout;
  std::vector<std::string> urls;
  std::string url_at;
  FetchForm form = FetchForm::automatic;
  bool all_pages = false;
  std::optional<std::string> items, next;  // "" is a valid pointer
  std::uint16_t parallel = 50;

  std::string method, body;  // method "": GET, or POST with a body
  std::string body_file, body_at;
  std::vector<std::string> headers, send_to, key_headers, allowed;
  std::string bearer_file, netrc_file, proxy, cacert, cert, key, connect_timeout;
  bool insecure = false;
  unsigned retries = 2, max_redirs = 10;
  std::uint64_t max_pages = 10'000;
  double rate = 0;  // requests per second; 0: no limit
  std::string try_timeout, stall;
  std::vector<int> retry_on;
  std::uint64_t max_filesize = 0;

  std::string cache, max_stale;
  std::uint64_t cache_size = 256;  // mebibytes
  bool no_cache = false, offline = false, refresh = false;

  RegistryFlags registry;
  BreakerFlags breaker;  // its name is "true" if --breaker has no value
  bool no_breaker = false;

  // Adds the options to `app`.
  void add_to(CLI::App& app);
};

}  // namespace iso::cli
