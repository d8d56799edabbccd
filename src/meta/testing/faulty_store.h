#pragma once
// meta/testing/faulty_store.h — a store that fails on demand.

#include <atomic>
#include <string>

#include "meta/store.h"

namespace entrepot::meta::testing {

// Hands every call to another store, except that the n-th write or read from now on fails. For
// tests that fail the first, the second, … call of a use case until it succeeds.
//
// Thread-safe as long as the fail_… functions are not called beside others.
class FaultyStore final : public Store {
 public:
  explicit FaultyStore(Store& inner) : inner_(inner) {}

  // The n-th write (from 1) writes nothing.
  void fail_write(int n, ErrorCode code = ErrorCode::Unavailable) {
    writes_left_ = n;
    write_code_ = code;
    lose_answer_ = false;
  }

  // The n-th write is written, but its caller is told an error: what a crash between COMMIT and
  // the answer, or a connection to the store that broke, looks like.
  void lose_answer_of_write(int n, ErrorCode code = ErrorCode::Unavailable) {
    fail_write(n, code);
    lose_answer_ = true;
  }

  // The n-th read does not run.
  void fail_read(int n, ErrorCode code = ErrorCode::Unavailable) {
    reads_left_ = n;
    read_code_ = code;
  }

  // Has the failure that was asked for happened?
  bool write_failed() const { return writes_left_ == kHappened; }
  bool read_failed() const { return reads_left_ == kHappened; }

  Result<void> write(Context& context, const Work& work) override {
    if (!is_the_one(writes_left_)) return inner_.write(context, work);
    if (lose_answer_) TRY(inner_.write(context, work));
    return fail(write_code_, "a test lets this write fail");
  }

  Result<void> read(Context& context, const Look& look) override {
    if (!is_the_one(reads_left_)) return inner_.read(context, look);
    return fail(read_code_, "a test lets this read fail");
  }

  void listen(Listener& listener) override { inner_.listen(listener); }

  Backup* backups() override { return inner_.backups(); }

  Result<void> check_writable(Context& context) override { return inner_.check_writable(context); }

 private:
  // What a countdown holds when nothing is to fail, and after it failed.
  static constexpr int kNever = -1;
  static constexpr int kHappened = 0;

  static bool is_the_one(std::atomic<int>& left) {
    int now = left;
    while (now > 0) {
      if (left.compare_exchange_weak(now, now - 1)) return now == 1;
    }
    return false;
  }

  Store& inner_;
  std::atomic<int> writes_left_ = kNever;
  std::atomic<int> reads_left_ = kNever;
  ErrorCode write_code_ = ErrorCode::Unavailable;
  ErrorCode read_code_ = ErrorCode::Unavailable;
  bool lose_answer_ = false;
};

}  // namespace entrepot::meta::testing
