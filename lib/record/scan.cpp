#include "record/scan.h"

#include <algorithm>

#include "record/plain.h"
#include "record/utf8.h"

namespace iso {
namespace {

const char* skip_space(const char* at, const char* end) {
  while (at != end && is_space(*at)) ++at;
  return at;
}

const char* skip_digits(const char* at, const char* end) {
  while (at != end && is_digit(*at)) ++at;
  return at;
}

// The length of the escape at `at`, with the meaning of utf8_length. Half of a surrogate pair is allowed.
std::size_t escape_length(const char* at, const char* end) {
  if (end - at < 2) return 2;
  if (at[1] != 'u') return std::string_view("\"\\/bfnrt").find(at[1]) == std::string_view::npos ? 0 : 2;
  const char* const stop = at + std::min<std::ptrdiff_t>(end - at, 6);
  return std::all_of(at + 2, stop, is_hex_digit) ? 6 : 0;
}

const char* why_not_in_string(char c) {
  if (c == '\\') return "expected an escape of JSON";
  if (c == '\n' || c == '\r') return "expected '\"' before the end of the line";
  return is_ascii(c) ? "a control character in a string must be escaped" : "a string must be UTF-8";
}

}  // namespace

JsonScanner::Status JsonScanner::scan(std::string_view bytes, bool last) {
  const char* const start = bytes.data();
  const char* const end = start + bytes.size();
  const char* at = start + position_;
  while (at != end && state_ < State::complete) {
    const char* const before = at;
    const State state = state_;
    at = step(at, end);
    if (at == before && state_ == state) break;
  }
  position_ = static_cast<std::size_t>(at - start);
  if (state_ == State::complete) return Status::complete;
  if (state_ == State::bad) return Status::bad;
  if (!last) return Status::more;
  position_ = bytes.size();
  return at_end();
}

void JsonScanner::reset() {
  position_ = 0;
  what_ = "";
  state_ = State::value;
  nesting_.clear();
}

const char* JsonScanner::step(const char* at, const char* end) {
  switch (state_) {
    case State::in_string:
    case State::in_name:
      return string(at, end);
    case State::in_word:
      return word(at, end);
    case State::value:
    case State::value_or_close:
    case State::name:
    case State::name_or_close:
    case State::colon:
    case State::comma_or_close:
      return between(at, end);
    default:
      return number(at, end);
  }
}

// Between tokens, where white space may be.
const char* JsonScanner::between(const char* at, const char* end) {
  at = skip_space(at, end);
  if (at == end) return at;
  switch (state_) {
    case State::value_or_close:
      return *at == ']' ? close(at) : start_value(at, end);
    case State::name_or_close:
      if (*at == '}') return close(at);
      [[fallthrough]];
    case State::name:
      if (*at != '"') {
        return fail(at, state_ == State::name ? "expected a name in double quotes after ','"
                                              : "expected a name in double quotes or '}'");
      }
      state_ = State::in_name;
      return string(at + 1, end);
    case State::colon:
      if (*at != ':') return fail(at, "expected ':' after a name");
      state_ = State::value;
      return at + 1;
    case State::comma_or_close:
      return comma_or_close(at);
    default:
      return start_value(at, end);
  }
}

const char* JsonScanner::start_value(const char* at, const char* end) {
  switch (*at) {
    case '{':
      return open(at, State::name_or_close);
    case '[':
      return open(at, State::value_or_close);
    case '"':
      state_ = State::in_string;
      return string(at + 1, end);
    case 't':
      word_ = "rue";
      break;
    case 'f':
      word_ = "alse";
      break;
    case 'n':
      word_ = "ull";
      break;
    case '-':
      state_ = State::minus;
      return number(at + 1, end);
    default:
      if (!is_digit(*at)) return fail(at, "expected a value");
      state_ = *at == '0' ? State::zero : State::integer;
      return number(at + 1, end);
  }
  state_ = State::in_word;
  return word(at + 1, end);
}

const char* JsonScanner::open(const char* at, State next) {
  if (nesting_.size() == kMaxDepth) return fail(at, "nested too deeply");
  nesting_.push_back(*at);
  state_ = next;
  return at + 1;
}

const char* JsonScanner::comma_or_close(const char* at) {
  const bool in_object = nesting_.back() == '{';
  if (*at == ',') {
    state_ = in_object ? State::name : State::value;
    return at + 1;
  }
  if (*at == (in_object ? '}' : ']')) return close(at);
  return fail(at, in_object ? "expected ',' or '}' after a value" : "expected ',' or ']' after a value");
}

const char* JsonScanner::close(const char* at) {
  nesting_.pop_back();
  return end_value(at + 1);
}

const char* JsonScanner::end_value(const char* at) {
  state_ = nesting_.empty() ? State::complete : State::comma_or_close;
  return at;
}

const char* JsonScanner::string(const char* at, const char* end) {
  constexpr auto mask = [](std::uint64_t word) { return mask_not_plain(word) | mask_not_ascii(word); };
  constexpr auto goes_on = [](char c) { return is_plain(c) && is_ascii(c); };
  while ((at = skip_run(at, end, mask, goes_on)) != end) {
    if (*at == '"') {
      if (state_ == State::in_string) return end_value(at + 1);
      state_ = State::colon;
      return at + 1;
    }
    const std::size_t length = *at == '\\'     ? escape_length(at, end)
                               : is_ascii(*at) ? 0
                                               : utf8_length(at, end);
    if (length == 0) return fail(at, why_not_in_string(*at));
    if (length > static_cast<std::size_t>(end - at)) return at;
    at += length;
  }
  return at;
}

const char* JsonScanner::word(const char* at, const char* end) {
  for (; *word_ != '\0'; ++at, ++word_) {
    if (at == end) return at;
    if (*at != *word_) return fail(at, "expected true, false or null");
  }
  return end_value(at);
}

const char* JsonScanner::number(const char* at, const char* end) {
  while (at != end) {
    switch (state_) {
      case State::minus:
        if (!is_digit(*at)) return fail(at, "expected a digit after '-'");
        state_ = *at++ == '0' ? State::zero : State::integer;
        break;
      case State::zero:
        if (is_digit(*at)) return fail(at, "a number cannot start with 0");
        [[fallthrough]];
      case State::integer:
      case State::fraction:
        at = skip_digits(at, end);
        if (at == end) return at;
        if (*at == '.' && state_ != State::fraction) {
          state_ = State::point;
        } else if (*at == 'e' || *at == 'E') {
          state_ = State::exponent;
        } else {
          return end_value(at);
        }
        ++at;
        break;
      case State::point:
        if (!is_digit(*at)) return fail(at, "expected a digit after '.'");
        state_ = State::fraction;
        break;
      case State::exponent:
        if (*at == '+' || *at == '-') ++at;
        state_ = State::exponent_sign;
        break;
      case State::exponent_sign:
        if (!is_digit(*at)) return fail(at, "expected a digit in the exponent");
        state_ = State::exponent_digits;
        break;
      default:  // exponent_digits
        at = skip_digits(at, end);
        return at == end ? at : end_value(at);
    }
  }
  return at;
}

const char* JsonScanner::fail(const char* at, const char* why) {
  state_ = State::bad;
  what_ = why;
  return at;
}

// At the end of the bytes a number can be complete; any other unfinished value is not.
JsonScanner::Status JsonScanner::at_end() {
  const bool number_may_end = state_ == State::zero || state_ == State::integer ||
                              state_ == State::fraction || state_ == State::exponent_digits;
  if (number_may_end && nesting_.empty()) {
    state_ = State::complete;
    return Status::complete;
  }
  if (state_ == State::in_string || state_ == State::in_name) {
    what_ = "the input ends inside a string";
  } else if (!nesting_.empty()) {
    what_ = nesting_.back() == '{' ? "the input ends inside an object" : "the input ends inside an array";
  } else {
    what_ = state_ == State::value ? "expected a value" : "the input ends inside a value";
  }
  state_ = State::bad;
  return Status::bad;
}

bool is_json(std::string_view bytes) {
  JsonScanner scanner;
  if (scanner.scan(bytes, true) != JsonScanner::Status::complete) return false;
  const auto rest = bytes.substr(scanner.position());
  return std::all_of(rest.begin(), rest.end(), is_space);
}

}  // namespace iso
