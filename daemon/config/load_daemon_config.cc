#include <set>

#include "daemon/config/listen_address.h"
#include "daemon/config/load_config.h"
#include "daemon/config/read_access.h"
#include "daemon/config/read_outcome_settings.h"
#include "daemon/config/strict_yaml.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

constexpr int64_t kMillisecond = kNanosPerSecond / 1'000;
constexpr int64_t kSecond = kNanosPerSecond;
constexpr int64_t kHour = 3'600 * kSecond;
constexpr int64_t kDay = 24 * kHour;
constexpr int64_t kKiB = 1 << 10;
constexpr int64_t kMiB = 1 << 20;
constexpr int64_t kGiB = 1 << 30;

void ReadPlans(const YamlValue& value, std::vector<std::string>* out) {
  for (const YamlValue& item : value.Items()) {
    std::string path;
    ReadPath(item, &path);
    for (const std::string& earlier : *out) {
      if (earlier == path) item.Complain("is listed twice; expected each plan once");
    }
    if (!path.empty()) out->push_back(path);
  }
}

void ReadAddress(const YamlValue& value, std::string* out) {
  std::string text;
  value.ReadText(256, &text);
  if (text.empty()) return;
  if (const auto address = ParseListenAddress(text); !address.ok()) {
    value.Complain(std::string(address.status().message()));
  } else {
    *out = text;
  }
}

// Two listeners on one port fail at start-up, after the books are open: better said here.
void CheckDistinct(const YamlValue& section, const ListenConfig& listen) {
  const auto port = [](const std::string& text) {
    const auto address = ParseListenAddress(text);
    return address.ok() ? address->port : uint16_t{0};
  };
  const uint16_t ingest = port(listen.ingest);
  const uint16_t query = port(listen.query);
  const uint16_t http = port(listen.http);
  const uint16_t admin = port(listen.admin);
  std::set<uint16_t> taken;
  for (const uint16_t used : {ingest, query, http, admin}) {
    if (used == 0 || taken.insert(used).second) continue;
    section.Complain(
        fmt::format("ingest, query, http and admin use ports {}, {}, {} and {} (0: any); expected "
                    "a port of its own for each",
                    ingest, query, http, admin));
    return;
  }
}

void ReadListen(const YamlValue& section, ListenConfig* out) {
  YamlMap map(section);
  ReadAddress(map.Optional("ingest"), &out->ingest);
  ReadAddress(map.Optional("query"), &out->query);
  ReadAddress(map.Optional("http"), &out->http);
  ReadAddress(map.Optional("admin"), &out->admin);
  map.Optional("allow_plaintext_beyond_loopback_without_authentication")
      .ReadBool(&out->allow_plaintext_beyond_loopback_without_authentication);
  CheckDistinct(section, *out);
}

