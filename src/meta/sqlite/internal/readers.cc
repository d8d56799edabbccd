#include "meta/sqlite/internal/readers.h"

namespace entrepot::meta::sqlite {
namespace {

constexpr char kBegin[] = "BEGIN";
constexpr char kEnd[] = "COMMIT";

}  // namespace

Readers::Readers(Database::Options options, std::size_t most)
    : options_(std::move(options)), most_(most) {}

Result<void> Readers::look(Context& context, const Store::Look& look) {
  TRY_ASSIGN(auto reader, take(context));
  auto result = in_transaction(context, *reader, [&] { return look(*reader->nouns); });
  give_back(std::move(reader));
  return result;
}

Result<void> Readers::use(Context& context, const Use& use) {
  TRY_ASSIGN(auto reader, take(context));
  auto result = in_transaction(context, *reader, [&] { return use(*reader->database); });
  give_back(std::move(reader));
  return result;
}

// SQLite's view begins with the first statement after BEGIN: later than any write that returned
// before.
Result<void> Readers::in_transaction(Context& context, Reader& reader,
                                     const std::function<Result<void>()>& work) {
  Database& database = *reader.database;
  TRY(database.run(kBegin));
  database.watch(&context);
  auto result = work();
  database.watch(nullptr);
  auto ended = database.run(kEnd);
  if (result && !ended) return propagate(std::move(ended));
  return result;
}

Result<std::unique_ptr<Readers::Reader>> Readers::take(Context& context) {
  TRY(context.alive());
  std::unique_lock lock(mutex_);
  const auto ready = [this] { return !idle_.empty() || opened_ < most_; };
  if (!context.deadline()) {
    freed_.wait(lock, ready);
  } else if (!freed_.wait_until(lock, *context.deadline(), ready)) {
    return fail(ErrorCode::Timeout, "the metadata did not get to read in time");
  }
  if (!idle_.empty()) {
    auto reader = std::move(idle_.back());
    idle_.pop_back();
    return reader;
  }
  ++opened_;
  lock.unlock();
  auto opened = open();
  if (!opened) {
    lock.lock();
    --opened_;
    freed_.notify_one();
  }
  return opened;
}

void Readers::give_back(std::unique_ptr<Reader> reader) {
  {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(reader));
  }
  freed_.notify_one();
}

Result<std::unique_ptr<Readers::Reader>> Readers::open() const {
  TRY_ASSIGN(auto database, Database::open(options_));
  auto nouns = std::make_unique<Nouns>(*database);
  return std::make_unique<Reader>(Reader{std::move(database), std::move(nouns)});
}

}  // namespace entrepot::meta::sqlite
