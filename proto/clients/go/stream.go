package fleetmeter

import (
	"crypto/rand"
	"errors"

	"google.golang.org/protobuf/proto"

	pb "fleetmeter.internal/go/fleetmeterpb"
)

// errTaken: the daemon knows more of the stream than was ever sent.
var errTaken = errors.New("somebody else uses the stream")

// wentBack: the daemon knows less of the stream than it had acknowledged.
type wentBack struct{ known uint64 }

func (wentBack) Error() string { return "the books went back" }

// An entry is a report that waits, of one kind or the other.
type entry struct {
	usage   *pb.UsageReport
	outcome *pb.OutcomeReport
	receipt *Receipt
	unsure  bool // a call that carried it ended without an answer
	moved   bool // it was sent by another stream before, and unsure there
}

func (e *entry) size() int {
	if e.usage != nil {
		return proto.Size(e.usage)
	}
	return proto.Size(e.outcome)
}

func (e *entry) number(sequence uint64) {
	if e.usage != nil {
		e.usage.Sequence = &sequence
	} else {
		e.outcome.Sequence = &sequence
	}
}

// A stream is 16 random bytes, and a sequence without gaps. It lives in memory only.
type stream struct {
	id           []byte
	acknowledged uint64
	waiting      []*entry
}

func newID() ([]byte, error) {
	id := make([]byte, 16)
	_, err := rand.Read(id)
	return id, err
}

// The next reports for one call, numbered: of one kind, at least one if any waits.
func (s *stream) batch(most, mostBytes int) []*entry {
	size := 0
	for i, each := range s.waiting {
		size += each.size()
		other := (each.usage == nil) != (s.waiting[0].usage == nil)
		if i > 0 && (i == most || size > mostBytes || other) {
			return s.waiting[:i:i]
		}
		each.number(s.acknowledged + uint64(i) + 1)
	}
	return s.waiting
}

// Something that is settled, and its disposition, which is nil for what was counted.
type settled struct {
	entry       *entry
	sequence    uint64
	disposition *pb.Disposition
}

// Takes what is settled out of what waits.
func (s *stream) settle(ack *pb.Ack) ([]settled, error) {
	through := ack.GetAcknowledgedThrough()
	if through < s.acknowledged {
		return nil, wentBack{through}
	}
	if through > s.acknowledged+uint64(len(s.waiting)) {
		return nil, errTaken
	}
	dispositions := bySequence(ack)
	var out []settled
	for s.acknowledged < through {
		s.acknowledged++
		out = append(out, settled{s.waiting[0], s.acknowledged, dispositions[s.acknowledged]})
		s.waiting = s.waiting[1:]
	}
	return out, nil
}

func bySequence(ack *pb.Ack) map[uint64]*pb.Disposition {
	out := map[uint64]*pb.Disposition{}
	for _, each := range ack.GetDispositions() {
		out[each.GetSequence()] = each
	}
	return out
}

// What waits goes to a new stream. Nothing counts twice, because windows do not.
func (s *stream) leave() error {
	id, err := newID()
	if err != nil {
		return err
	}
	s.id, s.acknowledged = id, 0
	for _, each := range s.waiting {
		each.moved = each.moved || each.unsure
		each.unsure = false
	}
	return nil
}
