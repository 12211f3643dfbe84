package simulate_test

import (
	"context"
	"testing"
	"time"

	"whence/correlate"
	"whence/sources"
	"whence/sources/simulate"
)

// decoded is everything an estate delivers, as the decoders read it.
type decoded struct {
	events map[[2]string]correlate.Event // by source and event id
	kinds  correlate.Kinds
	facts  index
}

type index map[correlate.Key]correlate.Session

func (x index) Lookup(_ context.Context, k correlate.Key, _ time.Time) (correlate.Session, error) {
	if s, ok := x[k]; ok {
		return s, nil
	}
	return correlate.Session{Key: k}, nil
}

func decode(t *testing.T, e *simulate.Estate) decoded {
	t.Helper()
	all := sources.All()
	d := decoded{events: map[[2]string]correlate.Event{}, kinds: sources.Kinds(all...), facts: index{}}
	batches := map[string]*sources.Batch{}
	for r := range e.Records {
		s, ok := sources.Find(r.Source)
		if !ok {
			t.Fatalf("no source is named %s", r.Source)
		}
		b := batches[r.Source]
		if b == nil {
			b = new(sources.Batch)
			batches[r.Source] = b
		}
		b.Reset()
		s.DecodeRecord(sources.Input{Raw: r.Value, Scope: e.Scopes()[r.Source], Header: func(n string) string { return r.Headers[n] }}, b)
		for _, x := range b.Rejects {
			t.Fatalf("%s: rejected for %s: %s\n%s", r.Source, x.Reason, x.Detail, r.Value)
		}
		for i := range b.Events {
			ev := b.Events[i].Clone()
			d.events[[2]string{ev.Source, ev.EventID}] = ev
			for _, f := range ev.Mints {
				d.facts[f.Key] = d.facts[f.Key].Merge(correlate.NewSession(f.Key, f))
			}
			if off := ev.Time.Sub(r.EventTime).Abs(); off > 15*time.Second {
				t.Fatalf("%s %s: the event's time is %s, the record's %s", r.Source, ev.Action, ev.Time, r.EventTime)
			}
		}
	}
	return d
}

// TestDecoders: what the estate writes is what the decoders read.
func TestDecoders(t *testing.T) {
	cfg := simulate.Default()
	cfg.Events = 5000
	e := simulate.New(cfg)
	d := decode(t, e)
	n := 0
	for x := range e.Truth() {
		n++
		if _, ok := d.events[[2]string{x.Source, x.EventID}]; !ok {
			t.Errorf("no event has the id %s of %s (%s)", x.EventID, x.Source, x.Flow)
		}
	}
	if len(d.events) != n {
		t.Errorf("%d events were decoded of %d lines", len(d.events), n)
	}
}

// TestDetect: every line is recognised as its own source's and no other's.
func TestDetect(t *testing.T) {
	cfg := simulate.Default()
	cfg.Events = 3000
	for r := range simulate.New(cfg).Records {
		if s, ok := sources.Detect(r.Value); !ok || s.Name != r.Source {
			t.Fatalf("a line of %s is taken for %q:\n%s", r.Source, s.Name, r.Value)
		}
	}
}

// TestResolved walks every line with everything known and holds the outcome
// against the truth. Nobody may be named who did not ask.
func TestResolved(t *testing.T) {
	cfg := simulate.Default()
	cfg.Events, cfg.LostShare = 20_000, 0.05
	e := simulate.New(cfg)
	d := decode(t, e)
	dir, err := correlate.NewDirectory(1, e.Entries())
	if err != nil {
		t.Fatal(err)
	}
	r := correlate.Resolver{Index: d.facts, Kinds: d.kinds, Directory: dir}
	score := simulate.Judge(e.Truth(), func(source, id string) (simulate.Answer, bool) {
		ev, ok := d.events[[2]string{source, id}]
		if !ok {
			return simulate.Answer{}, false
		}
		c, err := r.Resolve(t.Context(), ev)
		if err != nil {
			t.Fatal(err)
		}
		return simulate.Answer{Status: string(c.Status), RequestorID: c.Requestor.ID}, true
	})
	for _, x := range score.Examples {
		t.Logf("%-9s %-22s %-14s %s want %s %s, got %s %s", x.What, x.Truth.Flow, x.Truth.Source, x.Truth.EventID,
			x.Truth.Status, x.Truth.RequestorID, x.Answer.Status, x.Answer.RequestorID)
	}
	score.Examples = nil
	t.Logf("%+v", score)
	if score.Wrong > 0 || score.Unfounded > 0 || score.Missed > 0 || score.Absent > 0 {
		t.Error("the walk does not find what is true")
	}
	if score.Differs > score.Actions/100 {
		t.Errorf("%d of %d statuses are not those expected", score.Differs, score.Actions)
	}
}
