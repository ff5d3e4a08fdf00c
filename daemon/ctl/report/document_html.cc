#include <fmt/format.h>

#include <algorithm>

#include "daemon/base/version.h"
#include "daemon/ctl/print/number_text.h"
#include "daemon/ctl/report/html_plots.h"
#include "daemon/ctl/report/html_style.h"
#include "daemon/ctl/report/render.h"
#include "daemon/ctl/report/shown_table.h"
#include "daemon/ctl/report/shown_text.h"

namespace fleetmeter::ctl::report {
namespace {

// What people wrote may be long, and rows may be many. JSON and CSV have all of it.
constexpr size_t kMostBytesOfCell = 400;
constexpr size_t kMostBytesOfFolded = 90;

// Our sentences name commands between backticks, as Markdown has it.
std::string SentenceHtml(std::string_view sentence) {
  std::string out;
  const std::string text = HtmlText(sentence);
  std::string_view rest = text;
  for (size_t open = rest.find('`'); open != rest.npos; open = rest.find('`')) {
    const size_t close = rest.find('`', open + 1);
    if (close == rest.npos) break;
    out += fmt::format("{}<code>{}</code>", rest.substr(0, open),
                       rest.substr(open + 1, close - open - 1));
    rest.remove_prefix(close + 1);
  }
  return out.append(rest);
}

std::string NoteHtml(const Cell& cell, size_t most) {
  return cell.note.empty() ? ""
                           : fmt::format("<small>{}</small>", HtmlText(Beginning(cell.note, most)));
}

// A number with its value, as programs and tests find it.
std::string DataHtml(const Cell& cell, size_t most) {
  const std::string text = HtmlText(Beginning(cell.text, most));
  if (!cell.is_number) return text;
  return cell.value ? fmt::format("<data value={}>{}</data>", PlainNumber(*cell.value), text)
                    : fmt::format("<span class=u>{}</span>", text);
}

// A cell of a column that stands below another one.
std::string BelowHtml(const Column& column, const Cell& cell, size_t most) {
  if (cell.text.empty()) return "";
  const std::string title = column.title.empty() ? "" : HtmlText(column.title) + " ";
  const std::string note =
      cell.note.empty() ? "" : fmt::format(" ({})", HtmlText(Beginning(cell.note, most)));
  return fmt::format("<small>{}{}{}</small>", title, DataHtml(cell, most), note);
}

// Numbers stand on the right, unless something stands below them.
bool StandsRight(const Table& table, size_t column) {
  const bool has_below = column + 1 < table.columns.size() && table.columns[column + 1].below;
  return table.columns[column].is_number && !has_below;
}

std::string OpenCell(const Table& table, size_t column, const Cell& cell) {
  if (column == 0) return "<th scope=row>";
  const bool right = StandsRight(table, column);
  if (!cell.is_number) return right ? "<td class=n>" : "<td>";
  if (!cell.value) return right ? "<td class=\"n u\">" : "<td class=u>";
  return fmt::format("<td{} data-value={}>", right ? " class=n" : "", PlainNumber(*cell.value));
}

std::string RowHtml(const Table& table, const std::vector<Cell>& row, bool folded) {
  const size_t most = folded ? kMostBytesOfFolded : kMostBytesOfCell;
  std::string out = "<tr>";
  for (size_t i = 0; i < row.size();) {
    const Cell& cell = row[i];
    out += OpenCell(table, i, cell);
    out += HtmlText(Beginning(cell.text, most)) + NoteHtml(cell, most);
    const bool names_row = i == 0;
    for (++i; i < row.size() && table.columns[i].below; ++i) {
      if (folded && table.columns[i].only_open) continue;
      out += BelowHtml(table.columns[i], row[i], most);
    }
    out += names_row ? "</th>" : "</td>";
  }
  return out + "</tr>\n";
}

std::string HeadHtml(const Table& table) {
  std::string out = "<thead><tr>";
  for (size_t i = 0; i < table.columns.size(); ++i) {
    if (table.columns[i].below) continue;
    out += fmt::format("<th scope=\"col\"{}>{}</th>", StandsRight(table, i) ? " class=\"n\"" : "",
                       HtmlText(table.columns[i].title));
  }
  return out + "</tr></thead>\n";
}

std::string RowsHtml(const Table& table, size_t from, size_t to, const std::string& caption) {
  std::string out = fmt::format(
      "<div class=\"scroll\" role=\"region\" aria-label=\"{0}\" tabindex=\"0\">"
      "<table class=\"t-{1}\"><caption>{0}</caption>\n{2}<tbody>\n",
      HtmlText(caption), table.id, HeadHtml(table));
  for (size_t row = from; row < to; ++row) out += RowHtml(table, table.rows[row], from > 0);
  return out + "</tbody></table></div>\n";
}

// The first rows, and the others folded.
std::string TableHtml(const Table& whole) {
  std::string out;
  for (const Plot& plot : whole.plots) out += PlotHtml(plot, whole);
  if (whole.rows.empty()) {
    return out + fmt::format("<h3>{}</h3><p class=\"empty\">{}</p>\n", HtmlText(whole.title),
                             HtmlText(whole.empty));
  }
  const auto [table, unknown] = TableForPeople(whole);
  const size_t open = std::min(table.open_rows, table.rows.size());
  out += fmt::format("<div id=\"{}\">\n", table.id);
  out += RowsHtml(table, 0, open, table.title);
  if (open < table.rows.size()) {
    const auto rest = static_cast<int64_t>(table.rows.size() - open);
    out += fmt::format("<details><summary>{}, in brief: {}</summary>\n{}</details>\n",
                       CountOf(rest, "more row"), HtmlText(table.title),
                       RowsHtml(table, open, table.rows.size(), table.title + ", continued"));
  }
  if (!unknown.empty()) out += fmt::format("<p class=\"empty\">{}</p>\n", HtmlText(unknown));
  return out + "</div>\n";
}

std::string FiguresHtml(const std::vector<Figure>& figures, const char* look) {
  if (figures.empty()) return "";
  std::string out = fmt::format("<dl class=\"{}\">\n", look);
  for (const Figure& figure : figures) {
    out += fmt::format("<div><dt>{}</dt><dd>{}{}</dd></div>\n", HtmlText(figure.title),
                       DataHtml(figure.cell, kMostBytesOfCell),
                       NoteHtml(figure.cell, kMostBytesOfCell));
  }
  return out + "</dl>\n";
}

std::string SectionHtml(const Section& section) {
  std::string out = fmt::format(
      "<section id=\"{0}\" aria-labelledby=\"{0}-title\"><h2 id=\"{0}-title\">{1}</h2>\n",
      section.id, HtmlText(section.title));
  if (!section.missing.empty()) {
    out += fmt::format("<p class=\"missing\"><b>Not known.</b> {}</p>\n",
                       SentenceHtml(section.missing));
  }
  for (const std::string& sentence : section.says) {
    const bool first = &sentence == &section.says.front();
    out += fmt::format("<p{}>{}</p>\n", first ? " class=\"answer\"" : "", SentenceHtml(sentence));
  }
  out += FiguresHtml(section.figures, "tiles");
  for (const Table& table : section.tables) out += TableHtml(table);
  if (section.notes.empty()) return out + "</section>\n";
  out += "<div class=\"notes\">";
  for (const std::string& note : section.notes)
    out += fmt::format("<p>{}</p>\n", SentenceHtml(note));
  return out + "</div></section>\n";
}

std::string MenuHtml(const Document& document, std::vector<Link> links) {
  if (links.empty()) {
    for (const Section& section : document.sections) {
      links.push_back({.address = "#" + section.id, .title = section.title});
    }
  }
  std::string out = "<nav id=\"menu\" aria-label=\"Contents\"><ul>\n";
  for (const Link& link : links) {
    out += fmt::format("<li><a href=\"{}\"{}>{}</a></li>\n", HtmlText(link.address),
                       link.current ? " aria-current=\"page\"" : "", HtmlText(link.title));
  }
  return out + "</ul></nav>\n";
}

// Nothing may be loaded and nothing may run: the style is known by its hash, the icon is empty.
std::string HeadOfPage(const Document& document) {
  const std::string style = StyleOf(document);
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
      "style-src '{}'; img-src data:; base-uri 'none'; form-action 'none'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"referrer\" content=\"no-referrer\">\n<link rel=\"icon\" href=\"data:,\">\n"
      "<title>{}</title>\n<style>{}</style></head>\n",
      StyleHash(style), HtmlText(document.title), style);
}

}  // namespace

std::string DocumentHtml(const Document& document, const std::vector<Link>& links) {
  std::string out = HeadOfPage(document);
  out += "<body><a class=\"skip\" href=\"#content\">Skip to the content</a>\n" + HatchSvg();
  out += fmt::format("<header><h1>{}</h1><p>{}</p></header>\n", HtmlText(document.title),
                     HtmlText(document.subtitle));
  out += fmt::format("<aside aria-label=\"What the numbers rest on\">{}</aside>\n",
                     FiguresHtml(document.basis, "basis"));
  out += MenuHtml(document, links) + "<main id=\"content\">\n";
  for (const Section& section : document.sections) out += SectionHtml(section);
  return out + fmt::format(
                   "</main>\n<footer><p>Made by fleetmeterctl {}. Times are UTC.</p>"
                   "</footer></body></html>\n",
                   HtmlText(kVersion));
}

}  // namespace fleetmeter::ctl::report
