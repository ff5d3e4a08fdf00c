module fleetmeter.internal/go

go 1.19

// The versions of Debian 12, whose packages are enough to build this offline.
require (
	google.golang.org/grpc v1.33.3
	google.golang.org/protobuf v1.28.1
)
