// What a person states about a source, with a reason that the books keep: the base of source
// forget, source rename and source move.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "daemon/ctl/command.h"
#include "fleetmeter/v1/admin.pb.h"

namespace fleetmeter::ctl {

class SourceStatement : public Command {
 public:
  void AddFlags(Flags& flags) final;
  std::optional<std::string> CalledAddress() const final { return connection_.admin_address; }
  int Run() final;

 protected:
  // `verb` is the second word of the command, such as "forget".
  SourceStatement(const Connection& connection, const std::string& verb, std::string help);

  // A required argument, such as SOURCE.
  static void AddName(Flags& flags, const std::string& name, const std::string& help,
                      std::string* value);

  // The arguments that the statement is about.
  virtual void AddNames(Flags& flags) = 0;
  // Has the daemon book it.
  virtual absl::StatusOr<v1::DecisionResponse> State(const Connection& connection,
                                                     const std::string& reason) const = 0;

 private:
  const Connection& connection_;
  std::string reason_;
};

}  // namespace fleetmeter::ctl
