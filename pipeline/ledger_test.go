package pipeline

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"whence/correlate"
	"whence/correlate/index"
	"whence/correlate/ledger"
	"whence/rules"
)

// ledgerBench is a bench whose instances keep a ledger.
type ledgerBench struct {
	*bench
	registry *registry
	signer   *ledger.Signer
}

func newLedgerBench(t *testing.T, events int) *ledgerBench {
	b := newBench(t, events)
	b.cfg.RepairEvery = 5 * time.Second
	return &ledgerBench{b, newRegistry(b.sink), ledger.NewSigner(ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)))}
}

func (b *ledgerBench) start() *instance {
	in := b.build()
	in.sink, in.signer = b.registry, b.signer
	in.repairing.sink, in.repairing.signer = b.registry, b.signer
	b.launch(in)
	return in
}

// finish is bench.finish with a ledger, and repairs as often.
func (b *ledgerBench) finish(repairs int) {
	b.t.Helper()
	in := b.start()
	for n := 0; !b.sink.settled() || !b.read(); n++ {
		if n == 240 {
			b.t.Fatal("not everything settled")
		}
		time.Sleep(30 * time.Second) // fake
	}
	time.Sleep(2 * attestEvery)
	in.stop(b.t)
	for range repairs {
		b.repairAll()
	}
}

func (b *ledgerBench) repairAll() {
	client := b.client()
	defer client.Close()
	opts := []kgo.Opt{kgo.SeedBrokers(b.cluster.ListenAddrs()...), kgo.Dialer(b.network.DialContext)}
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	table, err := index.Open(b.t.Context(), b.tableConfig(), opts, index.NewMemory(), Kinds(b.cfg), log)
	if err != nil {
		b.t.Fatal(err)
	}
	defer table.Close()
	r := NewRepair(b.cfg, Deps{
		Kafka: opts, Table: table, Sink: b.registry, Archive: b.sink, Rules: rules.Library(), Log: log, Ledger: b.signer,
		Resolver: &correlate.Resolver{Index: table, Kinds: Kinds(b.cfg)},
	})
	if b.repaired, err = r.Once(b.t.Context()); err != nil && !errors.Is(err, errBreak) {
		b.t.Fatal(err)
	}
}

func (b *ledgerBench) verify() *ledger.Report {
	b.t.Helper()
	client := b.client()
	defer client.Close()
	heads, err := Committed(b.t.Context(), kadm.NewClient(client), b.cfg)
	if err != nil {
		b.t.Fatal(err)
	}
	r, err := ledger.Verify(b.t.Context(), b.registry, ledger.Options{Keys: b.signer.Keys(), Now: time.Now(), Committed: heads})
	if err != nil {
		b.t.Fatal(err)
	}
	return r
}

func (b *ledgerBench) wantIntact(what string) *ledger.Report {
	b.t.Helper()
	r := b.verify()
	if !r.Intact() {
		b.t.Errorf("%s: %d findings", what, r.Found)
		for _, f := range r.Findings[:min(10, len(r.Findings))] {
			b.t.Log(f)
		}
	}
	return r
}

// TestLedgerOfACalmRun: nobody broke off, so every entry is confirmed.
func TestLedgerOfACalmRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newLedgerBench(t, testEvents)
		b.finish(2)
		r := b.wantIntact("calm")
		if r.Entries == 0 || r.Linked != r.Entries || r.Pending != 0 || r.Uncovered != 0 {
			t.Errorf("%+v", r)
		}
		if b.repaired.Improved > 0 {
			t.Errorf("the second repair found something to do: %+v", b.repaired)
		}
		for id, versions := range b.registry.rows {
			for v := range versions {
				delete(versions, v)
			}
			if r := b.verify(); r.Found != 1 || r.Findings[0].Chain != id || r.Findings[0].Verdict != ledger.RowRemoved {
				t.Errorf("a row is removed: %+v", r.Findings)
			}
			break
		}
	})
}

// TestLedgerOfCrashes kills instances while the sink fails between any two parts of
// a write. However they broke off, the ledger is whole, at every moment.
func TestLedgerOfCrashes(t *testing.T) {
	want := calm(t)
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newLedgerBench(t, testEvents)
				b.registry.dice = rand.New(rand.NewPCG(seed, 7))
				pending := int64(0)
				for i := range 14 {
					b.registry.fail = i % 4 * 15
					in := b.start()
					time.Sleep(time.Duration(1+i*i*500) * time.Millisecond)
					if i%3 == 2 {
						in.cancel() // in order, if the sink lets it
					} else {
						in.kill()
					}
					<-in.closed
					pending += b.wantIntact(fmt.Sprintf("after crash %d", i)).Pending
					b.registry.merge()
					if i > 8 {
						b.repairAll()
					}
				}
				b.registry.fail = 0
				b.finish(2)
				b.registry.merge()
				r := b.wantIntact("at the end")
				if pending == 0 || r.Runs < 10 {
					t.Errorf("nothing broke off: %+v", r)
				}
				if d := cmp.Diff(want, b.sink.contents(t)); d != "" {
					t.Errorf("the rows (-calm +got):\n%s", d)
				}
			})
		})
	}
}

// TestLedgerAtTheEndOfALane: what was entered before a partition went to another
// instance cannot be cut off.
func TestLedgerAtTheEndOfALane(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newLedgerBench(t, testEvents)
		first := b.start()
		time.Sleep(1500 * time.Millisecond)
		second := b.start()
		time.Sleep(20 * time.Second)
		first.stop(t)
		time.Sleep(time.Minute)
		second.stop(t)
		b.finish(0)
		b.wantIntact("handed over")
		// All that one run wrote is gone, without a trace in ClickHouse.
		var victim ledger.Checkpoint
		for _, c := range b.registry.checkpoints {
			if c.Number == 1 && !c.After.IsZero() {
				victim = c
			}
		}
		run := victim.After.Run
		if run.IsZero() {
			t.Fatal("no run came after another")
		}
		b.registry.checkpoints = slices.DeleteFunc(b.registry.checkpoints, func(c ledger.Checkpoint) bool { return c.Run == run })
		for _, e := range b.registry.entries {
			if e.Run == run {
				delete(b.registry.rows[e.Chain], e.Version)
			}
		}
		b.registry.entries = slices.DeleteFunc(b.registry.entries, func(e ledger.Entry) bool { return e.Run == run })
		if r := b.verify(); !slices.ContainsFunc(r.Findings, func(f ledger.Finding) bool { return f.Verdict == ledger.RunRemoved && f.Run == run.String() }) {
			t.Errorf("a run is gone: %+v", r.Findings)
		}
	})
}

func TestPlaceWithALedger(t *testing.T) {
	want := place{
		head: 100, bookmarks: []int64{3, 4, 99}, seen: time.UnixMilli(1_700_000_000_000).UTC(),
		ledger: ledger.Head{Run: ledger.RunID{1, 2}, Seq: 1 << 40, Hash: ledger.Sum{3, 4}, At: time.UnixMilli(1_700_000_000_001).UTC()},
	}
	offset, metadata := want.encode()
	got, err := decodePlace(offset, metadata)
	if err != nil || !samePlace(want, got) || got.ledger != want.ledger {
		t.Errorf("got %+v, %v", got, err)
	}
	for n := range len(metadata) - 1 {
		if _, err := decodePlace(offset, metadata[:n]); n > len(ledgerVersion) && n < 70 && err == nil {
			t.Errorf("metadata cut at %d was taken", n)
		}
	}
	if h := decodeHead(encodeHead(want.ledger)); h != want.ledger {
		t.Errorf("head: got %+v", h)
	}
}
