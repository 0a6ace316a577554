#pragma once

#include <string>
#include <vector>

#include "http/fields.h"

namespace iso::cli {

// The header fields of requests, and where they may be sent: credentials only to hosts that the command line
// names, by a URL or by --send-to, never to a host that only a record names.
class RequestFields {
 public:
  struct Given {
    std::vector<std::string> headers;  // "Name: value"
    std::string bearer_file;           // FILE or FILE@HOST; "": none
    std::vector<std::string> hosts;    // of --send-to
    std::vector<std::string> key_fields;
  };

  // Throws ErrorKind::usage, ErrorKind::missing, ErrorKind::io.
  explicit RequestFields(Given given);
  RequestFields() = default;

  bool has_credentials() const;
  bool names_hosts() const { return !given_.hosts.empty() || !bearer_host_.empty(); }

  // For a URL of the command line or of a record.
  http::Fields for_url(const std::string& url, bool from_record) const;
  // For a later page of `first`.
  http::Fields for_page(const std::string& first, bool from_record, const std::string& url) const;

  http::Fields& all() { return fields_; }
  const std::vector<std::string>& trusted() const { return given_.hosts; }

 private:
  Given given_;
  http::Fields fields_;
  std::string bearer_, bearer_host_;
};

}  // namespace iso::cli
