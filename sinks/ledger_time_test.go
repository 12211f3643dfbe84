package sinks_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"whence/correlate/ledger"
)

// What has become too old is no finding, and what is younger is found all the same.
func TestLedgerExpires(t *testing.T) {
	const days = 24 * time.Hour
	k := newKeeper(t)
	k.estate() // written from an hour before day on, a second for each write
	// Rows from before the second run have expired, and entries from before its
	// middle may have: a table drops them when it comes to it.
	k.opts.KeepRows, k.opts.Now = 30*days, day.Add(20*time.Second+30*days-time.Hour)
	k.opts.KeepEntries = k.opts.Now.Add(48 * time.Hour).Sub(day.Add(-time.Hour).Add(9 * time.Second))
	if r := k.verify(); !r.Intact() || r.Rows < 40 || r.Rows > 48 {
		t.Errorf("nothing was dropped yet: %+v", r)
	}
	k.sql("ALTER TABLE %s.chains DELETE WHERE time < '2026-03-04 10:00:20'",
		"ALTER TABLE %s.ledger DELETE WHERE time < '2026-03-04 09:00:04'", "ALTER TABLE %s.ledger_checkpoints DELETE WHERE time < '2026-03-04 09:00:03'")
	r := k.verify()
	if !r.Intact() || r.Unlinked != 0 {
		t.Errorf("dropped in parts: %+v", r)
	}
	k.opts.Now, k.opts.KeepEntries = k.opts.Now.Add(12*time.Second), k.opts.KeepEntries+12*time.Second
	k.sql("ALTER TABLE %s.chains DELETE WHERE time < '2026-03-04 10:00:32'", "ALTER TABLE %s.ledger DELETE WHERE time < '2026-03-04 09:00:08'", "ALTER TABLE %s.ledger_checkpoints DELETE WHERE time < '2026-03-04 09:00:09'")
	if r = k.verify(); !r.Intact() {
		t.Errorf("dropped up to the middle of a run: %+v", r)
	}
	victim := fullChain(41)
	k.sql("ALTER TABLE %s.chains DELETE WHERE id = '" + victim.ID.String() + "'")
	if r = k.verify(); r.Found != 1 || r.Findings[0].Verdict != ledger.RowRemoved || r.Findings[0].Chain != victim.ID {
		t.Errorf("a row is gone: %+v", r)
	}
}

// What is cut out of a time that is verified by itself is missed by its neighbours.
func TestLedgerCutOut(t *testing.T) {
	k := newKeeper(t)
	k.estate()
	k.opts.From, k.opts.To = day.Add(20*time.Second), day.Add(40*time.Second) // the second run
	if r := k.verify(); !r.Intact() || r.Rows < 20 || r.Rows > 24 || r.Linked >= 72 {
		t.Fatalf("%+v", r)
	}
	k.sql("ALTER TABLE %s.chains DELETE WHERE (id, version) IN (SELECT chain_id, version FROM %s.ledger WHERE seq > 5 AND seq < 16 AND chain_time BETWEEN '2026-03-04 10:00:20' AND '2026-03-04 10:00:40')",
		"ALTER TABLE %s.ledger DELETE WHERE seq > 5 AND seq < 16 AND chain_time BETWEEN '2026-03-04 10:00:20' AND '2026-03-04 10:00:40'",
		"ALTER TABLE %s.ledger_checkpoints DELETE WHERE number IN (2, 3)")
	r := k.verify()
	if !slices.ContainsFunc(r.Findings, func(f ledger.Finding) bool {
		return f.Verdict == ledger.CheckpointRemoved && strings.Contains(f.Detail, "2 are missing between it and checkpoint 1")
	}) {
		t.Errorf("%+v", r)
	}
	// A time in which nothing is left at all.
	k.opts.From, k.opts.To = day.Add(-time.Hour).Add(8*time.Second), day.Add(-time.Hour).Add(9*time.Second)
	if r = k.verify(); r.Intact() || r.Rows != 0 {
		t.Errorf("the time it was written in: %+v", r)
	}
}

// Rows from before there was a ledger are not known to be ours, nor not to be.
func TestLedgerBegins(t *testing.T) {
	k := newKeeper(t)
	k.write(nil, bareChain(1))
	if r := k.verify(); r.Intact() || r.Findings[0].Verdict != ledger.LedgerMissing {
		t.Errorf("no ledger: %+v", r)
	}
	k.now = day.Add(10 * time.Second)
	k.write(k.open("raw/0", ledger.Head{}), bareChain(20))
	if r := k.verify(); !r.Intact() || r.Uncovered != 1 || r.Rows != 2 {
		t.Errorf("it begins: %+v", r)
	}
	k.write(nil, bareChain(30))
	if r := k.verify(); r.Intact() || r.Findings[0].Verdict != ledger.RowInserted || r.Findings[0].Chain != bareChain(30).ID {
		t.Errorf("an instance without one: %+v", r)
	}
}
