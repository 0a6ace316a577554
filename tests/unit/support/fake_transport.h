#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "http/transport.h"

namespace iso::test {

using namespace http;

inline HttpReply reply(int status, Fields fields, std::string body = {},
                       TransferError error = TransferError::none) {
  HttpReply answer;
  answer.status = status;
  answer.fields = std::move(fields);
  answer.body = Body(std::move(body));
  answer.error = error;
  return answer;
}

// Answers each request with the next of its replies, and remembers what it was asked.
class FakeTransport final : public Transport {
 public:
  void start(std::uint64_t token, HttpRequest request) override {
    asked.push_back(std::move(request));
    waiting_.push_back(token);
  }
  void cancel(std::uint64_t token) override { std::erase(waiting_, token); }
  std::vector<Done> move(const Wait&, std::chrono::milliseconds) override {
    std::vector<Done> done;
    while (!waiting_.empty() && !replies.empty()) {
      done.push_back({waiting_.front(), std::move(replies.front())});
      waiting_.pop_front();
      replies.pop_front();
      if (between) between();
    }
    return done;
  }

  std::deque<HttpReply> replies;
  std::vector<HttpRequest> asked;
  std::function<void()> between;  // called after each reply was taken

 private:
  std::deque<std::uint64_t> waiting_;
};

}  // namespace iso::test
