// How SQLite would run each statement: by look-ups in an index, never by reading a whole table or
// by sorting. A statement that is added to a noun belongs into the calls below.

#include <gtest/gtest.h>

#include "base/testing/temporary_directory.h"
#include "meta/sqlite/internal/migrate.h"
#include "meta/sqlite/internal/nouns.h"
#include "meta/testing/store_conformance.h"

namespace entrepot::meta::sqlite {
namespace {

using meta::testing::at;
using meta::testing::name;
using meta::testing::new_manifest;
using meta::testing::sha256;
using meta::testing::sha512;
using meta::testing::tag;

class Plans : public ::testing::Test {
 protected:
  Plans() {
    Database::Options options;
    options.path = directory_ / "meta.db";
    options.mode = Database::Mode::ReadWrite;
    const auto first = Database::open(options).value();
    EXPECT_OK(migrate(*first, embedded_files(), at(0)));
    // Another connection, so that the statements of the migration are not among those to check.
    database_ = Database::open(options).value();
  }

  void call_names(Nouns& nouns) {
    Transaction& tx = nouns;
    const auto repo = tx.repositories().find_or_create(name("app"), at(0)).value();
    EXPECT_OK(tx.repositories().list("", 10));
    EXPECT_OK(tx.repositories().list_all("", 10));
    EXPECT_OK(tx.words().set_description(repo.id, "text"));
    EXPECT_OK(tx.words().set_readme(repo.id, "text", at(0)));
    EXPECT_OK(tx.words().readme(repo.id));
    EXPECT_OK(tx.words().description(repo.id));
    EXPECT_OK(tx.words().list({.beginning = "a"}, "", 10));
    EXPECT_OK(tx.words().list({.visibility = Visibility::Public}, "", 10));
    EXPECT_OK(tx.words().remove_readme(repo.id));

    NewManifest manifest = new_manifest(repo.id, "bytes");
    manifest.references = {{sha256("layer"), oci::ReferenceKind::Layer}};
    manifest.subject = sha256("subject");
    const Digest& digest = manifest.digest;
    for (int i = 0; i < 2; ++i) EXPECT_OK(tx.manifests().put(manifest));
    const PullNote pulls[] = {{name("app"), digest, 1, at(0)}};
    EXPECT_OK(tx.pulls().note(pulls));
    EXPECT_OK(tx.pulls().of(repo.id, digest));
    EXPECT_OK(tx.pulls().of(repo.id));
    EXPECT_OK(tx.tags().move(repo.id, tag("v1"), digest, at(0)));
    EXPECT_OK(tx.manifests().find(name("app"), digest));
    EXPECT_OK(tx.manifests().find(name("app"), tag("v1")));
    EXPECT_OK(tx.manifests().list(repo.id, digest, 10));
    EXPECT_OK(tx.manifests().references(repo.id, digest));
    EXPECT_OK(tx.manifests().user_of(repo.id, sha256("layer")));
    EXPECT_OK(tx.manifests().was_deleted(repo.id, digest));
    EXPECT_OK(tx.manifests().referrers({.repository = name("app"), .subject = sha256("subject")}));
    EXPECT_OK(tx.tags().list(repo.id, "", 10));
    EXPECT_OK(tx.tags().page({.repository = repo.id}));
    EXPECT_OK(tx.tags().page({.repository = repo.id, .order = TagQuery::Order::NewestFirst}));
    EXPECT_OK(tx.tags().count(repo.id, 10));
    EXPECT_OK(tx.tags().history(repo.id, tag("v1"), 10));
    EXPECT_OK(tx.tags().remove_all(repo.id, digest));
    EXPECT_OK(tx.manifests().remove(repo.id, digest, at(1), "bob"));
    EXPECT_OK(tx.manifests().put(manifest));
    EXPECT_OK(tx.manifests().remove(repo.id, digest, at(1), "bob"));
    EXPECT_OK(tx.manifests().purge_removed(at(2), 10));
  }

