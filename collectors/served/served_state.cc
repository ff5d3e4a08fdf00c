// The state of ServedCounts as JSON: a format for our own file, which carries its version.
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "collectors/served/served_counts.h"

namespace fleetmeter::collector {
namespace {

using nlohmann::json;

constexpr int kServedStateVersion = 1;

void PutAmount(json& object, const char* name, const std::optional<int64_t>& amount) {
  if (amount) object[name] = *amount;
}

std::optional<int64_t> TakeAmount(const json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end()) return std::nullopt;
  return found->get<int64_t>();
}

json WriteSum(const ServedSegment& segment, const ServedAmounts& amounts) {
  json object = {{"model", segment.model},
                 {"customer_tier", segment.customer_tier},
                 {"pool", segment.pool},
                 {"workload", segment.workload},
                 {"ever", amounts.ever}};
  PutAmount(object, "requests", amounts.requests);
  PutAmount(object, "input_tokens", amounts.input_tokens);
  PutAmount(object, "cached_input_tokens", amounts.cached_input_tokens);
  PutAmount(object, "output_tokens", amounts.output_tokens);
  return object;
}

std::pair<ServedSegment, ServedAmounts> ReadSum(const json& object) {
  ServedSegment segment{.model = object.at("model").get<std::string>(),
                        .customer_tier = object.at("customer_tier").get<std::string>(),
                        .pool = object.at("pool").get<std::string>(),
                        .workload = object.at("workload").get<std::string>()};
  ServedAmounts amounts;
  amounts.ever = object.at("ever").get<bool>();
  amounts.requests = TakeAmount(object, "requests");
  amounts.input_tokens = TakeAmount(object, "input_tokens");
  amounts.cached_input_tokens = TakeAmount(object, "cached_input_tokens");
  amounts.output_tokens = TakeAmount(object, "output_tokens");
  return {std::move(segment), amounts};
}

}  // namespace

std::string ServedCounts::Write() const {
  json object = {{"version", kServedStateVersion},
                 {"from", from_},
                 {"to", to_},
                 {"last_look", last_look_},
                 {"process_began", process_began_},
                 {"origin", origin_},
                 {"resets", resets_},
                 {"series", json::object()},
                 {"sums", json::array()}};
  for (const auto& [series, memory] : series_) {
    object["series"][series] = {memory.value, memory.began, memory.seen_unix_nanos};
  }
  for (const auto& [segment, amounts] : sums_) object["sums"].push_back(WriteSum(segment, amounts));
  // Labels may be any bytes; two that differ only in bytes that are no UTF-8 are one thereafter.
  return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

absl::StatusOr<ServedCounts> ServedCounts::Read(const std::string& text) {
  try {
    const json object = json::parse(text);
    if (object.at("version").get<int>() != kServedStateVersion) {
      return absl::DataLossError(fmt::format("is of version {}; expected {}",
                                             object.at("version").get<int>(), kServedStateVersion));
    }
    ServedCounts counts;
    counts.from_ = object.at("from").get<int64_t>();
    counts.to_ = object.at("to").get<int64_t>();
    counts.last_look_ = object.at("last_look").get<int64_t>();
    counts.process_began_ = object.at("process_began").get<double>();
    counts.origin_ = object.value("origin", "");
    counts.resets_ = object.at("resets").get<uint64_t>();
    for (const auto& [series, memory] : object.at("series").items()) {
      counts.series_[series] = {memory.at(0).get<int64_t>(), memory.at(1).get<double>(),
                                memory.at(2).get<int64_t>()};
    }
    for (const json& sum : object.at("sums")) counts.sums_.insert(ReadSum(sum));
    return counts;
  } catch (const json::exception& error) {
    return absl::DataLossError(fmt::format("is no state of counters: {}", error.what()));
  }
}

}  // namespace fleetmeter::collector
