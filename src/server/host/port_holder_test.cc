#include "server/host/port_holder.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fmt/core.h>
#include <gtest/gtest.h>

#include "base/source.h"

namespace entrepot::server {
namespace {

TEST(PortHolder, NamesTheProcessThatListens) {
  const OpenFile socket(::socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  ASSERT_EQ(::bind(socket.descriptor(), any, size), 0);
  ASSERT_EQ(::getsockname(socket.descriptor(), any, &size), 0);
  const std::uint16_t port = ntohs(address.sin_port);
  EXPECT_EQ(port_holder(port), "") << "it is bound, and nobody listens";
  ASSERT_EQ(::listen(socket.descriptor(), 1), 0);
  EXPECT_EQ(port_holder(port).find(fmt::format("process {} (", ::getpid())), 0u)
      << port_holder(port);
}

}  // namespace
}  // namespace entrepot::server
