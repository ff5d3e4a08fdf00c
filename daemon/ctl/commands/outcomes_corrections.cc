// outcomes corrections: who corrected the books, when, why and by how much.
#include "daemon/base/units.h"
#include "daemon/ctl/command.h"
#include "daemon/ctl/outcomes_flags.h"
#include "daemon/ctl/output_flag.h"
#include "daemon/ctl/print/correction_output.h"
#include "daemon/ctl/print_answer.h"
#include "daemon/ctl/query_client.h"

namespace fleetmeter::ctl {
namespace {

class OutcomesCorrections : public Command {
 public:
  explicit OutcomesCorrections(const Connection& connection)
      : Command({"outcomes", "corrections"},
                "Show the corrections that the daemon's books have, the latest first: who booked "
                "each, when, why, and by how much it changed them"),
        connection_(connection) {}

  void AddFlags(Flags& flags) override {
    AddOutcomesTime(flags, "--from", "Corrections that were booked from then on", &from_);
    AddOutcomesTime(flags, "--to", "Corrections that were booked before then", &to_);
    flags.Add("--kind", &kind_, "Only of this kind: inference, training or benchmarks")
        .ValueName("KIND");
    flags.Add("--source", &source_, "Only of this source").ValueName("NAME");
    AddOutput(flags, &output_);
  }
  std::optional<std::string> CalledAddress() const override { return connection_.address; }
  int Run() override {
    return PrintAnswer(QueryClient(connection_).GetCorrections(Request()), output_,
                       FormatCorrections);
  }

 private:
  v1::GetCorrectionsRequest Request() const {
    v1::GetCorrectionsRequest request;
    if (from_) request.set_from_unix_nanos(*from_ * kNanosPerSecond);
    if (to_) request.set_to_unix_nanos(*to_ * kNanosPerSecond);
    request.set_kind(kind_);
    request.set_source(source_);
    return request;
  }

  const Connection& connection_;
  std::optional<int64_t> from_;
  std::optional<int64_t> to_;
  std::string kind_;    // empty: all
  std::string source_;  // likewise
};

}  // namespace

std::unique_ptr<Command> MakeOutcomesCorrections(const Connection& connection) {
  return std::make_unique<OutcomesCorrections>(connection);
}

}  // namespace fleetmeter::ctl
