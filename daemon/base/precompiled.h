// What most sources include, parsed once where FLEETMETER_PCH is on. No source may lean on it: the
// builds without it see to that.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/status/statusor.h>
#include <absl/synchronization/mutex.h>
#include <absl/time/time.h>
#include <fmt/format.h>
#include <grpcpp/grpcpp.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "fleetmeter/v1/admin.grpc.pb.h"
#include "fleetmeter/v1/ingest.grpc.pb.h"
#include "fleetmeter/v1/query.grpc.pb.h"
