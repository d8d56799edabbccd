#pragma once
// cli/lists.h — lists that commands print, of a directory or of a server: a table for people, or
// one JSON document.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "json/reader.h"

namespace entrepot::cli {

// A column of a table: the member of each item that it shows, or what `cell` makes of the item.
// Times are shown as people write them, lists of texts joined.
struct Column {
  std::string_view head, member;
  std::string_view when_absent = "-";
  Result<std::string> (*cell)(const json::Value& item) = nullptr;
};

// Items are as /api/v1 gives them.
std::span<const Column> user_columns();
std::span<const Column> organisation_columns();
std::span<const Column> member_columns();
std::span<const Column> name_columns();  // teams, and who is in them
std::span<const Column> repository_columns();
std::span<const Column> grant_columns();
std::span<const Column> robot_columns();
std::span<const Column> token_columns();
std::span<const Column> audit_columns();

// One list, on its way to standard output; nothing of it is there before print().
class List {
 public:
  // `as_json`: {"items":[…],"next":null}, the items as they came.
  List(std::span<const Column> columns, bool as_json);

  // InvalidArgument for what is no item of such a list.
  Result<void> add(const json::Value& item);
  Result<void> add(std::string_view item);  // JSON

  // `next`: where the list was left before its end, as /api/v1 takes it.
  Result<void> print(const std::optional<std::string>& next = {}) const;

 private:
  const std::span<const Column> columns_;
  const bool as_json_;
  std::vector<std::vector<std::string>> lines_;  // as a table
  std::string items_;                            // as JSON
};

// At most how many records of the audit: `typed`, or `otherwise`. InvalidArgument.
Result<std::size_t> audit_limit(const std::optional<std::string>& typed, std::size_t otherwise);
inline constexpr std::size_t kUsualAudit = 50;

}  // namespace entrepot::cli
