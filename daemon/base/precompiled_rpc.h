// The same for sources that have messages or gRPC.
#pragma once

#include <grpcpp/grpcpp.h>

#include "daemon/base/precompiled.h"
#include "fleetmeter/v1/admin.grpc.pb.h"
#include "fleetmeter/v1/ingest.grpc.pb.h"
#include "fleetmeter/v1/query.grpc.pb.h"
