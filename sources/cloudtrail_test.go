package sources

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"whence/correlate"
	"whence/correlate/arena"
)

func TestCloudTrailTimes(t *testing.T) {
	want := time.Date(2026, 11, 22, 16, 5, 8, 0, time.UTC)
	for _, s := range []string{
		"2026-11-22T16:05:08Z", "2026-11-22T17:05:08+01:00", "2026-11-22 16:05:08.000000000", "2026-11-22 16:05:08", "20261122T160508Z",
		"Nov 22, 2026, 4:05:08 PM", "Nov 22, 2026 4:05:08 PM", "Nov 22, 2026, 4:05:08\u202fPM", "2026-11-22 17:05:08+01:00",
	} {
		if got := cloudtrailTime(s); !got.Equal(want) {
			t.Errorf("%q: got %s", s, got)
		}
	}
	for _, s := range []string{"", "redacted", "...", "Jan 41, 2019, 1:00:00 PM", "1795320308"} {
		if got := cloudtrailTime(s); !got.IsZero() {
			t.Errorf("%q: got %s", s, got)
		}
	}
}

// TestCloudTrailTimesByHand: what is read by hand is what package time reads.
func TestCloudTrailTimesByHand(t *testing.T) {
	end := time.Date(2201, 1, 1, 0, 0, 0, 0, time.UTC)
	for want := time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC); want.Before(end); want = want.Add(53*time.Hour + 17*time.Minute + 13*time.Second) {
		if got, ok := utcTime(want.Format(time.RFC3339)); !ok || got != want {
			t.Fatalf("%s: got %s", want, got)
		}
		if got, ok := cloudtrailJavaTime(want.Format("Jan 2, 2006, 3:04:05 PM")); !ok || got != want {
			t.Fatalf("%s: got %s", want, got)
		}
		if got, ok := cloudtrailDate(want.Format("20060102150405")); !ok || got != want {
			t.Fatalf("%s: got %s", want, got)
		}
	}
	for _, s := range []string{
		"2026-02-29T00:00:00Z", "2026-04-31T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z", "2026-01-01T24:00:00Z",
		"2026-01-01T00:60:00Z", "2026-01-01T00:00:60Z", "2O26-01-01T00:00:00Z", "2026-01-01T00:00:0:Z", "1899-12-31T23:59:59Z", "2201-01-01T00:00:00Z",
		"Feb 29, 2026, 1:00:00 AM", "Jan 1, 2026, 13:00:00 PM", "Jan 1, 2026, 1:00:00", "Jan 1, 2026, 1:00:00 am", "anF 1, 2026, 1:00:00 AM",
		"Jan 1, 2026,1:00:00 AM", "Jan 111, 2026, 1:00:00 AM", "Jan 1, 2026, 1:00:00 AMX",
	} {
		if got := cloudtrailTime(s); !got.IsZero() {
			t.Errorf("%q: got %s", s, got)
		}
	}
}

// TestCloudTrailRemembersSome: what a decoder remembers has a bound, and what it
// does not remember it still knows.
func TestCloudTrailRemembersSome(t *testing.T) {
	var s cloudtrailAPIs
	var types cloudtrailTypes
	var mem arena.Text
	long := strings.Repeat("x", cloudtrailMaxName+1)
	check := func(source, name, want string) {
		t.Helper()
		if _, call := s.find(source, name, &mem); call.action != want+":"+name || call.class != correlate.Write || call.ifReads != correlate.Read {
			t.Fatalf("%s of %s: got %+v", name, source, call)
		}
		if got := types.find("AWS::" + name); got != "aws."+strings.ToLower(name) {
			t.Fatalf("%s: got type %q", name, got)
		}
	}
	for range 2 {
		for i := range cloudtrailMaxCalls + 10 {
			n := strconv.Itoa(i)
			check("example.amazonaws.com", "Make"+n, "example")
			check("example"+n+".amazonaws.com", "Make", "example"+n)
		}
		check(long, "Make", long)
		check("example.amazonaws.com", long, "example")
	}
	if len(s.known) > cloudtrailMaxCalls || s.calls > cloudtrailMaxCalls || len(types) > cloudtrailMaxCalls {
		t.Errorf("%d services, %d calls and %d types are remembered", len(s.known), s.calls, len(types))
	}
}

