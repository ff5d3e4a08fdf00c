#include "daemon/serve/http/markdown.h"

#include <gtest/gtest.h>

namespace fleetmeter {
namespace {

TEST(Markdown, HeadingsHaveAnchors) {
  EXPECT_EQ(MarkdownHtml("## FleetmeterPoolUnderused\n"),
            "<h2 id=\"fleetmeterpoolunderused\">FleetmeterPoolUnderused</h2>\n");
  EXPECT_EQ(MarkdownHtml("# What, now?"), "<h1 id=\"what-now\">What, now?</h1>\n");
}

TEST(Markdown, LinesBecomeParagraphsAndMarksElements) {
  EXPECT_EQ(MarkdownHtml("**Meaning.** The `a < b` of\n*one* pool\n\nnext"),
            "<p><strong>Meaning.</strong> The <code>a &lt; b</code> of <em>one</em> pool</p>\n"
            "<p>next</p>\n");
  EXPECT_EQ(MarkdownHtml("2 * 3 and `open"), "<p>2 * 3 and `open</p>\n");
}

TEST(Markdown, ListsHoldParagraphsAndCode) {
  EXPECT_EQ(MarkdownHtml("- one\n  more\n- two:\n\n  ```sh\n  ls\n    -l\n  ```\n\nafter"),
            "<ul>\n<li><p>one more</p>\n</li>\n<li><p>two:</p>\n<pre>ls\n  -l\n</pre>\n"
            "</li></ul>\n<p>after</p>\n");
}

TEST(Markdown, MarkupIsText) {
  EXPECT_EQ(MarkdownHtml("<script>\"&\"</script>"),
            "<p>&lt;script&gt;&quot;&amp;&quot;&lt;/script&gt;</p>\n");
  EXPECT_EQ(MarkdownHtml("```\n# <b>\n```"), "<pre># &lt;b&gt;\n</pre>\n");
}

}  // namespace
}  // namespace fleetmeter
