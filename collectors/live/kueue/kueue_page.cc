#include "collectors/live/kueue/kueue_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "collectors/attribution/glob.h"
#include "collectors/exposition/exposition.h"
#include "collectors/live/kubernetes/chip_resources.h"
#include "daemon/base/text.h"

namespace fleetmeter::collector {
namespace {

constexpr char kKueuePending[] = "kueue_cluster_queue_resource_pending";
constexpr char kKueueWorkloads[] = "kueue_pending_workloads";
constexpr auto kKueueAmounts =
    std::to_array<std::pair<std::string_view, std::optional<Micro> QuotaReading::*>>({
        {"kueue_cluster_queue_nominal_quota", &QuotaReading::nominal},
        {"kueue_cluster_queue_resource_reservation", &QuotaReading::reserved},
        {"kueue_cluster_queue_resource_usage", &QuotaReading::admitted},
    });
constexpr size_t kMostKueueKeys = 65'536;
constexpr size_t kMostKueueRemarks = 20;
// The daemon's own limit; so many of so many queues are still an int64 of millionths.
constexpr int64_t kMostKueueChips = 10'000'000;
constexpr size_t kMostKueueNameBytes = 256;

// One unit of a resource, as chips.
struct KueueUnit {
  Micro share = kOne;
  std::string model;
  std::string kind;

  auto Kind() const { return std::tie(model, kind); }
};

struct KueueWorkloads {
  int64_t active = 0;
  int64_t inadmissible = 0;  // tried, and not tried again until something changes
};

std::string KueueLabel(const Sample& sample, std::string_view name) {
  return std::string(sample.Label(name).value_or("").substr(0, kMostKueueNameBytes));
}

class KueueReader {
 public:
  explicit KueueReader(const KueueOptions& options) : options_(options) {}

  void Take(const Sample& sample) {
    if (!sample.name.starts_with("kueue_") || full_) return;
    const std::string queue = KueueLabel(sample, "cluster_queue");
    if (queue.empty()) return;
    // A replica that does not lead exports its own view of the same queues.
    if (sample.Label("replica_role") == "follower") {
      ++followers_;
      return;
    }
    if (sample.name == kKueueWorkloads) return TakeWorkloads(queue, sample);
    if (sample.name == kKueuePending) return TakePending(queue, sample);
    for (const auto& [name, amount] : kKueueAmounts) {
      if (sample.name == name) return TakeAmount(queue, sample, amount);
    }
  }

  absl::StatusOr<Observation> Finish(ExpositionResult parsed) {
    out_.counts.bad_lines += parsed.bad_lines;
    for (std::string& complaint : parsed.complaints) Remark(std::move(complaint));
    if (full_ || parsed.truncated) {
      return absl::ResourceExhaustedError("the page has too many queues; expected one Kueue's");
    }
    if (workloads_.empty() && pending_.empty() && quotas_.empty()) return NoQueue();
    out_.scheduler = options_.scheduler;
    AddQuotas();
    AddDemand();
    return std::move(out_);
  }

 private:
  using Resource = std::pair<std::string, std::string>;               // queue, resource
  using Granted = std::tuple<std::string, std::string, std::string>;  // and flavor

  absl::Status NoQueue() const {
    if (followers_ > 0) {
      return absl::UnavailableError(
          "the page is of a replica that follows; expected that of the leader");
    }
    return absl::InvalidArgumentError(
        fmt::format("the page has no queue; expected series such as {} of Kueue", kKueueWorkloads));
  }

  void Remark(std::string text) {
    if (out_.remarks.size() < kMostKueueRemarks) out_.remarks.push_back(std::move(text));
  }

  std::optional<double> ValueOf(const Sample& sample) {
    if (std::isfinite(sample.value) && sample.value >= 0 &&
        sample.value <= static_cast<double>(kMostKueueChips)) {
      return sample.value;
    }
    ++out_.counts.bad_lines;
    Remark(fmt::format("line {}: {} is {}; expected a number from 0 to 10,000,000", sample.line,
                       AsciiQuoted(sample.name), AsciiQuoted(sample.value_text)));
    return std::nullopt;
  }