  static void call_damage(Transaction& tx, RepositoryId repo) {
    NewManifest manifest = new_manifest(repo, "damaged");
    const auto row = tx.manifests().put(manifest).value();
    EXPECT_OK(tx.damage().mark_blob(sha512("layer"), at(1)));
    EXPECT_OK(tx.damage().mark_manifest(repo, row.digest, at(1)));
    EXPECT_TRUE(tx.damage().touches(row).value());
    EXPECT_OK(tx.damage().blobs(std::nullopt, 10));
    EXPECT_OK(tx.damage().manifests(10));
    EXPECT_OK(tx.damage().clear_blob(sha256("layer")));
    EXPECT_OK(tx.damage().agrees(manifest));
    EXPECT_OK(tx.damage().rewrite(manifest));
  }

  void call_blobs(Nouns& nouns) {
    Transaction& tx = nouns;
    const RepositoryId repo = tx.repositories().find(name("app"))->id;
    EXPECT_OK(tx.blobs().record({sha256("layer"), 5}, sha512("layer"), at(0)));
    EXPECT_OK(tx.blobs().link(repo, sha512("layer"), at(0)));
    EXPECT_OK(tx.blobs().find(repo, sha256("layer")));
    EXPECT_OK(tx.blobs().find(name("app"), sha256("layer")));
    EXPECT_OK(tx.blobs().holders(sha256("layer"), 10));
    EXPECT_OK(tx.repositories().having(sha512("layer"), 10));
    EXPECT_OK(tx.blobs().was_linked(repo, sha256("layer")));
    EXPECT_OK(tx.blobs().linked_at(repo, sha256("layer")));
    EXPECT_OK(tx.reviews().push_back(sha256("layer"), at(1)));
    EXPECT_OK(tx.reviews().due(at(1), 10));
    EXPECT_OK(tx.reviews().contains(sha256("layer")));
    EXPECT_OK(tx.reviews().due_at(sha256("layer")));
    EXPECT_OK(tx.manifests().used_anywhere(sha256("layer")));
    EXPECT_OK(tx.reviews().shift(std::chrono::seconds(1), at(9), sha256("layer"), 10));
    EXPECT_OK(tx.holdings().of(repo, {sha256("layer"), sha512("layer"), sha256("none")}));
    EXPECT_OK(tx.holdings().losses());
    call_damage(tx, repo);
    EXPECT_OK(tx.reviews().drop_all({sha256("layer"), sha512("layer")}));
    EXPECT_OK(tx.reviews().drop(sha256("layer")));
    EXPECT_OK(tx.blobs().unlink(repo, sha256("layer")));
    EXPECT_OK(tx.blobs().mark_going(sha256("layer")));
    EXPECT_OK(tx.blobs().forget(sha256("layer"), at(9)));
  }

  void call_others(Nouns& nouns) {
    Transaction& tx = nouns;
    EXPECT_OK(tx.journal().add({.kind = events::EventKind::RepositoryCreated,
                                .at = at(0),
                                .repository = name("app"),
                                .digest = std::nullopt,
                                .tag = std::nullopt,
                                .previous = std::nullopt}));
    EXPECT_OK(tx.journal().read(0, 10));
    EXPECT_OK(tx.ended_uploads().add({"id", at(0), at(1), sha256("layer")}));
    EXPECT_OK(tx.ended_uploads().find("id", at(0)));
    EXPECT_OK(tx.ended_uploads().youngest());
    EXPECT_OK(tx.ended_uploads().purge(at(2), 10));
    EXPECT_OK(tx.journal().hold("reader", 0));
    EXPECT_OK(tx.journal().release("reader"));
    const Job job = tx.jobs().enqueue("collect", "", at(0)).value();
    EXPECT_TRUE(tx.jobs().waits("collect").value());
    EXPECT_OK(tx.jobs().claim("collect", "me"));
    EXPECT_OK(tx.jobs().progress(job.id, "me", ""));
    EXPECT_OK(tx.jobs().put_back(job.id, "me", {}));
    EXPECT_OK(tx.jobs().claim("collect", "me"));
    EXPECT_OK(tx.jobs().finish(job.id, "me", JobEnd::Done, "", at(0)));
    EXPECT_OK(tx.jobs().cancel(job.id, at(0)));
    EXPECT_OK(tx.jobs().recent("collect", 10));
    EXPECT_OK(tx.jobs().lease("collect", "me", std::chrono::seconds(1)));
    EXPECT_OK(tx.jobs().release("collect", "me"));
    EXPECT_OK(tx.retention().old_entries(at(1), 0, 10));
    EXPECT_OK(tx.retention().drop_entries({1}));
    EXPECT_OK(tx.retention().forget_links(at(1), 10));
    EXPECT_OK(tx.retention().forget_jobs(at(1), 10));
    EXPECT_OK(tx.repositories().find_or_create(name("never-held"), at(0)));
    EXPECT_OK(tx.retention().expire_repositories(at(1'000'000), at(2'000'000), 10));
    EXPECT_OK(tx.settings().set("key", "value"));
    EXPECT_OK(tx.settings().get("key"));
  }

