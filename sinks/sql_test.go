package sinks

import (
	"crypto/ed25519"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"whence/correlate"
	"whence/correlate/ledger"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// Every statement that is sent is on file, so a change of one shows in review.
func TestStatements(t *testing.T) {
	c, conn, _ := fakeClickHouse()
	defer c.Close(t.Context())
	k := []correlate.Key{{Kind: "k", Value: "v"}}
	none := func(correlate.Chain) error { return nil }
	sent := func(call func()) string {
		conn.statements = nil
		call()
		return strings.Join(conn.statements, ";\n\n") + ";\n"
	}
	out := oneChain()
	out.Alerts, out.Rejects = []correlate.Alert{{}}, []correlate.Reject{{}}
	out.Facts = []correlate.Fact{{Start: time.Unix(1, 0)}}
	signed := *out
	signed.Ledger = ledger.NewSigner(ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))).Open("raw/0", ledger.Head{}, func() time.Time { return time.Unix(1, 0) })
	of := ledger.Of{Lane: "raw/0"}
	noEntry := func(*ledger.Entry) error { return nil }
	noCheckpoint := func(*ledger.Checkpoint) error { return nil }
	for name, got := range map[string]string{
		"schema":         DDL(""),
		"schema_cluster": DDL("main"),
		"insert":         sent(func() { _ = c.Write(t.Context(), out) }), // without the columns that are empty in all rows
		"insert_all": strings.Join([]string{
			insertInto("whence", "sessions", c.facts.names()), insertInto("whence", "rejects", c.rejects.names()),
			insertInto("whence", "chains", c.chains.names()), insertInto("whence", "alerts", c.alerts.names()),
			insertInto("whence", "ledger_checkpoints", c.checkpoints.names()), insertInto("whence", "ledger", c.entries.names()),
		}, ";\n\n") + ";\n",
		"naming":    sent(func() { _ = c.Naming(t.Context(), k, time.Time{}, time.Time{}, none) }),
		"older":     sent(func() { _ = c.Older(t.Context(), 1, none) }),
		"unsettled": sent(func() { _ = c.Unsettled(t.Context(), time.Time{}, none) }),
		"chain":     sent(func() { _, _, _ = c.Chain(t.Context(), correlate.ID{}) }),
		"facts":     sent(func() { _, _ = c.Facts(t.Context(), k) }),
		"stale_alerts": sent(func() {
			_ = c.StaleAlerts(t.Context(), nil, func(correlate.Alert, correlate.Chain) error { return nil })
		}),
		"ledger_insert": sent(func() { _ = c.Write(t.Context(), &signed) }),
		"ledger": sent(func() {
			_ = c.Ends(t.Context(), func(_, _ *ledger.Checkpoint) error { return nil })
			_ = c.Checkpoints(t.Context(), of, 1, 2, noCheckpoint)
			_ = c.Spans(t.Context(), time.Time{}, time.Time{}, func(ledger.Of, uint64, uint64) error { return nil })
			_ = c.Entries(t.Context(), of, 1, 2, noEntry)
			_ = c.Minutes(t.Context(), time.Time{}, time.Time{}, func(time.Time, int) error { return nil })
			_ = c.Dated(t.Context(), time.Unix(1, 0), time.Unix(2, 0), noEntry)
		}),
	} {
		t.Run(name, func(t *testing.T) { golden(t, name+".sql", got) })
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got; -update rewrites it):\n%s", name, diff)
	}
}
