package sources

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"whence/correlate"
)

// ecsOptions say what is to be known to compare a source with Elastic's parser.
type ecsOptions struct {
	// action is how Elastic spells an event's action; nil where it does as we do.
	action func(e *correlate.Event) string
	// differs are the values that do not agree, as "<file> <number of the event,
	// from 1> <field>", or with * for every event of the file, each with why.
	differs map[string]string
	// least is the share of values that must agree, in per cent; 99 if it is zero.
	// It is less only where one explained value is more than a hundredth of all.
	least float64
}

// ecsFields are what is compared, and where ECS has it. ECS spells an actor in up to
// three ways: it is ours if one of them is among our names.
var ecsFields = []struct {
	name  string
	paths []string
}{
	{"time", []string{"@timestamp"}},
	{"action", []string{"event.action"}},
	{"outcome", []string{"event.outcome"}},
	{"ip", []string{"source.ip"}},
	{"actor", []string{"user.id", "user.email", "user.name", "client.user.email", "client.user.id"}},
	{"account", []string{"cloud.account.id"}},
	{"region", []string{"cloud.region"}},
	{"agent", []string{"user_agent.original"}},
}

// checkECS compares the events of every sample in a folder, relative to that of the
// samples, with what Elastic's parser made of the same lines (<file>-expected.json).
// Values that ECS has must agree; what ECS has not is not compared. In a folder with
// several sources' lines, source is "", and every value is decoded by the source that
// recognises it. The test is skipped without the samples.
func checkECS(t *testing.T, source, dir string, opts ecsOptions) {
	t.Helper()
	dir = filepath.Join(iamSamples(t), dir)
	expected, err := filepath.Glob(filepath.Join(dir, "*-expected.json"))
	if err != nil || len(expected) == 0 {
		t.Fatalf("no *-expected.json in %s (%v)", dir, err)
	}
	c := ecsCheck{t: t, opts: opts, told: map[string]bool{}}
	for _, path := range expected {
		c.file(source, strings.TrimSuffix(path, "-expected.json"), path)
	}
	for key := range opts.differs {
		if !c.told[key] {
			t.Errorf("%q is explained, and agrees", key)
		}
	}
	share := 100 * float64(c.agree) / float64(max(c.agree+c.explained, 1))
	least := opts.least
	if least == 0 {
		least = 99
	}
	t.Logf("%s: %d values of %d files agree with ECS, %d are explained: %.1f %%", source, c.agree, len(expected), c.explained, share)
	if share < least {
		t.Errorf("%.1f %% of the values agree, want at least %.1f", share, least)
	}
}

type ecsCheck struct {
	t    *testing.T
	opts ecsOptions
	told map[string]bool

	agree, explained int
}

func (c *ecsCheck) file(source, path, expected string) {
	raw, err := os.ReadFile(expected)
	if err != nil {
		c.t.Fatal(err)
	}
	var want struct{ Expected []map[string]any }
	if err := json.Unmarshal(raw, &want); err != nil {
		c.t.Fatal(err)
	}
	got, name := decodeFile(c.t, source, path, nil), filepath.Base(path)
	for _, r := range got.Rejects {
		c.t.Errorf("%s: reject %s: %s", name, r.Reason, r.Detail)
	}
	if len(got.Events) != len(want.Expected) {
		c.t.Errorf("%s: got %d events, want %d", name, len(got.Events), len(want.Expected))
		return
	}
	for i, w := range want.Expected {
		c.event(name, i+1, &got.Events[i], w)
	}
}

func (c *ecsCheck) event(file string, n int, e *correlate.Event, want map[string]any) {
	for _, f := range ecsFields {
		var got string
		var wants []string
		same := false
		for _, p := range f.paths {
			for _, w := range ecsValues(want, p) {
				if !same {
					wants = append(wants, w)
					got, same = c.same(f.name, w, e)
				}
			}
		}
		key := c.explains(file, n, f.name)
		switch {
		case len(wants) == 0:
		case same:
			c.agree++
		case key == "":
			c.t.Errorf("%s %d %s: got %q, want %q", file, n, f.name, got, wants)
		default:
			c.told[key] = true
			c.explained++
		}
	}
}

func (c *ecsCheck) explains(file string, n int, field string) string {
	for _, key := range []string{fmt.Sprintf("%s %d %s", file, n, field), fmt.Sprintf("%s * %s", file, field)} {
		if _, ok := c.opts.differs[key]; ok {
			return key
		}
	}
	return ""
}

// same reports whether a field of e is what ECS says, and what it is.
func (c *ecsCheck) same(field, want string, e *correlate.Event) (string, bool) {
	got := ""
	switch field {
	case "time":
		w, err := time.Parse(time.RFC3339, want)
		return e.Time.Format(time.RFC3339Nano), err == nil && e.Time.Truncate(time.Millisecond).Equal(w.Truncate(time.Millisecond))
	case "action":
		if got = e.Action; c.opts.action != nil {
			got = c.opts.action(e)
		}
	case "outcome":
		if got = string(e.Outcome); e.Outcome == correlate.Denied {
			got = "failure" // ECS has no third word
		}
	case "ip":
		got = e.Context.IP
	case "actor":
		names := ecsNames(&e.Actor)
		return strings.Join(names, " "), slices.ContainsFunc(names, func(n string) bool { return correlate.Fold(n) == correlate.Fold(want) })
	case "account":
		got = e.Context.Account
	case "region":
		got = e.Context.Region
	case "agent":
		got = e.Context.Agent
	}
	return got, got == want
}

