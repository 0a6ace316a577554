#include "cli/shared/queue_options.h"

#include <doctest/doctest.h>
#include <string>

#include "base/error.h"
#include "support/errors.h"

namespace iso::cli {
namespace {

std::string table_of(const QueueOptions& options) {
  std::string out;
  const auto table = options.table();
  if (table) append_fields(out, *table);
  return out;
}

std::string refusal(const QueueOptions& options) {
  const Error error = test::error_of([&] { options.table(); });
  CHECK(error.kind() == ErrorKind::usage);
  return error.what();
}

TEST_CASE("queue options: nothing given is no table; type and arguments are one") {
  CHECK_FALSE(QueueOptions{}.table());
  CHECK(table_of({"quorum", {}}) == R"({"x-queue-type":"quorum"})");
  CHECK(table_of({"quorum", {"x-delivery-limit:=5", "x-dead-letter-exchange=", "x-queue-type=quorum"}}) ==
        R"({"x-queue-type":"quorum","x-delivery-limit":5,"x-dead-letter-exchange":""})");
}

TEST_CASE("queue options: what cannot be meant is refused, and says what would do") {
  CHECK(refusal({"", {"x-max-length=10"}}) ==
        "--queue-argument x-max-length=10: x-max-length is a whole number; write it as x-max-length:=10");
  CHECK(refusal({"", {"x-single-active-consumer=true"}}).find("write it as x-single-active-consumer:=true") !=
        std::string::npos);
  CHECK(refusal({"", {"x-max-length=many"}}) ==
        "--queue-argument x-max-length=many: x-max-length is a whole number");
  CHECK(refusal({"", {"x-mesage-ttl:=1"}}).find("did you mean \"x-message-ttl\"?") != std::string::npos);
  CHECK(refusal({"quorum", {"x-queue-type=stream"}}).find("x-queue-type is given twice") !=
        std::string::npos);
  for (const auto* bad : {"x-max-length", "=1", ":=1", "x-max-length:=", "x-max-length:=[", "a=\xff"}) {
    CAPTURE(bad);
    refusal({"", {bad}});
  }
}

}  // namespace
}  // namespace iso::cli
