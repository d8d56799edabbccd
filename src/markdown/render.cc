#include "markdown/render.h"

#include <cmark-gfm-core-extensions.h>
#include <cmark-gfm.h>

#include <algorithm>
#include <csetjmp>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "base/bytes.h"
#include "base/check.h"

namespace entrepot::markdown {
namespace {

constexpr std::size_t kMostParsedBytes = 24u << 20;
// A table has a cell for each of its columns in each row, written or not.
constexpr std::size_t kMostColumns = 100;
constexpr std::size_t kMostCells = 50'000;

// The memory of one reading. cmark-gfm asks for memory without end, and ends the program when it
// gets none; a jump is the only way out of it, and leaves nothing behind, since all is here.
class Arena {
 public:
  Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  ~Arena() {
    for (void* const block : blocks_) std::free(block);
  }

  // Null when there is no more.
  void* take(std::size_t bytes) {
    const std::size_t whole = (bytes + kHeader + kAlignment - 1) / kAlignment * kAlignment;
    if (bytes > kMostParsedBytes || whole > kMostParsedBytes - used_) return nullptr;
    if (whole > left_ && !grow(std::max(whole, kBlock))) return nullptr;
    used_ += whole;
    std::memcpy(at_, &bytes, sizeof bytes);
    void* const memory = at_ + kHeader;
    at_ += whole;
    left_ -= whole;
    return memory;  // zeroes: a block is used once
  }
  void* enlarge(void* memory, std::size_t bytes) {
    std::size_t before = 0;
    if (memory != nullptr)
      std::memcpy(&before, static_cast<char*>(memory) - kHeader, sizeof before);
    if (memory != nullptr && bytes <= before) return memory;
    void* const larger = take(bytes);
    if (larger != nullptr && memory != nullptr) std::memcpy(larger, memory, before);
    return larger;
  }

  std::jmp_buf no_more;
  bool may_leave = false;  // where there is nobody but C between here and `no_more`

 private:
  static constexpr std::size_t kAlignment = alignof(std::max_align_t);
  static constexpr std::size_t kHeader = kAlignment;
  static constexpr std::size_t kBlock = 256u << 10;

  bool grow(std::size_t bytes) {
    if (blocks_.size() == blocks_.capacity()) return false;
    void* const block = std::calloc(1, bytes);
    if (block == nullptr) return false;
    blocks_.push_back(block);  // within its capacity: nothing is thrown through C
    at_ = static_cast<char*>(block);
    left_ = bytes;
    return true;
  }

