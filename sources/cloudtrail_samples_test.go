package sources

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"whence/correlate"
)

// cloudtrailSamples are the real logs of this format, by folder and file, each
// decoded. The test is skipped where the samples are not at hand.
func cloudtrailSamples(t *testing.T) map[string]*Batch {
	t.Helper()
	root := os.Getenv("WHENCE_SAMPLES")
	if root == "" {
		root = filepath.Join("..", "..", "shared", "samples")
	}
	if _, err := os.Stat(root); err != nil {
		t.Skipf("NO REAL SAMPLES: %v; set WHENCE_SAMPLES to the folder that holds them", err)
	}
	s, _ := Find(cloudtrailName)
	out := map[string]*Batch{}
	for _, dir := range []string{"iam/aws_cloudtrail", "model-api/aws_bedrock_cloudtrail", "vault/aws_secrets_manager"} {
		files, err := os.ReadDir(filepath.Join(root, dir))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if f.Name() == "SOURCE.txt" || strings.HasSuffix(f.Name(), "-expected.json") {
				continue
			}
			b := &Batch{}
			in, err := os.Open(filepath.Join(root, dir, f.Name()))
			if err != nil {
				t.Fatal(err)
			}
			err = Split(in, func(raw []byte, _ int64) error {
				if got, ok := Detect(raw); !ok || got.Name != cloudtrailName {
					t.Errorf("%s: a value is detected as %q", f.Name(), got.Name)
				}
				s.DecodeRecord(Input{Raw: bytes.Clone(raw)}, b) // raw is lent, and b is kept
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if err := in.Close(); err != nil {
				t.Fatal(err)
			}
			out[filepath.Join(root, dir, f.Name())] = b
		}
	}
	return out
}

func TestCloudTrailSamples(t *testing.T) {
	s, _ := Find(cloudtrailName)
	events := 0
	for path, b := range cloudtrailSamples(t) {
		for _, r := range b.Rejects {
			t.Errorf("%s: reject %s: %s", path, r.Reason, r.Detail)
		}
		events += len(b.Events)
		for _, e := range b.Events {
			e.Source = s.Name
			checkEvent(t, s, &e)
		}
	}
	if events < 587 {
		t.Errorf("got %d events, want at least 585", events)
	}
}

// TestCloudTrailSampleKeys: what an AssumeRole of a file issues is what later
// lines of that file act with, and those that carry the same role session find
// it under that name.
func TestCloudTrailSampleKeys(t *testing.T) {
	used := 0
	for path, b := range cloudtrailSamples(t) {
		if strings.Contains(path, "panther") || strings.Contains(path, "awsdocs") {
			continue // made up: keys and times do not fit together
		}
		for _, mint := range b.Events {
			issues := slices.Index([]string{"sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity"}, mint.Action) >= 0
			if !issues || mint.Outcome != correlate.Success {
				continue
			}
			i := slices.IndexFunc(mint.Mints, func(f correlate.Fact) bool { return f.Kind == correlate.Account })
			if i < 0 {
				t.Errorf("%s: %s of %s mints no key", path, mint.Action, mint.EventID)
				continue
			}
			account := mint.Mints[i]
			if len(account.Parents) == 0 {
				t.Errorf("%s: nobody asked for %s", path, account.Key)
			}
			for _, e := range b.Events {
				if e.Key() != account.Key || e.ID == mint.ID {
					continue
				}
				used++
				if e.Actor.ID != account.Principal.ID {
					t.Errorf("%s: %s acts as %s, and was issued for %s", path, account.Key, e.Actor.ID, account.Principal.ID)
				}
				if e.Time.Before(account.Start.Add(-time.Minute)) {
					t.Errorf("%s: %s used at %s, before %s", path, account.Key, e.Time, account.Start)
				}
				named := slices.ContainsFunc(e.Uses, func(l correlate.Link) bool {
					return l.Key.Kind == AWSRoleSession && slices.ContainsFunc(mint.Mints, func(f correlate.Fact) bool { return f.Key == l.Key && f.Target == account.Key })
				})
				bound := slices.ContainsFunc(mint.Mints, func(f correlate.Fact) bool { return f.Kind == correlate.Binding })
				if bound && !named { // AWS's own services are not told the id of the role session
					t.Errorf("%s: the role session of %s is not bound to its key", path, e.EventID)
				}
			}
		}
	}
	if used < 55 {
		t.Errorf("only %d uses of issued keys were found", used)
	}
}

// TestCloudTrailAgainstECS compares with what Elastic's own parser makes of the
// same lines.
func TestCloudTrailAgainstECS(t *testing.T) {
	compared := 0
	for path, b := range cloudtrailSamples(t) {
		raw, err := os.ReadFile(path + "-expected.json")
		if err != nil {
			continue
		}
		var want struct {
			Expected []cloudtrailECS `json:"expected"`
		}
		if err := json.NewDecoder(bytes.NewReader(raw)).Decode(&want); err != nil {
			t.Fatal(err)
		}
		if len(want.Expected) != len(b.Events) {
			t.Errorf("%s: got %d events, want %d", path, len(b.Events), len(want.Expected))
			continue
		}
		for i, w := range want.Expected {
			compared++
			w.compare(t, path, &b.Events[i])
		}
	}
	if compared < 20 {
		t.Errorf("only %d events were compared", compared)
	}
}

// cloudtrailECS is the part of an ECS document that both parsers have.
type cloudtrailECS struct {
	Time  time.Time `json:"@timestamp"`
	Event struct {
		Action, Outcome, Provider, ID string
	} `json:"event"`
	Source struct {
		Address, IP string
	} `json:"source"`
	Cloud struct {
		Account struct{ ID string } `json:"account"`
		Region  string              `json:"region"`
	} `json:"cloud"`
	UserAgent struct {
		Original string `json:"original"`
	} `json:"user_agent"`
}

func (w *cloudtrailECS) compare(t *testing.T, path string, e *correlate.Event) {
	t.Helper()
	outcome := string(e.Outcome)
	if e.Outcome == correlate.Denied {
		outcome = "failure" // ECS has no third word
	}
	account := e.Context.Account
	if w.Cloud.Account.ID == "" {
		account = "" // they do not read recipientAccountId
	}
	for _, f := range []struct{ name, got, want string }{
		{"time", e.Time.Format(time.RFC3339Nano), w.Time.UTC().Format(time.RFC3339Nano)},
		{"action", e.Action, cloudtrailService(w.Event.Provider) + ":" + w.Event.Action},
		{"outcome", outcome, w.Event.Outcome},
		{"ip", e.Context.IP, w.Source.IP},
		{"account", account, w.Cloud.Account.ID},
		{"region", e.Context.Region, w.Cloud.Region},
		{"user agent", e.Context.Agent, w.UserAgent.Original},
	} {
		if f.got != f.want {
			t.Errorf("%s: %s of %s: got %q, want %q", filepath.Base(path), f.name, e.EventID, f.got, f.want)
		}
	}
	if w.Event.ID != "" && e.EventID != w.Event.ID {
		t.Errorf("%s: got event id %q, want %q", filepath.Base(path), e.EventID, w.Event.ID)
	}
}