  static void call_people(Transaction& tx) {
    NewAccount wished;
    wished.name = "bob";
    Account bob = tx.accounts().create(wished).value();
    wished.name = "acme";
    wished.kind = AccountKind::Organisation;
    const AccountId acme = tx.accounts().create(wished)->id;
    EXPECT_OK(tx.accounts().find("bob"));
    EXPECT_OK(tx.accounts().find(bob.id));
    EXPECT_OK(tx.accounts().list(AccountKind::User, "", 10));
    EXPECT_OK(tx.accounts().any());
    EXPECT_OK(tx.accounts().count_admins());
    EXPECT_OK(tx.accounts().epoch());
    EXPECT_OK(tx.accounts().update(bob, true));

    EXPECT_OK(tx.members().set(acme, bob.id, MemberRole::Owner));
    EXPECT_OK(tx.members().of(bob.id));
    EXPECT_OK(tx.members().list(acme, {}, 10));
    EXPECT_OK(tx.members().count_owners(acme));
    const Team team = tx.teams().create(acme, "dev").value();
    EXPECT_OK(tx.teams().find(acme, "dev"));
    EXPECT_OK(tx.teams().list(acme, "", 10));
    EXPECT_OK(tx.teams().add(team.id, bob.id));
    EXPECT_OK(tx.teams().members(team.id, {}, 10));
    EXPECT_OK(tx.teams().drop(team.id, bob.id));

    NewGrant grant;
    grant.holder = bob.id.value;
    grant.pattern = "acme/**";
    const std::int64_t id = tx.grants().create(grant)->id;
    EXPECT_OK(tx.grants().find(id));
    EXPECT_OK(tx.grants().held_by(bob.id));
    EXPECT_OK(tx.grants().held_by({}));
    EXPECT_OK(tx.grants().list(0, 10));
    EXPECT_OK(tx.grants().list_below("acme", 0, 10));
    EXPECT_OK(tx.grants().list_about({RepositoryId{1}, name("acme/app"), at(0)}, 0, 10));
    EXPECT_OK(tx.grants().remove(id));
    EXPECT_OK(tx.grants().remove_of(bob.id));
    EXPECT_OK(tx.teams().remove(team.id));
    EXPECT_OK(tx.members().remove(acme, bob.id));
    call_secrets(tx, bob.id);

    const RepositoryId repo = tx.repositories().find_or_create(name("acme/app"), at(0))->id;
    EXPECT_OK(tx.repositories().any_below("acme"));
    EXPECT_OK(tx.repositories().list_below("acme", "", 10));
    EXPECT_OK(tx.repositories().set_visibility(repo, Visibility::Unset));
    EXPECT_OK(tx.repositories().set_archived(repo, true));
    EXPECT_OK(tx.repositories().settle_visibility(Visibility::Public, 10));
  }

  static void call_secrets(Transaction& tx, AccountId account) {
    NewSecret wished;
    wished.account = account;
    const std::int64_t id = tx.secrets().add(wished)->id;
    EXPECT_OK(tx.secrets().find(id));
    EXPECT_FAILS(NotFound, tx.secrets().find(ByteView("fingerprint")));
    EXPECT_OK(tx.secrets().password_of(account));
    EXPECT_OK(tx.secrets().list(account, 0, 10));
    EXPECT_OK(tx.secrets().set_hash(id, "hash"));
    EXPECT_OK(tx.secrets().set_expiry(id, at(1)));
    EXPECT_OK(tx.secrets().carry_over(account, 0, 1));
    EXPECT_OK(tx.secrets().trim(account, SecretKind::Session, 3));
    EXPECT_OK(tx.secrets().remove(id));
    EXPECT_OK(tx.secrets().remove_all(account, SecretKind::AccessToken));
    EXPECT_OK(tx.secrets().purge(at(1), 10));
  }