  static constexpr std::size_t kMostBlocks = 2 * kMostParsedBytes / kBlock;
  std::vector<void*> blocks_ = with_room();
  static std::vector<void*> with_room() {
    std::vector<void*> blocks;
    blocks.reserve(kMostBlocks);
    return blocks;
  }
  char* at_ = nullptr;
  std::size_t left_ = 0;
  std::size_t used_ = 0;
};

thread_local Arena* arena = nullptr;  // of the reading of this thread

void* or_leave(void* memory) {
  if (memory != nullptr) return memory;
  CHECK(arena->may_leave);
  std::longjmp(arena->no_more, 1);  // NOLINT(cert-err52-cpp): as Arena says
}

extern "C" {
static void* take_zeroes(std::size_t count, std::size_t size) {
  if (size != 0 && count > kMostParsedBytes / size) return or_leave(nullptr);
  return or_leave(arena->take(count * size));
}
static void* enlarge(void* memory, std::size_t bytes) {
  return or_leave(arena->enlarge(memory, bytes));
}
static void keep(void* /*memory*/) {}
}

cmark_mem arena_memory{&take_zeroes, &enlarge, &keep};

cmark_syntax_extension* table_extension() {
  static cmark_syntax_extension* const extension = [] {
    cmark_gfm_core_extensions_ensure_registered();
    return cmark_find_syntax_extension("table");
  }();
  return extension;
}

// cmark-gfm makes a node's texts when they are asked for first, and they stay: from here on none is
// made.
void make_texts(cmark_node* document) {
  cmark_iter* const walk = cmark_iter_new(document);
  while (cmark_iter_next(walk) != CMARK_EVENT_DONE) {
    cmark_node* const node = cmark_iter_get_node(walk);
    cmark_node_get_url(node);
    cmark_node_get_literal(node);
  }
}

// A walk through the document, which lives as long as the arena. Null: there was not enough memory.
// Nothing in here has a destructor that would be jumped over.
cmark_iter* parse(Arena& memory, std::string_view markdown, cmark_syntax_extension* tables) {
  arena = &memory;
  if (setjmp(memory.no_more) != 0) {  // NOLINT(cert-err52-cpp): as Arena says
    memory.may_leave = false;
    return nullptr;
  }
  memory.may_leave = true;
  cmark_parser* const parser = cmark_parser_new_with_mem(CMARK_OPT_DEFAULT, &arena_memory);
  if (tables != nullptr) cmark_parser_attach_syntax_extension(parser, tables);
  cmark_parser_feed(parser, markdown.data(), markdown.size());
  cmark_node* const document = cmark_parser_finish(parser);
  make_texts(document);
  cmark_iter* const walk = cmark_iter_new(document);
  memory.may_leave = false;
  return walk;
}

bool has_small_tables(std::string_view markdown) {
  std::size_t lines = 0;
  std::size_t most = 0;
  while (!markdown.empty()) {
    const std::size_t end = std::min(markdown.find_first_of("\r\n"), markdown.size());
    const auto line = markdown.substr(0, end);
    most = std::max(most, static_cast<std::size_t>(std::count(line.begin(), line.end(), '|')));
    markdown.remove_prefix(std::min(end + 1, markdown.size()));
    ++lines;
  }
  return most <= kMostColumns && most * lines <= kMostCells;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8_character_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

bool begins_with(std::string_view text, std::string_view lower) {
  return text.size() >= lower.size() &&
         std::equal(lower.begin(), lower.end(), text.begin(), [](char wanted, char c) {
           return wanted == (c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c);
         });
}

std::string_view text_of(const char* text) { return text == nullptr ? "" : text; }

// An address that a browser reads as it is written.
bool is_plain(std::string_view url) {
  return std::all_of(url.begin(), url.end(), [](char c) {
    return static_cast<unsigned char>(c) > 0x20 && c != 0x7F && c != '\\';
  });
}
bool is_of_the_web(std::string_view url) {
  return is_plain(url) && (begins_with(url, "http://") || begins_with(url, "https://"));
}

std::string_view host_of(std::string_view url) {
  url.remove_prefix(url.find("//") + 2);
  std::string_view host = url.substr(0, url.find_first_of("/?#"));
  host.remove_prefix(host.find('@') == std::string_view::npos ? 0 : host.rfind('@') + 1);
  return host;
}

class Writer {
 public:
  explicit Writer(std::string_view own_images) : own_images_(own_images) {}

  Result<std::string> write(cmark_iter* walk) {
    for (;;) {
      const cmark_event_type event = cmark_iter_next(walk);
      if (event == CMARK_EVENT_DONE) break;
      visit(cmark_iter_get_node(walk), event == CMARK_EVENT_ENTER);
      if (html_.size() > kMostHtmlBytes) {
        return fail(ErrorCode::TooLarge, "shown as a page this would have more than {} KiB",
                    kMostHtmlBytes >> 10);
      }
    }
    return std::move(html_);
  }

 private:
  void visit(cmark_node* node, bool enters) {
    const cmark_node_type type = cmark_node_get_type(node);
    if (type == CMARK_NODE_IMAGE) return visit_image(node, enters);
    if (image_ != nullptr) return note_description(node, type);
    if (type == CMARK_NODE_LINK) return visit_link(node, enters);
    if (type == CMARK_NODE_BLOCK_QUOTE || type == CMARK_NODE_LIST || type == CMARK_NODE_ITEM) {
      return visit_container(node, type, enters);
    }
    // The extension has no other names for its nodes.
    const std::string_view kind = text_of(cmark_node_get_type_string(node));
    if (kind.starts_with("table")) return visit_table(node, kind, enters);
    if (type == CMARK_NODE_PARAGRAPH) return visit_paragraph(node, enters);
    if (type == CMARK_NODE_HEADING) {
      const int level = std::min(cmark_node_get_heading_level(node) + 1, 6);
      html_ += (enters ? "<h" : "</h") + std::to_string(level) + (enters ? ">" : ">\n");
      return;
    }
    if (type == CMARK_NODE_EMPH) html_ += enters ? "<em>" : "</em>";
    if (type == CMARK_NODE_STRONG) html_ += enters ? "<strong>" : "</strong>";
    if (enters) visit_leaf(node, type);
  }

  void visit_leaf(cmark_node* node, cmark_node_type type) {
    if (type == CMARK_NODE_TEXT) {
      add_text(text_of(cmark_node_get_literal(node)));
    } else if (type == CMARK_NODE_CODE) {
      html_ += "<code>";
      add_text(text_of(cmark_node_get_literal(node)));
      html_ += "</code>";
    } else if (type == CMARK_NODE_CODE_BLOCK) {
      html_ += "<pre><code>";
      add_text(text_of(cmark_node_get_literal(node)));
      html_ += "</code></pre>\n";
    } else if (type == CMARK_NODE_SOFTBREAK) {
      html_ += '\n';
    } else if (type == CMARK_NODE_LINEBREAK) {
      html_ += "<br>\n";
    } else if (type == CMARK_NODE_THEMATIC_BREAK) {
      html_ += "<hr>\n";
    }
  }

  void visit_container(cmark_node* node, cmark_node_type type, bool enters) {
    // An item goes with its list.
    const bool is_item = type == CMARK_NODE_ITEM;
    if (!is_item && !enters) --depth_;
    const bool is_shown = depth_ < kDeepest || (is_item && depth_ == kDeepest);
    if (!is_item && enters) ++depth_;
    if (!is_shown) return;
    const bool is_ordered =
        type == CMARK_NODE_LIST && cmark_node_get_list_type(node) == CMARK_ORDERED_LIST;
    const std::string_view name = is_item                          ? "li"
                                  : type == CMARK_NODE_BLOCK_QUOTE ? "blockquote"
                                  : is_ordered                     ? "ol"
                                                                   : "ul";
    html_.append(enters ? "<" : "</").append(name);
    if (enters && is_ordered && cmark_node_get_list_start(node) != 1) {
      html_ += " start=\"" + std::to_string(cmark_node_get_list_start(node)) + '"';
    }
    html_ += ">\n";
  }

  // In a tight list the text stands by itself.
  void visit_paragraph(cmark_node* node, bool enters) {
    cmark_node* const item = cmark_node_parent(node);
    cmark_node* const list = item == nullptr ? nullptr : cmark_node_parent(item);
    const bool is_tight = list != nullptr && cmark_node_get_type(list) == CMARK_NODE_LIST &&
                          cmark_node_get_list_tight(list) != 0;
    if (!is_tight) html_ += enters ? "<p>" : "</p>";
    if (!enters) html_ += '\n';
  }

  void visit_table(cmark_node* node, std::string_view kind, bool enters) {
    if (kind == "table") {
      html_ += enters ? "<table>\n" : has_body_ ? "</tbody></table>\n" : "</table>\n";
      has_body_ = false;
      return;
    }
    const bool is_row = kind != "table_cell";
    cmark_node* const row = is_row ? node : cmark_node_parent(node);
    const bool is_head = cmark_gfm_extensions_get_table_row_is_header(row) != 0;
    if (!is_row) {
      html_.append(enters ? "<" : "</").append(is_head ? "th>" : "td>");
      return;
    }
    if (enters && is_head) html_ += "<thead>";
    if (enters && !is_head && !has_body_) {
      html_ += "<tbody>\n";
      has_body_ = true;
    }
    html_ += enters ? "<tr>" : "</tr>";
    if (!enters) html_ += is_head ? "</thead>\n" : "\n";
  }

  void visit_link(cmark_node* node, bool enters) {
    const std::string_view url = text_of(cmark_node_get_url(node));
    if (!is_of_the_web(url) && !(is_plain(url) && begins_with(url, "mailto:"))) return;
    if (!enters) {
      html_ += "</a>";
      in_link_ = false;
      return;
    }
    open_link(url);
    in_link_ = true;
  }

  // Its description is the text in it.
  void visit_image(cmark_node* node, bool enters) {
    if (image_ != nullptr && image_ != node) return;  // within another one's description
    if (enters) {
      image_ = node;
      description_.clear();
      return;
    }
    image_ = nullptr;
    const std::string_view url = text_of(cmark_node_get_url(node));
    if (!own_images_.empty() && url.starts_with(own_images_) && is_plain(url)) {
      html_ += "<img src=\"";
      add_text(url);
      html_ += "\" alt=\"";
      add_text(description_);
      html_ += "\">";
      return;
    }
    if (!is_of_the_web(url)) return add_text(description_);
    const bool is_link = !in_link_;  // there are no links within links
    if (is_link) open_link(url);
    add_text(description_);
    html_ += description_.empty() ? "(" : " (";
    add_text(host_of(url));
    html_ += is_link ? ")</a>" : ")";
  }

  void note_description(cmark_node* node, cmark_node_type type) {
    if (type == CMARK_NODE_TEXT || type == CMARK_NODE_CODE) {
      description_ += text_of(cmark_node_get_literal(node));
    } else if (type == CMARK_NODE_SOFTBREAK || type == CMARK_NODE_LINEBREAK) {
      description_ += ' ';
    }
  }

  void open_link(std::string_view url) {
    html_ += "<a href=\"";
    add_text(url);
    html_ += "\" rel=\"nofollow noopener noreferrer ugc\">";
  }

  void add_text(std::string_view text) {
    for (const char c : text) {
      switch (c) {
        case '&':
          html_ += "&amp;";
          break;
        case '<':
          html_ += "&lt;";
          break;
        case '>':
          html_ += "&gt;";
          break;
        case '"':
          html_ += "&quot;";
          break;
        case '\'':
          html_ += "&#39;";
          break;
        default:
          html_ += c;
      }
    }
  }

  const std::string_view own_images_;
  std::string html_;
  int depth_ = 0;
  bool has_body_ = false;
  bool in_link_ = false;
  const cmark_node* image_ = nullptr;  // that is being described
  std::string description_;
};

}  // namespace

Result<std::string> render(std::string_view markdown, std::string_view own_images) {
  if (markdown.size() > kMostBytes) {
    return fail(ErrorCode::TooLarge, "a README has at most {} KiB", kMostBytes >> 10);
  }
  if (!is_utf8(markdown)) return fail(ErrorCode::InvalidArgument, "this is not UTF-8");
  cmark_syntax_extension* const tables = has_small_tables(markdown) ? table_extension() : nullptr;
  Arena memory;
  cmark_iter* const walk = parse(memory, markdown, tables);
  if (walk == nullptr) {
    return fail(ErrorCode::TooLarge, "this is too intricate to be shown: shorten it");
  }
  return Writer(own_images).write(walk);
}

}  // namespace entrepot::markdown
