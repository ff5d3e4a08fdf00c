#include "daemon/serve/http/markdown.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace fleetmeter {
namespace {

std::string AnchorOf(std::string_view heading) {
  std::string anchor;
  for (const char letter : heading) {
    if (letter >= 'A' && letter <= 'Z') {
      anchor += static_cast<char>(letter - 'A' + 'a');
    } else if ((letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') ||
               letter == '-' || letter == '_') {
      anchor += letter;
    } else if (letter == ' ') {
      anchor += '-';
    }
  }
  return anchor;
}

// What stands between two marks, if it begins at `at`; empty: it does not.
std::string_view Between(std::string_view text, size_t at, std::string_view mark) {
  if (!text.substr(at).starts_with(mark)) return {};
  const size_t begin = at + mark.size();
  const size_t end = text.find(mark, begin);
  return end == std::string_view::npos ? std::string_view() : text.substr(begin, end - begin);
}

std::string LineHtml(std::string_view text) {
  std::string html;
  for (size_t at = 0; at < text.size();) {
    if (const auto code = Between(text, at, "`"); !code.empty()) {
      html += fmt::format("<code>{}</code>", HtmlText(code));
      at += code.size() + 2;
    } else if (const auto strong = Between(text, at, "**"); !strong.empty()) {
      html += fmt::format("<strong>{}</strong>", LineHtml(strong));
      at += strong.size() + 4;
    } else if (const auto emphasis = Between(text, at, "*"); !emphasis.empty()) {
      html += fmt::format("<em>{}</em>", LineHtml(emphasis));
      at += emphasis.size() + 2;
    } else {
      html += HtmlText(text.substr(at, 1));
      ++at;
    }
  }
  return html;
}

std::string_view Trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(' ');
  return begin == std::string_view::npos ? std::string_view() : text.substr(begin);
}

class Converter {
 public:
  void Add(std::string_view line) {
    const std::string_view text = Trimmed(line);
    if (text.starts_with("```")) {
      Fence(line.size() - text.size());
    } else if (in_code_) {
      html_ += HtmlText(line.substr(std::min(line.size() - text.size(), fence_indent_))) + "\n";
    } else if (text.empty()) {
      EndParagraph();
    } else if (line.starts_with('#')) {
      Heading(line);
    } else if (text.starts_with("- ")) {
      BeginItem(text.substr(2));
    } else {
      if (in_list_ && paragraph_.empty() && !line.starts_with(' ')) EndList();
      paragraph_ += paragraph_.empty() ? std::string(text) : fmt::format(" {}", text);
    }
  }

  std::string Finish() && {
    if (in_code_) html_ += "</pre>\n";
    EndParagraph();
    EndList();
    return std::move(html_);
  }

 private:
  void Fence(size_t indent) {
    EndParagraph();
    in_code_ = !in_code_;
    fence_indent_ = indent;
    html_ += in_code_ ? "<pre>" : "</pre>\n";
  }

  void Heading(std::string_view line) {
    EndParagraph();
    EndList();
    const size_t level = std::min<size_t>(line.find_first_not_of('#'), 6);
    const std::string_view text = Trimmed(line.substr(level));
    html_ += fmt::format("<h{0} id=\"{1}\">{2}</h{0}>\n", level, AnchorOf(text), LineHtml(text));
  }

  void BeginItem(std::string_view text) {
    EndParagraph();
    if (!in_list_) html_ += "<ul>\n";
    html_ += in_list_ ? "</li>\n<li>" : "<li>";
    in_list_ = true;
    paragraph_ = std::string(text);
  }

  void EndParagraph() {
    if (paragraph_.empty()) return;
    html_ += fmt::format("<p>{}</p>\n", LineHtml(paragraph_));
    paragraph_.clear();
  }

  void EndList() {
    if (in_list_) html_ += "</li></ul>\n";
    in_list_ = false;
  }

  std::string html_;
  std::string paragraph_;
  bool in_code_ = false;
  bool in_list_ = false;
  size_t fence_indent_ = 0;
};

}  // namespace

std::string HtmlText(std::string_view text) {
  std::string html;
  for (const char letter : text) {
    switch (letter) {
      case '<':
        html += "&lt;";
        break;
      case '>':
        html += "&gt;";
        break;
      case '&':
        html += "&amp;";
        break;
      case '"':
        html += "&quot;";
        break;
      default:
        html += letter;
    }
  }
  return html;
}

std::string MarkdownHtml(std::string_view markdown) {
  Converter converter;
  while (!markdown.empty()) {
    const std::string_view line = markdown.substr(0, markdown.find('\n'));
    converter.Add(line);
    markdown.remove_prefix(std::min(markdown.size(), line.size() + 1));
  }
  return std::move(converter).Finish();
}

}  // namespace fleetmeter
