#include "cli/fetch/request_fields.h"

#include <unistd.h>

#include "cli/shared/common_options.h"
#include "cli/shared/header_options.h"
#include "http/own_fields.h"
#include "http/uri.h"

namespace iso::cli {

RequestFields::RequestFields(Given given) : given_(std::move(given)) {
  std::string file = given_.bearer_file;
  const auto at = file.rfind('@');
  if (at != file.npos && access(file.c_str(), F_OK) != 0) {
    bearer_host_ = file.substr(at + 1);
    file.resize(at);
  }
  fields_ = read_header_options(given_.headers, bearer_host_.empty() ? file : "");
  if (!bearer_host_.empty()) bearer_ = "Bearer " + first_line(file);
}

bool RequestFields::has_credentials() const {
  return http::has_credentials(fields_, given_.key_fields) || !bearer_.empty();
}

http::Fields RequestFields::for_url(const std::string& url, bool from_record) const {
  http::Fields fields = fields_;
  if (from_record && !http::leads_to(url, given_.hosts)) http::remove_credentials(fields, given_.key_fields);
  if (!bearer_.empty() && http::leads_to(url, {bearer_host_})) fields.set("Authorization", bearer_);
  return fields;
}

http::Fields RequestFields::for_page(const std::string& first, bool from_record,
                                     const std::string& url) const {
  http::Fields fields = for_url(http::same_origin(first, url) ? first : url, from_record);
  if (http::same_origin(first, url) || http::leads_to(url, given_.hosts)) return fields;
  const auto bearer = fields.first("authorization");
  const bool is_for_host = !bearer_.empty() && bearer == bearer_ && http::leads_to(url, {bearer_host_});
  http::remove_own_fields(fields);
  if (is_for_host) fields.set("Authorization", bearer_);
  return fields;
}

}  // namespace iso::cli
