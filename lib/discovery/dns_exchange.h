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

// The message that answers `question`, which is one too (RFC 1035 section 4): by UDP, and by TCP if it does
// not fit. Each server is asked twice, one after the other, until one answers that the name is there or is
// not. Never later than `deadline`, whatever comes. Throws ErrorKind::unavailable: none gave an answer.
std::string ask_dns(const std::vector<DnsServer>& servers, const std::string& question, Deadline deadline);

}  // namespace iso::discovery
