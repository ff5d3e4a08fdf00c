// source move: a person says whose a source is.
#include "daemon/ctl/admin_client.h"
#include "daemon/ctl/source_statement.h"

namespace fleetmeter::ctl {
namespace {

class SourceMove : public SourceStatement {
 public:
  explicit SourceMove(const Connection& connection)
      : SourceStatement(
            connection, "move",
            "State that a source belongs to another identity. A source of usage or of outcomes "
            "belongs to the identity that reported it first, and reports of other identities for "
            "it "
            "are not counted. From now on the reports of the new identity are counted, and those "
            "of "
            "the old one are not. If a rule of the configuration names the source, the rule "
            "decides. The books keep who said it, when and why") {}

 private:
  void AddNames(Flags& flags) override {
    AddName(flags, "SOURCE", "Its name, as source list shows it", &source_);
    AddName(flags, "IDENTITY", "The SPIFFE ID that it belongs to from now on", &identity_);
  }
  absl::StatusOr<v1::DecisionResponse> State(const Connection& connection,
                                             const std::string& reason) const override {
    v1::MoveSourceRequest request;
    request.set_source(source_);
    request.set_identity(identity_);
    request.set_reason(reason);
    return AskMove(connection, request);
  }

  std::string source_;
  std::string identity_;
};

}  // namespace

std::unique_ptr<Command> MakeSourceMove(const Connection& connection) {
  return std::make_unique<SourceMove>(connection);
}

}  // namespace fleetmeter::ctl
