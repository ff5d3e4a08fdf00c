package fleetmeter

import (
	"errors"
	"fmt"
	"strings"
)

// Standing says what became of a report.
type Standing int

const (
	// Undecided: the daemon has not said yet.
	Undecided Standing = iota
	// Counted: the books have it.
	Counted
	// Rejected: the daemon has recorded that it does not count the report, and why. When that is
	// mended, the same report may be sent again.
	Rejected
	// Refused: the daemon took nothing of the call that carried the report: the caller may not
	// report for its pool, the call is too large, or the like.
	Refused
	// Conflict: the place of the report in the stream was taken by one with other content.
	Conflict
)

func (s Standing) String() string {
	return [...]string{"undecided", "counted", "rejected", "refused", "conflict"}[s]
}

// Decision is what became of a report, and why.
type Decision struct {
	Standing Standing
	// Rejected: one word, as in the label reason of fleetmeter_ingest_rejected_reports_total.
	// Refused: the name of gRPC's code.
	Reason string
	Field  string // what is wrong in the report, such as "groups[0].pool"; may be empty
	Detail string // for people
	// An earlier attempt ended without an answer, and the report then went to another stream. If
	// Reason is "window_overlap", that attempt may have counted it: its time is in the books.
	MayHaveBeenCounted bool
}

func (d Decision) String() string {
	parts := []string{d.Standing.String()}
	for _, part := range []string{d.Reason, d.Field, d.Detail} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, ": ")
}

// Receipt is of one report. Decision is Undecided until Flush has returned.
type Receipt struct{ Decision Decision }

var (
	// ErrFull says that as many reports wait as may. Nothing of the new one was kept.
	ErrFull = errors.New("as many reports wait as may")
	// ErrClosed says that the reporter was closed.
	ErrClosed = errors.New("the reporter was closed")
)

// NotAuthenticated says that the daemon does not accept our certificate. What waits is kept.
type NotAuthenticated struct{ Detail string }

func (e *NotAuthenticated) Error() string { return "not authenticated: " + e.Detail }

// BooksWentBack says that the daemon has forgotten reports that it had acknowledged, as after an
// older backup was restored. This client keeps no spool, so it cannot send them again. What waits
// is kept until AcceptLoss is called, or newer books are restored.
type BooksWentBack struct{ Acknowledged, Known uint64 }

func (e *BooksWentBack) Error() string {
	return fmt.Sprintf("the daemon's books went back: it knows %d reports of a stream of which %d "+
		"were acknowledged; restore newer books, or accept the loss", e.Known, e.Acknowledged)
}
