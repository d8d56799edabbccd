#include <unistd.h>

#include <array>
#include <random>

#include <fmt/core.h>

#include "jobs/runner.h"

namespace entrepot::jobs {

std::string process_name() {
  std::array<char, 256> host{};  // longer ones are cut off: the rest tells them apart
  static_cast<void>(::gethostname(host.data(), host.size() - 1));
  std::random_device random;
  return fmt::format("{}/{}/{:08x}", host.data(), ::getpid(), random());
}

}  // namespace entrepot::jobs
