#include <algorithm>
#include <cstdlib>
#include <tuple>

#include "reconcile/join/join.h"

namespace iso::reconcile {
namespace {

constexpr std::size_t kMostVariants = 4, kMostKnown = 16;

bool is_pending(const Item& item) {
  return item.row && item.row->settled == RowState::Settled::pending;
}

FindingRef::Copies copies_of(const Variants& variants) {
  FindingRef::Copies copies;
  copies.count = variants.copies;
  copies.has_other = variants.some.size() > 1;
  if (copies.count != 0) copies.first = variants.some[0].place;
  if (copies.has_other) copies.other = variants.some[1].place;
  return copies;
}

bool is_conflict(const Variants& variants) {
  return variants.some.size() > 1 || (variants.copies != 0 && variants.some[0].place.has(Place::conflict));
}

bool speaks_before(Place one, Place other) {
  const auto rank = [](Place place) {
    return std::tuple(place.has(Place::unsent), place.has(Place::later), place.offset());
  };
  return rank(one) < rank(other);
}

Variants alone(const Entry& entry) {
  Variants variants;
  variants.add(entry);
  return variants;
}

}  // namespace

void Variants::add(const Entry& entry, const Same& same) {
  const bool conflict = entry.place.has(Place::conflict);
  const auto alike = [&](const Variant& known) { return known.place.has(Place::conflict) == conflict; };
  ++copies;
  auto known = std::find_if(some.begin(), some.end(),
                            [&](const Variant& one) { return one.content == entry.content && alike(one); });
  if (known == some.end() && same)
    known = std::find_if(some.begin(), some.end(),
                         [&](const Variant& one) { return alike(one) && same(one.place, entry.place); });
  if (known == some.end()) {
    some.push_back({entry.content, entry.place});
  } else if (speaks_before(entry.place, known->place)) {
    *known = {entry.content, entry.place};
  }
  std::sort(some.begin(), some.end(),
            [](const Variant& one, const Variant& other) { return speaks_before(one.place, other.place); });
  if (some.size() > kMostVariants) some.pop_back();
}

const Item& LastItems::read(Last& last, Place place) {
  if (!last.item || last.place != place) {
    last.item = read_item(last.side, place);
    last.place = place;
  }
  return *last.item;
}

std::string LastItems::key(bool is_right, Place place) {
  Last& last = sides_[is_right ? 1 : 0];
  return ordered_key(read(last, place).value, last.side.key).value_or("");
}

void LastItems::add_right(Variants& rights, const Entry& entry, const Variants& lefts) {
  const Side& left_side = sides_[0].side;
  const Side& right_side = sides_[1].side;
  if (rights.some.empty() || rights.some.size() > 1 || !is_for_messages(right_side.rule))
    return rights.add(entry);
  const Item* const left_item = lefts.some.empty() ? nullptr : &left(lefts.some[0].place);
  rights.add(entry, [&](Place known, Place added) {
    const auto one = read_item(right_side, known);
    return are_copies(left_side, left_item, right_side, *one, right(added));
  });
}

void Group::add(LastItems& items, bool is_right, const Entry& entry) {
  auto& known = known_[is_right ? 1 : 0];
  const bool conflict = entry.place.has(Place::conflict);
  auto met = std::find_if(known.begin(), known.end(), [&](const Known& one) {
    return one.content == entry.content && one.conflict == conflict;
  });
  std::string key = met != known.end() ? met->key : items.key(is_right, entry.place);
  if (met == known.end() && known.size() < kMostKnown) known.push_back({entry.content, conflict, key});
  Sides& sides = by_key_[std::move(key)];
  is_right ? items.add_right(sides.right, entry, sides.left) : sides.left.add(entry);
}

Classifier::Classifier(const Comparands& comparands, Round round)
    : comparands_(comparands),
      round_(round),
      items_(comparands.left, comparands.right),
      missing_(comparands.missing),
      extra_(comparands.extra) {}

const ReconcileTally& Classifier::finish() {
  missing_.flush();
  extra_.flush();
  return tally_;
}

void Classifier::classify_left(const Entry& entry) {
  classify(entry.key, {}, alone(entry), {});
}

void Classifier::classify_right(const Entry& entry) {
  classify(entry.key, {}, {}, alone(entry));
}

void Classifier::classify_group(std::uint64_t key, const Group& group) {
  for (const auto& [text, sides] : group.by_key()) classify(key, text, sides.left, sides.right);
}

// `text` is "" if it was not read yet.
void Classifier::classify(std::uint64_t key, const std::string& text, const Variants& left,
                          const Variants& right) {
  const bool no_left = left.copies == 0, no_right = right.copies == 0;
  if ((no_right && round_ == Round::of_extra) || (no_left && round_ == Round::of_missing)) return;
  if (is_conflict(left) || is_conflict(right)) {
    report(Status::conflict, text.empty() ? key_alone(left, right) : text, left, right);
  } else if (no_right) {
    only_left(key, text, left);
  } else if (no_left) {
    only_right(key, text, right);
  } else {
    both(text, left, right);
  }
}

void Classifier::only_left(std::uint64_t key, const std::string& text, const Variants& left) {
  if (round_ == Round::first) {
    const Variant& some = left.some[0];
    for (std::uint32_t copy = 0; copy < left.copies; ++copy) missing_.add({key, some.content, some.place});
    return;
  }
  if (may_be_deleted(left_item(left), comparands_.left, comparands_.right)) return ok();
  const Status lacking = comparands_.asks_for_answers() ? Status::unacked : Status::missing;
  const Status status = unless_on_its_way(left_item(left), lacking);
  report(status, text.empty() ? key_alone(left, {}) : text, left, {});
}

void Classifier::only_right(std::uint64_t key, const std::string& text, const Variants& right) {
  if (comparands_.asks_for_answers()) return;  // a ledger has answers to other messages too
  if (round_ == Round::first) {
    const Variant& item = right.some[0];
    for (std::uint32_t copy = 0; copy < right.copies; ++copy) extra_.add({key, item.content, item.place});
  } else if (may_be_deleted(items_.right(right.some[0].place), comparands_.right, comparands_.left)) {
    ok();
  } else {
    report(Status::extra, text.empty() ? key_alone({}, right) : text, {}, right);
  }
}

void Classifier::both(const std::string& text, const Variants& left, const Variants& right) {
  const Place place = left.some[0].place;
  const bool differ = left.some[0].content != right.some[0].content;
  if (differ && comparands_.asks_for_answers()) {
    report(unless_on_its_way(left_item(left), Status::unacked), text, left, right);
  } else if (differ && are_different(place, right.some[0].place)) {
    report(Status::different, text, left, right);
  } else if (left.copies < right.copies) {
    report(Status::duplicate, text, left, right);
  } else if (left.copies > right.copies) {
    report(unless_on_its_way(left_item(left), Status::missing), text, left, right);
  } else if (place.has(Place::unsent) && !is_just_sent(left_item(left))) {
    report(Status::recovered, text, left, right);
  } else {
    ok();
  }
}

// The key of what is there, when it is on one side alone.
std::string Classifier::key_alone(const Variants& left, const Variants& right) {
  const bool is_right = left.copies == 0;
  return items_.key(is_right, (is_right ? right : left).some[0].place);
}

// Digests differ; what was made on the way may be all there is to it.
bool Classifier::are_different(Place left, Place right) {
  return !difference(comparands_.left, items_.left(left), comparands_.right, items_.right(right))
              .changes.empty();
}

// A store deletes what is done after a time: what is older than the last that it deleted may have been there.
bool Classifier::may_be_deleted(const Item& item, const Side& own, const Side& other) const {
  const auto deleted_up_to = other.deleted_up_to();
  const auto time = deleted_up_to != 0 ? item.time_ms(own.received_now) : std::nullopt;
  return time && *time <= deleted_up_to;
}

// Its time is no farther from now than that. A time in the future may be a clock that is a little ahead; one
// that is far ahead says nothing.
bool Classifier::is_within(const Item& left, std::int64_t limit_ms) const {
  const auto time = left.time_ms(comparands_.left.received_now);
  return time && std::abs(comparands_.now_ms - *time) < limit_ms;
}

Status Classifier::unless_on_its_way(const Item& left, Status status) const {
  if (is_pending(left)) return is_within(left, comparands_.stuck_after_ms) ? Status::inflight : Status::stuck;
  return is_within(left, comparands_.grace_ms) ? Status::inflight : status;
}

// Its relay had it sent and was about to say so.
bool Classifier::is_just_sent(const Item& left) const {
  return is_pending(left) && is_within(left, comparands_.grace_ms);
}

void Classifier::report(Status status, const std::string& key, const Variants& left, const Variants& right) {
  ++tally_.found[static_cast<std::size_t>(status)];
  const FindingRef ref{status, copies_of(left), copies_of(right)};
  comparands_.found(key, ref);
}

}  // namespace iso::reconcile
