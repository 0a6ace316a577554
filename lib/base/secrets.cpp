#include "base/secrets.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "base/text.h"

namespace iso {
namespace {

constexpr std::string_view kBlanks = " \t\r\n\"'<>()`,";
constexpr std::string_view kMask = "***";
constexpr std::array<std::string_view, 7> kNames{"password", "passwd",  "secret",   "token",
                                                 "api_key",  "api-key", "signature"};
constexpr std::array<std::string_view, 2> kSchemes{"bearer ", "basic "};  // of RFC 9110 section 11.4

bool is_name_character(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' || c == '.';
}

// Where the login of the address at `start` of `word` ends: at the last @ before the path; npos if it has
// none. A password may contain a slash that was not escaped, so if there is no @ before the path, the last @
// of the word counts, unless a port precedes the slash.
std::size_t end_of_login(std::string_view word, std::size_t start) {
  const auto path = std::min(word.find('/', start), word.size());
  const auto at = word.substr(0, path).rfind('@');
  if (at != word.npos && at >= start) return at;
  const auto colon = word.find(':', start);
  if (colon >= path) return word.npos;
  const auto port = word.substr(colon + 1, path - colon - 1);
  return port.find_first_not_of("0123456789") == port.npos ? word.npos : word.rfind('@');
}

std::string word_without_login(std::string_view word) {
  const auto scheme = word.find("://");
  const std::size_t start = scheme == word.npos ? 0 : scheme + 3;
  const auto colon = word.find(':', start);
  const auto at = end_of_login(word, start);
  if (colon == word.npos || at == word.npos || colon > at || colon + 1 == at) return std::string(word);
  return std::string(word.substr(0, colon + 1)) + std::string(kMask) + std::string(word.substr(at));
}

std::string without_logins(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto end = std::min(text.find_first_of(kBlanks), text.size());
    out += word_without_login(text.substr(0, end));
    if (end < text.size()) out += text[end];
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

// The value of `name=` starts after it and ends at a blank, & or #.
std::string without_named(std::string text) {
  const std::string low = lowered(text);
  std::string out;
  std::size_t done = 0;
  for (std::size_t equals = low.find('='); equals != low.npos; equals = low.find('=', equals + 1)) {
    std::size_t start = equals;
    while (start > 0 && is_name_character(low[start - 1])) --start;
    const auto name = std::string_view(low).substr(start, equals - start);
    const bool secret = std::any_of(kNames.begin(), kNames.end(), [&](std::string_view known) {
      return name.find(known) != name.npos && !name.ends_with("file");
    });
    if (!secret || equals < done) continue;
    const auto end = std::min(text.find_first_of(std::string(kBlanks) + "&#", equals + 1), text.size());
    if (end == equals + 1) continue;
    out.append(text, done, equals + 1 - done);
    out += kMask;
    done = end;
  }
  return out.append(text, done);
}

std::string without_credentials(std::string text) {
  const std::string low = lowered(text);
  std::string out;
  std::size_t done = 0;
  for (const auto scheme : kSchemes)
    for (std::size_t at = low.find(scheme, done); at != low.npos; at = low.find(scheme, at + 1)) {
      const std::size_t start = at + scheme.size();
      const auto end = std::min(text.find_first_of(kBlanks, start), text.size());
      if (end - start < 8) continue;  // such as "basic auth", which is prose
      out.append(text, done, start - done);
      out += kMask;
      done = end;
    }
  return out.append(text, done);
}

}  // namespace

std::string without_secrets(std::string_view text) {
  return without_credentials(without_named(without_logins(text)));
}

}  // namespace iso
