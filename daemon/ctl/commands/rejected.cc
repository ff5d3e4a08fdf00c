// rejected: which reports will never be counted, and why.
#include "daemon/ctl/admin_client.h"
#include "daemon/ctl/command.h"
#include "daemon/ctl/ledger_rejections.h"
#include "daemon/ctl/output_flag.h"
#include "daemon/ctl/print/sources_output.h"
#include "daemon/ctl/print_answer.h"
#include "daemon/domain/report/reject_reason.h"

namespace fleetmeter::ctl {
namespace {

std::vector<std::string> ReasonNames() {
  std::vector<std::string> names;
  for (const RejectReason reason : kRejectReasons) names.emplace_back(Name(reason));
  return names;
}

class Rejected : public Command {
 public:
  explicit Rejected(const Connection& connection)
      : Command({"rejected"},
                "Show the rejected reports by source, the latest first, and why each was rejected. "
                "The ledger keeps only the latest ones. The command needs the role admin, or the "
                "file of the ledger"),
        connection_(connection) {}

  bool CallsAdmin() const override { return true; }
  void AddFlags(Flags& flags) override {
    flags.Add("--source", &source_, "Show only reports of this source").ValueName("NAME");
    flags.Add("--reason", &reason_, "Show only reports that were rejected for this reason")
        .OneOf(ReasonNames());
    flags.Add("--most", &most_, "Show at most this many reports, up to 10,000")
        .InRange(uint64_t{1}, uint64_t{10'000})
        .ShowDefault();
    flags
        .Add("--ledger", &ledger_,
             "Read the file of the ledger, which is ledger.path of the daemon, instead of asking a "
             "daemon. The daemon may be running or not")
        .ValueName("FILE");
    AddOutput(flags, &output_);
  }
  std::optional<std::string> CalledAddress() const override {
    return ledger_.empty() ? std::optional(connection_.admin_address) : std::nullopt;
  }
  int Run() override {
    v1::ListRejectedRequest request;
    request.set_source(source_);
    request.set_reason(reason_);
    request.set_page_size(most_);
    return PrintAnswer(
        ledger_.empty() ? AskRejected(connection_, request) : RejectedOfLedger(ledger_, request),
        output_, FormatRejected);
  }

 private:
  const Connection& connection_;
  std::string source_;
  std::string reason_;
  uint32_t most_ = 1'000;
  std::string ledger_;  // its file; empty: a daemon is asked
};

}  // namespace

std::unique_ptr<Command> MakeRejected(const Connection& connection) {
  return std::make_unique<Rejected>(connection);
}

}  // namespace fleetmeter::ctl
