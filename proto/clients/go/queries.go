package fleetmeter

import (
	"context"
	"time"

	"google.golang.org/grpc"

	pb "fleetmeter.internal/go/fleetmeterpb"
)

// With less of a pool heard than this, its headroom does not say that something fits. It is the
// daemon's default of live.coverage_threshold.
const goodCoverage = 0.9

// Queries asks a daemon's listen.query about pools, headroom, supply and the plan. The answers are
// messages of the protos. A question waits for a daemon that cannot be reached, as long as its
// context lasts, and 10 s where that has no end. It may be used from several goroutines.
type Queries struct{ connection *grpc.ClientConn }

// NewQueries makes no call yet. An error is about the TLS files.
func NewQueries(address string, security *TLS) (*Queries, error) {
	connection, err := dial(address, security)
	if err != nil {
		return nil, err
	}
	return &Queries{connection}, nil
}

// Close ends questions under way.
func (q *Queries) Close() error { return q.connection.Close() }

func withEnd(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, has := ctx.Deadline(); has {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, 10*time.Second)
}

// Pools are all pools of the plan in force.
func (q *Queries) Pools(ctx context.Context) (*pb.ListPoolsResponse, error) {
	ctx, cancel := withEnd(ctx)
	defer cancel()
	return pb.NewQueryClient(q.connection).ListPools(ctx, &pb.ListPoolsRequest{},
		grpc.WaitForReady(true))
}

// Headroom is that of one pool.
func (q *Queries) Headroom(ctx context.Context, pool string) (*pb.HeadroomResponse, error) {
	ctx, cancel := withEnd(ctx)
	defer cancel()
	return pb.NewQueryClient(q.connection).GetHeadroom(ctx, &pb.HeadroomRequest{Pool: pool},
		grpc.WaitForReady(true))
}

// Supply is what there is, by provider and chip kind.
func (q *Queries) Supply(ctx context.Context) (*pb.GetSupplyResponse, error) {
	ctx, cancel := withEnd(ctx)
	defer cancel()
	return pb.NewQueryClient(q.connection).GetSupply(ctx, &pb.GetSupplyRequest{},
		grpc.WaitForReady(true))
}

// Plan is the plan in force.
func (q *Queries) Plan(ctx context.Context) (*pb.GetPlanResponse, error) {
	ctx, cancel := withEnd(ctx)
	defer cancel()
	return pb.NewQueryClient(q.connection).GetPlan(ctx, &pb.GetPlanRequest{},
		grpc.WaitForReady(true))
}

// PlanAgainstActual is the plan beside what is measured.
func (q *Queries) PlanAgainstActual(ctx context.Context) (*pb.CompareResponse, error) {
	ctx, cancel := withEnd(ctx)
	defer cancel()
	return pb.NewPlanClient(q.connection).Compare(ctx, &pb.CompareRequest{}, grpc.WaitForReady(true))
}

// Fit says whether an amount fits into a pool's own headroom.
type Fit int

const (
	// Unknown: too little is heard to say so.
	Unknown Fit = iota
	// Fits into the headroom now.
	Fits
	// TooLarge for it.
	TooLarge
)

// CanAdmit says whether so many H100-equivalents, above 0, fit into the pool's own headroom now, as
// `fleetmeterctl headroom --ask` does.
func (q *Queries) CanAdmit(ctx context.Context, pool string, h100e float64) (Fit, error) {
	response, err := q.Headroom(ctx, pool)
	if err != nil {
		return Unknown, err
	}
	return FitOf(response.GetPool(), h100e), nil
}

// FitOf says the same of a pool that was asked for before.
func FitOf(pool *pb.Pool, h100e float64) Fit {
	if h100e > pool.GetAllocatedH100E()-pool.GetAssignedH100E()-pool.GetUnhealthyH100E() {
		return TooLarge // whatever is not heard
	}
	if pool.HeadroomH100E == nil || !(pool.GetCoverageRatio() >= goodCoverage) {
		return Unknown
	}
	headroom := pool.GetHeadroomH100E()
	if h100e > headroom && h100e <= headroom+pool.GetHeadroomUncertainH100E() {
		return Unknown
	}
	if h100e <= headroom {
		return Fits
	}
	return TooLarge
}
