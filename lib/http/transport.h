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

// One exchange of HTTP over the line: no cache, no retry, no redirect.
struct HttpRequest {
  std::string method = "GET";
  std::string url;         // absolute; http and https only, whatever else the library can speak
  Fields fields;           // sent in this order, in the place of what the library would send of that name
  std::string body;        // sent with every method but GET and HEAD
  std::string connect_to;  // "HOST:PORT" in the place of the URL's own; Host and TLS name stay the URL's
  std::vector<std::string> addresses;    // of the URL's host, where they are known; else it is looked up
  std::chrono::milliseconds timeout{0};  // from start to end; 0: no limit
  std::chrono::milliseconds stall{0};    // the longest time in which no byte moves; 0: no limit
  bool may_repeat = true;  // the method is idempotent: false asks for a connection of its own, since one that
                           // was used before may have to be tried twice (RFC 9110 section 9.2.2)
  bool decodes = false;    // undo the body's content encodings, which the fields ask for (content_decoder.h)
  bool public_only = false;  // connect to no address that address.h does not call public
  std::string spool;         // folder for a large body, but for one that says no-store; "": memory
};

// Why there is no whole response.
enum class TransferError {
  none,
  resolve,    // the host has no address
  connect,    // refused, or no route
  tls,        // its certificate is not trusted, or no common cipher
  timeout,    //
  cut,        // the connection broke, or the body is shorter than its length said
  protocol,   // what came is no HTTP
  refused,    // not a URL that may be fetched
  forbidden,  // it leads to an address that is not public
  too_large,  // longer than the limit that was set
  local,      // our side: out of memory, cannot write
};

struct HttpReply {
  int status = 0;  // 0: no whole header came
  Fields fields;   // of the final response; 1xx and trailers are not among them
  Body body;
  std::vector<Response> interim;      // the 1xx before it
  bool ends_with_connection = false;  // nothing but the end of the connection says that the body is whole
  TransferError error = TransferError::none;
  std::string why;  // for people; never empty when there is an error
};

// Many exchanges at once.
class Transport {
 public:
  struct Done {
    std::uint64_t token;
    HttpReply reply;
  };

  virtual ~Transport() = default;
  // `token` names the exchange until it is done or cancelled.
  virtual void start(std::uint64_t token, HttpRequest request) = 0;
  virtual void cancel(std::uint64_t token) = 0;
  // Moves all that can be moved, and waits until some are done, or what `also` waits for is there, but no
  // longer than `limit`.
  virtual std::vector<Done> move(const Wait& also, std::chrono::milliseconds limit) = 0;
};

}  // namespace iso::http
