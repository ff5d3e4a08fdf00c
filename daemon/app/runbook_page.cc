#include "daemon/app/runbook_page.h"

#include <fmt/format.h>

#include "daemon/serve/http/markdown.h"

namespace fleetmeter {

const std::string& RunbookPage() {
  static const std::string page = fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width\">"
      "<title>Fleetmeter: runbook</title></head>\n<body>\n<main>\n{}</main>\n</body>\n</html>\n",
      MarkdownHtml(kRunbookText));
  return page;
}

}  // namespace fleetmeter
