// docs/api/openapi.yaml has the routes that there are.
#include <algorithm>
#include <fstream>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "api/rest/api.h"

namespace entrepot::api::rest {
namespace {

// "GET /repositories/{name}": from lines "  /path:" and "    get:" below them.
std::set<std::string> documented() {
  std::ifstream file("docs/api/openapi.yaml");
  std::set<std::string> found;
  std::string path;
  bool in_paths = false;
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(' ')) in_paths = line == "paths:";
    if (!in_paths) continue;
    if (line.starts_with("  /") && line.ends_with(':')) path = line.substr(2, line.size() - 3);
    for (const char* method : {"GET", "POST", "PUT", "PATCH", "DELETE"}) {
      std::string key = method;
      std::transform(key.begin(), key.end(), key.begin(), [](char c) { return c | 0x20; });
      if (line == "    " + key + ":") found.insert(std::string(method) + ' ' + path);
    }
  }
  return found;
}

TEST(DocumentTest, HasTheRoutesThatThereAre) {
  std::set<std::string> there;
  for (const Route& route : routes()) {
    std::string path(route.pattern.substr(std::string_view("/api/v1").size()));
    std::replace(path.begin(), path.end(), '<', '{');
    std::replace(path.begin(), path.end(), '>', '}');
    for (const auto method : {http::Method::Get, http::Method::Post, http::Method::Put,
                              http::Method::Patch, http::Method::Delete}) {
      if ((route.methods & http::bit_of(method)) == 0) continue;
      there.insert(std::string(http::name_of(method)) + ' ' + path);
    }
  }
  EXPECT_EQ(there, documented());
}

}  // namespace
}  // namespace entrepot::api::rest
