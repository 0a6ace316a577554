#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/host_port.h"

namespace iso {

// The URL of an end in its parts, each percent-decoded (RFC 3986).
//   amqp://user:pass@host:port,host2/vhost?heartbeat=10#queue     sqlite:PATH?sync=normal#queue     -
//   a/file.ndjson
// A bare path, or "-", has the scheme "file".
struct Url {
  std::string scheme;
  std::string user, password;
  bool has_password = false;
  std::vector<HostPort> hosts;  // amqp, amqps: at least one
  std::string path;             // amqp: the vhost, "/" if none was given; sqlite and file: the path
  std::vector<std::pair<std::string, std::string>> query;
  std::string fragment;  // a queue

  // The value of `name` in the query, or `otherwise`.
  std::string_view option(std::string_view name, std::string_view otherwise = {}) const;
};

// Throws Error(ErrorKind::usage) for an unknown scheme (and lists the known ones), a bad port or a bad
// escape. The message never contains the password.
Url parse_url(std::string_view text);

// The URL for people, with its password masked: amqp://guest:***@localhost:5672/
std::string redacted(const Url& url);

}  // namespace iso
