// The type `kueue`: what waits in the queues of Kueue, and their quotas, from its metrics.
// README.md describes its keys.
#include <memory>
#include <utility>

#include "collectors/live/fetch_settings.h"
#include "collectors/live/kueue/kueue_page.h"
#include "collectors/live/source_type.h"
#include "daemon/config/strict_yaml.h"
#include "daemon/fetch/http_fetch.h"

namespace fleetmeter::collector {
namespace {

constexpr char kKueueAccept[] = "text/plain;version=0.0.4,*/*;q=0.1";
constexpr char kKueueOpenMetrics[] = "application/openmetrics-text";
constexpr size_t kMaxKueuePattern = 256;
constexpr int64_t kMostKueueParts = 64;

class KueueSource final : public LiveSource {
 public:
  KueueSource(FetchOptions fetch, KueueOptions options)
      : fetch_(std::move(fetch)), options_(std::move(options)) {}

  absl::StatusOr<Observation> Observe(const Look&) override {
    const absl::StatusOr<FetchedPage> page = Fetch(fetch_);
    if (!page.ok()) return page.status();
    return ReadKueuePage(page->body, page->content_type.starts_with(kKueueOpenMetrics), options_);
  }

 private:
  const FetchOptions fetch_;
  const KueueOptions options_;
};

KueueChips ReadKueueChips(const YamlValue& value) {
  YamlMap map(value);
  KueueChips chips;
  map.Required("resource", "a pattern such as nvidia.com/gpu")
      .ReadText(kMaxKueuePattern, &chips.resource);
  map.Optional("flavor").ReadText(kMaxKueuePattern, &chips.flavor);
  map.Optional("chip").ReadName(&chips.kind);
  map.Optional("parts").ReadInteger(1, kMostKueueParts, &chips.parts);
  return chips;
}

class KueueType final : public SourceType {
 public:
  std::string_view name() const override { return "kueue"; }
  std::string_view help() const override {
    return "Queues of Kueue that wait for chips, and their quotas, from its metrics.";
  }
  Vocabulary vocabulary() const override {
    return {{{"cluster_queue"}, {"cohort"}, {"resource"}, {"flavor"}}};
  }
  // It names no chip that somebody holds.
  bool sees_holders() const override { return false; }
  bool sees_activity() const override { return false; }

  std::unique_ptr<LiveSource> Configure(YamlMap& entry,
                                        const SourceContext& context) const override {
    FetchOptions fetch = ReadFetchSettings(entry, context, "");
    fetch.accept = kKueueAccept;
    KueueOptions options;
    entry.Optional("scheduler").ReadName(&options.scheduler);
    const YamlValue chips = entry.Optional("chips");
    if (chips.present()) {
      for (const YamlValue& item : chips.Items()) options.chips.push_back(ReadKueueChips(item));
    }
    if (!entry.value().file()->ok()) return nullptr;
    return std::make_unique<KueueSource>(std::move(fetch), std::move(options));
  }
};

}  // namespace

// Named in collectors/live/live_sources.list.
std::unique_ptr<SourceType> MakeKueueSourceType() { return std::make_unique<KueueType>(); }

}  // namespace fleetmeter::collector
