#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace iso::reconcile {

// Threads that work on what one other thread gives out, `ahead` pieces ahead at most. What a worker throws
// stops all and is thrown by put() or finish().
template <class Piece>
class Workers {
 public:
  // `make` is called on each thread; what it gives takes pieces, and is asked to finish() after the last.
  template <class Make>
  Workers(unsigned threads, std::size_t ahead, Make make) : most_(ahead) {
    threads_.reserve(threads);
    try {
      while (threads_.size() < threads) threads_.emplace_back([this, make] { work(make); });
    } catch (const std::system_error&) {  // fewer will do
      if (threads_.empty()) throw;
    }
  }
  ~Workers() { end(); }
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  void put(Piece piece) {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [this] { return pieces_.size() < most_ || failure_; });
    if (failure_) std::rethrow_exception(failure_);
    pieces_.push_back(std::move(piece));
    news_.notify_one();
  }

  void finish() {
    end();
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  void end() {
    {
      const std::lock_guard lock(mutex_);
      ended_ = true;
    }
    news_.notify_all();
    for (auto& thread : threads_) thread.join();
    threads_.clear();
  }

  std::optional<Piece> next() {
    std::unique_lock lock(mutex_);
    news_.wait(lock, [this] { return !pieces_.empty() || ended_ || failure_; });
    if (pieces_.empty() || failure_) return std::nullopt;
    std::optional<Piece> piece(std::move(pieces_.front()));
    pieces_.pop_front();
    if (pieces_.size() == most_ / 2) room_.notify_one();  // once for many pieces, as it costs a switch
    return piece;
  }

  template <class Make>
  void work(const Make& make) {
    try {
      auto worker = make();
      while (auto piece = next()) worker(*piece);
      worker.finish();
    } catch (...) {
      const std::lock_guard lock(mutex_);
      if (!failure_) failure_ = std::current_exception();
      room_.notify_all();
      news_.notify_all();
    }
  }

  std::size_t most_;
  std::mutex mutex_;
  std::condition_variable room_, news_;
  std::deque<Piece> pieces_;
  std::exception_ptr failure_;
  bool ended_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace iso::reconcile
