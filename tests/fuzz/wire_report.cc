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
  Require(decoded.report.groups.size() == static_cast<size_t>(wire.groups_size()),
          "no group is lost or made up");
  // Sent again, perhaps by another library, it is the same report.
  v1::UsageReport again;
  Require(again.ParseFromString(wire.SerializeAsString()), "what was parsed can be parsed");
  Require(DigestOf(again) == DigestOf(wire), "the digest is the same");
}

}  // namespace fleetmeter::fuzz