  void CheckRoom() {
    full_ = workloads_.size() + pending_.size() + quotas_.size() > kMostKueueKeys;
  }

  void TakeWorkloads(const std::string& queue, const Sample& sample) {
    const auto value = ValueOf(sample);
    if (!value) return;
    const bool active = sample.Label("status") != "inadmissible";
    KueueWorkloads& waiting = workloads_[queue];
    (active ? waiting.active : waiting.inadmissible) += std::llround(*value);
    CheckRoom();
  }

  void TakePending(const std::string& queue, const Sample& sample) {
    tells_pending_ = true;
    const auto value = ValueOf(sample);
    if (!value) return;
    pending_[{queue, KueueLabel(sample, "resource")}] += *value;
    CheckRoom();
  }

  void TakeAmount(const std::string& queue, const Sample& sample,
                  std::optional<Micro> QuotaReading::* amount) {
    const std::string resource = KueueLabel(sample, "resource");
    const std::string flavor = KueueLabel(sample, "flavor");
    const auto unit = UnitOf(resource, flavor);
    if (!unit) return;
    const auto value = ValueOf(sample);
    if (!value) return;
    QuotaReading& quota = quotas_[{queue, resource, flavor}];
    if (quota.holder.name.empty()) {
      quota.holder = HolderOf(queue, resource);
      quota.holder.attributes.Set("flavor", flavor);
      quota.model = unit->model;
      quota.kind = unit->kind;
    }
    if (std::string cohort = KueueLabel(sample, "cohort"); !cohort.empty()) {
      quota.holder.attributes.Set("cohort", cohort);
      cohorts_[queue] = std::move(cohort);
    }
    const Micro more = std::llround(*value * static_cast<double>(unit->share));
    quota.*amount = std::min((quota.*amount).value_or(0) + more, kMostKueueChips * kOne);
    CheckRoom();
  }

  static Holder HolderOf(const std::string& queue, const std::string& resource) {
    Holder holder;
    holder.name = "cluster queue " + queue;
    holder.attributes.Set("cluster_queue", queue);
    holder.attributes.Set("resource", resource);
    return holder;
  }

  // Nothing: the resource is no accelerator, or nobody knows what part of a chip it is. Without a
  // flavor only entries count that take every flavor.
  std::optional<KueueUnit> UnitOf(const std::string& resource, const std::string& flavor) {
    const auto own =
        std::find_if(options_.chips.begin(), options_.chips.end(), [&](const KueueChips& chips) {
          const bool any = chips.flavor == "*";
          return MatchesGlob(chips.resource, resource) &&
                 (any || (!flavor.empty() && MatchesGlob(chips.flavor, flavor)));
        });
    const auto known = ChipResources().OfResource(resource);
    const bool is_own = own != options_.chips.end();
    if (!is_own && !known) return std::nullopt;
    KueueUnit unit;
    if (is_own) unit.kind = own->kind;
    if (unit.kind.empty()) unit.model = flavor;
    if (is_own && own->parts > 0) {
      unit.share = kOne / own->parts;
    } else if (known && known->unit == DeviceUnit::kMig) {
      unit.share = ShareOfProfile(known->profile, 0);
    } else if (known && known->unit == DeviceUnit::kCore) {
      unit.share = 0;
    }
    if (unit.share > 0) return unit;
    if (unknown_.insert(resource).second) {
      Remark(
          fmt::format("it is not known what part of a chip {} is, so that it is left out; "
                      "expected the key parts of this resource",
                      AsciiQuoted(resource)));
    }
    return std::nullopt;
  }

  void AddQuotas() {
    for (const auto& [key, quota] : quotas_) {
      flavors_[{std::get<0>(key), std::get<1>(key)}].insert(std::get<2>(key));
      out_.quotas.push_back(quota);
    }
  }

  // Without the series that count resources it is known that something waits, and not for how many
  // chips, or whether for chips at all.
  void AddDemand() {
    if (!tells_pending_) {
      const bool nothing = std::all_of(workloads_.begin(), workloads_.end(), [](const auto& entry) {
        return entry.second.active + entry.second.inadmissible == 0;
      });
      out_.tells_demand = nothing && !workloads_.empty();
      if (!out_.tells_demand) SayWhatIsNotTold();
      return;
    }
    out_.tells_demand = true;
    for (const auto& [key, amount] : pending_) AddWaiting(key, amount);
  }

