#pragma once
// people/event_detail.h — what an event of people tells besides.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "json/writer.h"

namespace entrepot::people {

using Text = std::pair<std::string_view, std::string_view>;
using Number = std::pair<std::string_view, std::int64_t>;

// {"name":"value",…}
template <class... Members>
std::string detail_of(const Members&... members) {
  std::string text;
  json::Writer writer(text);
  writer.begin_object();
  (writer.member(members.first, members.second), ...);
  writer.end_object();
  return text;
}

}  // namespace entrepot::people
