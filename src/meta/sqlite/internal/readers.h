#pragma once
// meta/sqlite/internal/readers.h — a bounded pool of connections that only read.

#include <functional>
#include <memory>
#include <vector>

#include "base/mutex.h"
#include "meta/sqlite/internal/database.h"
#include "meta/sqlite/internal/health.h"
#include "meta/sqlite/internal/nouns.h"
#include "meta/store.h"

namespace entrepot::meta::sqlite {

// Connections are opened when they are first needed, then kept with their prepared statements. The
// one used last is used next: its cache is warm. Thread-safe.
class Readers {
 public:
  // `health` hears of a file that is no database any more, or not a whole one.
  Readers(Database::Options options, std::size_t most, Health& health);

  // Runs `look` in a read transaction. Timeout when no connection became free, or `look` did not
  // end, before the deadline.
  Result<void> look(Context& context, const Store::Look& look);

  // The same for work on the connection itself.
  using Use = std::function<Result<void>(Database&)>;
  Result<void> use(Context& context, const Use& use);

 private:
  struct Reader {
    std::unique_ptr<Database> database;
    std::unique_ptr<Nouns> nouns;
  };

  Result<std::unique_ptr<Reader>> take(Context& context);
  bool has_one() const ENTREPOT_REQUIRES(mutex_) { return !idle_.empty() || opened_ < most_; }
  void give_back(std::unique_ptr<Reader> reader);
  Result<std::unique_ptr<Reader>> open() const;
  Result<void> in_transaction(Context& context, std::unique_ptr<Reader> reader,
                              const std::function<Result<void>(Reader&)>& work);

  const Database::Options options_;
  const std::size_t most_;
  Health& health_;

  Mutex mutex_;
  CondVar freed_;
  std::vector<std::unique_ptr<Reader>> idle_ ENTREPOT_GUARDED_BY(mutex_);
  std::size_t opened_ ENTREPOT_GUARDED_BY(mutex_) = 0;
};

}  // namespace entrepot::meta::sqlite
