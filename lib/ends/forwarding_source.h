#pragma once

#include <memory>
#include <string_view>
#include <utility>

#include "pump/end.h"

namespace iso::ends {

// A source over another, which passes on every call but take(). A derived class overrides what it changes.
class ForwardingSource : public Source {
 public:
  explicit ForwardingSource(std::unique_ptr<Source> from) : from_(std::move(from)) {}

  bool settle(Ticket ticket, Disposition how, std::string_view why) override {
    return from_->settle(ticket, how, why);
  }
  void flush() override { from_->flush(); }
  Wait wait() const override { return from_->wait(); }
  bool drained() override { return from_->drained(); }
  std::string_view queue() const override { return from_->queue(); }
  std::string_view away() const override { return from_->away(); }
  Ticket lost() const override { return from_->lost(); }
  std::chrono::milliseconds longest_wait() const override { return from_->longest_wait(); }
  void stop() override { from_->stop(); }
  bool finish() override { return from_->finish(); }

 protected:
  Source& from() const { return *from_; }

 private:
  std::unique_ptr<Source> from_;
};

}  // namespace iso::ends
