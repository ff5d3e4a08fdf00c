// The type `exporter`: a page of the Prometheus text format, read as a mapping says
// (collectors/mappings).
#include <fmt/format.h>

#include <memory>
#include <utility>

#include "collectors/live/exporter/mapped_source.h"
#include "collectors/live/fetch_settings.h"
#include "collectors/live/source_type.h"
#include "daemon/base/text.h"

namespace fleetmeter::collector {
namespace {

constexpr std::chrono::milliseconds kExporterStaleAfter{300'000};
constexpr char kAnyPlace[] = "http://127.0.0.1/metrics";
constexpr char kAcceptTextFormat[] =
    "application/openmetrics-text;version=1.0.0;q=0.9,text/plain;version=0.0.4";

absl::Status OfExporterPage(const FetchOptions& fetch, const FetchedPage& page,
                            const absl::Status& status) {
  const std::string type =
      page.content_type.empty() ? "no content type" : Quoted(page.content_type);
  return {status.code(),
          fmt::format("{} ({}): {}", fetch.url, type, std::string(status.message()))};
}

class ExporterSource final : public LiveSource {
 public:
  ExporterSource(FetchOptions fetch, MappedLooks looks, std::optional<bool> knows_holders)
      : fetch_(std::move(fetch)), looks_(std::move(looks)), knows_holders_(knows_holders) {}

  std::optional<bool> SeesHolders() const override { return knows_holders_; }

  absl::StatusOr<Observation> Observe(const Look& look) override {
    const absl::StatusOr<FetchedPage> page = Fetch(fetch_);
    if (!page.ok()) return page.status();
    Observation so_far;
    auto rows = RowsOfPage(looks_.names(), page->body, so_far);
    if (!rows.ok()) return OfExporterPage(fetch_, *page, rows.status());
    auto observation = looks_.Map(*std::move(rows), std::move(so_far), look.unix_nanos);
    if (!observation.ok()) return OfExporterPage(fetch_, *page, observation.status());
    return observation;
  }

 private:
  const FetchOptions fetch_;
  MappedLooks looks_;
  const std::optional<bool> knows_holders_;
};

class ExporterType final : public SourceType {
 public:
  std::string_view name() const override { return "exporter"; }
  std::string_view help() const override {
    return "An exporter of the Prometheus text format, read as a mapping file says.";
  }
  Vocabulary vocabulary() const override { return MappedHolderVocabulary(); }
  bool sees_holders() const override { return false; }
  bool sees_activity() const override { return true; }

  std::unique_ptr<LiveSource> Configure(YamlMap& entry,
                                        const SourceContext& context) const override {
    auto settings = ReadMappedSettings(entry, kExporterStaleAfter);
    // Without a mapping nobody knows whether it has a usual place: `url` is then not missing.
    FetchOptions fetch =
        ReadFetchSettings(entry, context, settings ? settings->mapping.url : kAnyPlace);
    fetch.accept = kAcceptTextFormat;
    if (!settings || !entry.value().file()->ok()) return nullptr;
    const auto knows_holders = settings->knows_holders;
    return std::make_unique<ExporterSource>(
        std::move(fetch), MappedLooks(*std::move(settings), context.host), knows_holders);
  }
};

}  // namespace

// Named in collectors/live/live_sources.list.
std::unique_ptr<SourceType> MakeExporterSourceType() { return std::make_unique<ExporterType>(); }

}  // namespace fleetmeter::collector
