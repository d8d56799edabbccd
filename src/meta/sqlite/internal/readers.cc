#include "meta/sqlite/internal/readers.h"

#include "base/memory.h"

namespace entrepot::meta::sqlite {
namespace {

constexpr char kBegin[] = "BEGIN";
constexpr char kEnd[] = "COMMIT";

Failure no_memory() { return Failure({ErrorCode::Unavailable, "no memory"}); }

}  // namespace

Readers::Readers(Database::Options options, std::size_t most, Health& health)
    : options_(std::move(options)), most_(most), health_(health) {
  idle_.reserve(most);  // so that giving one back needs no memory
}

Result<void> Readers::look(Context& context, const Store::Look& look) {
  TRY_ASSIGN(auto reader, take(context));
  return in_transaction(context, std::move(reader),
                        [&](Reader& taken) { return look(*taken.nouns); });
}

Result<void> Readers::use(Context& context, const Use& use) {
  TRY_ASSIGN(auto reader, take(context));
  return in_transaction(context, std::move(reader),
                        [&](Reader& taken) { return use(*taken.database); });
}

// SQLite's view begins with the first statement after BEGIN: later than any write that returned
// before.
Result<void> Readers::in_transaction(Context& context, std::unique_ptr<Reader> reader,
                                     const std::function<Result<void>(Reader&)>& work) {
  Database& database = *reader->database;
  Result<void> result;
  const auto begin_and_work = [&]() -> Result<void> {
    TRY(database.run(kBegin));
    database.watch(&context);
    return work(*reader);
  };
  if (!had_memory([&] { result = begin_and_work(); })) result = no_memory();
  database.watch(nullptr);
  // An error may have ended the transaction already.
  static_cast<void>(had_memory([&] {
    if (database.in_transaction()) static_cast<void>(database.run(kEnd));
  }));
  // A read that failed otherwise may work again; a damaged file will not, whoever reads it.
  const std::optional<Error>& damage = database.damage();
  if (damage && damage->code == ErrorCode::Corrupt) health_.note(damage);
  give_back(std::move(reader));
  return result;
}

Result<std::unique_ptr<Readers::Reader>> Readers::take(Context& context) {
  TRY(context.alive());
  MutexLock lock(mutex_);
  while (!has_one()) {
    if (!context.deadline()) {
      freed_.wait(mutex_);  // work in the background has no deadline; each reader comes back
    } else if (!freed_.wait_until(mutex_, *context.deadline()) && !has_one()) {
      return fail(ErrorCode::Timeout, "the metadata did not get to read in time");
    }
  }
  if (!idle_.empty()) {
    auto reader = std::move(idle_.back());
    idle_.pop_back();
    return reader;
  }
  ++opened_;
  lock.unlock();
  Result<std::unique_ptr<Reader>> opened = no_memory();
  static_cast<void>(had_memory([&] { opened = open(); }));
  if (!opened) {
    lock.lock();
    --opened_;
    freed_.notify_one();
  }
  return opened;
}

void Readers::give_back(std::unique_ptr<Reader> reader) {
  {
    const MutexLock lock(mutex_);
    if (reader->database->in_transaction()) {
      --opened_;  // its view would never end: close it instead
    } else {
      idle_.push_back(std::move(reader));
    }
  }
  freed_.notify_one();
}

Result<std::unique_ptr<Readers::Reader>> Readers::open() const {
  TRY_ASSIGN(auto database, Database::open(options_));
  auto nouns = std::make_unique<Nouns>(*database);
  return std::make_unique<Reader>(Reader{std::move(database), std::move(nouns)});
}

}  // namespace entrepot::meta::sqlite
