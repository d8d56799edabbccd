#include "markdown/render.h"

#include <random>

#include <gtest/gtest.h>

#include "base/testing/assert_ok.h"

namespace entrepot::markdown {
namespace {

std::string html(std::string_view markdown, std::string_view own = "") {
  auto rendered = render(markdown, own);
  return rendered ? *rendered : "failed: " + rendered.error().message;
}
std::string times(std::string_view piece, std::size_t bytes) {
  std::string text;
  while (text.size() + piece.size() <= bytes) text += piece;
  return text;
}

TEST(RenderTest, WhatPeopleWrite) {
  EXPECT_EQ(html("# Title\n\ntext *em* **strong** `a<b`  \nnext\n"),
            "<h2>Title</h2>\n<p>text <em>em</em> <strong>strong</strong> <code>a&lt;b</code><br>\n"
            "next</p>\n");
  EXPECT_EQ(
      html("- a\n- b\n\n3. c\n"),
      "<ul>\n<li>\na\n</li>\n<li>\nb\n</li>\n</ul>\n<ol start=\"3\">\n<li>\nc\n</li>\n</ol>\n");
  EXPECT_EQ(html("> q\n\n---\n"), "<blockquote>\n<p>q</p>\n</blockquote>\n<hr>\n");
  EXPECT_EQ(html("```sh\ndocker run <x>\n```\n"),
            "<pre><code>docker run &lt;x&gt;\n</code></pre>\n");
  EXPECT_EQ(html("| a | b |\n|---|---|\n| 1 | 2 |\n"),
            "<table>\n<thead><tr><th>a</th><th>b</th></tr></thead>\n<tbody>\n"
            "<tr><td>1</td><td>2</td></tr>\n</tbody></table>\n");
  EXPECT_EQ(html("官方**镜像**"), "<p>官方<strong>镜像</strong></p>\n");
  EXPECT_EQ(html(""), "");
}

TEST(RenderTest, LinksLeadToTheWebAndGiveNothingAway) {
  EXPECT_EQ(
      html("[a](https://e.com/?a=1&b='\"x)"),
      "<p><a href=\"https://e.com/?a=1&amp;b=&#39;&quot;x\" rel=\"nofollow noopener noreferrer "
      "ugc\">a</a></p>\n");
  EXPECT_EQ(html("[a](HTTPS://e.com/?a=1&b=2)"),
            "<p><a href=\"HTTPS://e.com/?a=1&amp;b=2\" rel=\"nofollow noopener noreferrer "
            "ugc\">a</a></p>\n");
  EXPECT_NE(html("<mailto:a@e.com>").find("<a href=\"mailto:a@e.com\""), std::string::npos);
  for (const char* url :
       {"javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "vbscript:x", "//e.com",
        "/api/v1/me", "#a", "file:///etc/passwd", "&#106;avascript:alert(1)", "java&#10;script:a",
        "http:e.com", "https:\\\\e.com", "&#1;javascript:alert(1)", "<http://a b>"}) {
    for (const std::string& text :
         {"[a](" + std::string(url) + ")", "[a][r]\n\n[r]: " + std::string(url)}) {
      EXPECT_EQ(html(text).find("<a "), std::string::npos) << text << '\n' << html(text);
    }
  }
}

TEST(RenderTest, RawHtmlIsLeftOut) {
  for (const char* text :
       {"<script>alert(1)</script>", "a <img src=x onerror=alert(1)> b", "<!-- x -->", "<?php ?>",
        "<svg/onload=alert(1)>", "<a href=\"javascript:alert(1)\">x</a>", "<![CDATA[x]]>", "<!X>",
        "<iframe srcdoc='x'>", "<style>*{}</style>", "</p><script>", "*<b onclick=x>*</b>"}) {
    const std::string shown = html(text);
    EXPECT_EQ(shown.find("script>"), std::string::npos) << shown;
    EXPECT_EQ(shown.find("<img"), std::string::npos) << shown;
    EXPECT_EQ(shown.find("onclick"), std::string::npos) << shown;
    EXPECT_EQ(shown.find("<svg"), std::string::npos) << shown;
    EXPECT_EQ(shown.find("<a "), std::string::npos) << shown;
  }
}

// S84: no reader's address goes to a host that the writer chose.
TEST(RenderTest, ImagesOfOtherHostsAreLinksThatNameThem) {
  EXPECT_EQ(
      html("![a *b*](https://user@e.com:8/x.png)"),
      "<p><a href=\"https://user@e.com:8/x.png\" rel=\"nofollow noopener noreferrer ugc\">a b "
      "(e.com:8)</a></p>\n");
  EXPECT_EQ(html("[![a](https://e.com/x)](https://f.com)"),
            "<p><a href=\"https://f.com\" rel=\"nofollow noopener noreferrer ugc\">a "
            "(e.com)</a></p>\n");
  EXPECT_EQ(html("![a](javascript:alert(1))![b](/x.png)![c](//e.com/x)"), "<p>abc</p>\n");
  const std::string_view own = "https://r.com/badges/";
  EXPECT_EQ(html("![a\"](https://r.com/badges/image/a.svg)", own),
            "<p><img src=\"https://r.com/badges/image/a.svg\" alt=\"a&quot;\"></p>\n");
  EXPECT_EQ(html("![a](https://r.com/other)![b](https://r.com.evil/badges/)", own).find("<img"),
            std::string::npos);
}

TEST(RenderTest, DeepThingsStandAtADepth) {
  const std::string shown = html(times("> ", 10'000) + "a");
  std::size_t count = 0;
  for (std::size_t at = 0; (at = shown.find("<blockquote>", at)) != std::string::npos; ++at)
    ++count;
  EXPECT_EQ(count, static_cast<std::size_t>(kDeepest));
  std::string list;
  for (int i = 0; i < 200; ++i) list += std::string(2 * static_cast<std::size_t>(i), ' ') + "- a\n";
  const std::string lists = html(list);
  std::size_t opened = 0;
  std::size_t closed = 0;
  for (std::size_t at = 0; (at = lists.find("<li>", at)) != std::string::npos; ++at) ++opened;
  for (std::size_t at = 0; (at = lists.find("</li>", at)) != std::string::npos; ++at) ++closed;
  EXPECT_EQ(opened, closed);
  EXPECT_EQ(opened, static_cast<std::size_t>(kDeepest));
}

// Each is read in a moment, or refused; none takes memory or time without end.
TEST(RenderTest, HostileTextsEnd) {
  const std::size_t most = kMostBytes;
  std::vector<std::string> texts;
  for (const char* piece :
       {"[",   "[a](",  "![[",   "*a ",  "_ a",       "*a_ ",       ">",  "> ",   "- ",
        "1. ", "`",     "<",     "<a",   "<!--",      "|",          "|a", "&",    "\\",
        "a\n", "> a\n", "* a\n", "# ",   "~a ",       "[^",         "a@", "www.", "[a](<",
        "<?",  "\t",    "a\n=",  "|x\n", "- [ ] a\n", "http://a/)", "\"", "&#0;", "\xE2\x80\xAE"}) {
    texts.push_back(times(piece, most));
  }
  texts.push_back(std::string(10'000, '[') + "a" + std::string(10'000, ']'));
  texts.push_back("|a|b|\n|-|-|\n" + times("|x", most - 20));
  texts.push_back(times("|a", 8000) + "|\n" + times("|-", 8000) + "|\n" +
                  times("|x\n", most - 20'000));
  texts.push_back("[a]: " + times("x", 1000) + "\n\n" + times("[a]", most - 2000));
  texts.push_back("[a]: http://" + times("x", 1000) + "\n\n" + times("[a]", most - 2000));
  texts.push_back(times(">", 1000) + "a\n" + times("a\n", most - 2000));
  for (const std::string& text : texts) {
    const auto began = std::chrono::steady_clock::now();
    const auto shown = render(text);
    const auto took = std::chrono::steady_clock::now() - began;
    EXPECT_LT(took, std::chrono::seconds(20)) << text.substr(0, 20);
    if (shown) {
      EXPECT_LE(shown->size(), kMostHtmlBytes + most) << text.substr(0, 20);
    } else {
      EXPECT_EQ(shown.error().code, ErrorCode::TooLarge) << text.substr(0, 20);
    }
  }
}

TEST(RenderTest, TooLongIsAnErrorAndNeverCut) {
  EXPECT_OK(render(std::string(kMostBytes, 'x')));
  EXPECT_FAILS(TooLarge, render(std::string(kMostBytes + 1, 'x')));
  EXPECT_FAILS(InvalidArgument, render("a\xFF"));
}

// Whatever is written, there is nothing in the answer but elements of the list.
TEST(RenderTest, OnlyKnownElementsComeOut) {
  std::mt19937 random(1);
  const std::vector<std::string> pieces = {"<",
                                           ">",
                                           "\"",
                                           "'",
                                           "&",
                                           "[",
                                           "]",
                                           "(",
                                           ")",
                                           "!",
                                           "*",
                                           "_",
                                           "`",
                                           "#",
                                           "|",
                                           "-",
                                           "\n",
                                           "\n\n",
                                           " ",
                                           "a",
                                           "http://e.com/",
                                           "javascript:",
                                           "<script>",
                                           "<b x=y>",
                                           "> ",
                                           "- ",
                                           "1. ",
                                           "\\",
                                           "~~~\n",
                                           "onload=",
                                           "|-|\n",
                                           "<http://e.com/\">"};
  const std::vector<std::string> known = {
      "h2", "h3",     "h4", "h5", "h6", "p",     "blockquote", "ul",    "ol", "li", "pre", "code",
      "em", "strong", "a",  "br", "hr", "table", "thead",      "tbody", "tr", "th", "td"};
  for (int i = 0; i < 20'000; ++i) {
    std::string text;
    for (auto n = random() % 30; n > 0; --n) text += pieces[random() % pieces.size()];
    const std::string shown = html(text);
    for (std::size_t at = shown.find('<'); at != std::string::npos; at = shown.find('<', at + 1)) {
      const std::size_t begin = at + (shown[at + 1] == '/' ? 2 : 1);
      const std::size_t end = shown.find_first_of(" >", begin);
      const std::string name = shown.substr(begin, end - begin);
      ASSERT_NE(std::find(known.begin(), known.end(), name), known.end()) << text << '\n' << shown;
      const std::string rest = shown.substr(end, shown.find('>', end) - end);
      ASSERT_TRUE(rest.empty() || rest.starts_with(" start=\"") ||
                  rest.starts_with(" href=\"http://e.com/"))
          << text << '\n'
          << shown;
    }
  }
}

}  // namespace
}  // namespace entrepot::markdown
