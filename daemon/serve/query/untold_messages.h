// Times of which the books do not tell, as messages. Pure.
#pragma once

#include <cstddef>
#include <vector>

#include "daemon/domain/report/window_set.h"
#include "fleetmeter/v1/capacity.pb.h"
#include "google/protobuf/repeated_ptr_field.h"

namespace fleetmeter {

// The longest `most` of them, in their order; of equally long ones the later.
void FillUntold(const std::vector<TimeSpan>& untold, size_t most,
                google::protobuf::RepeatedPtrField<v1::UntoldTime>* to);

}  // namespace fleetmeter
