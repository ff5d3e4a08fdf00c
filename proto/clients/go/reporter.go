package fleetmeter

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	pb "fleetmeter.internal/go/fleetmeterpb"
)

const (
	mostReports = 512
	mostBytes   = 3 << 20 // the daemon's default limit of a call is 4 MiB
	firstWait   = 100 * time.Millisecond
	longestWait = 5 * time.Second
)

// Options of a Reporter. The zero value is good for a daemon on this machine.
type Options struct {
	TLS *TLS // nil: plaintext
	// Until a call without an answer is made again; 0: 10 s.
	CallTimeout time.Duration
	// Reports that may wait at a time; 0: 10,000.
	MostWaiting int
	// What people should know; nil: nobody is told.
	Logf func(format string, args ...any)
}

// Reporter delivers reports to a daemon's listen.ingest, each counted once.
//
// It keeps what is not settled in memory, and nothing on disk. While the daemon is away, or busy,
// or a connection breaks, it waits and sends the same again, under the same sequence. What a
// process had not delivered when it ended is lost, and is shown as time that nobody heard of; a
// collector with a spool is for those who cannot accept that.
//
// It may be used from several goroutines, which take turns.
type Reporter struct {
	address string
	options Options
	closed  chan struct{}
	once    sync.Once

	mutex      sync.Mutex // guards all below; held while a call is under way
	connection *grpc.ClientConn
	stream     stream
	books      []byte // the id of the daemon's books, once it is known
	most       int
	wait       time.Duration
}

// NewReporter makes no call yet. An error is about the TLS files.
func NewReporter(address string, options Options) (*Reporter, error) {
	if options.CallTimeout == 0 {
		options.CallTimeout = 10 * time.Second
	}
	if options.MostWaiting == 0 {
		options.MostWaiting = 10_000
	}
	if options.Logf == nil {
		options.Logf = func(string, ...any) {}
	}
	connection, err := dial(address, options.TLS)
	if err != nil {
		return nil, err
	}
	id, err := newID()
	if err != nil {
		return nil, err
	}
	return &Reporter{address: address, options: options, closed: make(chan struct{}),
		connection: connection, stream: stream{id: id}, most: mostReports, wait: firstWait}, nil
}

// Close ends a Flush under way after its call. What waits is lost; Flush before.
func (r *Reporter) Close() error {
	r.once.Do(func() { close(r.closed) })
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return r.connection.Close()
}

// Waiting says how many reports are not settled.
func (r *Reporter) Waiting() int {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return len(r.stream.waiting)
}

// Submit takes a copy of a report, which Flush sends. Its sequence is set here. Errors: ErrFull.
func (r *Reporter) Submit(report *pb.UsageReport) (*Receipt, error) {
	return r.submit(&entry{usage: proto.Clone(report).(*pb.UsageReport)})
}

// SubmitOutcome is Submit for a report of outcomes.
func (r *Reporter) SubmitOutcome(report *pb.OutcomeReport) (*Receipt, error) {
	return r.submit(&entry{outcome: proto.Clone(report).(*pb.OutcomeReport)})
}

func (r *Reporter) submit(each *entry) (*Receipt, error) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if len(r.stream.waiting) >= r.options.MostWaiting {
		return nil, ErrFull
	}
	each.receipt = &Receipt{}
	r.stream.waiting = append(r.stream.waiting, each)
	return each.receipt, nil
}

// Send is Submit and Flush.
func (r *Reporter) Send(ctx context.Context, report *pb.UsageReport) (Decision, error) {
	receipt, err := r.Submit(report)
	if err != nil {
		return Decision{}, err
	}
	err = r.Flush(ctx)
	return receipt.Decision, err
}

// Flush sends what waits until all of it is settled. Errors: ctx's own, ErrClosed,
// *NotAuthenticated, *BooksWentBack, and a gRPC status if the address is not that of listen.ingest.
// What waits is kept in each case.
func (r *Reporter) Flush(ctx context.Context) error {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	for {
		batch := r.stream.batch(r.most, mostBytes)
		if len(batch) == 0 {
			return nil
		}
		if err := r.check(ctx); err != nil {
			return err
		}
		if err := r.send(ctx, batch); err != nil {
			return err
		}
	}
}

// AcceptLoss goes on after BooksWentBack: what the daemon has forgotten is lost.
func (r *Reporter) AcceptLoss() error {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.books = nil
	return r.leave("its books went back, and the loss was accepted")
}

func (r *Reporter) send(ctx context.Context, batch []*entry) error {
	var trailer metadata.MD
	ack, err := r.report(ctx, batch, &trailer)
	if err != nil {
		return r.afterFailure(ctx, err, trailer, batch)
	}
	done, err := r.stream.settle(ack)
	var back wentBack
	if errors.As(err, &back) {
		return r.afterGoingBack(ctx, back)
	}
	if err != nil {
		return r.leave("it has more of this stream than was ever sent")
	}
	if len(done) == 0 {
		return r.pause(ctx, r.nextWait())
	}
	r.wait = firstWait
	if r.most *= 2; r.most > mostReports {
		r.most = mostReports
	}
	return r.tell(ctx, done)
}

func (r *Reporter) report(ctx context.Context, batch []*entry,
	trailer *metadata.MD) (*pb.Ack, error) {
	if err := r.learnBooks(ctx); err != nil {
		return nil, err
	}
	request := &pb.ReportRequest{StreamId: r.stream.id}
	for _, each := range batch {
		if each.usage != nil {
			request.Reports = append(request.Reports, each.usage)
		} else {
			request.Outcomes = append(request.Outcomes, each.outcome)
		}
	}
	return r.call(ctx, request, trailer)
}

