#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/url.h"
#include "status/status.h"

namespace iso::status {

// Where a broker's management API should be: the option `management` of its URL, else the first host with
// RabbitMQ's port for it, over TLS if the broker's URL is amqps. Throws ErrorKind::usage if the option is not
// an http or https URL, or contains a login: the login of the broker's URL is used.
std::string management_url(const Url& url);

struct ManagementAnswer {
  std::vector<QueueStatus> queues;  // of the vhost, by name
  std::string why;                  // there are none, because: for people; "" otherwise
  bool is_refusal = false;          // that is about the login
};

// Asks for the queues of the URL's vhost. Throws nothing: an API that does not answer is part of the answer.
ManagementAnswer ask_management(const Url& url, std::chrono::milliseconds timeout);

// The queues in an answer of /api/queues/VHOST, by name. `now` is since the epoch. Nothing if it is none.
std::optional<std::vector<QueueStatus>> queues_in(std::string_view json, std::chrono::seconds now);

}  // namespace iso::status
