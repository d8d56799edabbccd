#include "server/options/yaml.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include <yaml-cpp/yaml.h>

#include "base/source.h"
#include "file/error.h"

namespace entrepot::server {
namespace {

constexpr std::size_t kMaxFileBytes = 1 << 20;
constexpr std::size_t kMaxValues = 10'000;
constexpr int kMaxDepth = 32;

// Copies yaml-cpp's graph into a tree of ours.
class Converter {
 public:
  Converter(const std::string& name, bool with_lines) : name_(name), with_lines_(with_lines) {}

  std::string where(const YAML::Mark& mark) const {
    return with_lines_ && !mark.is_null() ? fmt::format("{}:{}", name_, mark.line + 1) : name_;
  }

  Result<YamlNode> convert(const YAML::Node& node, int depth = 0) {
    YamlNode out;
    out.where = where(node.Mark());
    if (++values_ > kMaxValues || depth > kMaxDepth) {
      return fail(ErrorCode::InvalidArgument, "{}: too many or too deeply nested values",
                  out.where);
    }
    if (node.IsScalar()) {
      out.kind = YamlNode::Kind::Scalar;
      out.text = node.Scalar();
    } else if (node.IsSequence()) {
      out.kind = YamlNode::Kind::List;
      for (const auto& item : node) {
        TRY_ASSIGN(auto converted, convert(item, depth + 1));
        out.items.push_back(std::move(converted));
      }
    } else if (node.IsMap()) {
      out.kind = YamlNode::Kind::Map;
      for (const auto& entry : node) TRY(add_entry(out, entry.first, entry.second, depth));
    }
    return out;
  }

 private:
  Result<void> add_entry(YamlNode& map, const YAML::Node& key, const YAML::Node& value, int depth) {
    if (!key.IsScalar()) {
      return fail(ErrorCode::InvalidArgument, "{}: a key has to be a plain word",
                  where(key.Mark()));
    }
    if (map.find(key.Scalar()) != nullptr) {
      return fail(ErrorCode::InvalidArgument, "{}: the key \"{}\" stands here for the second time",
                  where(key.Mark()), key.Scalar());
    }
    TRY_ASSIGN(auto converted, convert(value, depth + 1));
    // The line of the key: a value may begin on a later one, or, when empty, nowhere.
    converted.where = where(key.Mark());
    map.entries.emplace_back(key.Scalar(), std::move(converted));
    return {};
  }

  const std::string& name_;
  const bool with_lines_;
  std::size_t values_ = 0;
};

// The only place where yaml-cpp is called: its exceptions end here.
Result<YamlNode> parse(std::string_view text, const std::string& name, bool with_lines) {
  Converter converter(name, with_lines);
  try {
    return converter.convert(YAML::Load(std::string(text)));
  } catch (const YAML::Exception& error) {
    return fail(ErrorCode::InvalidArgument, "{}: not valid YAML: {}", converter.where(error.mark),
                error.msg);
  }
}

}  // namespace

const YamlNode* YamlNode::find(std::string_view key) const {
  for (const auto& [name, value] : entries) {
    if (name == key) return &value;
  }
  return nullptr;
}

YamlNode* YamlNode::find(std::string_view key) {
  return const_cast<YamlNode*>(std::as_const(*this).find(key));
}

Result<YamlNode> parse_yaml(std::string_view text, const std::string& name) {
  return parse(text, name, true);
}

Result<YamlNode> parse_yaml_value(std::string_view text, const std::string& where) {
  return parse(text, where, false);
}

Result<YamlNode> read_yaml_file(const std::string& path) {
  // The operator's file: it may be a link, or come through a pipe.
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return file::refused(errno, "{}", path);
  const OpenFile file(descriptor);
  std::string text(kMaxFileBytes + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = ::read(descriptor, text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return file::refused(errno, "{}", path);
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (size > kMaxFileBytes) {
    return fail(ErrorCode::TooLarge, "{}: a configuration file has at most 1 MiB", path);
  }
  text.resize(size);
  return parse_yaml(text, path);
}

}  // namespace entrepot::server