func (r *Reporter) call(ctx context.Context, request *pb.ReportRequest,
	trailer *metadata.MD) (*pb.Ack, error) {
	ctx, cancel := context.WithTimeout(ctx, r.options.CallTimeout)
	defer cancel()
	response, err := pb.NewUsageIngestClient(r.connection).Report(ctx, request, grpc.Trailer(trailer))
	return response.GetAck(), err
}

// What the daemon says of a stream, and of its books.
func (r *Reporter) welcome(ctx context.Context, id []byte) (*pb.Welcome, error) {
	ctx, cancel := context.WithTimeout(ctx, r.options.CallTimeout)
	defer cancel()
	calls, err := pb.NewUsageIngestClient(r.connection).Stream(ctx)
	if err != nil {
		return nil, err
	}
	opening := &pb.Open{StreamId: id, Client: "fleetmeter-go/0.1.0"}
	// What is wrong with it Recv says.
	_ = calls.Send(&pb.StreamRequest{Kind: &pb.StreamRequest_Open{Open: opening}})
	_ = calls.CloseSend()
	response, err := calls.Recv()
	return response.GetWelcome(), err
}

func (r *Reporter) learnBooks(ctx context.Context) error {
	if r.books != nil {
		return nil
	}
	// Not by our own stream: of one that was ever opened the daemon does not tell what it rejected.
	id, err := newID()
	if err != nil {
		return err
	}
	welcome, err := r.welcome(ctx, id)
	if err == nil {
		r.books = append([]byte{}, welcome.GetLedgerId()...)
	}
	return err
}

func (r *Reporter) tell(ctx context.Context, done []settled) error {
	for i, each := range done {
		if each.disposition.GetCode() != pb.Disposition_DUPLICATE {
			continue
		}
		rejected, err := r.rejected(ctx)
		if err != nil {
			return err
		}
		for j := i; j < len(done); j++ {
			if done[j].disposition.GetCode() == pb.Disposition_DUPLICATE {
				done[j].disposition = rejected[done[j].sequence]
			}
		}
		break
	}
	for _, each := range done {
		each.entry.receipt.Decision = decide(each)
	}
	return nil
}

func decide(each settled) Decision {
	if each.disposition == nil {
		return Decision{Standing: Counted}
	}
	standing := Rejected
	if each.disposition.GetCode() == pb.Disposition_CONFLICT {
		standing = Conflict
	}
	return Decision{standing, each.disposition.GetReason(), each.disposition.GetField(),
		each.disposition.GetDetail(), each.entry.moved}
}

// What the daemon rejected of the stream, by sequence. An earlier call may have settled a report
// whose answer was lost: the daemon then says only that it has decided before. Nobody would tell
// later, so this does not end with the caller's time.
func (r *Reporter) rejected(ctx context.Context) (map[uint64]*pb.Disposition, error) {
	request := &pb.ReportRequest{StreamId: r.stream.id, TellRejected: true}
	for {
		var trailer metadata.MD
		ack, err := r.call(context.Background(), request, &trailer)
		if err == nil {
			return bySequence(ack), nil
		}
		if _, busy := pushback(trailer); !busy && !stubborn(status.Code(err)) {
			return nil, err
		}
		r.reopen()
		select {
		case <-time.After(r.nextWait()):
		case <-r.closed:
			return nil, ErrClosed
		}
	}
}

func (r *Reporter) afterFailure(ctx context.Context, err error, trailer metadata.MD,
	batch []*entry) error {
	code := status.Code(err)
	if stubborn(code) {
		for _, each := range batch {
			each.unsure = true
		}
		if ended := r.check(ctx); ended != nil {
			return ended
		}
		r.reopen()
		return r.pause(ctx, r.nextWait())
	}
	if code == codes.Unauthenticated {
		r.reopen()
		return &NotAuthenticated{status.Convert(err).Message()}
	}
	if code == codes.Unimplemented {
		return status.Errorf(code, "%s takes no reports; expected the daemon's listen.ingest", r.address)
	}
	if wait, busy := pushback(trailer); busy {
		return r.pause(ctx, wait)
	}
	return r.refused(err, batch)
}

// One report of a call may be the reason that all of it was refused: find out which.
func (r *Reporter) refused(err error, batch []*entry) error {
	if len(batch) > 1 {
		r.most = len(batch) / 2
		return nil
	}
	each := r.stream.waiting[0]
	r.stream.waiting = r.stream.waiting[1:]
	message := status.Convert(err).Message()
	each.receipt.Decision = Decision{Refused, status.Code(err).String(), "", message,
		each.unsure || each.moved}
	// Its sequence may have been used, so it is not given to another report.
	return r.leave("it refused a report: " + message)
}

func (r *Reporter) afterGoingBack(ctx context.Context, back wentBack) error {
	acknowledged := r.stream.acknowledged
	welcome, err := r.welcome(ctx, r.stream.id)
	if err != nil {
		r.options.Logf("fleetmeterd at %s: %v", r.address, err)
		return r.pause(ctx, r.nextWait())
	}
	anew := string(welcome.GetLedgerId()) != string(r.books) && welcome.GetNextSequence() == 1
	if !welcome.GetStreamRetired() && !anew && welcome.GetDurableBooks() {
		return &BooksWentBack{Acknowledged: acknowledged, Known: back.known}
	}
	r.books = append([]byte{}, welcome.GetLedgerId()...)
	why := "its books began anew"
	if welcome.GetStreamRetired() {
		why = "it keeps this stream no longer"
	}
	return r.leave(fmt.Sprintf("it knows %d of %d acknowledged reports, because %s", back.known,
		acknowledged, why))
}

func (r *Reporter) leave(why string) error {
	r.options.Logf("fleetmeterd at %s: %s; what waits (%d) goes to a new stream", r.address, why,
		len(r.stream.waiting))
	return r.stream.leave()
}