void ReadRate(const YamlValue& section, const IngestConfig& ingest, RateConfig* out) {
  YamlMap map(section);
  map.Optional("reports_per_second").ReadInteger(1, 100'000'000, &out->reports_per_second);
  map.Optional("burst_reports").ReadInteger(1, 1'000'000'000, &out->burst_reports);
  map.Optional("bytes_per_second").ReadSize(kKiB, 1'024 * kGiB, &out->bytes_per_second);
  map.Optional("burst_bytes").ReadSize(kKiB, 1'024 * kGiB, &out->burst_bytes);
  // What never fits would be sent again for ever.
  if (out->burst_reports < ingest.max_reports_per_batch) {
    section.Complain(fmt::format(
        "burst_reports is {} and max_reports_per_batch {}; expected room for a whole batch",
        out->burst_reports, ingest.max_reports_per_batch));
  }
  if (out->burst_bytes < ingest.max_message_bytes) {
    section.Complain(
        fmt::format("burst_bytes is {} and max_message {} bytes; expected room for a whole message",
                    out->burst_bytes, ingest.max_message_bytes));
  }
}

void ReadIngest(const YamlValue& section, IngestConfig* out) {
  YamlMap map(section);
  map.Optional("queue_reports").ReadInteger(1, 10'000'000, &out->queue_reports);
  map.Optional("commit_reports").ReadInteger(1, 1'000'000, &out->commit_reports);
  map.Optional("max_message").ReadSize(kKiB, 64 * kMiB, &out->max_message_bytes);
  map.Optional("max_reports_per_batch").ReadInteger(1, 100'000, &out->max_reports_per_batch);
  map.Optional("max_streams").ReadInteger(1, 10'000'000, &out->max_streams);
  map.Optional("buffer").ReadSize(64 * kMiB, 1'024 * kGiB, &out->buffer_bytes);
  map.Optional("max_window").ReadDuration(kSecond, kDay, &out->max_window_nanos);
  map.Optional("max_lateness").ReadDuration(kSecond, 90 * kDay, &out->max_lateness_nanos);
  map.Optional("future_tolerance").ReadDuration(0, kHour, &out->future_tolerance_nanos);
  map.Optional("adjust_up_to").ReadDuration(0, 400 * kDay, &out->adjust_up_to_nanos);
  ReadRate(map.Optional("rate"), *out, &out->rate);
  map.Optional("accept_replay").ReadBool(&out->accept_replay);
  if (out->max_reports_per_batch > out->queue_reports) {
    section.Complain(
        fmt::format("max_reports_per_batch is {} and queue_reports {}; expected room in the queue "
                    "for a whole batch",
                    out->max_reports_per_batch, out->queue_reports));
  }
  if (out->commit_reports > out->queue_reports) {
    section.Complain(
        fmt::format("commit_reports is {} and queue_reports {}; expected commit_reports "
                    "to be at most queue_reports",
                    out->commit_reports, out->queue_reports));
  }
}

void ReadLedger(const YamlValue& section, LedgerConfig* out) {
  YamlMap map(section);
  ReadPath(map.Optional("path"), &out->path);
  map.Optional("keep_hours").ReadDuration(kDay, 36'500 * kDay, &out->keep_hours_nanos);
  map.Optional("keep_days").ReadDuration(kDay, 36'500 * kDay, &out->keep_days_nanos);
  map.Optional("workloads_per_pool").ReadInteger(1, 1'000'000, &out->workloads_per_pool);
  if (out->keep_days_nanos < out->keep_hours_nanos) {
    section.Complain(
        "keep_days is shorter than keep_hours; expected days to be kept at least as long as hours");
  }
}

void ReadLive(const YamlValue& section, LiveConfig* out) {
  YamlMap map(section);
  map.Optional("silent_after").ReadDuration(kSecond, kDay, &out->silent_after_nanos);
  map.Optional("forget_after").ReadDuration(kSecond, 90 * kDay, &out->forget_after_nanos);
  map.Optional("coverage_threshold").ReadShare(&out->coverage_threshold);
  map.Optional("measured_threshold").ReadShare(&out->measured_threshold);
  map.Optional("idle_below").ReadShare(&out->idle_below);
  if (out->forget_after_nanos < out->silent_after_nanos) {
    section.Complain(
        "forget_after is shorter than silent_after; expected a source to fall silent before it is "
        "forgotten");
  }
}

void ReadLog(const YamlValue& section, LogConfig* out) {
  YamlMap map(section);
  map.Optional("level").ReadChoice({"trace", "debug", "info", "warn", "error"}, &out->level);
  map.Optional("format").ReadChoice({"text", "json"}, &out->format);
}

void ReadShutdown(const YamlValue& section, ShutdownConfig* out) {
  YamlMap map(section);
  map.Optional("deadline").ReadDuration(100 * kMillisecond, kHour, &out->deadline_nanos);
  map.Optional("final_scrape").ReadDuration(0, kHour, &out->final_scrape_nanos);
}

}  // namespace

absl::StatusOr<DaemonConfig> LoadDaemonConfig(const std::string& path) {
  auto file = YamlFile::Open(path);
  if (!file.ok()) return file.status();
  DaemonConfig config;
  {
    YamlMap map((*file)->root());
    ReadPath(map.Required("catalog", "the path of a catalog file"), &config.catalog);
    ReadPlans(map.Required("plans", "a list of paths of plan files"), &config.plans);
    ReadPath(map.Optional("framework"), &config.framework);
    ReadListen(map.Optional("listen"), &config.listen);
    ReadTls(map.Optional("tls"), &config.tls);
    ReadAuthorization(map.Optional("authorization"), config.tls, &config.authorization);
    CheckReach(config, file->get());
    ReadIngest(map.Optional("ingest"), &config.ingest);
    ReadLedger(map.Optional("ledger"), &config.ledger);
    ReadLive(map.Optional("live"), &config.live);
    ReadOutcomes(map.Optional("outcomes"), &config.outcomes);
    ReadLog(map.Optional("log"), &config.log);
    ReadShutdown(map.Optional("shutdown"), &config.shutdown);
  }
  if (!(*file)->ok()) return (*file)->status();
  return config;
}

}  // namespace fleetmeter
