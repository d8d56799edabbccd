#include "insight/image_config.h"

#include <algorithm>

#include "json/reader.h"

namespace entrepot::insight {
namespace {

namespace root {
enum { kArchitecture, kOs, kVariant, kCreated, kConfig, kRootfs, kHistory };
constexpr json::Names<7> kNames = {"architecture", "os",     "variant", "created",
                                   "config",       "rootfs", "history"};
}  // namespace root

namespace config {
enum { kUser, kWorkingDir, kStopSignal, kEnv, kEntrypoint, kCmd, kPorts, kVolumes, kLabels };
constexpr json::Names<9> kNames = {"User", "WorkingDir",   "StopSignal", "Env",   "Entrypoint",
                                   "Cmd",  "ExposedPorts", "Volumes",    "Labels"};
}  // namespace config

namespace rootfs {
enum { kDiffIds };
constexpr json::Names<1> kNames = {"diff_ids"};
}  // namespace rootfs

namespace history {
enum { kCreatedBy, kCreated, kEmptyLayer };
constexpr json::Names<3> kNames = {"created_by", "created", "empty_layer"};
}  // namespace history

template <std::size_t N>
std::string text(const json::Fields<N>& fields, std::size_t field) {
  const auto value = fields.find(field);
  return value ? std::string(value->template as<std::string_view>().value_or("")) : std::string();
}

// The strings of a list; nothing when it is none.
template <std::size_t N>
std::optional<std::vector<std::string>> texts(const json::Fields<N>& fields, std::size_t field) {
  const auto value = fields.find(field);
  if (!value) return std::nullopt;
  std::vector<std::string> list;
  const auto read = value->each_element("a list", [&](const json::Value& each) -> Result<void> {
    if (const auto one = each.as<std::string_view>()) list.emplace_back(*one);
    return {};
  });
  return read ? std::optional(std::move(list)) : std::nullopt;
}

template <std::size_t N, class Visit>
void members(const json::Fields<N>& fields, std::size_t field, const Visit& visit) {
  const auto value = fields.find(field);
  if (!value) return;
  const auto visited =
      value->each_member("an object", [&](std::string_view key, const json::Value& each) {
        visit(key, each);
        return Result<void>();
      });
  static_cast<void>(visited);  // what is no object has no members
}

void read_settings(const json::Fields<9>& fields, ImageConfig& out) {
  out.user = text(fields, config::kUser);
  out.working_dir = text(fields, config::kWorkingDir);
  out.stop_signal = text(fields, config::kStopSignal);
  out.env = texts(fields, config::kEnv).value_or(std::vector<std::string>());
  out.entrypoint = texts(fields, config::kEntrypoint);
  out.cmd = texts(fields, config::kCmd);
  const auto keys_of = [&](std::size_t field, std::vector<std::string>& into) {
    members(fields, field,
            [&](std::string_view key, const json::Value&) { into.emplace_back(key); });
  };
  keys_of(config::kPorts, out.ports);
  keys_of(config::kVolumes, out.volumes);
  members(fields, config::kLabels, [&](std::string_view key, const json::Value& value) {
    if (const auto label = value.as<std::string_view>()) out.labels.emplace(key, *label);
  });
}

Result<HistoryEntry> read_entry(const json::Value& value) {
  TRY_ASSIGN(const auto fields, value.fields(history::kNames));
  HistoryEntry entry{text(fields, history::kCreatedBy), text(fields, history::kCreated)};
  const auto empty = fields.find(history::kEmptyLayer);
  entry.empty_layer = empty && empty->as<bool>().value_or(false);
  return entry;
}

}  // namespace

Result<ImageConfig> parse_image_config(ByteView json) {
  TRY_ASSIGN(const auto document, json::Document::parse(json, "image configuration"));
  TRY_ASSIGN(const auto fields, document.root().fields(root::kNames));
  ImageConfig out;
  out.platform = {text(fields, root::kOs), text(fields, root::kArchitecture),
                  text(fields, root::kVariant)};
  out.created_at = text(fields, root::kCreated);
  if (const auto settings = fields.find(root::kConfig)) {
    TRY_ASSIGN(const auto read, settings->fields(config::kNames));
    read_settings(read, out);
  }
  if (const auto files = fields.find(root::kRootfs)) {
    TRY_ASSIGN(const auto read, files->fields(rootfs::kNames));
    out.diff_ids = texts(read, rootfs::kDiffIds).value_or(std::vector<std::string>());
  }
  if (const auto steps = fields.find(root::kHistory)) {
    TRY(steps->each_element("a list", [&](const json::Value& each) -> Result<void> {
      TRY_ASSIGN(auto entry, read_entry(each));
      out.history.push_back(std::move(entry));
      return {};
    }));
  }
  return out;
}

bool is_image_config(std::string_view media_type) {
  return media_type == "application/vnd.oci.image.config.v1+json" ||
         media_type == "application/vnd.docker.container.image.v1+json";
}

std::string text_of(const oci::Platform& platform) {
  if (platform.os.empty() && platform.architecture.empty()) return "";
  std::string out = platform.os + "/" + platform.architecture;
  if (!platform.variant.empty()) out += "/" + platform.variant;
  return out;
}

}  // namespace entrepot::insight
