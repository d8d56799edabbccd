#pragma once
// server/registry2/registry2.h — the configuration of the `distribution` registry (registry:2), so
// that a file or a container's variables that worked there work here.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "server/options/environment.h"
#include "server/options/options.h"
#include "server/options/yaml.h"

namespace entrepot::server {

enum class Registry2Class : std::uint8_t {
  Honoured,  // does here what it did there
  Accepted,  // has no effect here; said once in the log
  Refused,   // stops the start: without it other people could do other things
};
std::string_view name_of(Registry2Class key_class);

class Registry2Reader;

// One key of distribution's configuration, versions 2 and 3, with everything below it.
struct Registry2Key {
  std::string_view path;  // "http.tls.certificate"
  Registry2Class key_class = Registry2Class::Honoured;
  std::string_view option;    // the option of ours that it sets; empty when none
  std::string_view harmless;  // a value of an Accepted or Refused key that asks for nothing more
  std::string_view why;       // for the reference page and the log
  // Reads a value that needs more than being copied to `option`; null: copy.
  Result<void> (*read)(Registry2Reader&, const Registry2Key&, const YamlNode&) = nullptr;
  bool even_empty = false;  // the key says something even without a value
};

// All of them, in the order in which they are applied.
std::span<const Registry2Key> registry2_keys();

// Is this a file of distribution's? (It has a `version`, ours has none.)
bool is_registry2_document(const YamlNode& document);

struct Registry2Settings {
  std::vector<Setting> settings;
  std::vector<std::string> warnings;
  bool in_use = false;  // there is such a document, or a REGISTRY_ variable that names a key
};

// What the document (Null when there is none) and the REGISTRY_ variables set; variables win, as
// there. InvalidArgument for another version than 0.1, a value of the wrong form, and an unknown
// key below auth, proxy and middleware; Unsupported for a Refused key. Other unknown keys and
// variables are only warned about.
Result<Registry2Settings> read_registry2(YamlNode document, const Environment& environment);

// docs/reference/registry2-configuration.md.
std::string registry2_markdown();

// How rows with a `read` of their own put down what they found.
class Registry2Reader {
 public:
  explicit Registry2Reader(Registry2Settings& out) : out_(out) {}
  void set(const Registry2Key& key, std::vector<std::string> values, const YamlNode& from);
  void set_default(std::string_view option, std::string value);
  void warn(const YamlNode& from, std::string_view path, std::string_view text);

 private:
  Registry2Settings& out_;
};

}  // namespace entrepot::server
