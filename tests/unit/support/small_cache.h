#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "http_cache/policy.h"
#include "http_cache/validate.h"

namespace iso::test {

using namespace http;
using namespace http_cache;

constexpr Seconds kStart{1'790'000'000};

// A cache of one URL around the policy, as small as can be, and an origin that counts.
class Client {
 public:
  struct Reply {
    Response response;
    std::string body;
    bool asked = false;        // the origin was
    bool conditional = false;  // and with conditions
  };
  using Origin = std::function<std::optional<Response>(const Request&)>;

  Seconds now = kStart;
  CachePolicy reuse;
  Origin origin;
  int count = 0;

  Reply get(Fields fields = {}) { return send({"GET", "http://a/x", std::move(fields)}); }

  Reply send(const Request& request) {
    const auto planned = plan(request, stored_, reuse, now);
    Reply reply = from_cache(request, planned);
    if (reply.response.status != 0 && planned.step != Step::serve_then_validate) return reply;
    auto asked = ask(request, planned);
    return reply.response.status != 0 ? reply : asked;
  }

 private:
  Reply from_cache(const Request&, const Plan& planned) {
    if (planned.step == Step::gateway_timeout) return {{504, {}}, ""};
    if (planned.step == Step::validate || planned.step == Step::fetch) return {};
    const auto response = reused(stored_[planned.chosen], now);
    if (planned.step == Step::not_modified) return {not_modified(response), ""};
    return handed(response, planned, planned.chosen);
  }

  Reply handed(const Response& response, const Plan& planned, std::size_t chosen) {
    const auto& body = bodies_[chosen];
    if (!planned.part) return {response, body};
    return {partial(response, body.size(), *planned.part),
            body.substr(planned.part->first, planned.part->length)};
  }

  Reply ask(const Request& request, Plan planned) {
    auto sent = request;
    for (const auto& field : planned.conditions) sent.fields.add(field.name, field.value);
    ++count;
    const auto answer = origin(sent);
    const auto body = "body " + std::to_string(count);
    const Times times{now, now};
    const auto after =
        decide_response(request, planned, stored_, answer ? &*answer : nullptr, times, reuse, now);
    Reply reply;
    if (after.conclusion == Conclusion::repeat) {
      planned.step = Step::fetch;
      planned.conditions = {};
      return ask(request, planned);
    }
    if (after.conclusion == Conclusion::serve_stale) {
      reply = handed(reused(stored_[after.chosen], now), planned, after.chosen);
    } else if (after.conclusion == Conclusion::freshen) {
      reply = after.not_modified ? Reply{not_modified(after.merged), ""}
                                 : handed(after.merged, planned, after.chosen);
    } else if (answer) {
      reply = {*answer, body};
    }
    if (after.invalidates) forget();
    if (after.conclusion == Conclusion::store) keep(request, after.merged, body, times);
    if (after.conclusion == Conclusion::freshen && !after.only_deliver)
      keep(request, after.merged, bodies_[after.chosen], times);
    reply.asked = true;
    reply.conditional = has_own_condition(sent);
    return reply;
  }

  void keep(const Request& request, const Response& response, std::string body, const Times& times) {
    const Stored entry{response, selecting_fields(request, response), times, body.size()};
    for (std::size_t i = 0; i < stored_.size(); ++i) {
      if (stored_[i].selecting != entry.selecting) continue;
      stored_[i] = entry;
      bodies_[i] = std::move(body);
      return;
    }
    stored_.push_back(entry);
    bodies_.push_back(std::move(body));
  }

  void forget() {
    stored_.clear();
    bodies_.clear();
  }

  std::vector<Stored> stored_;
  std::vector<std::string> bodies_;
};

}  // namespace iso::test
