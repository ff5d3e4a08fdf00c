// A wall clock for real programs: loaded before the C library (LD_PRELOAD), it adds to the time of
// day what the file named by FLEETMETER_FAKE_WALL_CLOCK says, in nanoseconds, as text. The file is
// read each time, so that a test sets the clock by replacing the file. Monotonic clocks stay right.
// The times of files that stat() tells move with it, as those of other such libraries do.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <ctime>

namespace {

constexpr int64_t kNanosOfSecond = 1'000'000'000;

int64_t FakeOffset() {
  const char* path = std::getenv("FLEETMETER_FAKE_WALL_CLOCK");
  if (path == nullptr) return 0;
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  char text[32] = {};
  const ssize_t size = read(file, text, sizeof(text) - 1);
  close(file);
  return size <= 0 ? 0 : std::strtoll(text, nullptr, 10);
}

int64_t FakeUnixNanos() {
  timespec now = {};
  syscall(SYS_clock_gettime, CLOCK_REALTIME, &now);
  return int64_t{now.tv_sec} * kNanosOfSecond + now.tv_nsec + FakeOffset();
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* now) noexcept {
  if (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE) {
    return static_cast<int>(syscall(SYS_clock_gettime, clock, now));
  }
  const int64_t nanos = FakeUnixNanos();
  now->tv_sec = nanos / kNanosOfSecond;
  now->tv_nsec = nanos % kNanosOfSecond;
  return 0;
}

int gettimeofday(timeval* now, void* /*zone*/) noexcept {
  const int64_t nanos = FakeUnixNanos();
  now->tv_sec = nanos / kNanosOfSecond;
  now->tv_usec = nanos % kNanosOfSecond / 1'000;
  return 0;
}

int stat(const char* path, struct stat* info) noexcept {
  const auto failed = syscall(SYS_newfstatat, AT_FDCWD, path, info, 0);
  if (failed == 0) info->st_mtim.tv_sec += FakeOffset() / kNanosOfSecond;
  return static_cast<int>(failed);
}

time_t time(time_t* now) noexcept {
  const time_t seconds = FakeUnixNanos() / kNanosOfSecond;
  if (now != nullptr) *now = seconds;
  return seconds;
}

}  // extern "C"
