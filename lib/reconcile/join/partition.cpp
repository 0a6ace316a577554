#include "reconcile/join/partition.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "reconcile/sides/line_file.h"

namespace iso::reconcile {
namespace {

// A part's entries lie together in the file in runs of so many, or reading it would be one seek a buffer.
constexpr std::size_t kExtent = std::size_t{256} * 1024 / sizeof(Entry);

}  // namespace

bool Budget::take(std::size_t bytes) {
  const auto wanted = static_cast<std::ptrdiff_t>(bytes);
  if ((left_ -= wanted) >= 0) return true;
  left_ += wanted;
  return false;
}

Partitions::Partitions(Budget& budget, std::string folder, unsigned level, std::size_t buffer)
    : budget_(budget), folder_(std::move(folder)), level_(level), buffer_(buffer) {}

Partitions::~Partitions() {
  for (const Part& part : parts_)
    for (const auto& entries : part.in_memory) budget_.give(entries.size() * sizeof(Entry));
}

Partitions::Writer::Writer(Partitions& to) : to_(to), held_(kParts) {}

void Partitions::Writer::flush() {
  for (std::size_t part = 0; part < kParts; ++part)
    if (!held_[part].empty()) to_.put(part, held_[part]);
}

bool Partitions::empty() const {
  return std::all_of(parts_.begin(), parts_.end(), [](const Part& part) { return part.size == 0; });
}

void Partitions::put(std::size_t index, std::vector<Entry>& entries) {
  Part& part = parts_[index];
  const std::lock_guard lock(part.mutex);
  part.size += entries.size();
  if (budget_.take(entries.size() * sizeof(Entry))) {
    if (entries.size() < entries.capacity()) entries.shrink_to_fit();
    part.in_memory.push_back(std::exchange(entries, {}));
  } else {
    spill(part, entries);
    entries.clear();
  }
}

void Partitions::spill(Part& part, const std::vector<Entry>& entries) {
  std::call_once(file_made_, [this] { file_ = temporary_file(folder_); });
  for (std::size_t done = 0; done < entries.size();) {
    if (part.on_disk.empty() || part.on_disk.back().entries == kExtent)
      part.on_disk.push_back({end_.fetch_add(kExtent * sizeof(Entry)), 0});
    Extent& extent = part.on_disk.back();
    const std::size_t now = std::min(kExtent - extent.entries, entries.size() - done);
    const std::string_view bytes(reinterpret_cast<const char*>(&entries[done]), now * sizeof(Entry));
    write_at(file_.get(), folder_, bytes, extent.offset + extent.entries * sizeof(Entry));
    extent.entries += now;
    done += now;
  }
}

void Partitions::read(const Extent& extent, std::vector<Entry>& out) const {
  const std::size_t before = out.size();
  out.resize(before + extent.entries);
  const std::size_t bytes = extent.entries * sizeof(Entry);
  if (read_at(file_.get(), reinterpret_cast<char*>(&out[before]), bytes, extent.offset) != bytes)
    throw Error(ErrorKind::io, "the temporary file is shorter than what was written to it");
}

void Partitions::take(std::size_t index, std::vector<Entry>& out) {
  out.reserve(out.size() + parts_[index].size);
  take_in_pieces(index, [&out](const Entry& entry) { out.push_back(entry); });
}

}  // namespace iso::reconcile
