#pragma once
// markdown/render.h — Markdown becomes HTML that a page can show whoever wrote it.

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace entrepot::markdown {

inline constexpr std::size_t kMostBytes = 256u << 10;  // of Markdown
inline constexpr std::size_t kMostHtmlBytes = 1u << 20;
inline constexpr std::size_t kWorkBytes = 28u << 20;  // what render() takes at most, for a while
inline constexpr int kDeepest = 32;                   // quotes and lists in each other

// CommonMark with GitHub's tables:
//
// - Elements are h2 to h6 (a heading is one level lower than written), p, blockquote, ul, ol, li,
// pre, code,
//   em, strong, a, img, br, hr, table, thead, tbody, tr, th, td. Attributes are `href` and `rel`
//   of links, `src` and `alt` of images, `start` of lists. Everything else that was written is
//   text, and raw HTML is left out.
// - Links lead by http, https or mailto, and say rel="nofollow noopener noreferrer ugc"; the text
//   of others stays.
// - An image whose address begins with `own_images` ("https://registry.example.com/badges/"; "" for
//   none) is one; any other is a link that names its host, so that no reader's address goes there.
// - What lies deeper than kDeepest stands at that depth. Where a table would be very large it stays
//   text.
//
// InvalidArgument for what is not UTF-8, TooLarge for more than kMostBytes, and for what would grow
// past kMostHtmlBytes or kWorkBytes. Thread-safe.
Result<std::string> render(std::string_view markdown, std::string_view own_images = "");

}  // namespace entrepot::markdown
