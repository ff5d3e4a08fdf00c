#include "daemon/ctl/report/html_plots.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "daemon/ctl/report/shown_text.h"

namespace fleetmeter::ctl::report {
namespace {

constexpr double kWidth = 1'000;  // of the picture, in its own units
constexpr double kHeight = 300;
constexpr size_t kMostLabelBytes = 48;

const char* NameOfTone(Tone tone) {
  switch (tone) {
    case Tone::kAllocated:
      return "allocated";
    case Tone::kAssigned:
      return "assigned";
    case Tone::kBusy:
      return "busy";
    case Tone::kIdle:
      return "idle";
    case Tone::kAct:
      return "act";
  }
  return "";
}

size_t PlaceOf(const Table& table, const std::string& key) {
  const auto found = std::find_if(table.columns.begin(), table.columns.end(),
                                  [&](const Column& column) { return column.key == key; });
  return static_cast<size_t>(found - table.columns.begin());
}

// From the least to the most of what is drawn, with 0 among it.
struct Reach {
  double low = 0;
  double high = 0;
  double size() const { return high - low; }
};

Reach ReachOf(const Plot& plot, const Table& table, size_t rows) {
  Reach reach{.high = plot.full};
  for (const Plot::Series& series : plot.series) {
    const size_t place = PlaceOf(table, series.key);
    for (size_t row = 0; row < rows; ++row) {
      const double value = table.rows[row][place].value.value_or(0);
      reach.low = std::min(reach.low, value);
      reach.high = std::max(reach.high, value);
    }
  }
  return reach;
}

std::string LegendHtml(const Plot& plot) {
  if (plot.series.size() < 2) return "";
  const bool lines = plot.kind == Plot::Kind::kLines;
  std::string out = "<ul class=\"legend\">";
  for (const Plot::Series& series : plot.series) {
    const std::string mark =
        lines ? fmt::format("<path class=\"s-{}\" d=\"M0 5H20\"/>", NameOfTone(series.tone))
              : fmt::format("<rect class=\"f-{}\" width=\"20\" height=\"10\"/>",
                            NameOfTone(series.tone));
    out += fmt::format("<li><svg viewBox=\"0 0 20 10\" aria-hidden=\"true\">{}</svg>{}</li>", mark,
                       HtmlText(series.title));
  }
  return out + "</ul>\n";
}

std::string BarSvg(const std::string& said, const Cell& cell, Tone tone, const Reach& reach) {
  std::string bar = fmt::format("<rect class=\"f-unknown\" width=\"{}\" height=\"10\"/>", kWidth);
  if (cell.value) {
    const double zero = reach.size() > 0 ? -reach.low / reach.size() * kWidth : 0;
    const double size = reach.size() > 0 ? std::abs(*cell.value) / reach.size() * kWidth : 0;
    bar = fmt::format("<rect class=\"f-{}\" x=\"{:.1f}\" width=\"{:.1f}\" height=\"10\"/>",
                      NameOfTone(tone), *cell.value < 0 ? zero - size : zero, size);
    if (reach.low < 0) {
      bar += fmt::format("<rect class=\"zero\" x=\"{:.1f}\" width=\"2\" height=\"10\"/>", zero);
    }
  }
  return fmt::format(
      "<svg viewBox=\"0 0 {0} 10\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{1}\">"
      "<title>{1}</title>{2}</svg>",
      kWidth, HtmlText(said), bar);
}

std::string BarRow(const Plot& plot, const Table& table, const std::vector<Cell>& row,
                   const Reach& reach) {
  const std::string name = Beginning(row.front().text, kMostLabelBytes);
  std::string bars;
  std::string values;
  for (const Plot::Series& series : plot.series) {
    const Cell& cell = row[PlaceOf(table, series.key)];
    bars +=
        BarSvg(fmt::format("{}, {}: {}", name, series.title, cell.text), cell, series.tone, reach);
    values += fmt::format("<span>{}</span>", HtmlText(cell.text));
  }
  return fmt::format(
      "<div class=\"row\"><span class=\"label\">{}</span><span class=\"bars\">{}</span>"
      "<span class=\"values\" aria-hidden=\"true\">{}</span></div>\n",
      HtmlText(name), bars, values);
}

std::string BarsHtml(const Plot& plot, const Table& table) {
  const size_t rows = std::min(plot.most_rows, table.rows.size());
  const Reach reach = ReachOf(plot, table, rows);
  std::string out;
  for (size_t row = 0; row < rows; ++row) out += BarRow(plot, table, table.rows[row], reach);
  return out;
}

// Moves to the next point that is known, and draws to it from its neighbour.
std::string PathOf(const Table& table, size_t place, const Reach& reach) {
  const double step = kWidth / static_cast<double>(std::max<size_t>(table.rows.size() - 1, 1));
  std::string out;
  bool drawing = false;
  for (size_t row = 0; row < table.rows.size(); ++row) {
    const Cell& cell = table.rows[row][place];
    if (!cell.value || cell.is_gap) {
      drawing = false;
      continue;
    }
    const double y = reach.size() > 0 ? kHeight * (reach.high - *cell.value) / reach.size() : 0;
    // A point alone is a dot.
    out += fmt::format("{}{:.1f} {:.1f}{}", drawing ? "L" : "M", static_cast<double>(row) * step, y,
                       drawing ? "" : "h.1");
    drawing = true;
  }
  return out;
}

std::string SummaryOf(const Plot& plot, const Table& table) {
  std::string out = plot.title;
  for (const Plot::Series& series : plot.series) {
    const Cell& last = table.rows.back()[PlaceOf(table, series.key)];
    out += fmt::format("; {}, last: {}", series.title, last.text);
  }
  return out;
}

// The text of the number that is drawn highest.
std::string HighestText(const Plot& plot, const Table& table) {
  const Cell* highest = nullptr;
  for (const Plot::Series& series : plot.series) {
    const size_t place = PlaceOf(table, series.key);
    for (const auto& row : table.rows) {
      const Cell& cell = row[place];
      if (cell.value && (highest == nullptr || *cell.value > *highest->value)) highest = &cell;
    }
  }
  return highest == nullptr ? "" : highest->text;
}

std::string LinesHtml(const Plot& plot, const Table& table) {
  const Reach reach = ReachOf(plot, table, table.rows.size());
  std::string paths;
  for (const Plot::Series& series : plot.series) {
    paths += fmt::format("<path class=\"s-{}\" d=\"{}\"/>", NameOfTone(series.tone),
                         PathOf(table, PlaceOf(table, series.key), reach));
  }
  const std::string said = HtmlText(SummaryOf(plot, table));
  return fmt::format(
      "<div class=\"lines\"><span class=\"y\" aria-hidden=\"true\"><span>{0}</span>"
      "<span>0</span></span><svg viewBox=\"0 0 {1} {2}\" preserveAspectRatio=\"none\" "
      "role=\"img\" aria-label=\"{3}\"><title>{3}</title>{4}</svg>"
      "<span class=\"x\" aria-hidden=\"true\"><span>{5}</span><span>{6}</span></span></div>\n",
      HtmlText(HighestText(plot, table)), kWidth, kHeight, said, paths,
      HtmlText(table.rows.front().front().text), HtmlText(table.rows.back().front().text));
}

}  // namespace

std::string HatchSvg() {
  return "<svg class=\"defs\" aria-hidden=\"true\"><defs><pattern id=\"hatch\" width=\"14\" "
         "height=\"14\" patternUnits=\"userSpaceOnUse\"><path class=\"hatch-line\" "
         "d=\"M0 14L14 0\"/></pattern></defs></svg>\n";
}

std::string PlotHtml(const Plot& plot, const Table& table) {
  if (table.rows.empty()) return "";
  return fmt::format(
      "<figure><figcaption>{}</figcaption>\n{}{}</figure>\n", HtmlText(plot.title),
      LegendHtml(plot),
      plot.kind == Plot::Kind::kLines ? LinesHtml(plot, table) : BarsHtml(plot, table));
}

}  // namespace fleetmeter::ctl::report
