// Live sources for tests.
#pragma once

#include <functional>
#include <future>
#include <memory>
#include <utility>

#include "collectors/live/live_source.h"

namespace fleetmeter::collector {

// Says what a function says.
class ScriptedSource final : public LiveSource {
 public:
  using Script = std::function<absl::StatusOr<Observation>(const Look&)>;

  explicit ScriptedSource(Script script) : script_(std::move(script)) {}
  absl::StatusOr<Observation> Observe(const Look& look) override { return script_(look); }

 private:
  const Script script_;
};

inline std::unique_ptr<LiveSource> Scripted(ScriptedSource::Script script) {
  return std::make_unique<ScriptedSource>(std::move(script));
}

// A source that hangs until the gate opens.
class Gate {
 public:
  void Open() { promise_.set_value(); }
  std::shared_future<void> opened() const { return opened_; }

 private:
  std::promise<void> promise_;
  std::shared_future<void> opened_ = promise_.get_future().share();
};

}  // namespace fleetmeter::collector
