#include "server/host/port_holder.h"

#include <sys/types.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

#include <fmt/core.h>

namespace entrepot::server {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kListening = "0A";  // TCP_LISTEN

struct ListeningSocket {
  std::string inode;
  uid_t owner = 0;
};

// In /proc/net/tcp and tcp6: "sl local_address rem_address st tx:rx tr:tm retrnsmt uid timeout
// inode", an address as hexadecimal digits, a colon, and the port in four of them.
std::optional<ListeningSocket> find_listening(const std::string& table, std::uint16_t port) {
  std::ifstream file("/proc/net/" + table);
  const std::string wanted = fmt::format(":{:04X}", port);
  std::string line;
  while (std::getline(file, line)) {
    std::istringstream columns(line);
    std::string number, local, remote, state, queues, timer, retries, timeout;
    ListeningSocket socket;
    columns >> number >> local >> remote >> state >> queues >> timer >> retries >> socket.owner >>
        timeout >> socket.inode;
    if (columns && state == kListening && local.ends_with(wanted)) return socket;
  }
  return std::nullopt;
}

bool has_open(const fs::path& process, const std::string& inode) {
  const std::string wanted = fmt::format("socket:[{}]", inode);
  std::error_code error;
  for (fs::directory_iterator at(process / "fd", error), end; !error && at != end;
       at.increment(error)) {
    std::error_code gone;
    if (fs::read_symlink(at->path(), gone) == wanted) return true;
  }
  return false;
}

std::string process_with(const std::string& inode) {
  std::error_code error;
  for (fs::directory_iterator at("/proc", error), end; !error && at != end; at.increment(error)) {
    const std::string number = at->path().filename().string();
    if (number.find_first_not_of("0123456789") != number.npos) continue;
    if (!has_open(at->path(), inode)) continue;
    std::string name;
    std::getline(std::ifstream("/proc/" + number + "/comm"), name);
    return fmt::format("process {} ({})", number, name);
  }
  return {};
}

}  // namespace

std::string port_holder(std::uint16_t port) {
  for (const char* table : {"tcp", "tcp6"}) {
    const auto socket = find_listening(table, port);
    if (!socket) continue;
    const std::string process = process_with(socket->inode);
    return process.empty() ? fmt::format("a program of user {}", socket->owner) : process;
  }
  return {};
}

}  // namespace entrepot::server
