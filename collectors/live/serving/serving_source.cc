// The type `serving`: requests and tokens that a server of models counts on a page of the
// Prometheus text format, read as a mapping says (collectors/mappings/serving).
#include <fmt/format.h>

#include <memory>
#include <utility>

#include "collectors/live/fetch_settings.h"
#include "collectors/live/serving/serving_page.h"
#include "collectors/live/source_type.h"
#include "daemon/base/units.h"
#include "daemon/config/settings/kinds.h"

namespace fleetmeter::collector {
namespace {

constexpr char kServingAccept[] =
    "application/openmetrics-text;version=1.0.0;q=0.9,text/plain;version=0.0.4";
constexpr int64_t kServingReportEvery = kMinute;

struct ServingSettings {
  ServingMapping mapping;
  ServingDefaults defaults;
  std::string reported_as;
  int64_t report_every = kServingReportEvery;
};

class ServingSource final : public LiveSource {
 public:
  ServingSource(FetchOptions fetch, ServingSettings settings)
      : fetch_(std::move(fetch)), settings_(std::move(settings)) {}

  absl::StatusOr<Observation> Observe(const Look& look) override {
    const absl::StatusOr<FetchedPage> page = Fetch(fetch_);
    if (!page.ok()) return page.status();
    auto observation = ReadServingPage(settings_.mapping, settings_.defaults, page->body);
    if (!observation.ok()) {
      return absl::Status(
          observation.status().code(),
          fmt::format("{}: {}", fetch_.url, std::string(observation.status().message())));
    }
    observation->served->reported_as = settings_.reported_as;
    observation->served->origin = fetch_.url;
    observation->served->report_every = std::chrono::nanoseconds(settings_.report_every);
    observation->served->unix_nanos = look.unix_nanos;
    return observation;
  }

 private:
  const FetchOptions fetch_;
  const ServingSettings settings_;
};

class ServingType final : public SourceType {
 public:
  std::string_view name() const override { return "serving"; }
  std::string_view help() const override {
    return "Requests and tokens that a server of models counts, read as a mapping file says.";
  }
  Vocabulary vocabulary() const override {
    return {.attributes = {{"model"}, {"customer_tier"}, {"label."}}, .has_customer_tiers = true};
  }
  bool sees_holders() const override { return false; }
  bool sees_activity() const override { return false; }
  bool counts_requests() const override { return true; }

  std::unique_ptr<LiveSource> Configure(YamlMap& entry,
                                        const SourceContext& context) const override {
    ServingSettings settings;
    auto mapping = ReadServingMapping(
        entry.Required("mapping", "the name of a mapping, such as vllm, or the path of a file"));
    entry.Optional("model").ReadName(&settings.defaults.model);
    entry.Optional("customer_tier").ReadName(&settings.defaults.customer_tier);
    settings.reported_as = context.host + "/" + context.name;
    entry.Optional("report_as").ReadName(&settings.reported_as);
    entry.Optional("report_every").ReadDuration(0, kDay, &settings.report_every);
    FetchOptions fetch = ReadFetchSettings(entry, context, mapping ? mapping->url : "");
    fetch.accept = kServingAccept;
    if (!mapping || !entry.value().file()->ok()) return nullptr;
    settings.mapping = *std::move(mapping);
    return std::make_unique<ServingSource>(std::move(fetch), std::move(settings));
  }
};

}  // namespace

// Named in collectors/live/live_sources.list.
std::unique_ptr<SourceType> MakeServingSourceType() { return std::make_unique<ServingType>(); }

}  // namespace fleetmeter::collector
