// Generic resources as Slurm writes them. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fleetmeter::collector {

// "gpu:h100:2(IDX:0,4)", "gpu:4", "shard:3(1/4,2/4)", "gres/gpu:h100=4".
struct SlurmGres {
  std::string name;  // "gpu"
  std::string type;  // "h100"; empty: not told
  int64_t count = 0;
  std::vector<uint32_t> indexes;  // of the devices; empty: not told
  std::vector<int64_t> of_each;   // shares of each device of the node; empty: not told
  bool tells_indexes = false;     // also that there are none
};

// The most devices that a node can have. More are not believed.
inline constexpr int64_t kMostSlurmDevices = 1'024;

// A list that is separated by commas. "", "(null)" and "N/A" are empty lists. Nothing: not
// understood.
std::optional<std::vector<SlurmGres>> ParseSlurmGres(std::string_view text);

// The generic resources of "cpu=4,mem=8G,gres/gpu=2,gres/gpu:h100=2". Nothing: not understood.
std::optional<std::vector<SlurmGres>> ParseSlurmTres(std::string_view text);

// What there is of one name, by type, each type once. Typed and untyped entries are about the same
// devices: what the typed ones leave of the untyped number has no type.
std::vector<SlurmGres> SlurmTypesOf(const std::vector<SlurmGres>& list, std::string_view name);

// All of one name.
int64_t SlurmCountOf(const std::vector<SlurmGres>& list, std::string_view name);

// A MIG instance as a type: "1g.10gb", "a100_3g.20gb", "1g.10gb+me".
struct SlurmMigProfile {
  std::string model;   // "a100"; empty: not told
  int64_t slices = 0;  // of the chip's
  int64_t memory_gb = 0;
  // Of the whole chip: 7, or 4 where memory and slices say that it is a smaller one.
  int64_t chip_slices = 7;
};
std::optional<SlurmMigProfile> ParseSlurmMig(std::string_view type);

// "n[01-02,7],m1" as names. Nothing: not understood, or more than `most`.
std::optional<std::vector<std::string>> ExpandSlurmHosts(std::string_view text, size_t most);

// How many numbers "0-9:2,12%4" names, and what it allows at once. Nothing: not understood.
struct SlurmArray {
  int64_t tasks = 0;
  int64_t at_once = 0;     // 0: no limit
  bool cut_short = false;  // the text ended in "...": there are more
};
std::optional<SlurmArray> ParseSlurmArray(std::string_view text);

}  // namespace fleetmeter::collector
