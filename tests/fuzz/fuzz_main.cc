// libFuzzer's entry: FLEETMETER_FUZZ_TARGET in the environment names the target.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "tests/fuzz/targets.h"

namespace {

const fleetmeter::fuzz::Target* Chosen() {
  const char* name = std::getenv("FLEETMETER_FUZZ_TARGET");
  for (const fleetmeter::fuzz::Target& target : fleetmeter::fuzz::Targets()) {
    if (name != nullptr && std::string_view(name) == target.name) return &target;
  }
  std::fprintf(stderr,
               "FLEETMETER_FUZZ_TARGET is '%s'; expected one of:", name == nullptr ? "" : name);
  for (const auto& target : fleetmeter::fuzz::Targets()) std::fprintf(stderr, " %s", target.name);
  std::fprintf(stderr, "\n");
  std::exit(2);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const fleetmeter::fuzz::Target* const target = Chosen();
  target->run({reinterpret_cast<const char*>(data), size});
  return 0;
}
