#pragma once
// server/options/yaml.h — a YAML document as plain values that know their line.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace entrepot::server {

// One value of a document. Scalars keep their text; what it means is the reader's business.
struct YamlNode {
  enum class Kind { Null, Scalar, List, Map };

  Kind kind = Kind::Null;
  std::string where;  // "entrepot.yml:12", or the name of the environment variable it came from
  std::string text;   // of a Scalar
  std::vector<YamlNode> items;  // of a List

  struct Entry;
  std::vector<Entry> entries;  // of a Map, in order, no key twice

  const YamlNode* find(std::string_view key) const;  // in a Map; null when absent
  YamlNode* find(std::string_view key);
};

struct YamlNode::Entry {
  std::string key;
  YamlNode value;
};

// Reads one document; an empty text is Null. `name` stands for the text in messages and in `where`.
// InvalidArgument with the line for anything that is not YAML, for a key that stands twice, and
// past 10,000 values or a depth of 32 (which ends an alias that contains itself).
Result<YamlNode> parse_yaml(std::string_view text, const std::string& name);

// The same for a file of at most 1 MiB. NotFound, Denied, Conflict (it is no file), TooLarge,
// Unavailable.
Result<YamlNode> read_yaml_file(const std::string& path);

// For a value that did not come from a file (an environment variable): every node says `where`.
Result<YamlNode> parse_yaml_value(std::string_view text, const std::string& where);

}  // namespace entrepot::server
