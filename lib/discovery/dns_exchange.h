#pragma once

#include <string>
#include <sys/socket.h>
#include <vector>

#include "discovery/stream.h"

namespace iso::discovery {

struct DnsServer {
  sockaddr_storage address{};
  socklen_t length = 0;
};

// Sends a query (an encoded message, RFC 1035 section 4) and returns the response: by UDP, or by TCP if the
// response is truncated. Asks the servers in turn, each twice, until one answers that the name exists or does
// not. Returns by `deadline` in any case. Throws ErrorKind::unavailable if no server answers.
std::string ask_dns(const std::vector<DnsServer>& servers, const std::string& question, Deadline deadline);

}  // namespace iso::discovery
