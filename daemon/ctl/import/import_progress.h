// How far an import is: a line on a terminal that is written over. Elsewhere nothing; what came of
// it is told at the end.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

namespace fleetmeter::ctl {

// "inference: 12,800 of 28,185 rows, 45%, 5,120 rows/s, 3 s left"; or, while there is trouble,
// "inference: 12,800 of 28,185 rows; waiting: ...". What cannot be worked out yet is left out.
// `rows_before`: settled when we began.
std::string ProgressLine(const std::string& what, int64_t rows, int64_t total, int64_t rows_before,
                         std::chrono::duration<double> elapsed, const std::string& trouble);

// "inference: reading the file, 45%".
std::string ReadingLine(const std::string& what, const std::string& doing, double ratio);

// A line that is written over, at most a few times a second, and cleared at the end. One thread.
class ReadingProgress {
 public:
  ReadingProgress(std::string what, bool shown) : what_(std::move(what)), shown_(shown) {}
  ~ReadingProgress();
  ReadingProgress(const ReadingProgress&) = delete;
  ReadingProgress& operator=(const ReadingProgress&) = delete;

  // `doing`: "reading the file".
  void Show(const std::string& doing, double ratio);

 private:
  const std::string what_;
  const bool shown_;
  std::chrono::steady_clock::time_point last_{};
};

// One thread.
class ImportProgress {
 public:
  // `shown` false: never writes anything.
  ImportProgress(std::string what, int64_t total_rows, bool shown);
  // Clears the line.
  ~ImportProgress();
  ImportProgress(const ImportProgress&) = delete;
  ImportProgress& operator=(const ImportProgress&) = delete;

  // Before anything is known of the stream: "inference: preparing to send 28,185 rows".
  void ShowBegin();
  void Show(int64_t rows, const std::string& trouble);

 private:
  using Clock = std::chrono::steady_clock;

  void Write(const std::string& line);

  const std::string what_;
  const int64_t total_;
  const bool shown_;
  const Clock::time_point start_ = Clock::now();
  Clock::time_point last_{};
  int64_t rows_before_ = -1;  // not known yet
};

// Whether standard error is a terminal that understands cursor movements.
bool ErrorsGoToTerminal();

}  // namespace fleetmeter::ctl
