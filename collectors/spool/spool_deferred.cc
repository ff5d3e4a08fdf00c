// How a spool keeps apart what the daemon deferred, and offers it again.
#include <spdlog/spdlog.h>

#include <set>
#include <utility>

#include "collectors/spool/deferred_disk.h"
#include "collectors/spool/spool.h"
#include "daemon/base/digest.h"

namespace fleetmeter::collector {
namespace {

constexpr char kDeferredFolder[] = "deferred";
constexpr size_t kMostSpoolOffers = 256;

}  // namespace

absl::Status Spool::OpenDeferred() {
  auto opened = DeferredDisk::Open(disk_, options_.folder + "/" + kDeferredFolder);
  if (!opened.ok()) return opened.status();
  damaged_ += opened->damaged_segments;
  deferred_ = std::make_unique<DeferredReports>(options_.deferral, clock_, std::move(opened->store),
                                                opened->in_use_nanos);
  std::vector<DeferredRecord> records;
  records.reserve(opened->records.size());
  for (auto& [id, record] : opened->records) records.push_back(std::move(record));
  deferred_->Restore(records);
  absl::Status dropped = DropDeferredThatWait();
  if (absl::IsResourceExhausted(dropped))
    dropped = absl::OkStatus();  // it is offered twice at worst
  if (!deferred_->empty()) {
    spdlog::info("the spool {} holds {} reports that the daemon has deferred", options_.folder,
                 deferred_->size());
  }
  return dropped;
}

absl::Status Spool::DropDeferredThatWait() {
  if (deferred_->empty()) return absl::OkStatus();
  std::set<uint64_t> waiting;
  for (uint64_t at = manifest_.acknowledged + 1; at <= Last(); ++at) {
    if (Lost(at)) continue;
    auto bytes = BytesAt(at);
    if (!bytes.ok()) return bytes.status();
    waiting.insert(Digest64(*bytes));
  }
  return deferred_->DropWaiting(waiting);
}

bool Spool::Defer(const std::vector<Deferral>& deferrals) {
  std::vector<std::pair<Deferral, std::string>> reports;
  MutexLock lock(mutex_);
  if (!failure_.ok()) return false;
  for (const Deferral& deferral : deferrals) {
    const uint64_t position = manifest_.stream_base + deferral.sequence;
    if (position <= manifest_.acknowledged || Lost(position)) continue;
    auto bytes = BytesAt(position);
    if (!bytes.ok()) {
      Fail(bytes.status());
      return false;
    }
    reports.emplace_back(deferral, *std::move(bytes));
  }
  return Held(deferred_->Defer(reports));
}

// On the disk in the stream first, and gone from the deferred ones then: a process that ends
// between the two finds it in both, and drops it there (DropDeferredThatWait).
void Spool::Offer() {
  if (!held_.empty() || Bytes() >= options_.max_bytes) return;
  auto offers = deferred_->Due(kMostSpoolOffers);
  if (!Held(offers.status()) || offers->empty()) return;
  std::vector<StoredReport> reports;
  for (const DeferredReports::Offer& offer : *offers) {
    reports.push_back({offer.window_end_unix_nanos, offer.bytes});
  }
  if (!Held(Write(reports))) return;
  Held(deferred_->Offered(*offers, Last() + 1 - offers->size()));
  Changed();
}

void Spool::OfferDeferred(bool may_defer, bool new_session) {
  MutexLock lock(mutex_);
  if (!failure_.ok()) return;
  if (may_defer) {
    const bool last = closed_ && !std::exchange(last_offer_begun_, closed_);
    if (last || new_session) deferred_->OfferSoon();
    Offer();
  }
  if (!closed_ || last_offer_made_ || (may_defer && !deferred_->Quiet())) return;
  last_offer_made_ = true;
  Changed();
}

int64_t Spool::OldestDeferredStart() const {
  MutexLock lock(mutex_);
  return deferred_->OldestStart();
}

}  // namespace fleetmeter::collector
