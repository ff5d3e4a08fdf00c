#include "daemon/app/pages.h"

#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include "daemon/app/runbook_page.h"
#include "daemon/base/clock.h"
#include "daemon/base/text.h"
#include "daemon/base/version.h"

namespace fleetmeter {
namespace {

// A queue that stays full this long means that we cannot keep up.
constexpr int64_t kFullTooLong = 10 * kNanosPerSecond;

HttpResponse Text(int status, std::string body) {
  return {.status = status, .body = std::move(body)};
}

// What people should know although nothing is refused for it.
std::string Remarks(const Writer& writer) {
  const std::string trouble = writer.clock_state().Trouble();
  return trouble.empty() ? "" : trouble + "\n";
}

HttpResponse Healthy(const Writer& writer, const Health& health) {
  const absl::Status status = health.Get();
  if (!status.ok()) return Text(503, std::string(status.message()) + "\n");
  return Text(200, "ok\n" + Remarks(writer));
}

HttpResponse Ready(const Writer& writer, const Readiness& readiness) {
  if (!readiness.Get()) return Text(503, "starting or stopping\n");
  if (const int64_t full = writer.FullForNanos(); full > kFullTooLong) {
    return Text(503, fmt::format("the queue of {} reports has been full for {} s\n",
                                 writer.queue_limit_reports(), full / kNanosPerSecond));
  }
  if (const std::string trouble = writer.LedgerTrouble(); !trouble.empty()) {
    return Text(503, fmt::format("the ledger takes no commits: {}\n", trouble));
  }
  return Text(200, "ready\n" + Remarks(writer));
}

HttpResponse Runbook() {
  HttpResponse response = Text(200, RunbookPage());
  response.content_type = "text/html; charset=utf-8";
  response.headers = PageHeaders();
  return response;
}

HttpResponse Index() {
  HttpResponse response = Text(
      200, fmt::format(
               "<!doctype html><html lang=\"en\"><title>Fleetmeter</title>"
               "<h1>Fleetmeter {}</h1><p>The files of the console are not installed. There are:"
               "<ul><li><a href=\"/metrics\">/metrics</a> for Prometheus"
               "<li><a href=\"/api/v1/openapi.json\">/api/v1/openapi.json</a> describes the API"
               "<li><a href=\"/runbook\">/runbook</a> says what to do about an alert"
               "<li><a href=\"/readyz\">/readyz</a> says whether the daemon takes reports"
               "<li><a href=\"/healthz\">/healthz</a> says whether the daemon works</ul></html>\n",
               kVersion));
  response.content_type = "text/html; charset=utf-8";
  response.headers = PageHeaders();
  return response;
}

HttpResponse NotThere(std::string_view path) {
  return Text(404, fmt::format("There is no page {}. Pages: /, /metrics, /healthz, /readyz, "
                               "/runbook, /api/v1/openapi.json\n",
                               AsciiQuoted(path)));
}

HttpResponse Page(const PageSources& sources, const StaticFiles& console,
                  const HttpRequest& request) {
  const std::string_view path = request.RawPath();
  if (path == "/healthz") return Healthy(sources.writer, sources.health);
  if (path == "/readyz") return Ready(sources.writer, sources.readiness);
  if (path == "/runbook") return Runbook();
  if (console.Has(path)) return console.Answer(path, request);
  return path == "/" ? Index() : NotThere(path);
}

// The folder of this program, or nothing.
std::filesystem::path OwnFolder() {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
}

}  // namespace

HttpHandler MakePages(const PageSources& sources, StaticFiles console) {
  return [sources, console = std::make_shared<const StaticFiles>(std::move(console))](
             HttpRequest request, const HttpReply& reply) {
    if (Api::Serves(request.target)) return sources.api.Answer(std::move(request), reply);
    if (request.RawPath() == "/metrics") return sources.metrics.Answer(std::move(request), reply);
    reply(Page(sources, *console, request));
  };
}

absl::StatusOr<StaticFiles> ReadConsole(const std::string& folder) {
  if (!folder.empty()) return StaticFiles::Read(folder);
  for (const char* beside : {"../share/fleetmeter/console", "../console"}) {
    auto files = StaticFiles::Read((OwnFolder() / beside).lexically_normal().string());
    if (files.ok()) return files;
  }
  return StaticFiles();
}

}  // namespace fleetmeter
