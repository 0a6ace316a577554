#include "http/response_reader.h"

#include <algorithm>
#include <exception>
#include <fmt/core.h>

#include "base/error.h"
#include "base/integer.h"

namespace iso::http {
namespace {

bool names(const Fields& fields, std::string_view name, std::string_view member) {
  const auto all = fields.joined(name).value_or("");
  const auto members = list_members(all);
  return std::any_of(members.begin(), members.end(), [member](std::string_view each) {
    return equal_without_case(trimmed(each.substr(0, each.find_first_of("=;"))), member);
  });
}

}  // namespace

bool ResponseReader::refuse(TransferError error, std::string why) {
  refused_ = error;
  why_ = std::move(why);
  return false;
}

bool ResponseReader::take_line(std::string_view line) {
  if (refused_ != TransferError::none) return false;
  header_bytes_ += line.size();
  if (header_bytes_ > kMostHeader)
    return refuse(TransferError::protocol, fmt::format("more than {} bytes of header", kMostHeader));
  if (state_ == State::body) return true;  // ignores trailers (RFC 9110 section 6.5.1)
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
  if (state_ == State::status_line) return take_status(line);
  return line.empty() ? end_header() : take_field(line);
}

bool ResponseReader::take_status(std::string_view line) {
  reply_.status = 0;
  reply_.fields = {};
  const auto space = line.find(' ');
  if (line.starts_with("HTTP/") && space != line.npos) {
    auto rest = line.substr(space + 1);
    reply_.status = take_integer<int>(rest).value_or(0);
  }
  marks_end_ = !line.starts_with("HTTP/1.") && !line.starts_with("HTTP/0.");
  if (reply_.status < 100) return refuse(TransferError::protocol, "the answer has no HTTP status");
  if (reply_.status == 101)
    return refuse(TransferError::protocol, "it switches to another protocol, which nobody asked for");
  state_ = State::header;
  return true;
}

bool ResponseReader::take_field(std::string_view line) {
  if (line.front() == ' ' ||
      line.front() == '\t') {  // RFC 9112 section 5.2: a line fold is replaced by a space
    if (reply_.fields.empty())
      return refuse(TransferError::protocol, "its header begins with the rest of a line");
    reply_.fields.append_to_last(trimmed(line));
    return true;
  }
  const auto colon = line.find(':');
  if (colon != line.npos) reply_.fields.add(trimmed(line.substr(0, colon)), trimmed(line.substr(colon + 1)));
  return true;
}

bool ResponseReader::end_header() {
  if (reply_.status < 200) {
    if (reply_.interim.size() == kMostInterim)
      return refuse(TransferError::protocol, fmt::format("more than {} interim responses", kMostInterim));
    reply_.interim.push_back({reply_.status, std::exchange(reply_.fields, {})});
    reply_.status = 0;
    state_ = State::status_line;
    return true;
  }
  state_ = State::body;
  if (reply_.status == 206 && !request_.fields.has("range"))
    return refuse(TransferError::protocol, "it answers with a part (206), but no range was asked for");
  if (!check_length()) return false;
  reply_.ends_with_connection = !marks_end_ && !length_ && !is_chunked() && !has_no_body();
  keeps_in_memory_ = names(reply_.fields, "cache-control", "no-store") || request_.spool.empty();
  if (!keeps_in_memory_) reply_.body.spool_to(request_.spool);
  if (most_ != 0 && length_ && *length_ > most_ && !has_no_body())
    return refuse(TransferError::too_large, fmt::format("the body is longer than {} bytes", most_));
  return !request_.decodes || has_no_body() || begin_decoding();
}

bool ResponseReader::begin_decoding() {
  try {
    decoder_.emplace(reply_.fields);
  } catch (const Error& error) {
    return refuse(TransferError::protocol, error.what());
  }
  if (!decoder_->is_needed()) decoder_.reset();
  return true;
}

// RFC 9112 section 6.3: an invalid or contradictory length is an unrecoverable error.
bool ResponseReader::check_length() {
  for (const auto line : reply_.fields.lines("content-length")) {
    const auto members = list_members(line);
    for (const auto member : members) {
      const auto length = read_integer<std::uint64_t>(member);
      if (!length || (length_ && length_ != length))
        return refuse(TransferError::protocol,
                      fmt::format("its Content-Length is invalid: {}",
                                  reply_.fields.joined("content-length").value_or("")));
      length_ = length;
    }
    if (members.empty()) return refuse(TransferError::protocol, "its Content-Length is empty");
  }
  return true;
}

bool ResponseReader::has_no_body() const {
  return request_.method == "HEAD" || reply_.status == 204 || reply_.status == 304;
}

bool ResponseReader::is_chunked() const {
  return names(reply_.fields, "transfer-encoding", "chunked");
}

bool ResponseReader::take_body(std::string_view bytes) {
  if (refused_ != TransferError::none) return false;
  received_ += bytes.size();
  try {
    if (!decoder_) return keep(bytes);
    if (decoder_->decode(bytes, [this](std::string_view decoded) { return keep(decoded); })) return true;
  } catch (const std::exception& failure) {
    return refuse(TransferError::local, failure.what());
  }
  return refused_ != TransferError::none ? false : refuse(TransferError::cut, decoder_->fault());
}

bool ResponseReader::keep(std::string_view bytes) {
  const std::uint64_t size = reply_.body.size() + bytes.size();
  if (most_ != 0 && size > most_)
    return refuse(TransferError::too_large, fmt::format("the body is longer than {} bytes", most_));
  if (keeps_in_memory_ && size > kMostInMemory)
    return refuse(TransferError::too_large,
                  fmt::format("the body is longer than {} bytes, and may only be in memory", kMostInMemory));
  reply_.body.append(bytes);
  return true;
}

HttpReply ResponseReader::finish(TransferError error, std::string why) {
  reply_.error = refused_ != TransferError::none ? refused_ : error;
  reply_.why = refused_ != TransferError::none ? why_ : std::move(why);
  if (reply_.error == TransferError::none && state_ != State::body) {
    reply_.error = TransferError::protocol;
    reply_.why = "the answer has no whole header";
  }
  if (reply_.error == TransferError::none && length_ && !has_no_body() && *length_ != received_) {
    reply_.error = TransferError::cut;
    reply_.why = fmt::format("the body has {} bytes, and its Content-Length is {}", received_, *length_);
  }
  if (reply_.error == TransferError::none && decoder_ && !decoder_->whole()) {
    reply_.error = TransferError::cut;
    reply_.why = fmt::format("the body ends before its {} does",
                             reply_.fields.joined("content-encoding").value_or(""));
  }
  if (reply_.error != TransferError::none && reply_.why.empty()) reply_.why = "the transfer failed";
  if (refused_ != TransferError::none) {  // do not use any part of a refused response
    reply_.status = 0;
    reply_.fields = {};
    reply_.body = {};
  }
  return std::move(reply_);
}

}  // namespace iso::http
