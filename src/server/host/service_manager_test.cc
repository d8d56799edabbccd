#include "server/host/service_manager.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>

namespace entrepot::server {
namespace {

// The manager's end: a socket under that name, "@" for an abstract one.
class Manager {
 public:
  explicit Manager(const std::string& name) : socket_(::socket(AF_UNIX, SOCK_DGRAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.data(), name.size());
    if (name[0] == '@') address.sun_path[0] = '\0';
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    EXPECT_EQ(::bind(socket_, reinterpret_cast<const sockaddr*>(&address), length), 0);
    ::setenv("NOTIFY_SOCKET", name.c_str(), 1);
  }
  ~Manager() {
    ::unsetenv("NOTIFY_SOCKET");
    ::close(socket_);
  }

  // What came; empty when nothing did.
  std::string heard() const {
    char text[64];
    const ssize_t size = ::recv(socket_, text, sizeof text, MSG_DONTWAIT);
    return size < 0 ? "" : std::string(text, static_cast<std::size_t>(size));
  }

 private:
  int socket_;
};

TEST(ServiceManager, HearsByPath) {
  const std::string path = ::testing::TempDir() + "entrepot-notify-" + std::to_string(::getpid());
  {
    const Manager manager(path);
    tell_service_manager(kReady);
    tell_service_manager(kStopping);
    EXPECT_EQ(manager.heard(), "READY=1");
    EXPECT_EQ(manager.heard(), "STOPPING=1");
    EXPECT_EQ(manager.heard(), "");
  }
  std::filesystem::remove(path);
}

TEST(ServiceManager, HearsByAbstractName) {
  const Manager manager("@entrepot-notify-" + std::to_string(::getpid()));
  tell_service_manager(kReady);
  EXPECT_EQ(manager.heard(), "READY=1");
}

TEST(ServiceManager, NobodyNeedsToListen) {
  ::unsetenv("NOTIFY_SOCKET");
  tell_service_manager(kReady);
  for (const char* name : {"", "/nowhere/notify", "@nobody-listens-here", "relative"}) {
    ::setenv("NOTIFY_SOCKET", name, 1);
    tell_service_manager(kReady);
  }
  ::setenv("NOTIFY_SOCKET", ("/" + std::string(200, 'x')).c_str(), 1);
  tell_service_manager(kReady);
  ::unsetenv("NOTIFY_SOCKET");
}

TEST(ServiceManager, WhoDoesNotReadHoldsNobodyUp) {
  const Manager manager("@entrepot-notify-full-" + std::to_string(::getpid()));
  for (int i = 0; i < 1000; ++i) tell_service_manager(kReady);
  EXPECT_EQ(manager.heard(), "READY=1");
}

}  // namespace
}  // namespace entrepot::server
