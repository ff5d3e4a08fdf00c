// Of the package's inside: go_module_test.py puts this file beside the sources.
package fleetmeter

import (
	"bytes"
	"testing"

	pb "fleetmeter.internal/go/fleetmeterpb"
)

func streamOf(reports int) *stream {
	s := &stream{id: []byte("0123456789abcdef")}
	for i := 0; i < reports; i++ {
		s.waiting = append(s.waiting, &entry{usage: &pb.UsageReport{}, receipt: &Receipt{}})
	}
	return s
}

func TestNumbersFollowWhatIsAcknowledged(t *testing.T) {
	s := streamOf(3)
	s.acknowledged = 7
	batch := s.batch(2, 1<<20)
	if len(batch) != 2 || batch[0].usage.GetSequence() != 8 || batch[1].usage.GetSequence() != 9 {
		t.Fatalf("the batch is %v", batch)
	}
	again := s.batch(2, 1<<20)
	if again[0].usage.GetSequence() != 8 {
		t.Fatal("what is sent again has another number")
	}
}

func TestBatchIsOfOneKindAndOfLimitedSize(t *testing.T) {
	s := streamOf(1)
	s.waiting = append(s.waiting, &entry{outcome: &pb.OutcomeReport{}, receipt: &Receipt{}})
	if got := s.batch(10, 1<<20); len(got) != 1 {
		t.Fatalf("%d reports of two kinds are in one batch", len(got))
	}
	if got := streamOf(5).batch(10, -1); len(got) != 1 {
		t.Fatalf("%d reports are in a batch that has room for none", len(got))
	}
}

func TestSettlesUpToWhatIsAcknowledged(t *testing.T) {
	s := streamOf(3)
	wrong := &pb.Disposition{Sequence: 2, Code: pb.Disposition_REJECTED, Reason: "bad_amount"}
	done, err := s.settle(&pb.Ack{AcknowledgedThrough: 2, Dispositions: []*pb.Disposition{wrong}})
	if err != nil || len(done) != 2 || len(s.waiting) != 1 || s.acknowledged != 2 {
		t.Fatalf("settled %v, %v", done, err)
	}
	if decide(done[0]).Standing != Counted || decide(done[1]).Reason != "bad_amount" {
		t.Fatalf("decided %v and %v", decide(done[0]), decide(done[1]))
	}
}

func TestSettlesNothingThatTheDaemonDoesNotSettle(t *testing.T) {
	s := streamOf(2)
	busy := &pb.Disposition{Sequence: 1, Code: pb.Disposition_OUT_OF_SEQUENCE}
	done, err := s.settle(&pb.Ack{Dispositions: []*pb.Disposition{busy}})
	if err != nil || len(done) != 0 || len(s.waiting) != 2 {
		t.Fatalf("settled %v, %v", done, err)
	}
}

func TestNoticesBooksThatWentBack(t *testing.T) {
	s := streamOf(1)
	s.acknowledged = 5
	if _, err := s.settle(&pb.Ack{AcknowledgedThrough: 4}); err != (wentBack{4}) {
		t.Fatalf("the error is %v", err)
	}
}

func TestNoticesSomebodyElseInTheStream(t *testing.T) {
	if _, err := streamOf(1).settle(&pb.Ack{AcknowledgedThrough: 2}); err != errTaken {
		t.Fatalf("the error is %v", err)
	}
}

func TestLeavesForANewStreamAndRemembersWhatIsUnsure(t *testing.T) {
	s := streamOf(2)
	s.acknowledged = 3
	s.waiting[0].unsure = true
	before := s.id
	if err := s.leave(); err != nil || bytes.Equal(before, s.id) || s.acknowledged != 0 {
		t.Fatalf("left for %x, %v", s.id, err)
	}
	if !s.waiting[0].moved || s.waiting[1].moved {
		t.Fatal("what an earlier call may have delivered is not marked")
	}
	moved := &pb.Disposition{Code: pb.Disposition_REJECTED, Reason: "window_overlap"}
	if !decide(settled{entry: s.waiting[0], disposition: moved}).MayHaveBeenCounted {
		t.Fatal("the decision hides that an earlier call may have counted it")
	}
}

func TestFitsLikeTheCommandLine(t *testing.T) {
	headroom := 10.0
	heard := &pb.Pool{AllocatedH100E: 100, AssignedH100E: 80, HeadroomH100E: &headroom,
		HeadroomUncertainH100E: 2, CoverageRatio: 1}
	for h100e, want := range map[float64]Fit{10: Fits, 11: Unknown, 13: TooLarge, 21: TooLarge} {
		if got := FitOf(heard, h100e); got != want {
			t.Errorf("%v: %v, expected %v", h100e, got, want)
		}
	}
	if got := FitOf(&pb.Pool{AllocatedH100E: 100}, 10); got != Unknown {
		t.Errorf("with nothing heard: %v", got)
	}
}
