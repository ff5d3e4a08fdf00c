#include "daemon/ingest/decode_outcome.h"
#include "fleetmeter/v1/outcome_report.pb.h"
#include "tests/fuzz/targets.h"

namespace fleetmeter::fuzz {

void RunWireOutcome(std::string_view bytes) {
  v1::OutcomeReport wire;
  if (!wire.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return;
  const SequencedReport decoded = DecodeOutcome(wire);
  Require(decoded.sequence == wire.sequence(), "the sequence is the report's");
  Require(decoded.outcome.has_value(), "it is an outcome");
  if (decoded.rejection) {
    Require(!decoded.rejection->field.empty() && !decoded.rejection->detail.empty(),
            "a rejection names its field and says why");
    return;
  }
  const OutcomeReport& report = *decoded.outcome;
  Require(report.source == wire.source(), "an accepted report is the one that came");
  Require(report.inference.size() + report.training.size() + report.benchmarks.size() > 0,
          "an accepted report says something");
  Require(report.inference.size() == static_cast<size_t>(wire.inference().rows_size()) &&
              report.benchmarks.size() == static_cast<size_t>(wire.benchmarks().results_size()),
          "no row is lost or made up");
  // Sent again, perhaps by another library, it is the same report.
  v1::OutcomeReport again;
  Require(again.ParseFromString(wire.SerializeAsString()), "what was parsed can be parsed");
  Require(DigestOf(again) == DigestOf(wire), "the digest is the same");
}

}  // namespace fleetmeter::fuzz
