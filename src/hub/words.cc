#include "hub/words.h"

#include "base/bytes.h"
#include "json/writer.h"

namespace entrepot::hub {
namespace {

// How many there are; nothing for what is not UTF-8.
std::optional<std::size_t> characters_of(std::string_view text) {
  std::size_t count = 0;
  for (; !text.empty(); ++count) {
    const std::size_t length = utf8_character_length(text);
    if (length == 0) return std::nullopt;
    text.remove_prefix(length);
  }
  return count;
}

bool has_controls(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) return true;
  }
  return false;
}

Result<meta::Repository> find(const meta::Snapshot& snapshot, const oci::RepositoryName& name) {
  TRY_ASSIGN(auto repository, snapshot.repositories().find(name));
  if (!repository.archived) return repository;
  return fail(ErrorCode::Denied, "{} is archived: it can be pulled, and nothing else", name.str());
}

Result<void> check(const meta::Snapshot& snapshot, meta::RepositoryId repository,
                   const Seen& seen) {
  if (!seen.was_said) return {};
  TRY_ASSIGN(const auto there, if_there(snapshot.words().readme(repository)));
  const auto changed_at = there ? std::optional(there->changed_at) : std::nullopt;
  if (changed_at == seen.changed_at) return {};
  return fail(ErrorCode::PreconditionFailed, "somebody else has changed this README");
}

template <class Value>
std::string detail_of(std::string_view key, Value value) {
  std::string detail;
  json::Writer(detail).begin_object().member(key, value).end_object();
  return detail;
}

}  // namespace

Result<void> Words::tell(meta::Transaction& tx, const events::Actor& by,
                         const oci::RepositoryName& name, std::string detail) const {
  return tx.journal().add({.kind = events::EventKind::RepositoryChanged,
                           .at = clock_.wall(),
                           .actor = by,
                           .repository = name,
                           .detail = std::move(detail)});
}

Result<void> Words::describe(Context& context, const events::Actor& by,
                             const oci::RepositoryName& name, std::string_view text) {
  const auto characters = characters_of(text);
  if (!characters || has_controls(text)) {
    return fail(ErrorCode::InvalidArgument, "description: one line of text");
  }
  if (*characters > kMostDescription) {
    return fail(ErrorCode::InvalidArgument, "description: at most {} characters, not {}",
                kMostDescription, *characters);
  }
  return store_.write(context, [&](meta::Transaction& tx) -> Result<void> {
    TRY_ASSIGN(const auto repository, find(tx, name));
    TRY(tx.words().set_description(repository.id, text));
    return tell(tx, by, name, detail_of("description", text));
  });
}

Result<WallTime> Words::write_readme(Context& context, const events::Actor& by,
                                     const oci::RepositoryName& name, std::string_view markdown,
                                     const Seen& seen) {
  if (markdown.size() > kMostReadmeBytes) {
    return fail(ErrorCode::TooLarge, "a README has at most {} KiB", kMostReadmeBytes >> 10);
  }
  if (!characters_of(markdown) || markdown.find('\0') != std::string_view::npos) {
    return fail(ErrorCode::InvalidArgument, "a README is text in UTF-8");
  }
  return store_.transact<WallTime>(context, [&](meta::Transaction& tx) -> Result<WallTime> {
    TRY_ASSIGN(const auto repository, find(tx, name));
    TRY(check(tx, repository.id, seen));
    const WallTime now = clock_.wall();
    TRY(tx.words().set_readme(repository.id, markdown, now));
    TRY(tell(tx, by, name, detail_of("readme_bytes", markdown.size())));
    return now;
  });
}

Result<void> Words::remove_readme(Context& context, const events::Actor& by,
                                  const oci::RepositoryName& name, const Seen& seen) {
  return store_.write(context, [&](meta::Transaction& tx) -> Result<void> {
    TRY_ASSIGN(const auto repository, find(tx, name));
    TRY(check(tx, repository.id, seen));
    TRY(tx.words().remove_readme(repository.id));
    return tell(tx, by, name, detail_of("readme_bytes", 0));
  });
}

}  // namespace entrepot::hub
