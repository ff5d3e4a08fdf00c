// source rename: a person says that a host came back under another name.
#include "daemon/ctl/admin_client.h"
#include "daemon/ctl/source_statement.h"

namespace fleetmeter::ctl {
namespace {

class SourceRename : public SourceStatement {
 public:
  explicit SourceRename(const Connection& connection)
      : SourceStatement(
            connection, "rename",
            "State that a host reports under another name now. What it held under the old name is "
            "not counted beside the new one. Chips that the new name does not list are unaccounted "
            "for under it. Both names stand for one source from now on, so time that was counted "
            "under one of them is not counted again, whichever name a late report has. The old "
            "name "
            "must not be live, and the new one must have reported. The books keep who said it, "
            "when "
            "and why") {}

 private:
  void AddNames(Flags& flags) override {
    AddName(flags, "OLD", "The name that it had", &source_);
    AddName(flags, "NEW", "The name that it has now", &new_source_);
  }
  absl::StatusOr<v1::DecisionResponse> State(const Connection& connection,
                                             const std::string& reason) const override {
    v1::RenameSourceRequest request;
    request.set_source(source_);
    request.set_new_source(new_source_);
    request.set_reason(reason);
    return AskRename(connection, request);
  }

  std::string source_;
  std::string new_source_;
};

}  // namespace

std::unique_ptr<Command> MakeSourceRename(const Connection& connection) {
  return std::make_unique<SourceRename>(connection);
}

}  // namespace fleetmeter::ctl
