#include <fmt/format.h>

#include <string_view>

#include "daemon/ctl/report/render.h"
#include "daemon/ctl/report/shown_table.h"
#include "daemon/ctl/report/shown_text.h"

namespace fleetmeter::ctl::report {
namespace {

// Whether a character would make a link of what it stands in: "https://", "www.", "a@b".
bool MakesLink(const std::string& text, size_t at) {
  if (text[at] == '@') return true;
  if (text[at] == ':') return text.compare(at, 2, ":/") == 0;
  return text[at] == '.' && at >= 3 && text.compare(at - 3, 3, "www") == 0;
}

// Characters that Markdown would act on show as themselves, HTML among them, and no address becomes
// a link.
std::string MarkdownText(const std::string& text) {
  constexpr std::string_view kEscaped = "\\`*_[]|~#";
  const std::string shown = ShownText(text);
  std::string out;
  for (size_t at = 0; at < shown.size(); ++at) {
    const char c = shown[at];
    if (c == '<' || c == '>' || c == '&' || MakesLink(shown, at)) {
      out += fmt::format("&#{};", static_cast<int>(c));
    } else {
      if (kEscaped.find(c) != std::string_view::npos) out += '\\';
      out += c;
    }
  }
  return out;
}

std::string MarkdownCell(const Cell& cell) {
  std::string out = MarkdownText(cell.text);
  if (!cell.note.empty()) out += fmt::format(" ({})", MarkdownText(cell.note));
  return out;
}

std::string MarkdownFigures(const std::vector<Figure>& figures) {
  if (figures.empty()) return "";
  std::string out;
  for (const Figure& figure : figures) {
    out += fmt::format("- {}: **{}**\n", MarkdownText(figure.title), MarkdownCell(figure.cell));
  }
  return out + "\n";
}

std::string MarkdownTable(const Table& whole) {
  std::string out = fmt::format("### {}\n\n", MarkdownText(whole.title));
  if (whole.rows.empty()) return out + MarkdownText(whole.empty) + "\n\n";
  const auto [table, unknown] = TableForPeople(whole);
  std::string rule;
  for (const Column& column : table.columns) {
    out += fmt::format("| {} ", MarkdownText(HeadOf(column)));
    rule += column.is_number ? "| ---: " : "| --- ";
  }
  out += "|\n" + rule + "|\n";
  for (const auto& row : table.rows) {
    for (const Cell& cell : row) out += fmt::format("| {} ", MarkdownCell(cell));
    out += "|\n";
  }
  if (!unknown.empty()) out += "\n" + MarkdownText(unknown) + "\n";
  return out + "\n";
}

std::string MarkdownSection(const Section& section) {
  std::string out = fmt::format("## {}\n\n", MarkdownText(section.title));
  if (!section.missing.empty()) {
    out += fmt::format("**Not known.** {}\n\n", MarkdownText(section.missing));
  }
  for (const std::string& sentence : section.says) out += MarkdownText(sentence) + "\n\n";
  out += MarkdownFigures(section.figures);
  for (const Table& table : section.tables) out += MarkdownTable(table);
  for (const std::string& note : section.notes) out += fmt::format("> {}\n>\n", MarkdownText(note));
  return out + (section.notes.empty() ? "" : "\n");
}

}  // namespace

std::string DocumentMarkdown(const Document& document) {
  std::string out =
      fmt::format("# {}\n\n{}\n\n", MarkdownText(document.title), MarkdownText(document.subtitle));
  out += MarkdownFigures(document.basis);
  for (const Section& section : document.sections) out += MarkdownSection(section);
  return out;
}

}  // namespace fleetmeter::ctl::report
