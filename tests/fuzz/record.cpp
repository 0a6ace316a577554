// What append_record writes reads back equal, on one line of JSON, whatever read_record took.
#include "record/record.h"

#include <algorithm>

#include "base/error.h"
#include "record/read.h"
#include "record/scan.h"
#include "record/write.h"
#include "require.h"
#include "same.h"

using namespace iso;
using fuzz::require;

namespace {

std::string written(const Record& record, BodyAs as = BodyAs::best) {
  std::string out;
  append_record(out, record, as);
  return out;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  Record record;
  try {
    record = read_record(text);
  } catch (const Error& error) {
    require(error.kind() == ErrorKind::data, "a record that cannot be read is bad data", error.what());
    return 0;
  }
  require(is_json(text), "only JSON is a record");

  const std::string line = written(record), in_base64 = written(record, BodyAs::base64);
  require(is_json(line), "a record is written as JSON", line);
  require(line.find_first_of("\r\n") == line.npos, "a record is written on one line", line);
  if (record.body_kind) {
    const Record plain = read_record(in_base64);
    require(plain.body_kind == BodyKind::bytes && plain.body == record.body, "base64 is the same bytes");
  }

  // A line break between the tokens of a body becomes a space.
  if (record.body_kind == BodyKind::json)
    std::replace_if(
        record.body.begin(), record.body.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
  const Record again = read_record(line);
  require(fuzz::same(again, record), "a record that was written reads back equal", line);
  require(written(again) == line, "what was read back is written the same", written(again), line);
  return 0;
}
