#pragma once
// meta/testing/rerunning_store.h — a store that runs every work twice.

#include "meta/store.h"

namespace entrepot::meta::testing {

// Undoes each work once and runs it again, as a store does whose transactions run beside each other
// when two of them are in conflict. For all who write: what a work leaves behind outside its
// transaction must not depend on how often it ran. Thread-safe.
class RerunningStore final : public Store {
 public:
  explicit RerunningStore(Store& inner) : inner_(inner) {}

  Result<void> write(Context& context, const Work& work) override {
    const auto undone = [&](Transaction& tx) -> Result<void> {
      TRY(work(tx));
      return fail(ErrorCode::Conflict, "undone, and run again");
    };
    static_cast<void>(inner_.write(context, {undone, work.weight()}).has_value());
    return inner_.write(context, work);
  }
  Result<void> read(Context& context, const Look& look) override {
    return inner_.read(context, look);
  }
  void listen(Listener& listener) override { inner_.listen(listener); }
  Backup* backups() override { return inner_.backups(); }
  Result<void> check_writable(Context& context) override { return inner_.check_writable(context); }

 private:
  Store& inner_;
};

}  // namespace entrepot::meta::testing
