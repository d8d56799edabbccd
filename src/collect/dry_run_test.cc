// A dry run tells what the run then does, whatever is in the registry.

#include <random>

#include <gtest/gtest.h>

#include "collect/collector.h"
#include "collect/testing/world.h"

namespace entrepot::collect {
namespace {

using oci::Digest;
using testing::name;
using testing::tag;
using testing::World;

// A registry in which anything may have happened. Blob i has 2^i bytes, so that a sum of bytes
// tells which blobs it is of.
class RandomRegistry {
 public:
  explicit RandomRegistry(unsigned seed)
      : random_(seed),
        collector_(world_.stores, world_.uploads, world_.remover, {}, world_.metrics) {}

  void do_something() {
    switch (one_of(11)) {
      case 0:
        world_.push_blob(repository(), blob());
        break;
      case 1:
      case 2:
      case 3:
        push_image();
        break;
      case 4:
        push_index();
        break;
      case 5:
        static_cast<void>(world_.remover.tag(world_.context, world_.who, name(repository()),
                                             tag(std::to_string(one_of(4)))));
        break;
      case 6:
        change_a_manifest();
        break;
      case 7:
        static_cast<void>(world_.remover.blob(world_.context, world_.who, name(repository()),
                                              Digest::of(blob())));
        break;
      case 8:
        static_cast<void>(world_.uploads.mount(world_.context, world_.who, name(repository()),
                                               std::nullopt, Digest::of(blob())));
        break;
      case 9:
        world_.clock.advance(std::chrono::minutes(one_of(30 * 60)));
        if (one_of(2) == 0) {
          EXPECT_OK(collector_.run_due(world_.context));
        }
        break;
      case 10:
        has_strays_ = true;
        world_.put_bytes(blob());
        break;
    }
  }

  std::size_t one_of(std::size_t count) { return random_() % count; }

  Progress run(Request request, bool dry) {
    request.dry_run = dry;
    return collector_
        .run(world_.context, request, [](const Progress&) -> Result<void> { return {}; })
        .value();
  }

  // Of all blobs that are there.
  std::uint64_t bytes() {
    std::uint64_t sum = 0;
    EXPECT_OK(world_.blobs.list(world_.context, std::nullopt, [&](const blob::Stored& stored) {
      sum += stored.size_bytes;
      return true;
    }));
    return sum;
  }

  bool has_strays() const { return has_strays_; }

 private:
  struct Manifest {
    Digest digest;
    std::string bytes;
  };
  const Manifest& one_of(const std::vector<Manifest>& manifests) {
    return manifests[one_of(manifests.size())];
  }
  std::string repository() { return std::string(1, "abc"[one_of(3)]); }
  std::string blob() {
    const std::size_t number = one_of(10);
    return std::string(std::size_t{1} << number, static_cast<char>('0' + number));
  }

  void push(const std::string& to, const std::string& bytes) {
    std::vector<std::string> tags;
    if (one_of(2) == 0) tags.push_back(std::to_string(one_of(4)));
    const auto pushed = world_.push(to, tags, bytes);
    if (pushed) manifests_.push_back({pushed->digest, bytes});
  }

  // Under another name than that of its bytes, now and then.
  Digest push_layer(const std::string& to) {
    const std::string bytes = blob();
    const Digest digest = world_.push_blob(to, bytes);
    if (one_of(3) > 0) return digest;
    const auto alias = Digest::of(bytes, oci::HashAlgorithm::Sha512);
    const auto session = world_.uploads.begin(name(to), oci::HashAlgorithm::Sha512);
    const auto upload = world_.uploads.open(world_.context, session).value();
    EXPECT_OK(upload->write(world_.context, bytes));
    EXPECT_OK(world_.uploads.commit(world_.context, world_.who, session, *upload, alias));
    return alias;
  }

  void push_image() {
    const std::string to = repository();
    const std::string subject =
        !manifests_.empty() && one_of(3) == 0 ? one_of(manifests_).digest.to_string() : "";
    push(to, World::image(world_.push_blob(to, blob()), {push_layer(to)}, subject));
  }

  void change_a_manifest() {
    if (manifests_.empty()) return;
    const Manifest& manifest = one_of(manifests_);
    switch (one_of(4)) {
      case 0:  // a copy of another registry's directory has manifests among its blobs
        has_strays_ = true;
        world_.put_bytes(manifest.bytes);
        break;
      case 1:
        static_cast<void>(world_.write([&](meta::Transaction& tx) -> Result<void> {
          TRY_ASSIGN(const auto home, tx.repositories().find(name(repository())));
          TRY(tx.damage().mark_manifest(home.id, manifest.digest, world_.clock.wall()));
          return {};
        }));
        break;
      default:
        static_cast<void>(world_.remover.manifest(world_.context, world_.who, name(repository()),
                                                  manifest.digest));
    }
  }

  // Refused, and so nothing, when a child is not there.
  void push_index() {
    if (manifests_.empty()) return;
    std::string list;
    for (std::size_t i = 0; i <= one_of(2); ++i) {
      const std::string child = one_of(manifests_).digest.to_string();
      list +=
          fmt::format(R"({}{{"mediaType":"{}","digest":"{}","size":{}}})", list.empty() ? "" : ",",
                      oci::media_type::kOciManifest, child, registry::testing::Sizes::of(child));
    }
    push(repository(), fmt::format(R"({{"schemaVersion":2,"mediaType":"{}","manifests":[{}]}})",
                                   oci::media_type::kOciIndex, list));
  }

  std::mt19937 random_;
  World world_;
  Collector collector_;
  std::vector<Manifest> manifests_;
  bool has_strays_ = false;
};

TEST(DryRun, TellsWhatTheRunThenRemoves) {
  std::uint64_t removed = 0;
  std::uint64_t untagged = 0;
  for (unsigned seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(seed);
    RandomRegistry registry(seed);
    for (int i = 0; i < 40; ++i) registry.do_something();
    Request request;
    request.delete_untagged = registry.one_of(2) == 0;
    // What has to wait is told as well, so with a delay the run may do less.
    const bool may_wait = !request.delete_untagged && !registry.has_strays();
    request.delay = std::chrono::seconds(may_wait ? registry.one_of(24 * 3600) : 0);

    const std::uint64_t before = registry.bytes();
    const Progress told = registry.run(request, true);
    EXPECT_EQ(registry.bytes(), before);
    const Progress done = registry.run(request, false);
    EXPECT_EQ(told.untagged, done.untagged);
    EXPECT_EQ(told.removed, done.removed);
    EXPECT_EQ(told.freed_bytes, done.freed_bytes);
    EXPECT_EQ(told.freed_bytes, before - registry.bytes());
    EXPECT_EQ(done.failed, 0u);
    removed += done.removed;
    untagged += done.untagged;
  }
  EXPECT_GT(removed, 100u);  // else nothing was tried
  EXPECT_GT(untagged, 100u);
}

}  // namespace
}  // namespace entrepot::collect