func TestCloudTrailEmail(t *testing.T) {
	var mem arena.Text
	for in, want := range map[string]string{
		"Alice@Example.com": "alice@example.com", "a.b+c@sub.example.co.uk": "a.b+c@sub.example.co.uk",
		"alice": "", "@example.com": "", "alice@": "", "alice@localhost": "", "root@ip-10-0-0-1.ec2.internal": "", "ci@build.local": "",
		"deploy@shop.iam.gserviceaccount.com": "", "a@b@example.com": "", "alice@10.0.0.1": "", "": "", strings.Repeat("a", 300) + "@example.com": "",
	} {
		got, ok := cloudtrailEmail(in, &mem)
		if !ok {
			got = ""
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestCloudTrailVaultName(t *testing.T) {
	for in, want := range map[string]string{
		"vault-token-my-role-1648235253-wr11bVrRyYwKAJ1L0GsH": "vault-token-my-role",
		"vault-oidc-alice@example.com-ci-1795320306-wr11":     "vault-oidc-alice@example.com-ci",
		"vault-1648235253-wr11bVrRyYwKAJ1L":                   "", // a federation token
		"vault-token-1648235253":                              "",
		"vault-token-my-role-164823525-abcd":                  "",
		"vault-token-my-role-1648235253-":                     "",
		"vault-":                                              "",
		"vaulted-token-role-1648235253-abcd":                  "",
	} {
		got, at, ok := cloudtrailVaultName(in)
		if got != want || ok != (want != "") {
			t.Errorf("%q: got %q, %v", in, got, ok)
		}
		if ok && at.Year() != 2022 && at.Year() != 2026 {
			t.Errorf("%q: got time %s", in, at)
		}
	}
}

func TestCloudTrailRunIDs(t *testing.T) {
	at := time.Date(2026, 11, 22, 4, 5, 8, 0, time.UTC)
	for in, want := range map[string][]string{
		"GitHubActions":                          nil,
		"16123456789":                            {"16123456789"},
		"run16123456789":                         {"16123456789"},
		"shop-16123456789-2":                     {"16123456789"},
		"gh.16123456789@123456":                  {"16123456789", "123456"},
		"12345":                                  nil,
		"0123456789":                             nil,
		"botocore-session-1795320308":            nil, // the time of the call
		"aws-go-sdk-1795320308249449000":         nil,
		"aws-sdk-js-session-1795320308249":       nil,
		"nightly-20261122-16123456789":           {"16123456789"},
		"account-123456789012":                   nil,
		"commit-3f1234567":                       nil,
		"1111111-2222222-3333333-4444444":        {"1111111", "2222222", "3333333"},
		"20261122040508":                         nil,
		"old-session-1595320308":                 {"1595320308"},
		strings.Repeat("9", 20) + "-" + "654321": {"654321"},
	} {
		if d := cmp.Diff(want, cloudtrailRunIDs(nil, in, "123456789012", at)); d != "" {
			t.Errorf("%q: -want +got\n%s", in, d)
		}
	}
}

func TestCloudTrailRepo(t *testing.T) {
	for in, want := range map[string]string{
		"repo:example/shop:ref:refs/heads/main":              "example/shop",
		"repo:example@1001/shop@2002:ref:refs/heads/main":    "example/shop",
		"repository_owner:example:repo:example/shop:x:y":     "example/shop",
		"repo:example/shop":                                  "example/shop",
		"xrepo:example/shop:ref:x":                           "",
		"repo:example:ref":                                   "",
		"job_workflow_ref:example/shop/.github/x.yml@refs/x": "",
		"": "",
	} {
		org, repo := cloudtrailRepo(in)
		if got := strings.Trim(org+"/"+repo, "/"); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestCloudTrailFits(t *testing.T) {
	for _, tc := range []struct {
		pattern, name string
		want          bool
	}{
		{"*", "", true}, {"GetSecretValue", "GetSecretValue", true}, {"GetSecretValue", "GetSecretValues", false},
		{"UpdateFunctionCode*", "UpdateFunctionCode20150331v2", true}, {"Put*Policy", "PutBucketPolicy", true},
		{"Put*Policy", "PutPolicies", false}, {"*FlowLogs", "DeleteFlowLogs", true}, {"*SecurityGroup*", "AuthorizeSecurityGroupIngress", true},
		{"*NetworkAcl*", "CreateRoute", false}, {"PutPolicy*Policy", "PutPolicy", false}, {"*Transit*Attachment*", "CreateTransitGatewayVpcAttachment", true},
	} {
		if got := cloudtrailFits(tc.pattern, tc.name); got != tc.want {
			t.Errorf("%q on %q: got %v", tc.pattern, tc.name, got)
		}
	}
}

// TestCloudTrailLetsNoSecretOut: the fixtures have a marker wherever the log can
// hold a secret, a policy, a token or a message.
func TestCloudTrailLetsNoSecretOut(t *testing.T) {
	s, _ := Find(cloudtrailName)
	const marker = "SECRET-MARKER"
	marked := 0
	for _, f := range fixtures(t, cloudtrailName) {
		for _, in := range f.inputs {
			marked += bytes.Count(in.Raw, []byte(marker))
			var out Batch
			s.DecodeRecord(in, &out)
			if text := render(t, &out); bytes.Contains(text, []byte(marker)) {
				t.Errorf("%s lets a secret out:\n%s", f.path, text)
			}
		}
	}
	if marked < 40 {
		t.Errorf("only %d markers in the fixtures", marked)
	}
}

// TestCloudTrailEnvelopesAgree: an event has the same id in every envelope.
func TestCloudTrailEnvelopesAgree(t *testing.T) {
	s, _ := Find(cloudtrailName)
	event := `{"eventVersion":"1.09","userIdentity":{"type":"Root","accountId":"123456789012"},"eventTime":"2026-11-22T04:05:08Z","eventSource":"s3.amazonaws.com","eventName":"ListBuckets","eventID":"e1","recipientAccountId":"123456789012"}`
	text, err := json.Marshal(event)
	if err != nil {
		t.Fatal(err)
	}
	ids := map[correlate.ID]int{}
	hashes := map[string]int{}
	wraps := []string{
		event, `{"Records":[` + event + `]}`, `{"detail-type":"AWS API Call via CloudTrail","detail":` + event + `}`,
		`{"messageType":"DATA_MESSAGE","logEvents":[{"message":` + string(text) + `}]}`, `{"message":` + string(text) + `}`, `{"message":` + event + `}`,
		`{"log":` + string(text) + `}`, `{"CloudTrailEvent":` + string(text) + `}`, `{"Events":[{"CloudTrailEvent":` + string(text) + `}]}`,
		`{"EventId":"e1","EventName":"ListBuckets","EventSource":"s3.amazonaws.com","Username":"root","CloudTrailEvent":` + string(text) + `}`, // as LookupEvents has it
	}
	for _, raw := range wraps {
		if got, ok := Detect([]byte(raw)); !ok || got.Name != cloudtrailName {
			t.Errorf("detected as %q: %s", got.Name, raw)
		}
		var out Batch
		s.DecodeRecord(Input{Raw: []byte(raw)}, &out)
		for _, e := range out.Events {
			ids[e.ID]++
			hashes[e.Evidence.SHA256]++
		}
	}
	if len(ids) != 1 || len(hashes) != 1 {
		t.Errorf("%d ids and %d hashes of one event in %d envelopes", len(ids), len(hashes), len(wraps))
	}
	for id, n := range ids {
		if n != len(wraps) {
			t.Errorf("%s: %d events of %d envelopes", id, n, len(wraps))
		}
	}
}

// TestCloudTrailOneDeed: of the two copies of a cross-account call one is primary,
// both share an action, and their facts are two.
func TestCloudTrailOneDeed(t *testing.T) {
	s, _ := Find(cloudtrailName)
	var out Batch
	for _, f := range fixtures(t, cloudtrailName) {
		if strings.HasSuffix(f.path, "cross_account.txtar") {
			for _, in := range f.inputs {
				s.DecodeRecord(in, &out)
			}
		}
	}
	if len(out.Events) < 2 {
		t.Fatal("no cross-account fixture")
	}
	a, b := out.Events[0], out.Events[1]
	if a.ActionID != b.ActionID || a.ID == b.ID || !a.Primary || b.Primary {
		t.Errorf("actions %s and %s, ids %s and %s, primary %v and %v", a.ActionID, b.ActionID, a.ID, b.ID, a.Primary, b.Primary)
	}
	merged := correlate.NewSession(a.Mints[0].Key, append(slices.Clone(a.Mints), b.Mints...)...)
	if len(merged.Facts) != 2 {
		t.Errorf("%d facts of the issued key, want one of each account", len(merged.Facts))
	}
}

// TestCloudTrailDetectsItsOwn: no value of another log looks like CloudTrail.
func TestCloudTrailDetectsItsOwn(t *testing.T) {
	root := os.Getenv("WHENCE_SAMPLES")
	if root == "" {
		root = filepath.Join("..", "..", "shared", "samples")
	}
	if _, err := os.Stat(root); err != nil {
		t.Skipf("NO REAL SAMPLES: %v; set WHENCE_SAMPLES to the folder that holds them", err)
	}
	ours := []string{"aws_cloudtrail", "aws_bedrock_cloudtrail", "aws_secrets_manager"}
	others := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == "SOURCE.txt" || slices.Contains(ours, filepath.Base(filepath.Dir(path))) {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		return Split(f, func(raw []byte, offset int64) error {
			others++
			if cloudtrailLooksLike(NewValue(raw), 0) {
				t.Errorf("%s at %d looks like CloudTrail", path, offset)
			}
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	if others < 1000 {
		t.Errorf("only %d values of other logs were looked at", others)
	}
}
