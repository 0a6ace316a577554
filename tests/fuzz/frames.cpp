// What a broker sends is read as frames or refused, whatever it is, and never past its end; what is read as a
// frame is written as the same bytes. The input is a stream of frames: AMQP 0-9-1 section 4.2.3.
#include "amqp/frames.h"

#include "amqp/properties.h"
#include "base/error.h"
#include "require.h"

using namespace iso;
using namespace iso::amqp;
using fuzz::require;

namespace {

constexpr std::size_t kMost = 1 << 16;

// A part of a frame is no frame, and no fault that the whole has not.
void check_parts(std::string_view frame) {
  for (std::size_t size = 0; size < frame.size(); size = size < 8 ? size + 1 : size * 2)
    require(!read_frame(frame.substr(0, size), kMost), "a part is not a frame");
}

void check_written_again(const RawFrame& raw, std::string_view frame) {
  std::string again;
  FrameWriter writer(again, raw.type, raw.channel);
  writer.out().raw(raw.payload);
  require(writer.finish(kMost), "a frame that was read fits");
  require(again == frame, "a frame is written as it was read");
}

void take(const Frame& frame) {
  Record record;
  if (const auto* header = std::get_if<ContentHeader>(&frame)) read_properties(record, header->properties);
  require(!(is_answer(frame) && is_news(frame)), "a frame is an answer or comes by itself");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view left = fuzz::text_of(data, size);
  ContentOrder order;
  try {
    while (const auto raw = read_frame(left, kMost)) {
      require(raw->size() <= left.size(), "a frame ends in what is there");
      const auto bytes = left.substr(0, raw->size());
      check_parts(bytes);
      check_written_again(*raw, bytes);
      left.remove_prefix(raw->size());
      const Frame frame = decode(*raw);
      if (raw->channel == kChannel) order.check(frame);
      take(frame);
    }
  } catch (const Error& error) {
    require(error.kind() == ErrorKind::unavailable, "what is refused is the broker's fault", error.what());
  }
  return 0;
}
