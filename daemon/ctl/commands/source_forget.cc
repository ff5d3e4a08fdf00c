// source forget: a person says that a host is gone.
#include "daemon/ctl/admin_client.h"
#include "daemon/ctl/source_statement.h"

namespace fleetmeter::ctl {
namespace {

class SourceForget : public SourceStatement {
 public:
  explicit SourceForget(const Connection& connection)
      : SourceStatement(
            connection, "forget",
            "State that a host is gone. The chips that it held leave the numbers: they are no "
            "longer taken from headroom. Of a live source, only those chips leave that it does "
            "not list any more. What was counted stays in the books. A host that reports again is "
            "back. The books keep who said it, when and why") {}

 private:
  void AddNames(Flags& flags) override {
    AddName(flags, "SOURCE", "Its name, as source list shows it", &source_);
  }
  absl::StatusOr<v1::DecisionResponse> State(const Connection& connection,
                                             const std::string& reason) const override {
    v1::ForgetSourceRequest request;
    request.set_source(source_);
    request.set_reason(reason);
    return AskForget(connection, request);
  }

  std::string source_;
};

}  // namespace

std::unique_ptr<Command> MakeSourceForget(const Connection& connection) {
  return std::make_unique<SourceForget>(connection);
}

}  // namespace fleetmeter::ctl