  void SayWhatIsNotTold() {
    for (const auto& [queue, waiting] : workloads_) {
      const int64_t all = waiting.active + waiting.inadmissible;
      if (all == 0) continue;
      Remark(
          fmt::format("{} workloads wait in the cluster queue {}, and Kueue does not say for how "
                      "many chips; expected the series {}",
                      all, AsciiQuoted(queue), kKueuePending));
    }
  }

  void AddWaiting(const Resource& key, double amount) {
    const auto& [queue, resource] = key;
    const auto unit = UnitOfWaiting(queue, resource);
    if (!unit || amount <= 0) return;
    DemandReading& reading = out_.demand.emplace_back();
    reading.holder = HolderOf(queue, resource);
    if (const auto cohort = cohorts_.find(queue); cohort != cohorts_.end()) {
      reading.holder.attributes.Set("cohort", cohort->second);
    }
    if (const auto flavors = flavors_.find(key); flavors != flavors_.end()) {
      if (flavors->second.size() == 1) {
        reading.holder.attributes.Set("flavor", *flavors->second.begin());
      }
    }
    reading.model = unit->model;
    reading.kind = unit->kind;
    const double share = static_cast<double>(unit->share) / static_cast<double>(kOne);
    // Parts of a chip that wait want at least a chip.
    reading.chips = std::max<int64_t>(1, std::llround(std::ceil(amount * share - 1e-6)));
    AddWorkloads(queue, reading);
  }

  // Workloads without chips are among those that wait in the queue, so that there may be fewer.
  void AddWorkloads(const std::string& queue, DemandReading& reading) const {
    const auto found = workloads_.find(queue);
    const KueueWorkloads waiting = found == workloads_.end() ? KueueWorkloads() : found->second;
    reading.requests = std::clamp<int64_t>(waiting.active + waiting.inadmissible, 1,
                                           std::max<int64_t>(reading.chips, 1));
    if (waiting.active > 0 && waiting.inadmissible == 0) reading.reason = "active";
    if (waiting.inadmissible > 0 && waiting.active == 0) reading.reason = "inadmissible";
  }

  // The kind of chip, if all flavors that the queue has quota of are one kind.
  std::optional<KueueUnit> UnitOfWaiting(const std::string& queue, const std::string& resource) {
    std::optional<KueueUnit> one;
    bool several = false;
    if (const auto flavors = flavors_.find({queue, resource}); flavors != flavors_.end()) {
      for (const std::string& flavor : flavors->second) {
        auto unit = UnitOf(resource, flavor);
        several = several || (one && unit && one->Kind() != unit->Kind());
        if (!one) one = std::move(unit);
      }
    } else {
      one = UnitOf(resource, "");
    }
    if (one && several) one->model = one->kind = "";
    return one;
  }

  const KueueOptions& options_;
  std::map<std::string, KueueWorkloads> workloads_;  // by queue
  std::map<Resource, double> pending_;
  std::map<Granted, QuotaReading> quotas_;
  std::map<Resource, std::set<std::string>> flavors_;
  std::map<std::string, std::string> cohorts_;  // by queue
  std::set<std::string> unknown_;               // resources that were remarked upon
  int64_t followers_ = 0;
  bool tells_pending_ = false;
  bool full_ = false;
  Observation out_;
};

}  // namespace

absl::StatusOr<Observation> ReadKueuePage(std::string_view body, bool open_metrics,
                                          const KueueOptions& options) {
  KueueReader reader(options);
  ExpositionResult parsed =
      ParseExposition(body, [&](const Sample& sample) { reader.Take(sample); });
  if (parsed.cut_short || (open_metrics && !parsed.saw_end && !parsed.truncated)) {
    return absl::DataLossError("the page is cut off; expected a whole one");
  }
  return reader.Finish(std::move(parsed));
}

}  // namespace fleetmeter::collector
