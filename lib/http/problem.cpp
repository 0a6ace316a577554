#include "http/problem.h"

#include <algorithm>
#include <string>

#include "base/integer.h"
#include "base/text.h"
#include "record/members.h"

namespace iso::http {
namespace {

// Bytes of one text that are shown.
constexpr std::size_t kShown = 300;

struct Problem {
  std::string title, detail, type, status;
};

// Makes a text fit on one line: replaces control characters by spaces and cuts it at a character boundary.
std::string tamed(std::string text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    // U+0080 to U+009F are control characters too.
    const bool is_c1 = byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
    if (byte < ' ' || byte == 0x7F || is_c1) text.replace(i, is_c1 ? 2 : 1, " ");
  }
  return std::string(trimmed(shortened(text, kShown)));
}

std::string text_of(std::string_view json) {
  if (!json.starts_with('"')) return {};
  return tamed(read_json_string(json).value_or(""));
}

// A status code; "" if it is invalid (RFC 9457 section 3.1.2).
std::string code_of(std::string_view json) {
  return is_digits(json) && json.size() == 3 ? std::string(json) : "";
}

Problem read_problem(std::string_view body) {
  Problem problem;
  ObjectWalker walker(body);
  while (const auto member = walker.next()) {
    const auto name = read_json_string(member->name).value_or("");
    if (name == "title") problem.title = text_of(member->value);
    if (name == "detail") problem.detail = text_of(member->value);
    if (name == "type") problem.type = text_of(member->value);
    if (name == "status") problem.status = code_of(member->value);
  }
  if (problem.type == "about:blank") problem.type.clear();
  return problem;
}

std::string joined(const std::string& a, const char* between, const std::string& b) {
  return a.empty() || b.empty() ? a + b : a + between + b;
}

}  // namespace

bool is_problem(const Fields& fields) {
  const auto type = fields.first("content-type").value_or("");
  return equal_without_case(trimmed(type.substr(0, type.find(';'))), "application/problem+json");
}

std::optional<std::string> problem_line(std::string_view body) {
  Problem problem;
  try {
    problem = read_problem(body);
  } catch (const Fault&) {
    return std::nullopt;
  }
  const auto said = joined(problem.title, ": ", problem.detail);
  const auto status = problem.status.empty() ? "" : "status " + problem.status;
  const auto about = joined(problem.type, ", ", status);
  if (said.empty() && problem.type.empty()) return std::nullopt;
  if (said.empty()) return about;
  return about.empty() ? said : said + " (" + about + ")";
}

}  // namespace iso::http
