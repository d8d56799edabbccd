#pragma once
// meta/sqlite/internal/nouns.h — the nouns of meta/store.h as rows of one connection. Each is
// implemented in the file of its name, its SQL at the top. Those that write what others are told of
// add it to the connection's news.

#include <optional>
#include <string_view>
#include <vector>

#include "meta/sqlite/internal/database.h"
#include "meta/sqlite/internal/people_nouns.h"
#include "meta/store.h"

namespace entrepot::meta::sqlite {

class RepositoryRows final : public Repositories {
 public:
  RepositoryRows(Database& database, News& news) : database_(database), news_(news) {}
  Result<Repository> find(const RepositoryName& name) const override;
  Result<std::vector<RepositoryName>> list(std::string_view after,
                                           std::size_t limit) const override;
  Result<std::vector<RepositoryName>> list_all(std::string_view after,
                                               std::size_t limit) const override;
  Result<std::vector<RepositoryName>> list_below(std::string_view name_space,
                                                 std::string_view after,
                                                 std::size_t limit) const override;
  Result<std::vector<RepositoryName>> having(const Digest& blob, std::size_t limit) const override;
  Result<bool> any_below(std::string_view name_space) const override;
  Result<FoundRepository> find_or_create(const RepositoryName& name, WallTime now) override;
  Result<void> set_visibility(RepositoryId repository, Visibility visibility) override;
  Result<void> set_archived(RepositoryId repository, bool archived) override;
  Result<std::size_t> settle_visibility(Visibility visibility, std::size_t limit) override;

 private:
  Database& database_;
  News& news_;
};

class ManifestRows final : public Manifests {
 public:
  ManifestRows(Database& database, News& news) : database_(database), news_(news) {}
  Result<StoredManifest> find(const RepositoryName& name, const oci::Reference& reference,
                              std::uint64_t most_bytes) const override;
  Result<Manifest> find(RepositoryId repository, const Digest& digest) const override;
  Result<std::vector<Manifest>> list(RepositoryId repository, const std::optional<Digest>& after,
                                     std::size_t limit) const override;
  Result<ReferrerRows> referrers(const ReferrerQuery& query) const override;
  Result<Digest> user_of(RepositoryId repository, const Digest& digest) const override;
  Result<bool> used_anywhere(const Digest& digest) const override;
  Result<std::vector<ManifestReference>> references(RepositoryId repository,
                                                    const Digest& digest) const override;
  Result<bool> was_deleted(RepositoryId repository, const Digest& digest) const override;
  Result<Manifest> put(const NewManifest& manifest) override;
  Result<void> remove(RepositoryId repository, const Digest& digest, WallTime at,
                      std::string_view by) override;
  Result<std::vector<Digest>> purge_removed(WallTime before, std::size_t limit) override;

 private:
  Result<std::int64_t> insert(const NewManifest& manifest);
  Result<void> purge(std::int64_t id);

  Database& database_;
  News& news_;
};

class TagRows final : public Tags {
 public:
  explicit TagRows(Database& database) : database_(database) {}
  Result<TagRow> find(RepositoryId repository, const Tag& tag) const override;
  Result<std::vector<Tag>> list(RepositoryId repository, std::string_view after,
                                std::size_t limit) const override;
  Result<std::vector<TagRow>> page(const TagQuery& query) const override;
  Result<std::size_t> count(RepositoryId repository, std::size_t most) const override;
  Result<std::vector<TagMove>> history(RepositoryId repository, const Tag& tag,
                                       std::size_t limit) const override;
  Result<std::vector<Tag>> pointing_at(RepositoryId repository, const Digest& digest,
                                       std::size_t limit) const override;
  Result<std::optional<Digest>> move(RepositoryId repository, const Tag& tag, const Digest& digest,
                                     WallTime at) override;
  Result<Digest> remove(RepositoryId repository, const Tag& tag) override;
  Result<std::vector<Tag>> remove_all(RepositoryId repository, const Digest& digest) override;

