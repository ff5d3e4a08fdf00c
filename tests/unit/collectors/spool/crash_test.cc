// A process that is killed at any moment: whatever it said was on the disk is there.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <random>

#include "collectors/spool/spool.h"
#include "gmock/gmock.h"
#include "tests/unit/collectors/spool/spool_testing.h"

namespace fleetmeter::collector {
namespace {

constexpr int kCycles = 40;

struct Said {
  uint64_t appended = 0;      // the latest report that is on the disk
  uint64_t acknowledged = 0;  // the latest that the child took as acknowledged
};

// Appends, takes batches and acknowledges them until it is killed, and says what it has done.
[[noreturn]] void RunChild(const SpoolOptions& options, uint64_t next, int out) {
  const SystemClock clock;
  Disk disk;
  auto spool = OpenSpool(options, clock, disk);
  Said said{next - 1, 0};
  std::mt19937 random(static_cast<uint32_t>(next));
  while (true) {
    spool->HasRoom();
    const uint64_t last = next + random() % 5;
    if (!AppendNumbers(*spool, next, last).ok()) _exit(1);
    next = last + 1;
    said.appended = last;
    const OutboxPosition position = spool->position();
    if (random() % 3 == 0) {
      const auto batch = spool->After(position.acknowledged_through, 8, 1 << 20);
      if (!batch.empty()) {
        said.acknowledged = NumberOf(batch.back());
        if (write(out, &said, sizeof said) != sizeof said) _exit(2);
        spool->Acknowledge(batch.back().sequence());
      }
    }
    if (write(out, &said, sizeof said) != sizeof said) _exit(2);
  }
}

TEST(SpoolCrash, WhatWasSyncedIsThereAndNothingElse) {
  TempSpool folder;
  SpoolOptions options;
  options.folder = folder.path();
  options.segment_bytes = 700;  // so that kills fall on changes of segments too
  options.keep_acknowledged_nanos = 1'000'000;
  std::mt19937 random(20'260);
  Said before;
  uint64_t next = 1;
  for (int cycle = 0; cycle < kCycles; ++cycle) {
    int pipe_ends[2];
    ASSERT_EQ(pipe(pipe_ends), 0);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      close(pipe_ends[0]);
      RunChild(options, next, pipe_ends[1]);
    }
    close(pipe_ends[1]);
    Said said = before;
    Said heard;
    for (uint64_t i = random() % 40; i-- > 0;) {
      if (read(pipe_ends[0], &heard, sizeof heard) != sizeof heard) break;
      said = heard;
    }
    kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the child ended by itself: " << status;
    while (read(pipe_ends[0], &heard, sizeof heard) == sizeof heard) said = heard;
    close(pipe_ends[0]);

    const SystemClock clock;
    Disk disk;
    auto spool = OpenSpool(options, clock, disk);
    EXPECT_EQ(spool->stats().damaged_segments, 0u) << cycle;
    const std::vector<uint64_t> waiting = Waiting(*spool);
    const uint64_t most_acknowledged = std::max(said.acknowledged, before.acknowledged);
    if (waiting.empty()) {
      ASSERT_EQ(said.appended, most_acknowledged) << cycle;
      next = said.appended + 1;
    } else {
      // Losing word of an acknowledgement is allowed, inventing one is not.
      ASSERT_LE(waiting.front(), most_acknowledged + 1) << cycle;
      ASSERT_GE(waiting.back(), said.appended) << cycle;
      ASSERT_EQ(waiting, Numbers(waiting.front(), waiting.back())) << cycle;
      next = waiting.back() + 1;
    }
    before = {next - 1, most_acknowledged};
  }
  EXPECT_GT(next, 100u);
}

}  // namespace
}  // namespace fleetmeter::collector
