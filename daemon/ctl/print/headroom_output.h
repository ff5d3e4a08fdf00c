// Headroom of one pool, and whether an ask fits into it. Pure.
#pragma once

#include <optional>
#include <string>

#include "daemon/ctl/print/output_format.h"
#include "fleetmeter/v1/query.pb.h"

namespace fleetmeter::ctl {

enum class Fit {
  kYes,      // within the pool's headroom
  kNo,       // not, though with borrowing it may
  kUnknown,  // too little is heard to say so
};

Fit FitOf(const v1::HeadroomResponse& response, double ask_h100e);

// The answer as a block. JSON: the proto's fields, and with an ask
// "ask": {"h100e", "fits" (null: unknown), "short_h100e", "fits_with_borrowing"}.
std::string FormatHeadroom(const v1::HeadroomResponse& response, std::optional<double> ask_h100e,
                           OutputFormat format, bool colors);

// The answer on one line, for a watch. `first`: the line with which CSV's header comes.
std::string FormatHeadroomLine(const v1::HeadroomResponse& response,
                               std::optional<double> ask_h100e, OutputFormat format, bool first);

}  // namespace fleetmeter::ctl
