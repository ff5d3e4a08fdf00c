package fleetmeter

import (
	"context"
	"math/rand"
	"strconv"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
)

func stubborn(code codes.Code) bool {
	switch code {
	case codes.Unavailable, codes.DeadlineExceeded, codes.Canceled, codes.Aborted, codes.Internal,
		codes.Unknown:
		return true
	}
	return false
}

// How long a busy daemon asks to wait; false: it is not busy, but the call is too large.
func pushback(trailer metadata.MD) (time.Duration, bool) {
	values := trailer.Get("grpc-retry-pushback-ms")
	if len(values) == 0 {
		return 0, false
	}
	millis, err := strconv.Atoi(values[0])
	return time.Duration(millis) * time.Millisecond, err == nil && millis >= 0
}

func (r *Reporter) check(ctx context.Context) error {
	select {
	case <-r.closed:
		return ErrClosed
	default:
		return ctx.Err()
	}
}

func (r *Reporter) pause(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	case <-r.closed:
	}
	return r.check(ctx)
}

// Longer after each failure, and not the same for all clients of a daemon that returns.
func (r *Reporter) nextWait() time.Duration {
	wait := time.Duration(float64(r.wait) * (0.5 + rand.Float64()/2))
	if r.wait *= 2; r.wait > longestWait {
		r.wait = longestWait
	}
	return wait
}

// With TLS, a new connection reads the files again: our certificate may have been renewed. Without
// it, gRPC connects again by itself.
func (r *Reporter) reopen() {
	if r.options.TLS == nil {
		return
	}
	connection, err := dial(r.address, r.options.TLS)
	if err != nil {
		r.options.Logf("the TLS files cannot be read, and the old ones stay in use: %v", err)
		return
	}
	r.connection.Close()
	r.connection = connection
}
