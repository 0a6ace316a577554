#include "discovery/etcd.h"

#include <algorithm>
#include <fmt/core.h>

#include "base/base64.h"
#include "base/error.h"
#include "discovery/etcd_answer.h"
#include "discovery/registration.h"
#include "http/client.h"
#include "record/scan.h"

namespace iso::discovery {
namespace {

using std::chrono::milliseconds;

constexpr std::uint64_t kLongestAnswer = 1 << 20;  // bytes
constexpr std::chrono::seconds kFresh{5};

std::vector<std::string> parted(std::string_view endpoints) {
  std::vector<std::string> parts;
  const std::string scheme = endpoints.starts_with("https://") ? "https://" : "http://";
  while (!endpoints.empty()) {
    const auto comma = endpoints.find(',');
    std::string part(endpoints.substr(0, comma));
    while (part.ends_with('/')) part.pop_back();
    if (!part.empty()) parts.push_back(part.find("://") == part.npos ? scheme + part : part);
    endpoints.remove_prefix(comma == endpoints.npos ? endpoints.size() : comma + 1);
  }
  if (parts.empty()) throw Error(ErrorKind::usage, "no etcd endpoint: use http://HOST:PORT");
  return parts;
}

// gRPC codes for denied access (permission denied, unauthenticated), and etcd's error "user name is empty".
bool is_refusal(const http::HttpReply& reply) {
  return reply.status == 401 || reply.status == 403 ||
         reply.body.bytes().find("user name is empty") != std::string_view::npos;
}

// The share that each of `count` calls has of the time until `deadline`; at least 1 ms, since 0 means no
// limit.
milliseconds share_of(std::chrono::steady_clock::time_point deadline, int count) {
  const auto left = std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now());
  return std::max(left / count, milliseconds(1));
}

}  // namespace

Etcd::Etcd(std::string_view endpoints, milliseconds timeout)
    : endpoints_(parted(endpoints)), timeout_(timeout) {}

std::string Etcd::post(std::string_view path, const std::string& json) const {
  http::HttpSettings settings;
  settings.max_filesize = kLongestAnswer;
  std::string why;
  const auto deadline = std::chrono::steady_clock::now() + timeout_;
  auto left = static_cast<int>(endpoints_.size());
  for (const auto& endpoint : endpoints_) {
    http::HttpRequest request;
    request.method = "POST";
    request.url = endpoint + std::string(path);
    request.fields.add("Content-Type", "application/json");
    request.body = json;
    request.timeout = share_of(deadline, left--);
    const http::HttpReply reply = http::http_call(std::move(request), settings);
    const std::string body(reply.body.bytes());
    if (reply.error == http::TransferError::none && reply.status == 200 && is_json(body)) return body;
    why = reply.error != http::TransferError::none ? reply.why : fmt::format("HTTP status {}", reply.status);
    if (reply.error == http::TransferError::none && is_refusal(reply))
      throw Error(ErrorKind::refused, fmt::format("etcd at {} refused access: {}", endpoint, why));
  }
  throw Error(ErrorKind::unavailable,
              fmt::format("etcd at {} cannot be reached: {}", endpoints_.back(), why));
}

std::string base64_of(std::string_view bytes) {
  std::string text;
  append_base64(text, bytes);
  return text;
}

std::string etcd_prefix(std::string_view service) {
  return fmt::format("/iso/services/{}/", service);
}

Found find_in_etcd(const std::string& service, const RegistryOptions& options) {
  const std::string first = etcd_prefix(service);
  std::string behind = first;
  ++behind.back();  // the end of the range of keys that start with `first`
  const std::string answer =
      Etcd(options.etcd, options.timeout)
          .post("/v3/kv/range", fmt::format(R"({{"key":"{}","range_end":"{}","limit":"{}"}})",
                                            base64_of(first), base64_of(behind), kMostInstances));
  return {instances_in_etcd(answer), kFresh, kRemembered};
}

namespace {

// A key that etcd deletes when its lease ends.
class EtcdLease final : public Lease {
 public:
  EtcdLease(const std::string& service, const Instance& instance, std::chrono::seconds ttl,
            const RegistryOptions& options)
      : etcd_(options.etcd, options.timeout),
        key_(base64_of(etcd_prefix(service) + address_of(instance))),
        value_(base64_of(address_of(instance))),
        ttl_(ttl) {}

  void renew() override {
    if (!id_.empty() && is_kept()) return;
    id_ = part_of(etcd_.post("/v3/lease/grant", fmt::format(R"({{"TTL":"{}"}})", ttl_.count())), "/ID")
              .value_or("");
    if (id_.empty()) throw Error(ErrorKind::unavailable, "etcd granted no lease");
    etcd_.post("/v3/kv/put", fmt::format(R"({{"key":"{}","value":"{}","lease":"{}"}})", key_, value_, id_));
  }

  void end() override {
    if (!id_.empty()) etcd_.post("/v3/lease/revoke", fmt::format(R"({{"ID":"{}"}})", id_));
  }

 private:
  // An expired lease has no TTL.
  bool is_kept() {
    const auto answer = etcd_.post("/v3/lease/keepalive", fmt::format(R"({{"ID":"{}"}})", id_));
    const auto ttl = part_of(answer, "/result/TTL");
    return ttl && *ttl != "0";
  }

  Etcd etcd_;
  std::string key_, value_;
  std::chrono::seconds ttl_;
  std::string id_;
};

}  // namespace

std::unique_ptr<Lease> etcd_lease(const std::string& service, const Instance& instance,
                                  std::chrono::seconds ttl, const RegistryOptions& options) {
  return std::make_unique<EtcdLease>(service, instance, ttl, options);
}

}  // namespace iso::discovery
