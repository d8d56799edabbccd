// How long a start takes on a store of some size.
#include <chrono>

#include "base/testing/assert_ok.h"
#include "base/testing/temporary_directory.h"
#include "meta/sqlite/store.h"
#include "server/run/data_directory.h"
#include "server/run/running_server.h"

namespace entrepot::server {
namespace {

constexpr int kManifests = 100'000;
constexpr int kInOneTransaction = 5'000;

meta::NewManifest manifest_number(int number, meta::RepositoryId repository) {
  meta::NewManifest manifest{
      .repository = repository,
      .digest = oci::Digest::of(fmt::format("manifest {}", number)),
      .media_type = std::string(oci::media_type::kOciManifest),
      .bytes = std::string(500, 'x'),
      .references = {},
      .subject = std::nullopt,
      .artifact_type = "",
      .annotations_json = "",
      .pushed_at = Clock::system().wall(),
      .pushed_by = "",
  };
  for (int layer = 0; layer < 2; ++layer) {
    manifest.references.push_back(
        {oci::Digest::of(fmt::format("layer {} {}", number, layer)), oci::ReferenceKind::Layer});
  }
  return manifest;
}

Result<void> put_some(meta::Transaction& tx, int from) {
  TRY_ASSIGN(const auto name, oci::RepositoryName::parse(fmt::format("repository/{}", from)));
  TRY_ASSIGN(const auto repository, tx.repositories().find_or_create(name, Clock::system().wall()));
  for (int number = from; number < from + kInOneTransaction; ++number) {
    const auto manifest = manifest_number(number, repository.id);
    TRY(tx.manifests().put(manifest));
    TRY_ASSIGN(const auto tag, oci::Tag::parse(fmt::format("v{}", number)));
    TRY(tx.tags().move(repository.id, tag, manifest.digest, manifest.pushed_at));
  }
  return {};
}

void fill(const std::string& data) {
  Context context;
  const auto directory = DataDirectory::open(data).value();
  meta::sqlite::SqliteStore::Options options;
  options.path = directory->metadata_path();
  const auto store = meta::sqlite::SqliteStore::open(options, Clock::system()).value();
  for (int from = 0; from < kManifests; from += kInOneTransaction) {
    ASSERT_OK(store->write(context, [&](meta::Transaction& tx) { return put_some(tx, from); }));
  }
}

TEST(RunningServer, StartsInWellUnderASecondWithManyManifests) {
  const testing::TemporaryDirectory temporary;
  fill(temporary.path());
  Configuration configuration;
  configuration.options = initial_options();
  configuration.options.data = temporary.path();
  configuration.options.http_listen = {{"127.0.0.1", 0}};
  configuration.options.access_log_enabled = false;
  Context context;

  const auto begin = std::chrono::steady_clock::now();
  const auto server = RunningServer::start(context, configuration, Clock::system());
  const auto took = std::chrono::steady_clock::now() - begin;

  ASSERT_OK(server);
  const auto millis = std::chrono::duration_cast<std::chrono::milliseconds>(took).count();
  RecordProperty("start_ms", static_cast<int>(millis));
  EXPECT_LT(millis, 500);
}

}  // namespace
}  // namespace entrepot::server
