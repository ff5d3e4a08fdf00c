// What the lines of a page say of one GPU, line by line, before it becomes a reading.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "collectors/device/device_reading.h"
#include "collectors/live/dcgm/families.h"

namespace fleetmeter::collector::dcgm {

// One value that may come in copies: one for each pod or job that shares the GPU, each with the
// value of the whole GPU, and one without a holder. Two of the latter that differ are none.
class CopiedValue {
 public:
  void Add(double value, bool held) {
    contradicts_ = contradicts_ || (!held && own_ && *own_ != value);
    std::optional<double>& kept = held ? of_holders_ : own_;
    // The larger one, and any number before NaN.
    kept = kept ? std::fmax(*kept, value) : value;
  }
  // That without a holder, or the largest: never a sum.
  std::optional<double> Get() const {
    if (contradicts_) return std::numeric_limits<double>::quiet_NaN();
    return own_ ? own_ : of_holders_;
  }

 private:
  std::optional<double> own_;
  std::optional<double> of_holders_;
  bool contradicts_ = false;
};

// A whole GPU or one MIG instance of it.
struct PartRecord {
  std::array<CopiedValue, kMeasuredFamilies> values;
  std::map<std::string, Holder> holders;  // by LineHolder::Key
  std::string profile;
  bool two_profiles = false;  // which cannot be

  std::optional<double> Get(Family family) const {
    return values.at(static_cast<size_t>(family)).Get();
  }
};

struct GpuRecord {
  std::string host;  // empty: the page does not say
  std::string uuid;  // likewise
  std::optional<uint32_t> index;
  std::string model;
  int64_t lines = 0;

  PartRecord whole;
  std::map<std::string, PartRecord> instances;  // by GPU_I_ID

  // About health.
  bool health_told = false;
  std::set<int64_t> xids;
  std::string failed_watch;  // "memory 5": the first that fails
  bool row_remap_failed = false;
};

}  // namespace fleetmeter::collector::dcgm
