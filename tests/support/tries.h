// How often a test tries what it makes up at random.
#pragma once

#include "absl/base/config.h"

namespace fleetmeter {

// `all` tries in a build as users have it. With a sanitizer each takes several times as long, and a
// part of them walks the same code: `fewer` is enough there.
constexpr int Tries(int all, int fewer) {
#if defined(ABSL_HAVE_ADDRESS_SANITIZER) || defined(ABSL_HAVE_THREAD_SANITIZER)
  static_cast<void>(all);
  return fewer;
#else
  static_cast<void>(fewer);
  return all;
#endif
}

}  // namespace fleetmeter
