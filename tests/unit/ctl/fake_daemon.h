// A daemon's listeners of query and admin in one that remembers what it was asked last and answers
// with little.
#pragma once

#include <memory>
#include <string>

#include "fleetmeter/v1/admin.pb.h"
#include "fleetmeter/v1/plan.pb.h"
#include "fleetmeter/v1/query.pb.h"

namespace fleetmeter::ctl {

// Serves from construction to destruction, on a free port of loopback. Thread-safe.
class FakeDaemon {
 public:
  FakeDaemon();
  ~FakeDaemon();
  FakeDaemon(const FakeDaemon&) = delete;
  FakeDaemon& operator=(const FakeDaemon&) = delete;

  const std::string& address() const;

  // Each pool has 1,000 H100e allocated and 300 free. A watch is refused after its first answer.
  // The admin service answers at the same address.
  v1::HeadroomRequest asked_headroom() const;
  v1::HeadroomRequest asked_watch() const;
  v1::SimulateRequest asked_simulation() const;
  v1::ListRejectedRequest asked_rejected() const;

 private:
  struct Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace fleetmeter::ctl
