#include "http/link.h"

#include <algorithm>
#include <fmt/core.h>
#include <utility>

#include "base/secrets.h"
#include "http/uri.h"

namespace iso::http {
namespace {

// Parses one Link line (RFC 8288 appendix B.2).
class Reader {
 public:
  explicit Reader(std::string_view line) : rest_(line) {}

  // The next link; nothing at the end. Skips an invalid link and continues after the next comma.
  std::optional<Link> next() {
    for (;;) {
      while (take(',')) continue;
      if (rest_.empty()) return std::nullopt;
      if (rest_.front() == '<' && rest_.find('>') != rest_.npos) break;
      was_bad_ = true;
      until(",");
    }
    take('<');
    const auto close = rest_.find('>');
    Link link;
    link.target = trimmed(rest_.substr(0, close));
    rest_.remove_prefix(close + 1);
    bool has_rel = false;
    while (take(';')) read_parameter(link, has_rel);
    until(",");  // skips an invalid parameter
    return link;
  }

  bool was_bad() const { return was_bad_; }

 private:
  bool take(char c) {
    skip_space();
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void skip_space() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t"), rest_.size())); }

  std::string_view until(std::string_view marks) {
    const auto part = rest_.substr(0, rest_.find_first_of(marks));
    rest_.remove_prefix(part.size());
    return trimmed(part);
  }

  // The text after an opening quote. Without a closing quote it extends to the end.
  std::string quoted() {
    std::string out;
    while (!rest_.empty() && rest_.front() != '"') {
      if (rest_.front() == '\\' && rest_.size() > 1) rest_.remove_prefix(1);
      out += rest_.front();
      rest_.remove_prefix(1);
    }
    take('"');
    return out;
  }

  void read_parameter(Link& link, bool& has_rel) {
    skip_space();
    const auto name = until("=;,");
    std::string value;
    if (take('=')) value = take('"') ? quoted() : std::string(until(";,"));
    if (equal_without_case(name, "rel") && !std::exchange(has_rel, true)) read_rel(link, value);
    if (equal_without_case(name, "anchor") && !link.anchor) link.anchor = std::move(value);
  }

  // A list separated by spaces (RFC 8288 section 3.3).
  static void read_rel(Link& link, std::string_view value) {
    while (!value.empty()) {
      const auto end = std::min(value.find_first_of(" \t"), value.size());
      if (end > 0) {
        std::string name(value.substr(0, end));
        for (char& c : name)
          if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
        link.rel.push_back(std::move(name));
      }
      value.remove_prefix(std::min(end + 1, value.size()));
    }
  }

  std::string_view rest_;
  bool was_bad_ = false;
};

bool contains_without_case(std::string_view text, std::string_view part) {
  const auto found = std::search(text.begin(), text.end(), part.begin(), part.end(), [](char a, char b) {
    return equal_without_case({&a, 1}, {&b, 1});
  });
  return found != text.end();
}

// Whether a Link line is partly invalid and may have named a next page.
bool hides_next(const Fields& fields) {
  for (const auto line : fields.lines("link")) {
    Reader reader(line);
    while (reader.next()) continue;
    if (reader.was_bad() && contains_without_case(line, "next")) return true;
  }
  return false;
}

}  // namespace

std::vector<Link> links(const Fields& fields) {
  std::vector<Link> all;
  for (const auto line : fields.lines("link")) {
    Reader reader(line);
    while (auto link = reader.next()) all.push_back(std::move(*link));
  }
  return all;
}

NextPage next_page(const Fields& fields, std::string_view url) {
  const auto page = http_url(url);
  NextPage result;
  for (const auto& link : links(fields)) {
    if (std::find(link.rel.begin(), link.rel.end(), "next") == link.rel.end()) continue;
    if (link.anchor && http_url(resolve_uri(url, *link.anchor)) != page) continue;  // RFC 8288 section 3.2
    if (auto next = followed_url(url, link.target)) return {std::move(next), {}};
    result.problem = fmt::format("its next page cannot be fetched: {}", without_secrets(link.target));
  }
  if (result.problem.empty() && hides_next(fields)) result.problem = "its Link field cannot be read";
  return result;
}

}  // namespace iso::http
