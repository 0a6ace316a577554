#include "record/route.h"

#include <algorithm>
#include <vector>

namespace iso {
namespace {

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  if (text.empty()) return words;  // no words, not one empty word
  for (;;) {
    const auto dot = text.find('.');
    words.push_back(text.substr(0, dot));
    if (dot == text.npos) return words;
    text.remove_prefix(dot + 1);
  }
}

}  // namespace

ExchangeType exchange_type_of(std::string_view name) {
  if (name == "fanout") return ExchangeType::fanout;
  if (name == "topic") return ExchangeType::topic;
  if (name == "headers") return ExchangeType::headers;
  return ExchangeType::direct;
}

// Only the last # ever needs to take more words, so remembering one place to backtrack to is enough.
bool topic_matches(std::string_view pattern, std::string_view routing_key) {
  const auto wanted = words_of(pattern), words = words_of(routing_key);
  std::size_t want = 0, word = 0, after_hash = 0, hash_word = 0;
  bool in_hash = false;
  while (word < words.size()) {
    if (want < wanted.size() && wanted[want] == "#") {
      in_hash = true;
      after_hash = ++want;
      hash_word = word;
    } else if (want < wanted.size() && (wanted[want] == "*" || wanted[want] == words[word])) {
      ++want;
      ++word;
    } else if (in_hash) {
      want = after_hash;
      word = ++hash_word;
    } else {
      return false;
    }
  }
  while (want < wanted.size() && wanted[want] == "#") ++want;
  return want == wanted.size();
}

bool headers_match(const FieldTable& arguments, const FieldTable& headers) {
  bool any = false;
  for (const auto& [name, field] : arguments)
    if (name == "x-match") any = field == Field{std::string("any")};
  for (const auto& [name, field] : arguments) {
    if (name.starts_with("x-")) continue;
    const bool matches =
        std::any_of(headers.begin(), headers.end(), [&, &name = name, &field = field](const auto& header) {
          return header.first == name &&
                 (std::holds_alternative<std::monostate>(field.value) || header.second == field);
        });
    if (matches == any) return any;
  }
  return !any;
}

bool routes(ExchangeType type, std::string_view binding_key, const FieldTable& arguments,
            std::string_view routing_key, const FieldTable& headers) {
  switch (type) {
    case ExchangeType::direct:
      return binding_key == routing_key;
    case ExchangeType::fanout:
      return true;
    case ExchangeType::topic:
      return topic_matches(binding_key, routing_key);
    case ExchangeType::headers:
      return headers_match(arguments, headers);
  }
  return false;
}

}  // namespace iso
