package correlate

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "rewrite the wants in testdata from what the walk gives")

// scenarioKinds are the kinds scenarios may use.
func scenarioKinds() Kinds {
	return NewKinds(
		KindInfo{Kind: "aws.access_key", Life: 36 * time.Hour, Best: Issued, Hint: "is CloudTrail enabled in the issuing account?"},
		KindInfo{Kind: "okta.session", Life: 24 * time.Hour, Best: Issued},
		KindInfo{Kind: "vault.accessor", Life: 32 * 24 * time.Hour, Best: Issued, Hint: "is the vault audit device enabled?"},
		KindInfo{Kind: "vault.aws_name", Alias: true, Life: time.Hour, Best: Inferred},
		KindInfo{Kind: "github.run", Life: 35 * 24 * time.Hour, Best: Issued, Hint: "does the organisation send workflow_run webhooks?"},
		KindInfo{Kind: "github.sub", Alias: true, Life: 35 * 24 * time.Hour, Best: Attested},
		KindInfo{Kind: "github.run_id", Alias: true, Life: 35 * 24 * time.Hour, Best: Attested},
		KindInfo{Kind: "litellm.key", Best: Issued},
	)
}

// scenario files hold "facts" and "events" (a JSON object a line; times as
// clock times of one day), optionally "directory" (entries), and "want": the
// chains, one block each.
func TestScenarios(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) { runScenario(t, path) })
	}
}

func runScenario(t *testing.T, path string) {
	a, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]*txtar.File{}
	for i := range a.Files {
		files[a.Files[i].Name] = &a.Files[i]
	}
	var entries []Entry
	each(t, files["directory"], func(e Entry) { e.Line = fmt.Sprint(len(entries) + 1); entries = append(entries, e) })
	dir, err := NewDirectory(1, entries)
	if err != nil {
		t.Fatal(err)
	}
	store := &simStore{facts: map[Key]Session{}}
	n := 0
	each(t, files["facts"], func(f Fact) {
		n++
		f.EventID = fmt.Sprintf("e%d", n)
		f.Origin, f.Source = NewID(f.EventID), "test"
		if f.Time.IsZero() {
			f.Time = f.Start
		}
		store.put([]Fact{f})
	})
	r := &Resolver{Index: store, Kinds: scenarioKinds(), Directory: dir}
	var got strings.Builder
	each(t, files["events"], func(in struct {
		EventID string    `json:"event_id"`
		Time    time.Time `json:"time"`
		Actor   Principal `json:"actor"`
		Uses    []Link    `json:"uses"`
	}) {
		e := Event{ID: NewID(in.EventID), EventID: in.EventID, Source: "test", Time: in.Time, Actor: in.Actor, Uses: in.Uses}
		describe(&got, must(r.Resolve(context.Background(), e)))
	})
	if *update {
		if files["want"] == nil {
			a.Files = append(a.Files, txtar.File{Name: "want"})
			files["want"] = &a.Files[len(a.Files)-1]
		}
		files["want"].Data = []byte(got.String())
		if err := os.WriteFile(path, txtar.Format(a), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if files["want"] == nil {
		t.Fatalf("%s has no want; run with -update", path)
	}
	if d := cmp.Diff(string(files["want"].Data), got.String()); d != "" {
		t.Errorf("%s (-want +got):\n%s", path, d)
	}
}

// each decodes the lines of one file; T12:34 stands for that time of the day.
func each[T any](t *testing.T, f *txtar.File, yield func(T)) {
	t.Helper()
	if f == nil {
		return
	}
	for line := range strings.Lines(string(f.Data)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		line = clockTime.Replace(line)
		var v T
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatalf("%s: %v in %s", f.Name, err, line)
		}
		yield(v)
	}
}

// clockTime turns "T09:30:00" into a full time.
var clockTime = strings.NewReplacer(`"T`, `"2026-01-01T`, `00"`, `00Z"`)

func describe(w *strings.Builder, c Chain) {
	fmt.Fprintf(w, "%s: %s", c.EventID, c.Status)
	if c.Proof != 0 {
		fmt.Fprintf(w, " (%s)", c.Proof)
	}
	if !c.Requestor.IsZero() {
		fmt.Fprintf(w, " by %s %s", c.Requestor.Type, c.Requestor.ID)
		if c.Requestor.Owner != "" {
			fmt.Fprintf(w, ", owner %s", c.Requestor.Owner)
		}
	}
	fmt.Fprintf(w, "; rank %d\n", c.Rank)
	for _, h := range c.Hops {
		fmt.Fprintf(w, "  hop %s = %s %s, %s by %s in %s", orDash(h.Key.String()), h.Principal.Type, h.Principal.ID, h.Proof, h.Method, h.EventID)
		if h.State != "" {
			fmt.Fprintf(w, " [%s]", h.State)
		}
		fmt.Fprintln(w)
	}
	for _, a := range c.Approvers {
		fmt.Fprintf(w, "  approved by %s via %s in %s\n", a.ID, a.Via, a.EventID)
	}
	for _, cd := range c.Candidates {
		fmt.Fprintf(w, "  candidate %s = %s: %s\n", orDash(cd.Key.String()), orDash(cd.Principal.ID), cd.Why)
	}
	if !c.Missing.IsZero() {
		fmt.Fprintf(w, "  missing %s: %s\n", c.Missing, c.Reason)
	}
	for _, k := range c.Waits {
		fmt.Fprintf(w, "  waits for %s\n", k)
	}
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
