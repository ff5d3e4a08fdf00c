// Which sources a program was built from. Apart from version.h, so that a commit compiles one small
// source again and nothing else.
#pragma once

namespace fleetmeter {

// Of git: "a1b2c3d4e5f6", with "-dirty" behind it where files differ from that commit. "unknown"
// where the sources are not a checkout.
const char* Revision();

}  // namespace fleetmeter
