#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/host_port.h"

namespace iso {

// The name of an end, in its parts, each percent-decoded (RFC 3986).
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

  // What `name` says in the query, or `otherwise`.
  std::string_view option(std::string_view name, std::string_view otherwise = {}) const;
};

// Throws Error(ErrorKind::usage): an unknown scheme (with the known ones), a bad port, a bad escape. The text
// given is never repeated with its password.
Url parse_url(std::string_view text);

// The same without its password, for people: amqp://guest:***@localhost:5672/
std::string redacted(const Url& url);

}  // namespace iso
