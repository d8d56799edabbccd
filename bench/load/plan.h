#pragma once
// bench/load/plan.h — what is to be asked of a registry: transactions of one or more requests.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace entrepot::bench {

// One request of a transaction.
struct Step {
  std::string method;
  std::string target;   // "@location…": the Location of the answer before it, then what follows
  std::string headers;  // whole lines, each with its CRLF
  std::string text;     // a body that stands in the plan
  std::uint64_t fill_bytes = 0;  // a body from the fill file: `stamp`, then the file from there on
  std::string stamp;
  std::vector<int> expect;  // statuses
  std::string sha256;       // of the answer's body, checked when it is given
};

using Transaction = std::vector<Step>;

// A plan is a file of JSON lines, one transaction each:
//   {"steps":[{"method":"GET","target":"/v2/","headers":{"Accept":"*/*"},"expect":[200]}]}
// A step may have "text", or "fill" (bytes) with "stamp", or neither; and "sha256".
Result<std::vector<Transaction>> read_plan(const std::string& path);

}  // namespace entrepot::bench
