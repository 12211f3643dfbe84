package simulate

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite testdata from what the estate tells")

func small() Config {
	c := Default()
	c.Events = 3000
	return c
}

// digest is the hash of everything an estate tells.
func digest(t *testing.T, cfg Config) string {
	t.Helper()
	h := sha256.New()
	e := New(cfg)
	enc := json.NewEncoder(h)
	for r := range e.Records {
		if err := enc.Encode(r); err != nil {
			t.Fatal(err)
		}
	}
	for r := range e.Truth() {
		if err := enc.Encode(r); err != nil {
			t.Fatal(err)
		}
	}
	h.Write(e.Directory())
	return hex.EncodeToString(h.Sum(nil))
}

func TestSameSeedTellsTheSame(t *testing.T) {
	first, second := digest(t, small()), digest(t, small())
	if first != second {
		t.Errorf("two runs of one configuration differ: %s, %s", first, second)
	}
	other := small()
	other.Seed++
	if digest(t, other) == first {
		t.Error("another seed tells the same")
	}
}

// TestCounts keeps what a seed means: a change here changes every test that
// counts on it.
func TestCounts(t *testing.T) {
	counts := map[string]int{}
	e := New(small())
	for x := range e.Truth() {
		counts[fmt.Sprintf("flow %s: %s knowable=%t", x.Flow, x.Status, x.Knowable)]++
	}
	for r := range e.Records {
		counts["records of "+r.Source]++
	}
	var got bytes.Buffer
	for _, k := range slices.Sorted(maps.Keys(counts)) {
		fmt.Fprintf(&got, "%s %d\n", k, counts[k])
	}
	const path = "testdata/counts.txt"
	if *update {
		if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got.String()); d != "" {
		t.Errorf("%s (-want +got); rerun with -update if that is right:\n%s", path, d)
	}
}

func TestEveryFlowIsTold(t *testing.T) {
	for seed := range uint64(5) {
		cfg := small()
		cfg.Seed, cfg.Events = seed, 1
		told := map[string]bool{}
		for x := range New(cfg).Truth() {
			told[x.Flow] = true
		}
		for _, f := range flows {
			if !told[f.name] {
				t.Errorf("seed %d: nothing of %s", seed, f.name)
			}
		}
	}
	cfg := small()
	cfg.Incidents = false
	for x := range New(cfg).Truth() {
		if len(x.Flow) > 8 && x.Flow[:8] == "incident" {
			t.Fatalf("%s without incidents", x.Flow)
		}
	}
}

// TestTruthAgreesWithItself: whatever can be found must be what is true, and
// losing nothing must leave little unknown.
func TestTruthAgreesWithItself(t *testing.T) {
	cfg := small()
	cfg.Events, cfg.LostShare = 20_000, 0.2
	statuses := map[string]int{}
	for s := range New(cfg).stories {
		for _, l := range s.lines {
			f := findLine(l.ways, l.time)
			if ends(f.status) && f.who != l.who {
				t.Fatalf("%s: found %v, but it was %v", s.flow, f.who, l.who)
			}
			if f.knowable && !ends(f.status) {
				t.Fatalf("%s: knowable and %s", s.flow, f.status)
			}
			statuses[f.status]++
		}
	}
	for _, want := range []string{attributed, automated, ambiguous, partial, unattributed} {
		if statuses[want] == 0 {
			t.Errorf("nothing is %s", want)
		}
	}
}

func TestLossIsAllThatHides(t *testing.T) {
	cfg := small()
	cfg.LostShare = 0
	for x := range New(cfg).Truth() {
		if x.LostParent {
			t.Fatalf("%s: a line was lost", x.Flow)
		}
	}
}