  // What EXPLAIN QUERY PLAN says of the statement, a line a step.
  std::vector<std::string> plan_of(const std::string& sql) {
    const std::string explain = "EXPLAIN QUERY PLAN " + sql;
    sqlite3_stmt* statement = nullptr;
    EXPECT_EQ(sqlite3_prepare_v2(database_->handle(), explain.c_str(), -1, &statement, nullptr),
              SQLITE_OK)
        << sql;
    std::vector<std::string> steps;
    while (sqlite3_step(statement) == SQLITE_ROW) {
      steps.emplace_back(reinterpret_cast<const char*>(sqlite3_column_text(statement, 3)));
    }
    sqlite3_finalize(statement);
    return steps;
  }

  entrepot::testing::TemporaryDirectory directory_;
  std::unique_ptr<Database> database_;
};

bool reads_or_sorts_a_table(std::string_view step) {
  if (step == "SCAN CONSTANT ROW") return false;
  // What a recursion has found so far, what a statement was asked about, a bounded sub-query.
  if (step == "SCAN n" || step == "SCAN asked" || step == "SCAN k" || step == "SCAN counted") {
    return false;
  }
  return step.starts_with("SCAN ") || step.starts_with("USE TEMP B-TREE");
}

TEST_F(Plans, EveryStatementLooksUpAndNeverScans) {
  Nouns nouns(*database_);
  call_names(nouns);
  call_blobs(nouns);
  call_others(nouns);
  call_people(nouns);
  int checked = 0;
  for (const std::string& sql : database_->prepared_sql()) {
    for (const std::string& step : plan_of(sql)) {
      ++checked;
      EXPECT_FALSE(reads_or_sorts_a_table(step)) << step << "\n  in " << sql;
    }
  }
  EXPECT_GT(checked, 50);
}

// A push asks this of every layer: the links of one repository lie side by side in their index, and
// no manifest is looked for where a blob is.
TEST_F(Plans, AHeldBlobIsOneLinkOneBlobAndOneReview) {
  Nouns nouns(*database_);
  EXPECT_OK(nouns.holdings().of(RepositoryId{1}, {sha256("layer")}));
  std::vector<std::string> steps;
  for (const std::string& sql : database_->prepared_sql()) {
    if (sql.find("FROM asked k") != std::string::npos) steps = plan_of(sql);
  }
  const std::vector<std::string> expected{
      "CO-ROUTINE asked",
      "SETUP",
      "SCAN CONSTANT ROW",
      "RECURSIVE STEP",
      "SCAN asked",
      "SCAN k",
      "SEARCH a USING PRIMARY KEY (alias=?) LEFT-JOIN",
      "SEARCH l USING COVERING INDEX repository_blobs_by_repository"
      " (repository=? AND dropped=? AND digest=?) LEFT-JOIN",
      "SEARCH b USING PRIMARY KEY (digest=?) LEFT-JOIN"};
  ASSERT_GT(steps.size(), expected.size());
  steps.resize(expected.size());  // the rest is asked by the way, where it is wanted
  EXPECT_EQ(steps, expected);
}

// The pull of a manifest: the tag's repository, the tag, the row, its bytes; one look-up each.
TEST_F(Plans, ManifestByTagIsFourLookUps) {
  Nouns nouns(*database_);
  EXPECT_FAILS(NotFound, nouns.manifests().find(name("app"), tag("v1")));
  std::vector<std::string> plan;
  for (const std::string& sql : database_->prepared_sql()) {
    if (sql.find("manifest_payloads") != std::string::npos) plan = plan_of(sql);
  }
  ASSERT_EQ(plan.size(), 4u);
  for (const std::string& step : plan) EXPECT_EQ(step.substr(0, 7), "SEARCH ") << step;
}

}  // namespace
}  // namespace entrepot::meta::sqlite
