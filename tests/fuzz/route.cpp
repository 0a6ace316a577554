// Routing against a second way to say the rules of AMQP 0-9-1 section 3.1.3. The input is a binding key, a
// line break and a routing key; or, from a { on, a binding's arguments and a message's headers as JSON.
#include "record/route.h"

#include <map>
#include <vector>

#include "base/error.h"
#include "require.h"

using namespace iso;
using fuzz::require;

namespace {

constexpr std::size_t kLongest = 512;

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  if (!text.empty()) words.emplace_back();
  for (const char c : text) {
    if (c == '.') {
      words.emplace_back();
    } else {
      words.back() += c;
    }
  }
  return words;
}

// Row by row: reached[j] says whether the pattern's words so far match the first j words of the key.
bool topic(std::string_view pattern, std::string_view key) {
  const auto words = words_of(key);
  std::vector<bool> reached(words.size() + 1);
  reached[0] = true;
  for (const auto& want : words_of(pattern)) {
    std::vector<bool> next(words.size() + 1);
    for (std::size_t j = 0; j <= words.size(); ++j) {
      const bool none = want == "#" && reached[j];
      const bool more = want == "#" && j > 0 && next[j - 1];
      const bool one = j > 0 && reached[j - 1] && (want == "*" || want == words[j - 1]);
      next[j] = none || more || one;
    }
    reached = next;
  }
  return reached.back();
}

bool meets(const std::string& name, const Field& want, const FieldTable& headers) {
  for (const auto& [header, value] : headers)
    if (header == name && (want == Field{std::monostate{}} || value == want)) return true;
  return false;
}

bool headers_reference(const FieldTable& arguments, const FieldTable& headers) {
  std::size_t asked = 0, met = 0;
  bool any = false;
  for (const auto& [name, want] : arguments) {
    if (name == "x-match") any = want == Field{std::string("any")};
    if (name.substr(0, 2) == "x-") continue;
    ++asked;
    met += meets(name, want, headers) ? 1U : 0U;
  }
  return any ? met > 0 : met == asked;
}

void check_keys(std::string_view key, std::string_view routing_key) {
  require(routes(ExchangeType::topic, key, {}, routing_key, {}) == topic(key, routing_key),
          "a topic binding matches word by word", key, routing_key);
  require(routes(ExchangeType::direct, key, {}, routing_key, {}) == (key == routing_key),
          "a direct binding takes its own key", key, routing_key);
  require(routes(ExchangeType::fanout, key, {}, routing_key, {}), "a fanout binding takes all");
  require(topic_matches("#", routing_key), "# takes all", routing_key);
  if (routing_key.find_first_of("*#") == routing_key.npos)
    require(topic_matches(routing_key, routing_key), "a key without wildcards matches itself", routing_key);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, std::min(size, kLongest));
  const auto middle = std::min(text.find('\n'), text.size());
  const auto first = text.substr(0, middle);
  const auto second = text.substr(std::min(middle + 1, text.size()));
  check_keys(first, second);
  if (!text.starts_with('{')) return 0;
  try {
    const FieldTable arguments = read_fields(first), headers = read_fields(second);
    require(
        routes(ExchangeType::headers, "", arguments, "", headers) == headers_reference(arguments, headers),
        "a headers binding asks for all, or for any", first, second);
  } catch (const Error&) {
    return 0;  // no JSON, no headers
  }
  return 0;
}
