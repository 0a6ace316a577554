#include "discovery/redis.h"

#include <fmt/core.h>

#include "base/error.h"
#include "base/integer.h"
#include "base/percent.h"
#include "discovery/registration.h"
#include "discovery/registry.h"
#include "http/connect.h"
#include "http/uri.h"

namespace iso::discovery {
namespace {

using std::chrono::milliseconds;

constexpr std::uint16_t kPort = 6379;
constexpr std::chrono::seconds kFresh{5};

struct Address {
  std::string user, password;
  Instance server;
  std::string database;
};

Error bad_url() {
  return {ErrorKind::usage, "not the URL of a Redis: use redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE]"};
}

std::string decoded(std::string_view text) {
  auto decoded = percent_decoded(text);
  if (!decoded) throw bad_url();
  return *decoded;
}

Address read_redis_url(std::string_view url) {
  http::Uri uri = http::split_uri(url);
  if (uri.scheme != "redis" || !uri.authority) throw bad_url();
  Address address;
  if (std::string login = http::take_login(*uri.authority); !login.empty()) {
    login.pop_back();  // the @
    const auto colon = login.find(':');
    if (colon == login.npos) throw bad_url();
    address.user = decoded(login.substr(0, colon));
    address.password = decoded(login.substr(colon + 1));
  }
  auto server = read_address(*uri.authority, kPort);
  if (!server) throw bad_url();
  address.server = std::move(*server);
  address.database = uri.path.empty() ? "" : uri.path.substr(1);
  if (!address.database.empty() && !is_digits(address.database)) throw bad_url();
  return address;
}

bool is_refusal(std::string_view why) {
  return why.starts_with("NOAUTH") || why.starts_with("WRONGPASS") || why.starts_with("NOPERM") ||
         why.starts_with("ERR AUTH") || why.starts_with("ERR invalid password");
}

}  // namespace

Redis::Redis(std::string_view url, milliseconds timeout) : timeout_(timeout) {
  const Address address = read_redis_url(url);
  name_ = "redis://" + address_of(address.server);
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  try {
    stream_.emplace(http::connect_to(address.server.host, address.server.port, timeout));
  } catch (const Error& error) {
    throw Error(ErrorKind::unavailable, fmt::format("{} cannot be reached: {}", name_, error.what()));
  }
  stream_->until(deadline);
  reader_.emplace(*stream_);
  if (!address.user.empty())
    command({"AUTH", address.user, address.password});
  else if (!address.password.empty())
    command({"AUTH", address.password});
  if (!address.database.empty()) command({"SELECT", address.database});
}

void Redis::renew() {
  stream_->until(std::chrono::steady_clock::now() + timeout_);
}

std::vector<std::string> Redis::command(const std::vector<std::string>& words) {
  RedisReply reply;
  try {
    stream_->send(redis_command(words));
    reply = reader_->next();
  } catch (const Error& error) {
    throw Error(ErrorKind::unavailable, fmt::format("{}: {}", name_, error.what()));
  }
  if (!reply.is_error) return std::move(reply.texts);
  const std::string& why = reply.texts.front();
  throw Error(is_refusal(why) ? ErrorKind::refused : ErrorKind::unavailable,
              fmt::format("{} refused {}: {}", name_, words.front(), why));
}

long long Redis::time() {
  const auto now = command({"TIME"});
  return now.empty() ? 0 : read_integer<long long>(now.front()).value_or(0);
}

std::string redis_key(std::string_view service) {
  return fmt::format("iso:service:{}", service);
}

Found find_in_redis(const std::string& service, const RegistryOptions& options) {
  Redis redis(options.redis, options.timeout);
  const auto entries = redis.command({"ZRANGEBYSCORE", redis_key(service), fmt::format("({}", redis.time()),
                                      "+inf", "LIMIT", "0", std::to_string(kMostInstances)});
  Found found{{}, kFresh, kRemembered};
  for (const auto& entry : entries)
    if (auto instance = read_instance(entry)) found.instances.push_back(std::move(*instance));
  return found;
}

namespace {

// A member of a sorted set. Its score is its expiry, in seconds of the server's clock.
class RedisLease final : public Lease {
 public:
  RedisLease(const std::string& service, const Instance& instance, std::chrono::seconds ttl,
             RegistryOptions options)
      : key_(redis_key(service)), member_(address_of(instance)), ttl_(ttl), options_(std::move(options)) {}

  void renew() override {
    with_connection([this](Redis& redis) {
      const long long now = redis.time();
      redis.command({"ZADD", key_, std::to_string(now + ttl_.count()), member_});
      redis.command({"ZREMRANGEBYSCORE", key_, "-inf", std::to_string(now - kKept.count())});
    });
  }

  void end() override {
    with_connection([this](Redis& redis) { redis.command({"ZREM", key_, member_}); });
  }

 private:
  // Expired members are ignored, and removed after a day.
  static constexpr std::chrono::seconds kKept{86'400};

  template <class Call>
  void with_connection(Call call) {
    try {
      if (redis_)
        redis_->renew();
      else
        redis_.emplace(options_.redis, options_.timeout);
      call(*redis_);
    } catch (...) {
      redis_.reset();
      throw;
    }
  }

  std::string key_, member_;
  std::chrono::seconds ttl_;
  RegistryOptions options_;
  std::optional<Redis> redis_;
};

}  // namespace

std::unique_ptr<Lease> redis_lease(const std::string& service, const Instance& instance,
                                   std::chrono::seconds ttl, const RegistryOptions& options) {
  return std::make_unique<RedisLease>(service, instance, ttl, options);
}

}  // namespace iso::discovery
