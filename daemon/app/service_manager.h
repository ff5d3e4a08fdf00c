// What systemd is told of us, by sd_notify(3). Without systemd every call does nothing.
//
// Thread-safe: each message is one datagram.
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace fleetmeter {

// The listeners serve.
void TellReady(const std::string& status);
// A reload has begun; TellReady ends it.
void TellReloading();
void TellStopping();
// One line for `systemctl status`.
void TellStatus(const std::string& status);
// All is well; without this for WatchdogSec= the process is killed and started again.
void TellAlive();

// The unit's WatchdogSec=, if it has one.
std::optional<std::chrono::microseconds> WatchdogPeriod();

}  // namespace fleetmeter
