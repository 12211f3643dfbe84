package notice

import (
	"time"

	"whence/correlate"
)

// An Entry is what a desk knows of one alert. It is kept outside of the process too, and
// given back with Restore.
type Entry struct {
	// Alert is its highest version; of one that is closed, what is needed to know older
	// versions.
	Alert correlate.Alert `json:"alert"`
	// Told is what was told last; nil for nothing.
	Told *Told `json:"told,omitempty"`
	// Sending is a notice of this very version that may have been sent, or not: after a
	// crash it is sent again, as it was.
	Sending *Sending `json:"sending,omitempty"`

	held Reason // why nobody is told; empty if somebody was
	must bool   // tell it in any case: there is no room to wait
}

// Told is what was told of an alert.
type Told struct {
	Version   uint64               `json:"version"`
	State     correlate.AlertState `json:"state"`
	Status    correlate.Status     `json:"status,omitempty"`
	Severity  string               `json:"severity,omitempty"`
	Requestor string               `json:"requestor,omitempty"`
}

// Sending is what beside the alert makes a notice.
type Sending struct {
	Kind  correlate.NoticeKind `json:"kind"`
	Quiet int                  `json:"quiet,omitempty"`
}

// Reason says why nobody is told of an alert.
type Reason string

// The reasons. Silenced and Inhibited are followed by a space and which one.
const (
	Suppressed Reason = "suppressed"
	Silenced   Reason = "silenced"
	Inhibited  Reason = "inhibited"
)

func toldOf(a *correlate.Alert) *Told {
	return &Told{Version: a.Version, State: a.State, Status: a.Status, Severity: a.Severity, Requestor: requestor(a)}
}

func requestor(a *correlate.Alert) string {
	if a.Requestor.IsZero() {
		return ""
	}
	return a.Requestor.Issuer + " " + a.Requestor.ID
}

// news reports whether an open alert says something that a person who was told before
// would act upon. A version alone is none, nor the value of a window that still grows.
func (t *Told) news(a *correlate.Alert) bool {
	return t.Status != a.Status || t.Severity != a.Severity || t.Requestor != requestor(a)
}

// open reports whether somebody was told of it and not that it is over.
func (e *Entry) open() bool { return e.Told != nil && e.Told.State == correlate.AlertOpen }

// stands reports whether it stands for others of its group: it is open, and somebody
// was told.
func (e *Entry) stands() bool { return e.open() && e.Alert.State == correlate.AlertOpen }

// newer reports whether a is to replace what e has: of one version the later counts, as a
// rule that has changed closes an alert under the version that opened it.
func (e *Entry) newer(a *correlate.Alert) bool { return a.Version >= e.Alert.Version }

// trimmed leaves of a closed alert what is needed to know older versions.
func trimmed(a correlate.Alert) correlate.Alert {
	return correlate.Alert{
		ID: a.ID, Version: a.Version, State: a.State, Rule: a.Rule, ChainID: a.ChainID, ActionID: a.ActionID, Time: a.Time,
	}
}

func near(a, b time.Time, within time.Duration) bool { return a.Sub(b).Abs() < within }
