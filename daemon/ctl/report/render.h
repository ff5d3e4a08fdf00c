// A report in its formats. All of them hold the same; a page and Markdown cut long texts. Pure.
#pragma once

#include <string>
#include <vector>

#include "daemon/ctl/report/document.h"

namespace fleetmeter::ctl::report {

// {"report", "title", "subtitle", "basis": {KEY: FIGURE}, "sections": {ID: SECTION}}. A figure is
// {"value", "text", "note"}. Each row of a table is an object by the keys of its columns, where a
// number that is not known is null; KEY_note has what a number's note says, where there is one.
std::string DocumentJson(const Document& document);

// A record for each figure and each cell: section, table, row, name, column, value, note. Numbers
// are as exact as they are known; what is not known is empty.
std::string DocumentCsv(const Document& document);

std::string DocumentMarkdown(const Document& document);

// A link of the menu.
struct Link {
  std::string address;
  std::string title;
  bool current = false;
};

// One page that needs no other file and no script, and may load nothing: it says so to the browser
// (Content-Security-Policy). Without links, its menu leads to its sections.
std::string DocumentHtml(const Document& document, const std::vector<Link>& links = {});

}  // namespace fleetmeter::ctl::report
