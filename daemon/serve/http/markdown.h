// Our own documents as HTML: headings with anchors, paragraphs, lists, fenced code, and **bold**,
// *emphasis* and `code` in lines. Not all of Markdown: what it does not know is shown as text.
// Pure.
#pragma once

#include <string>
#include <string_view>

namespace fleetmeter {

// The elements of a page's body. A heading's anchor is its words in lower case, joined by "-".
std::string MarkdownHtml(std::string_view markdown);

// `text` with what HTML takes for markup written as text.
std::string HtmlText(std::string_view text);

}  // namespace fleetmeter