func TestTruthIsOfWhatIsDelivered(t *testing.T) {
	type id struct{ source, event string }
	e := New(small())
	told := map[id]int{}
	for x := range e.Truth() {
		told[id{x.Source, x.EventID}]++
	}
	for k, n := range told {
		if n != 1 {
			t.Errorf("%v has %d truths", k, n)
		}
	}
	seen := map[id]bool{}
	for r := range e.Records {
		seen[id{r.Source, eventID(t, r)}] = true
	}
	for k := range seen {
		if told[k] == 0 {
			t.Errorf("%v was delivered and has no truth", k)
		}
	}
	if len(seen) != len(told) {
		t.Errorf("%d lines were delivered, %d are told of", len(seen), len(told))
	}
}

// eventID reads a line's id from the line.
func eventID(t *testing.T, r Record) string {
	t.Helper()
	var v struct {
		EventID    string `json:"eventID"`
		UUID       string `json:"uuid"`
		DocumentID string `json:"_document_id"`
		RequestID  string `json:"request_id"`
		Type       string `json:"type"`
		Request    struct {
			ID string `json:"id"`
		} `json:"request"`
	}
	if r.Source == githubWebhook {
		sum := sha256.Sum256(r.Value)
		return hex.EncodeToString(sum[:])
	}
	// Okta has a request of another kind; its id is elsewhere.
	if err := json.Unmarshal(r.Value, &v); err != nil {
		t.Fatalf("%s: %v", r.Source, err)
	}
	return map[string]string{
		cloudTrail: v.EventID, oktaLog: v.UUID, vaultAudit: v.Request.ID + "/" + v.Type, githubAudit: v.DocumentID, litellmSpend: v.RequestID,
	}[r.Source]
}

func TestDelivery(t *testing.T) {
	cfg := small()
	cfg.DuplicateShare = 0.1
	var last time.Time
	lines, records, backward := map[[32]byte]bool{}, 0, 0
	var event time.Time
	for r := range New(cfg).Records {
		if r.Time.Before(last) {
			t.Fatal("records are not in the order of delivery")
		}
		if late := r.Time.Sub(r.EventTime); late < 0 || late > cfg.Lateness(r.Source) {
			t.Fatalf("%s: %s late", r.Source, late)
		}
		if (r.Source == githubWebhook) != (r.Headers["X-GitHub-Event"] != "") {
			t.Fatalf("%s has headers %v", r.Source, r.Headers)
		}
		if r.EventTime.Before(event) {
			backward++
		}
		last, event = r.Time, r.EventTime
		records++
		lines[sha256.Sum256(r.Value)] = true
	}
	if twice := float64(records-len(lines)) / float64(len(lines)); twice < 0.05 || twice > 0.15 {
		t.Errorf("%g of the lines came twice, want about 0.1", twice)
	}
	if backward == 0 {
		t.Error("nothing came out of order")
	}
}

func TestDelayScales(t *testing.T) {
	cfg := small()
	cfg.Delay = 0.01
	for r := range New(cfg).Records {
		if late := r.Time.Sub(r.EventTime); late > 6*time.Second {
			t.Fatalf("%s late", late)
		}
	}
}

func TestStopping(t *testing.T) {
	n := 0
	for range New(small()).Records {
		if n++; n == 5 {
			break
		}
	}
	for range New(small()).Truth() {
		if n++; n == 10 {
			break
		}
	}
	if n != 10 {
		t.Errorf("took %d, want 10", n)
	}
}

func TestEvents(t *testing.T) {
	cfg := small()
	cfg.Events = 20_000
	n := 0
	for range New(cfg).Truth() {
		n++
	}
	if n < 19_000 || n > 21_000 {
		t.Errorf("told %d lines, want about 20000", n)
	}
}

func TestValidate(t *testing.T) {
	if err := Default().Validate(); err != nil {
		t.Errorf("the default is invalid: %v", err)
	}
	if err := (Config{LostShare: 2, Delay: -1}).Validate(); err == nil {
		t.Error("want an error")
	}
}

func BenchmarkRecords(b *testing.B) {
	cfg := Default()
	cfg.Events = 10_000
	for b.Loop() {
		bytes := 0
		for r := range New(cfg).Records {
			bytes += len(r.Value)
		}
		b.SetBytes(int64(bytes))
	}
}