// ecsNames are all names the event gives its actor, without who vouches for them,
// and, as ECS has it, what stands before the @ of an address.
func ecsNames(p *correlate.Principal) []string {
	names := []string{p.ID, p.Name}
	for _, n := range p.Names {
		names = append(names, n)
		if _, bare, ok := strings.Cut(n, ":"); ok {
			names = append(names, bare)
		}
	}
	for _, n := range names {
		if local, _, ok := strings.Cut(n, "@"); ok {
			names = append(names, local)
		}
	}
	return names
}

// ecsValue is the text at a path, or "". Of a list it is the first element.
func ecsValues(doc map[string]any, path string) (values []string) {
	var v any = doc
	for name := range strings.SplitSeq(path, ".") {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[name]
	}
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	for _, v := range list {
		if s, _ := v.(string); s != "" {
			values = append(values, s)
		}
	}
	return values
}

// decodeFile decodes every value of a file as a record of its own, and checks what
// holds for every event. Without a source each value goes to the one that recognises it.
// not are values that are no such log.
func decodeFile(t *testing.T, source, path string, not map[string]string) *Batch {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}()
	var out Batch
	err = Split(f, func(raw []byte, offset int64) error {
		s, ok := Find(source)
		if source == "" {
			s, ok = Detect(raw)
		}
		if not[fmt.Sprintf("%s %d", filepath.Base(path), offset)] != "" {
			if ok {
				t.Errorf("%s at %d: passes for %s", filepath.Base(path), offset, s.Name)
			}
			return nil
		}
		if !ok {
			t.Errorf("%s at %d: no source %q: %.200s", filepath.Base(path), offset, source, raw)
			return nil
		}
		first := len(out.Events)
		s.DecodeRecord(Input{Raw: bytes.Clone(raw), Scope: "prod/file"}, &out) // raw is lent, and out is kept
		for i := first; i < len(out.Events); i++ {
			checkEvent(t, s, &out.Events[i])
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return &out
}

// decodeSamples decodes all samples of the folders, by the source that recognises each
// value: as many events as are given, and no reject.
//
// not are the values that are no such log, by file and offset, each with why.
func decodeSamples(t *testing.T, want map[string]int, not map[string]string) {
	t.Helper()
	root := iamSamples(t)
	for dir, n := range want {
		files, err := filepath.Glob(filepath.Join(root, dir, "*"))
		if err != nil {
			t.Fatal(err)
		}
		events := 0
		for _, path := range files {
			if strings.HasSuffix(path, "SOURCE.txt") || strings.HasSuffix(path, "-expected.json") {
				continue
			}
			got := decodeFile(t, "", path, not)
			events += len(got.Events)
			for _, r := range got.Rejects {
				t.Errorf("%s: reject %s: %s", filepath.Base(path), r.Reason, r.Detail)
			}
			for i := range got.Events {
				// Panther cuts its lines down to what a rule asks for.
				cut := strings.HasPrefix(filepath.Base(path), "panther-")
				if e := &got.Events[i]; e.Time.Unix() == 0 && !cut || e.Actor.ID == "" {
					t.Errorf("%s: event %s has no time or no actor", filepath.Base(path), e.EventID)
				}
			}
		}
		if events != n {
			t.Errorf("%s: got %d events, want %d", dir, events, n)
		}
	}
}

// vaultAsks is why a request line has no outcome.
const vaultAsks = "a request that nothing has answered yet: Elastic calls it a success for having no error"

// afterColon is an action without the service it is of, which ECS has in a field
// of its own.
func afterColon(e *correlate.Event) string {
	_, call, _ := strings.Cut(e.Action, ":")
	return call
}

// TestECS compares the sources that AWS, Okta, HashiCorp and GitHub write.
func TestECS(t *testing.T) {
	for _, tt := range []struct {
		source, dir string
		opts        ecsOptions
	}{
		{"aws.cloudtrail", "iam/aws_cloudtrail", ecsOptions{action: afterColon}},
		{"okta.system_log", "iam/okta", ecsOptions{}},
		{"vault.audit", "vault/hashicorp_vault", ecsOptions{
			action: func(e *correlate.Event) string { return strings.TrimPrefix(e.Action, "vault.") },
			differs: map[string]string{
				"elastic-test-audit.log 1 outcome": vaultAsks,
				"elastic-test-audit.log 5 outcome": vaultAsks,
				"elastic-test-audit.log 7 outcome": vaultAsks,
				"elastic-test-audit.log 9 outcome": vaultAsks,
			},
			least: 89, // 35 of 39
		}},
		{"github.audit", "cicd/github_audit", ecsOptions{}},
	} {
		t.Run(tt.source, func(t *testing.T) { checkECS(t, tt.source, tt.dir, tt.opts) })
	}
}
