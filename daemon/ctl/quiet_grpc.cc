#include "daemon/ctl/quiet_grpc.h"

#include <grpc/support/log.h>

#include <cstdlib>

namespace fleetmeter::ctl {

void QuietGrpc() {
  if (std::getenv("GRPC_VERBOSITY") != nullptr) return;  // NOLINT(concurrency-mt-unsafe)
  gpr_set_log_function([](gpr_log_func_args*) {});
}

}  // namespace fleetmeter::ctl