 private:
  Database& database_;
};

class BlobRows final : public Blobs {
 public:
  BlobRows(Database& database, News& news) : database_(database), news_(news) {}
  Result<Blob> find(const RepositoryName& name, const Digest& digest) const override;
  Result<Blob> find(RepositoryId repository, const Digest& digest) const override;
  Result<Blob> find_anywhere(const Digest& digest) const override;
  Result<std::vector<Blob>> list(const std::optional<Digest>& after,
                                 std::size_t limit) const override;
  Result<std::vector<RepositoryId>> holders(const Digest& digest, std::size_t limit) const override;
  Result<WallTime> linked_at(RepositoryId repository, const Digest& digest) const override;
  Result<bool> was_linked(RepositoryId repository, const Digest& digest) const override;
  Result<void> record(const Blob& blob, const std::optional<Digest>& alias, WallTime now) override;
  Result<void> link(RepositoryId repository, const Digest& digest, WallTime at) override;
  Result<void> unlink(RepositoryId repository, const Digest& digest) override;
  Result<void> mark_going(const Digest& digest) override;
  Result<void> forget(const Digest& digest, WallTime now) override;

 private:
  Database& database_;
  News& news_;
};

class HoldingRows final : public Holdings {
 public:
  explicit HoldingRows(Database& database) : database_(database) {}
  Result<std::vector<Holding>> of(RepositoryId repository,
                                  const std::vector<Digest>& digests) const override;
  Result<std::uint64_t> losses() const override;

 private:
  Database& database_;
};

// For every statement that takes something away from a holding: Holdings::losses().
Result<void> note_loss(Database& database);

class DamageRows final : public Damage {
 public:
  DamageRows(Database& database, News& news) : database_(database), news_(news) {}
  Result<bool> touches(const Manifest& manifest) const override;
  Result<std::vector<Blob>> blobs(const std::optional<Digest>& after,
                                  std::size_t limit) const override;
  Result<std::vector<Manifest>> manifests(std::size_t limit) const override;
  Result<bool> mark_blob(const Digest& digest, WallTime at) override;
  Result<bool> mark_manifest(RepositoryId repository, const Digest& digest, WallTime at) override;
  Result<void> clear_blob(const Digest& digest) override;
  Result<bool> agrees(const NewManifest& manifest) const override;
  Result<void> rewrite(const NewManifest& manifest) override;

 private:
  Database& database_;
  News& news_;
};

class ReviewRows final : public Reviews {
 public:
  ReviewRows(Database& database, News& news) : database_(database), news_(news) {}
  Result<std::vector<Review>> due(WallTime now, std::size_t limit) const override;
  Result<std::uint64_t> count() const override;
  Result<bool> contains(const Digest& digest) const override;
  Result<WallTime> due_at(const Digest& digest) const override;
  Result<void> push_back(const Digest& digest, WallTime due_at) override;
  Result<void> drop(const Digest& digest) override;
  Result<void> drop_all(const std::vector<Digest>& digests) override;
  Result<std::optional<Digest>> shift(std::chrono::microseconds by, WallTime latest,
                                      const std::optional<Digest>& after,
                                      std::size_t limit) override;

 private:
  Database& database_;
  News& news_;
};

class EndedUploadRows final : public EndedUploads {
 public:
  explicit EndedUploadRows(Database& database) : database_(database) {}
  Result<EndedUpload> find(std::string_view id, WallTime started_at) const override;
  Result<WallTime> youngest() const override;
  Result<void> add(const EndedUpload& upload) override;
  Result<std::size_t> purge(WallTime before, std::size_t limit) override;

 private:
  Database& database_;
};

class JournalRows final : public Journal {
 public:
  JournalRows(Database& database, News& news) : database_(database), news_(news) {}
  Result<void> add(events::Event event) override;
  Result<void> hold(std::string_view reader, std::int64_t sequence) override;
  Result<void> release(std::string_view reader) override;
  Result<Page> read(std::int64_t after, std::size_t limit) const override;
  Result<std::vector<Entry>> read_back(std::optional<std::int64_t> before,
                                       std::size_t limit) const override;

  // Whose work is being done; null: nobody's in particular.
  void set_asker(const Context* context) { asker_ = context; }

