// What is not synced when the power goes is gone. What Append has taken must not be among it.
#include <filesystem>
#include <map>
#include <random>

#include "tests/unit/collectors/spool/spool_testing.h"

namespace fleetmeter::collector {
namespace {

// Remembers how much of each file is on the disk for sure.
class CutDisk final : public Disk {
 public:
  absl::Status Write(const FileHandle& file, const std::string& path, uint64_t offset,
                     std::string_view bytes) override {
    synced_.try_emplace(path, std::filesystem::file_size(path));
    return Disk::Write(file, path, offset, bytes);
  }
  absl::Status Sync(const FileHandle& file, const std::string& path) override {
    synced_.erase(path);
    return Disk::Sync(file, path);
  }

  // Takes back what was written to files and not synced.
  void CutPower() {
    for (const auto& [path, bytes] : synced_) {
      if (std::filesystem::exists(path)) std::filesystem::resize_file(path, bytes);
    }
    synced_.clear();
  }

 private:
  std::map<std::string, uintmax_t> synced_;  // of files with writes since
};

TEST(SpoolPowerCut, LeavesEverythingThatWasTaken) {
  std::mt19937 random(11);
  for (int round = 0; round < 20; ++round) {
    const TempSpool folder;
    const ManualClock clock;
    CutDisk disk;
    uint64_t last = 0;
    for (int run = 0; run < 4; ++run) {
      auto spool = OpenSpool({.folder = folder.path(), .segment_bytes = 4'096}, clock, disk);
      ASSERT_EQ(Waiting(*spool), Numbers(1, last)) << "round " << round;
      for (uint32_t i = random() % 8; i-- > 0;) {
        const uint64_t first = last + 1;
        last += 1 + random() % 20;
        ASSERT_TRUE(AppendNumbers(*spool, first, last).ok());
      }
      spool.reset();
      disk.CutPower();
    }
  }
}

}  // namespace
}  // namespace fleetmeter::collector
