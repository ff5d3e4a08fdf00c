#include "daemon/ingest/decode_report.h"
#include "fleetmeter/v1/usage.pb.h"
#include "tests/fuzz/targets.h"

namespace fleetmeter::fuzz {

void RunWireReport(std::string_view bytes) {
  v1::UsageReport wire;
  if (!wire.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return;
  const SequencedReport decoded = DecodeReport(wire);
  Require(decoded.sequence == wire.sequence(), "the sequence is the report's");
  if (decoded.rejection) {
    Require(!decoded.rejection->field.empty() && !decoded.rejection->detail.empty(),
            "a rejection names its field and says why");
    return;
  }
  Require(decoded.report.source == wire.source(), "an accepted report is the one that came");
  const auto groups = static_cast<size_t>(wire.groups_size());
  Require(decoded.report.groups.size() >= groups, "no group is lost");
  Require(
      decoded.report.groups.size() <= groups + static_cast<size_t>(decoded.report.odd.unmeasured),
      "no group is made up but of devices that are not measured");
  for (const UsageGroup& group : decoded.report.groups) {
    Require(group.busy_chip_nanos.value_or(0) >= 0 &&
                group.busy_chip_nanos.value_or(0) <= group.chip_nanos,
            "no group is busier than it is long");
  }
  const auto schedulers = static_cast<size_t>(wire.demand_size());
  Require(decoded.report.demand.size() == schedulers, "no scheduler is lost or made up");
  for (const Demand& demand : decoded.report.demand) {
    for (const WaitingWork& waiting : demand.waiting) {
      Require(waiting.micro_chips > 0 && waiting.requests > 0, "what waits asks for something");
      Require(waiting.median_wait_seconds.value_or(0) <= waiting.oldest_wait_seconds.value_or(0),
              "the median wait is not longer than the oldest");
    }
  }
  // Sent again, perhaps by another library, it is the same report.
  v1::UsageReport again;
  Require(again.ParseFromString(wire.SerializeAsString()), "what was parsed can be parsed");
  Require(DigestOf(again) == DigestOf(wire), "the digest is the same");
}

}  // namespace fleetmeter::fuzz