 private:
  Database& database_;
  News& news_;
  const Context* asker_ = nullptr;
};

class SealRows final : public Seals {
 public:
  explicit SealRows(Database& database) : database_(database) {}
  Result<Seal> last() const override;
  Result<std::vector<Seal>> list(std::int64_t after, std::size_t limit) const override;
  Result<void> add(const Seal& seal) override;

 private:
  Database& database_;
};

class JobRows final : public Jobs {
 public:
  explicit JobRows(Database& database) : database_(database) {}
  Result<Job> find(std::int64_t id) const override;
  Result<std::vector<Job>> recent(std::string_view kind, std::size_t limit) const override;
  Result<bool> waits(std::string_view kind) const override;
  Result<Job> enqueue(std::string_view kind, ByteView arguments, WallTime now) override;
  Result<Job> claim(std::string_view kind, std::string_view owner) override;
  Result<bool> progress(std::int64_t id, std::string_view owner, ByteView progress) override;
  Result<void> put_back(std::int64_t id, std::string_view owner, const PutBack& how) override;
  Result<void> finish(std::int64_t id, std::string_view owner, JobEnd end, ByteView progress,
                      WallTime now) override;
  Result<void> cancel(std::int64_t id, WallTime now) override;
  Result<void> lease(std::string_view name, std::string_view holder,
                     std::chrono::milliseconds duration) override;
  Result<void> release(std::string_view name, std::string_view holder) override;

 private:
  Result<std::optional<std::int64_t>> next(std::string_view kind) const;
  Failure not_owned(std::int64_t id) const;

  Database& database_;
};

class RetentionRows final : public Retention {
 public:
  explicit RetentionRows(Database& database) : database_(database) {}
  Result<Counts> counts() const override;
  Result<OldEntries> old_entries(WallTime before, std::int64_t after,
                                 std::size_t limit) const override;
  Result<void> drop_entries(const std::vector<std::int64_t>& sequences) override;
  Result<std::size_t> forget_links(WallTime before, std::size_t limit) override;
  Result<std::size_t> forget_jobs(WallTime before, std::size_t limit) override;
  Result<std::size_t> expire_repositories(WallTime now, WallTime again, std::size_t limit) override;

 private:
  Database& database_;
};

class SettingRows final : public Settings {
 public:
  explicit SettingRows(Database& database) : database_(database) {}
  Result<std::string> get(std::string_view key) const override;
  Result<std::vector<Entry>> list(std::string_view prefix, std::string_view after,
                                  std::size_t limit) const override;
  Result<void> set(std::string_view key, std::string_view value) override;
  Result<void> remove(std::string_view key) override;

 private:
  Database& database_;
};

class WordRows final : public Words {
 public:
  explicit WordRows(Database& database) : database_(database) {}
  Result<std::vector<DescribedName>> list(const NameRange& range, std::string_view after,
                                          std::size_t limit) const override;
  Result<std::string> description(RepositoryId repository) const override;
  Result<Readme> readme(RepositoryId repository) const override;
  Result<void> set_description(RepositoryId repository, std::string_view text) override;
  Result<void> set_readme(RepositoryId repository, std::string_view markdown, WallTime at) override;
  Result<void> remove_readme(RepositoryId repository) override;

 private:
  Database& database_;
};

class PullRows final : public Pulls {
 public:
  explicit PullRows(Database& database) : database_(database) {}
  Result<PullCount> of(RepositoryId repository, const Digest& digest) const override;
  Result<PullCount> of(RepositoryId repository) const override;
  Result<void> note(std::span<const PullNote> notes) override;

 private:
  Database& database_;
};

// All nouns of a connection: what a Look or a Work is given.
class Nouns final : public Transaction {
 public:
  explicit Nouns(Database& database)
      : repositories_(database, news_),
        manifests_(database, news_),
        tags_(database),
        blobs_(database, news_),
        holdings_(database),
        damage_(database, news_),
        reviews_(database, news_),
        ended_uploads_(database),
        journal_(database, news_),
        seals_(database),
        jobs_(database),
        retention_(database),
        settings_(database),
        accounts_(database, news_),
        members_(database, news_),
        teams_(database, news_),
        grants_(database, news_),
        secrets_(database, news_),
        words_(database),
        pulls_(database) {}

