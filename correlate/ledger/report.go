package ledger

import (
	"fmt"
	"strings"
	"time"

	"whence/correlate"
)

// A Verdict says what is wrong with a row, an entry or a checkpoint.
type Verdict string

// The verdicts.
const (
	RowAltered         Verdict = "row altered"
	RowRemoved         Verdict = "row removed"
	RowInserted        Verdict = "row inserted"
	EntryAltered       Verdict = "entry altered"
	EntryRemoved       Verdict = "entry removed"
	EntryInserted      Verdict = "entry inserted"
	CheckpointAltered  Verdict = "checkpoint altered"
	CheckpointRemoved  Verdict = "checkpoint removed"
	CheckpointInserted Verdict = "checkpoint inserted"
	RunRemoved         Verdict = "run removed"
	LedgerMissing      Verdict = "ledger missing"
	// EvidenceDiffers: the raw event in Kafka is not the one that was hashed.
	EvidenceDiffers Verdict = "evidence differs"
)

// A Finding is one thing that whence did not write, or wrote and is gone.
type Finding struct {
	Verdict Verdict `json:"verdict"`
	// Chain, Version and Time name the row, if one is known.
	Chain   correlate.ID `json:"chain,omitzero"`
	Version uint64       `json:"version,omitempty"`
	Time    time.Time    `json:"time,omitzero"`
	// Lane, Run, Seq and Checkpoint say where in the ledger.
	Lane       string `json:"lane,omitempty"`
	Run        string `json:"run,omitempty"`
	Seq        uint64 `json:"seq,omitempty"`
	Checkpoint uint64 `json:"checkpoint,omitempty"`
	Detail     string `json:"detail"`
}

// String is one line for people.
func (f Finding) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:", f.Verdict)
	if !f.Chain.IsZero() {
		fmt.Fprintf(&b, " chain %s version %d", f.Chain, f.Version)
	}
	if !f.Time.IsZero() {
		fmt.Fprintf(&b, " of %s", f.Time.Format(time.RFC3339Nano))
	}
	if f.Lane != "" {
		fmt.Fprintf(&b, " lane %s run %s", f.Lane, f.Run)
	}
	if f.Seq > 0 {
		fmt.Fprintf(&b, " entry %d", f.Seq)
	}
	if f.Checkpoint > 0 {
		fmt.Fprintf(&b, " checkpoint %d", f.Checkpoint)
	}
	return b.String() + ": " + f.Detail
}

// mostFindings is how many findings are kept; the others are counted.
const mostFindings = 100

// A Report says what was verified, and what is wrong.
type Report struct {
	From        time.Time `json:"from,omitzero"`
	To          time.Time `json:"to,omitzero"`
	Rows        int64     `json:"rows"`
	Entries     int64     `json:"entries"`     // of rows and of replaced versions
	Linked      int64     `json:"linked"`      // entries whose place in the chain of hashes was checked
	Checkpoints int64     `json:"checkpoints"` // whose signatures were checked
	Runs        int64     `json:"runs"`
	// Replaced are entries whose row has made way for a higher version.
	Replaced int64 `json:"replaced"`
	// Expired are entries whose row is older than rows are kept.
	Expired int64 `json:"expired"`
	// Pending are entries without a row that nothing confirms: they are on their way,
	// or their run broke off and the next owner of the lane has not come so far.
	Pending int64 `json:"pending"`
	// Uncovered are rows from before the ledger began.
	Uncovered int64 `json:"uncovered"`
	// Unlinked are runs that do not say after which other they came: the first of a
	// lane, and those after offsets were set by hand.
	Unlinked int64 `json:"unlinked"`

	Findings []Finding `json:"findings"`
	// Found is how many there are; the first of them are in Findings.
	Found int64 `json:"found"`
}

// Intact reports whether nothing was found.
func (r *Report) Intact() bool { return r.Found == 0 }

// Add adds a finding.
func (r *Report) Add(f Finding) {
	r.Found++
	if len(r.Findings) < mostFindings {
		r.Findings = append(r.Findings, f)
	}
}
