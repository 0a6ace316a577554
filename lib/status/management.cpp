#include "status/management.h"

#include <algorithm>
#include <fmt/core.h>

#include "base/base64.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/integer.h"
#include "base/percent.h"
#include "base/real.h"
#include "http/client.h"
#include "http/uri.h"
#include "record/elements.h"
#include "record/pointer.h"
#include "record/scan.h"

namespace iso::status {
namespace {

using std::chrono::milliseconds;

constexpr std::uint64_t kLongestAnswer = 64 << 20;  // bytes
constexpr std::uint16_t kPort = 15'672, kTlsPort = 15'671;
constexpr std::string_view kColumns =
    "name,type,state,messages_ready,messages_unacknowledged,consumers,arguments,effective_policy_definition,"
    "head_message_timestamp,message_stats.publish_details.rate,message_stats.deliver_get_details.rate";

std::optional<std::string> text_in(std::string_view json, std::string_view pointer) {
  return Pointer(pointer).text_in(json);
}

template <class Integer>
std::optional<Integer> integer_in(std::string_view json, std::string_view pointer) {
  const auto text = text_in(json, pointer);
  return text ? read_integer<Integer>(*text) : std::nullopt;
}

std::optional<double> rate_in(std::string_view json, std::string_view pointer) {
  const auto text = text_in(json, pointer);
  double rate = 0;
  if (!text || read_real(*text, rate).ec != std::errc{}) return std::nullopt;
  return rate;
}

// An argument of the queue, else what a policy sets.
std::string dead_letters_of(std::string_view queue) {
  auto exchange = text_in(queue, "/arguments/x-dead-letter-exchange");
  if (!exchange) exchange = text_in(queue, "/effective_policy_definition/dead-letter-exchange");
  if (!exchange) return "";
  auto key = text_in(queue, "/arguments/x-dead-letter-routing-key");
  if (!key) key = text_in(queue, "/effective_policy_definition/dead-letter-routing-key");
  return key ? fmt::format("{}:{}", *exchange, *key) : *exchange;
}

std::string path_segment(std::string_view text) {
  std::string out;
  for (const char c : text) append_percent_encoded(out, c);
  return out;
}

http::HttpReply get(const Url& url, milliseconds timeout) {
  http::HttpSettings settings;
  settings.max_filesize = kLongestAnswer;
  settings.cacert = url.option("cacertfile");
  settings.cert = url.option("certfile");
  settings.key = url.option("keyfile");
  settings.insecure = url.option("verify") == "verify_none";
  settings.user_agent = "iso";
  const bool is_guest = url.user.empty();
  std::string login = "Basic ";
  append_base64(login, fmt::format("{}:{}", is_guest ? "guest" : url.user,
                                   is_guest && !url.has_password ? "guest" : url.password));
  http::HttpRequest request;
  request.url =
      fmt::format("{}/api/queues/{}?columns={}", management_url(url), path_segment(url.path), kColumns);
  request.fields.add("Authorization", login);
  request.fields.add("Accept", "application/json");
  request.timeout = timeout;
  return http::http_call(std::move(request), settings);
}

}  // namespace

std::string management_url(const Url& url) {
  const std::string_view given = url.option("management");
  if (given.empty()) {
    const bool tls = url.scheme == "amqps";
    return fmt::format("{}://{}", tls ? "https" : "http",
                       host_port_text(url.hosts.front().host, tls ? kTlsPort : kPort));
  }
  http::Uri uri = http::split_uri(given);
  if (uri.authority && !http::take_login(*uri.authority).empty())
    throw Error(
        ErrorKind::usage,
        fmt::format("{} URL: management: leave the login out, that of the broker is used", url.scheme));
  if (!http::http_url(given) || http::is_service_scheme(uri.scheme) || uri.query || uri.fragment)
    throw Error(
        ErrorKind::usage,
        fmt::format("{} URL: management={}: use http://HOST:PORT or https://HOST:PORT", url.scheme, given));
  std::string base(given);
  while (base.ends_with('/')) base.pop_back();
  return base;
}

std::optional<std::vector<QueueStatus>> queues_in(std::string_view json, std::chrono::seconds now) {
  while (!json.empty() && (json.front() == ' ' || json.front() == '\n')) json.remove_prefix(1);
  if (!json.starts_with('[') || !is_json(json)) return std::nullopt;
  std::vector<QueueStatus> queues;
  ElementWalker walker(json);
  while (const auto element = walker.next()) {
    const auto name = text_in(*element, "/name");
    if (!name) return std::nullopt;
    QueueStatus& queue = queues.emplace_back();
    queue.queue = *name;
    queue.type = text_in(*element, "/type").value_or("");
    queue.ready = integer_in<std::uint64_t>(*element, "/messages_ready");
    queue.unacked = integer_in<std::uint64_t>(*element, "/messages_unacknowledged");
    queue.consumers = integer_in<std::uint64_t>(*element, "/consumers");
    queue.dead_letters_to = dead_letters_of(*element);
    if (const auto stamp = integer_in<std::int64_t>(*element, "/head_message_timestamp"))
      queue.oldest = std::max(now - std::chrono::seconds(*stamp), std::chrono::seconds(0));
    queue.in = rate_in(*element, "/message_stats/publish_details/rate");
    queue.out = rate_in(*element, "/message_stats/deliver_get_details/rate");
  }
  std::sort(queues.begin(), queues.end(),
            [](const QueueStatus& one, const QueueStatus& other) { return one.queue < other.queue; });
  return queues;
}

ManagementAnswer ask_management(const Url& url, milliseconds timeout) {
  ManagementAnswer answer;
  const http::HttpReply reply = get(url, timeout);
  const auto fail = [&](const std::string& why) {
    answer.why = fmt::format("the management API at {}: {}", management_url(url), why);
    return answer;
  };
  if (reply.error != http::TransferError::none) return fail(reply.why);
  answer.is_refusal = reply.status == 401 || reply.status == 403;
  if (answer.is_refusal)
    return fail(fmt::format("status {}: the user needs the tag \"management\"", reply.status));
  if (reply.status == 404) return fail(fmt::format("status 404: no vhost \"{}\", or no such API", url.path));
  if (reply.status != 200) return fail(fmt::format("status {}", reply.status));
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(system_clock().wall().time_since_epoch());
  auto queues = queues_in(reply.body.bytes(), now);
  if (!queues) return fail("what answers there is not RabbitMQ's API");
  answer.queues = *std::move(queues);
  return answer;
}

}  // namespace iso::status