  const Repositories& repositories() const override { return repositories_; }
  const Manifests& manifests() const override { return manifests_; }
  const Tags& tags() const override { return tags_; }
  const Blobs& blobs() const override { return blobs_; }
  const Holdings& holdings() const override { return holdings_; }
  const Damage& damage() const override { return damage_; }
  const Reviews& reviews() const override { return reviews_; }
  const EndedUploads& ended_uploads() const override { return ended_uploads_; }
  const Journal& journal() const override { return journal_; }
  const Seals& seals() const override { return seals_; }
  const Jobs& jobs() const override { return jobs_; }
  const Retention& retention() const override { return retention_; }
  const Settings& settings() const override { return settings_; }
  const Accounts& accounts() const override { return accounts_; }
  const Members& members() const override { return members_; }
  const Teams& teams() const override { return teams_; }
  const Grants& grants() const override { return grants_; }
  const Secrets& secrets() const override { return secrets_; }
  const Words& words() const override { return words_; }
  const Pulls& pulls() const override { return pulls_; }

  Repositories& repositories() override { return repositories_; }
  Manifests& manifests() override { return manifests_; }
  Tags& tags() override { return tags_; }
  Blobs& blobs() override { return blobs_; }
  Damage& damage() override { return damage_; }
  Reviews& reviews() override { return reviews_; }
  EndedUploads& ended_uploads() override { return ended_uploads_; }
  Journal& journal() override { return journal_; }
  Seals& seals() override { return seals_; }
  Jobs& jobs() override { return jobs_; }
  Retention& retention() override { return retention_; }
  Settings& settings() override { return settings_; }
  Accounts& accounts() override { return accounts_; }
  Members& members() override { return members_; }
  Teams& teams() override { return teams_; }
  Grants& grants() override { return grants_; }
  Secrets& secrets() override { return secrets_; }
  Words& words() override { return words_; }
  Pulls& pulls() override { return pulls_; }

  // What was written since it was cleared.
  News& news() { return news_; }
  // Whose work comes next: the journal tells of it.
  void set_asker(const Context* context) { journal_.set_asker(context); }

 private:
  News news_;
  RepositoryRows repositories_;
  ManifestRows manifests_;
  TagRows tags_;
  BlobRows blobs_;
  HoldingRows holdings_;
  DamageRows damage_;
  ReviewRows reviews_;
  EndedUploadRows ended_uploads_;
  JournalRows journal_;
  SealRows seals_;
  JobRows jobs_;
  RetentionRows retention_;
  SettingRows settings_;
  AccountRows accounts_;
  MemberRows members_;
  TeamRows teams_;
  GrantRows grants_;
  SecretRows secrets_;
  WordRows words_;
  PullRows pulls_;
};

// Puts what is kept of a manifest's bytes in place of what its row `id` and its references hold.
Result<void> write_contents(Database& database, std::int64_t id, const NewManifest& manifest);

// Does the manifest `id` name exactly these, in its rows?
Result<bool> has_references(Database& database, std::int64_t id, const NewManifest& manifest);

// A row of id, repository, digest, media_type, size_bytes, pushed_at.
Result<Manifest> manifest_of(const Query& query);

// A row of digest, size_bytes.
Result<Blob> blob_row(const Query& query);

// The digest under which rows hold the bytes that `digest` names: itself for sha256, else the one
// behind the alias. NotFound for an alias that nobody recorded.
Result<Digest> resolve(Database& database, const Digest& digest);

// The same, and `digest` itself where resolve() says NotFound.
Result<Digest> resolve_or_keep(Database& database, const Digest& digest);

// Their keys, one behind the other: how a statement takes many at once.
Bytes keys_of(const std::vector<Digest>& digests);

// Limits come in as std::size_t and go out as what SQL takes.
inline std::int64_t to_sql_limit(std::size_t limit) {
  constexpr std::size_t kMost = std::size_t{1} << 40;
  return static_cast<std::int64_t>(limit < kMost ? limit : kMost);
}

}  // namespace entrepot::meta::sqlite
