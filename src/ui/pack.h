#pragma once
// ui/pack.h — the file that holds the page.

#include <array>
#include <map>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace entrepot::ui {

enum class Encoding { Identity, Gzip, Brotli };

struct Asset {
  std::string_view content_type;
  // By encoding; null: not there, since it would be no shorter. Identity is always there.
  std::array<SharedBytes, 3> forms;

  const SharedBytes& in(Encoding encoding) const {
    return forms[static_cast<std::size_t>(encoding)];
  }
};

// By name: "page-1f2e3d.js". A value.
using Assets = std::map<std::string, Asset, std::less<>>;

// The pack of this program, which web/build.mjs made; empty in a build without it.
ByteView embedded_pack();

// Copies what the pack holds, its "shell.html" among them; nothing from an empty one. Dies of a
// pack that is none: it is a part of the program.
Assets unpack(ByteView pack);

}  // namespace entrepot::ui
