#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/wait.h"
#include "http/body.h"
#include "http/fields.h"
#include "http/message.h"

namespace iso::http {

// One HTTP exchange: no cache, no retry, no redirect.
struct HttpRequest {
  std::string method = "GET";
  std::string url;         // absolute; http and https only, whatever else libcurl supports
  Fields fields;           // sent in this order, and instead of libcurl's own fields of the same names
  std::string body;        // sent with every method except GET and HEAD
  std::string connect_to;  // "HOST:PORT" to connect to; Host and the TLS name remain those of the URL
  std::vector<std::string> addresses;    // of the URL's host, if known; empty: resolve it
  std::chrono::milliseconds timeout{0};  // from start to end; 0: no limit
  std::chrono::milliseconds stall{0};    // the longest time without a byte moving; 0: no limit
  bool may_repeat = true;  // the method is idempotent; false: use a new connection, since libcurl may repeat
                           // a request on one that was used before (RFC 9110 section 9.2.2)
  bool decodes = false;    // decode the content encodings that the fields ask for (content_decoder.h)
  bool public_only = false;  // connect only to addresses that are public (address.h)
  std::string spool;         // folder for a large body, except with no-store; "": keep it in memory
};

// Why a response is missing or incomplete.
enum class TransferError {
  none,
  resolve,    // the host name has no address
  connect,    // connection refused, or no route
  tls,        // untrusted certificate, or no common cipher
  timeout,    // a time limit was reached
  cut,        // the connection broke, or the body is shorter than its length
  protocol,   // not valid HTTP
  refused,    // the URL may not be fetched
  forbidden,  // the address is not public
  too_large,  // the body exceeds the limit
  local,      // a local failure: out of memory, cannot write
};

struct HttpReply {
  int status = 0;  // 0: no complete header
  Fields fields;   // of the final response, without trailers
  Body body;
  std::vector<Response> interim;      // 1xx responses before the final one
  bool ends_with_connection = false;  // only the end of the connection marks the end of the body
  TransferError error = TransferError::none;
  std::string why;  // for people; not empty if there is an error
};

// Runs many exchanges at once.
class Transport {
 public:
  struct Done {
    std::uint64_t token;
    HttpReply reply;
  };

  virtual ~Transport() = default;
  // `token` identifies the exchange until it is done or cancelled.
  virtual void start(std::uint64_t token, HttpRequest request) = 0;
  virtual void cancel(std::uint64_t token) = 0;
  // Makes progress on all exchanges. Returns as soon as some are done, `also` is ready, or `limit` has
  // passed.
  virtual std::vector<Done> move(const Wait& also, std::chrono::milliseconds limit) = 0;
};

}  // namespace iso::http
