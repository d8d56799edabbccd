#include "blob/fs/testing/power_cut_disk.h"

#include <fcntl.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <set>

#include <fmt/core.h>

#include "base/check.h"

namespace entrepot::blob::fs::testing {

namespace {

std::string parent_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash);
}

std::string name_in_parent(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

}  // namespace

PowerCutDisk::PowerCutDisk(const std::string& directory)
    : real_(open_root(directory).value()), root_(std::make_shared<Node>()) {
  root_->directory = true;
}

void PowerCutDisk::cut_after(std::size_t calls) {
  const MutexLock lock(mutex_);
  last_call_ = calls_ + calls;
}

std::size_t PowerCutDisk::calls() const {
  const MutexLock lock(mutex_);
  return calls_;
}

bool PowerCutDisk::powered() {
  if (calls_ == last_call_) return false;
  ++calls_;
  return true;
}

PowerCutDisk::NodePointer PowerCutDisk::find(const std::string& path) const {
  if (path == ".") return root_;
  const Names& names = siblings(path);
  const auto found = names.find(name_in_parent(path));
  return found == names.end() ? nullptr : found->second;
}

PowerCutDisk::Names& PowerCutDisk::siblings(const std::string& path) const {
  const NodePointer parent = find(parent_of(path));
  CHECK(parent && parent->directory);
  return parent->names;
}

int PowerCutDisk::open(const std::string& path, int flags) {
  const MutexLock lock(mutex_);
  if (!powered()) return -EIO;
  const int descriptor = real_.open(path, flags);
  if (descriptor < 0) return descriptor;
  NodePointer& node = siblings(path)[name_in_parent(path)];
  if (!node) node = std::make_shared<Node>();
  if ((flags & O_TRUNC) != 0) node->bytes.clear();
  open_files_[descriptor] = node;
  return descriptor;
}

ssize_t PowerCutDisk::write(int descriptor, ByteView bytes, std::uint64_t offset_bytes) {
  const MutexLock lock(mutex_);
  if (!powered()) return -EIO;
  const ssize_t written = real_.write(descriptor, bytes, offset_bytes);
  if (written < 0) return written;
  const auto size = static_cast<std::size_t>(written);
  Bytes& file = open_files_.at(descriptor)->bytes;
  if (file.size() < offset_bytes + size) file.resize(offset_bytes + size);
  file.replace(offset_bytes, size, bytes.substr(0, size));
  return written;
}

int PowerCutDisk::truncate(int descriptor, std::uint64_t size_bytes) {
  const MutexLock lock(mutex_);
  if (!powered()) return -EIO;
  const int result = real_.truncate(descriptor, size_bytes);
  if (result == 0) open_files_.at(descriptor)->bytes.resize(size_bytes);
  return result;
}

int PowerCutDisk::allocate(int descriptor, std::uint64_t size_bytes) {
  return truncate(descriptor, size_bytes);
}

int PowerCutDisk::start_writeback(int /*descriptor*/, ByteRange /*range*/) {
  const MutexLock lock(mutex_);
  return powered() ? 0 : -EIO;
}

int PowerCutDisk::sync_data(int descriptor) {
  const MutexLock lock(mutex_);
  if (!powered()) return -EIO;
  Node& node = *open_files_.at(descriptor);
  node.synced_bytes = node.bytes;
  return 0;
}

int PowerCutDisk::sync_directory(const std::string& path) {
  const MutexLock lock(mutex_);
  if (!powered()) return -EIO;
  const NodePointer node = find(path);
  if (!node) return -ENOENT;
  node->synced_names = node->names;
  return 0;
}

int PowerCutDisk::rename(const std::string& from, const std::string& to) {
  const MutexLock lock(mutex_);
  if (!powered()) return -EIO;
  const int result = real_.rename(from, to);
  if (result != 0) return result;
  siblings(to)[name_in_parent(to)] = find(from);
  siblings(from).erase(name_in_parent(from));
  return 0;
}

int PowerCutDisk::remove_file(const std::string& path) {
  const MutexLock lock(mutex_);
  if (!powered()) return -EIO;
  const int result = real_.remove_file(path);
  if (result == 0) siblings(path).erase(name_in_parent(path));
  return result;
}

int PowerCutDisk::make_directory(const std::string& path) {
  const MutexLock lock(mutex_);
  if (!powered()) return -EIO;
  const int result = real_.make_directory(path);
  if (result != 0) return result;
  const auto node = std::make_shared<Node>();
  node->directory = true;
  siblings(path)[name_in_parent(path)] = node;
  return 0;
}

int PowerCutDisk::remove_directory(const std::string& path) {
  const MutexLock lock(mutex_);
  if (!powered()) return -EIO;
  const int result = real_.remove_directory(path);
  if (result == 0) siblings(path).erase(name_in_parent(path));
  return result;
}

void PowerCutDisk::write_survivors(const std::string& directory, const Luck& luck) const {
  const MutexLock lock(mutex_);
  write_node(*root_, directory, luck);
}

void PowerCutDisk::write_node(const Node& node, const std::string& path, const Luck& luck) {
  if (!node.directory) {
    Bytes bytes = node.synced_bytes;
    if (node.bytes != node.synced_bytes) {
      const auto kept = luck.keeps_bytes();
      if (kept == Luck::Bytes::New) bytes = node.bytes;
      if (kept == Luck::Bytes::NewSizeWithoutBytes) bytes.resize(node.bytes.size());
    }
    std::ofstream(path, std::ios::binary) << bytes;
    return;
  }
  std::filesystem::create_directory(path);
  std::set<std::string> names;
  for (const auto& [name, child] : node.names) names.insert(name);
  for (const auto& [name, child] : node.synced_names) names.insert(name);
  for (const std::string& name : names) {
    const auto now = node.names.find(name);
    const auto synced = node.synced_names.find(name);
    NodePointer child = synced == node.synced_names.end() ? nullptr : synced->second;
    const NodePointer newest = now == node.names.end() ? nullptr : now->second;
    if (newest != child && luck.keeps_name()) child = newest;
    if (child) write_node(*child, fmt::format("{}/{}", path, name), luck);
  }
}

}  // namespace entrepot::blob::fs::testing
