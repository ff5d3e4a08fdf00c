// The type `dcgm`: asks NVIDIA's dcgm-exporter for its page. README.md says what it takes from it.
#include <fmt/format.h>

#include <memory>
#include <set>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "collectors/live/dcgm/page.h"
#include "collectors/live/fetch_settings.h"
#include "collectors/live/source_type.h"
#include "daemon/base/text.h"
#include "daemon/config/strict_yaml.h"
#include "daemon/fetch/http_fetch.h"

namespace fleetmeter::collector {
namespace dcgm {
namespace {

constexpr char kDefaultUrl[] = "http://127.0.0.1:9400/metrics";
constexpr char kAccept[] = "text/plain;version=0.0.4,*/*;q=0.1";
constexpr char kOpenMetrics[] = "application/openmetrics-text";
constexpr int64_t kMostXid = 1'000'000;
constexpr size_t kMaxTypeBytes = 80;

// By NVIDIA's catalog of XIDs, a GPU is of no use after them until it is reset or replaced: it
// stopped processing (46), memory errors that were not contained (48, 95, 140), it halted inside
// (62), remapping of rows failed (64), NVLink (74), it fell off the bus (79), its own processor
// does not answer (119, 120), it could not be started (143). Errors of applications (13, 31, 43,
// 45) and what the GPU repaired by itself (63, 92, 94) are not among them.
const std::set<int64_t>& DefaultBrokenXids() {
  static const std::set<int64_t> xids = {46, 48, 62, 64, 74, 79, 95, 119, 120, 140, 143};
  return xids;
}

// A page that says of itself that it is something else is not read: an error page of a proxy has
// no GPU that is idle. File servers often do not know what they serve.
absl::Status CheckContentType(const std::string& type) {
  const std::string name = type.substr(0, type.find_first_of("; "));
  for (const char* good : {"", "text/plain", kOpenMetrics, "application/octet-stream"}) {
    if (name == good) return absl::OkStatus();
  }
  return absl::InvalidArgumentError(fmt::format("the page is {}; expected text/plain or {}",
                                                AsciiQuoted(name, kMaxTypeBytes), kOpenMetrics));
}

class DcgmSource final : public LiveSource {
 public:
  DcgmSource(FetchOptions fetch, PageOptions page)
      : fetch_(std::move(fetch)), page_(std::move(page)) {}

  absl::StatusOr<Observation> Observe(const Look&) override {
    const absl::StatusOr<FetchedPage> fetched = Fetch(fetch_);
    if (!fetched.ok()) return fetched.status();
    absl::Status status = CheckContentType(fetched->content_type);
    if (!status.ok()) return status;
    const bool open_metrics = fetched->content_type.starts_with(kOpenMetrics);
    return ReadPage(fetched->body, open_metrics, page_, memory_);
  }

 private:
  const FetchOptions fetch_;
  const PageOptions page_;
  PageMemory memory_;
};

// A list, or `none`.
void ReadBrokenXids(const YamlValue& value, std::set<int64_t>& xids) {
  if (!value.present()) return;
  xids.clear();
  if (value.node().kind == YamlNode::Kind::kScalar) {
    std::string none;
    value.ReadChoice({"none"}, &none);
    return;
  }
  for (const YamlValue& item : value.Items()) {
    int64_t xid = 0;
    item.ReadInteger(1, kMostXid, &xid);
    xids.insert(xid);
  }
}

PageOptions ReadPageSettings(YamlMap& entry, const SourceContext& context) {
  PageOptions page;
  page.host = context.host;
  std::string hostname = "page";
  entry.Optional("hostname").ReadChoice({"page", "configured"}, &hostname);
  page.host_of_page = hostname == "page";
  std::string holders = "auto";
  entry.Optional("holders").ReadChoice({"auto", "listed", "ignored"}, &holders);
  if (holders == "listed") page.holders = HolderLabels::kListed;
  if (holders == "ignored") page.holders = HolderLabels::kIgnored;
  page.broken_xids = DefaultBrokenXids();
  ReadBrokenXids(entry.Optional("broken_xids"), page.broken_xids);
  return page;
}

class DcgmType final : public SourceType {
 public:
  std::string_view name() const override { return "dcgm"; }
  std::string_view help() const override {
    return "Activity, health and pods of NVIDIA GPUs, from dcgm-exporter.";
  }
  Vocabulary vocabulary() const override {
    return {{{"pod"}, {"namespace"}, {"container"}, {"hpc_job"}, {"label."}}};
  }
  // It repeats what a scheduler told it, so a scheduler comes first.
  bool sees_holders() const override { return false; }
  bool sees_activity() const override { return true; }

  std::unique_ptr<LiveSource> Configure(YamlMap& entry,
                                        const SourceContext& context) const override {
    FetchOptions fetch = ReadFetchSettings(entry, context, kDefaultUrl);
    fetch.accept = kAccept;
    PageOptions page = ReadPageSettings(entry, context);
    if (!entry.value().file()->ok()) return nullptr;
    return std::make_unique<DcgmSource>(std::move(fetch), std::move(page));
  }
};

}  // namespace
}  // namespace dcgm

// Named in collectors/live/live_sources.list.
std::unique_ptr<SourceType> MakeDcgmSourceType() { return std::make_unique<dcgm::DcgmType>(); }

}  // namespace fleetmeter::collector
