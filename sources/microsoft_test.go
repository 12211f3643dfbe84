package sources

import (
	"bytes"
	"slices"
	"testing"

	"whence/correlate"
)

// TestECSMicrosoft compares what Microsoft's clouds log. Its folders mix logs: what
// one event hub delivers.
func TestECSMicrosoft(t *testing.T) {
	for _, tt := range []struct {
		dir  string
		opts ecsOptions
	}{
		{"iam/entra_signin", ecsOptions{}},
		{"iam/entra_audit", ecsOptions{}},
		{"iam/entra_provisioning", ecsOptions{
			differs: map[string]string{
				"elastic-test-provisioninglogs-raw.part1.log 2 outcome": "provisioningStatusInfo says failure (a conflict), while resultType, which Elastic reads, says that the step ran",
			},
			least: 80, // 4 of 5
		}},
		// Elastic calls every call alike; we name what was asked for.
		{"iam/entra_graph_activity", ecsOptions{action: func(*correlate.Event) string { return "Microsoft Graph Activity" }}},
		{"iam/azure_activity", ecsOptions{}},
		{"iam/m365_unified_audit", ecsOptions{}},
		{"model-api/azure_openai", ecsOptions{}},
	} {
		t.Run(tt.dir, func(t *testing.T) { checkECS(t, "", tt.dir, tt.opts) })
	}
}

// TestEntraGUID: one GUID is written in several ways.
func TestEntraGUID(t *testing.T) {
	for in, want := range map[string]string{
		"a08869a8-3b15-46e4-8de3-273849e60100":             "a08869a8-3b15-46e4-8de3-273849e60100",
		"A08869A8-3B15-46E4-8DE3-273849E60100":             "a08869a8-3b15-46e4-8de3-273849e60100",
		"YTA4ODY5YTgtM2IxNS00NmU0LThkZTMtMjczODQ5ZTYwMTAw": "a08869a8-3b15-46e4-8de3-273849e60100",
		"fqiBqXLPj0eQa82S-IYFAA":                           "a981a87e-cf72-478f-906b-cd92f8860500",
		"fqiBqXLPj0eQa82S+IYFAA==":                         "a981a87e-cf72-478f-906b-cd92f8860500",
		"fqiBqXLPj0eQa82S*IYFAA":                           "",
		"sign-in_ActivityId":                               "",
		"":                                                 "",
	} {
		if got := entraGUID(in, new(Batch)); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestAzureTime(t *testing.T) {
	for in, want := range map[string]string{
		"2026-03-02T08:00:05.1234567Z":      "2026-03-02T08:00:05.1234567Z",
		"2026-03-02T08:00:05.1234567+00:00": "2026-03-02T08:00:05.1234567Z",
		"2026-03-02T03:00:05.5-05:00":       "2026-03-02T08:00:05.5Z",
		"2026-03-02T08:00:05":               "2026-03-02T08:00:05Z",
		"2026-03-02 08:00:05.123":           "2026-03-02T08:00:05.123Z",
		"2026-03-02x08:00:05":               "",
		"2026-03-02":                        "",
		"soon, or later, or whenever":       "",
	} {
		got, ok := azureTime(in, new(Batch))
		if text := got.Format("2006-01-02T15:04:05.999999999Z07:00"); ok != (want != "") || ok && text != want {
			t.Errorf("%q: got %s %v, want %q", in, text, ok, want)
		}
	}
}

// TestMicrosoftAllocatesNothing: no line of the fixtures that is one event takes memory
// of its own.
func TestMicrosoftAllocatesNothing(t *testing.T) {
	for _, source := range []string{entraSigninName, entraAuditName, graphName, azureActivityName, keyvaultName, m365Name, azureOpenAIName} {
		t.Run(source, func(t *testing.T) { allocatesNothing(t, source, plainLines(t, source)) })
	}
}

// plainLines are the fixtures' lines that give events, with a time, and no reject.
func plainLines(t testing.TB, source string) []Input {
	s, _ := Find(source)
	var lines []Input
	for _, f := range fixtures(t, source) {
		for _, in := range f.inputs {
			var out Batch
			s.DecodeRecord(in, &out)
			untimed := func(e correlate.Event) bool { return e.Time.Unix() == 0 }
			if len(out.Rejects) == 0 && !slices.ContainsFunc(out.Events, untimed) {
				lines = append(lines, in)
			}
		}
	}
	return lines
}

func BenchmarkDecodeEntraSignin(b *testing.B) {
	benchDecode(b, entraSigninName, plainLines(b, entraSigninName))
}

// TestMicrosoftSamples decodes every real line there is, by the source that recognises
// it. None is rejected.
func TestMicrosoftSamples(t *testing.T) {
	decodeSamples(t, map[string]int{
		"iam/entra_signin": 52, "iam/entra_audit": 3, "iam/entra_provisioning": 2, "iam/entra_graph_activity": 3, "iam/azure_activity": 104,
		"iam/m365_unified_audit": 75,
		"model-api/azure_openai": 3,
	}, nil)
}

// TestCloudSecrets: nothing marked as a secret in the fixtures gets out.
func TestCloudSecrets(t *testing.T) {
	marked := 0
	for _, source := range []string{
		entraSigninName, entraAuditName, graphName, azureActivityName, keyvaultName, azureOpenAIName, m365Name, gcpName, workspaceName,
	} {
		s, _ := Find(source)
		for _, f := range fixtures(t, source) {
			var out Batch
			for _, in := range f.inputs {
				marked += bytes.Count(in.Raw, []byte("SECRET-MARKER"))
				s.DecodeRecord(in, &out)
			}
			for i := range out.Rejects {
				out.Rejects[i].Raw = nil // goes to the rejects topic as it came
			}
			if bytes.Contains(render(t, &out), []byte("SECRET-MARKER")) {
				t.Errorf("%s: a secret got out", f.path)
			}
		}
	}
	if marked < 10 {
		t.Errorf("only %d secrets in the fixtures", marked)
	}
}

func TestGraphAction(t *testing.T) {
	for in, want := range map[string]string{
		"https://graph.microsoft.com/v1.0/users/a11ce000-0000-4000-8000-000000000001/messages?$top=1": "GET users/{id}/messages",
		"https://graph.microsoft.com/beta//users/alice@example.com/photos/48x48/$value":               "GET users/{id}/photos/{id}/$value",
		"https://graph.microsoft.com/v1.0/users('alice@example.com')/getMemberGroups":                 "GET users/{id}/getMemberGroups",
		"https://graph.microsoft.com/v1.0/oauth2PermissionGrants":                                     "GET oauth2PermissionGrants",
		"https://graph.microsoft.com/v1.0/users/delta()":                                              "GET users/delta",
		"/v1.0/me/": "GET me",
		"":          "GET",
	} {
		if got := graphAction("get", graphPath(in), new(Batch)); got != want {
			t.Errorf("%s: got %q, want %q", in, got, want)
		}
	}
}

func BenchmarkDecodeGraph(b *testing.B) { benchDecode(b, graphName, plainLines(b, graphName)) }

func BenchmarkDecodeAzureActivity(b *testing.B) {
	benchDecode(b, azureActivityName, plainLines(b, azureActivityName))
}

func BenchmarkDecodeKeyVault(b *testing.B) { benchDecode(b, keyvaultName, plainLines(b, keyvaultName)) }

func BenchmarkDecodeM365(b *testing.B) { benchDecode(b, m365Name, plainLines(b, m365Name)) }

func BenchmarkDecodeAzureOpenAI(b *testing.B) {
	benchDecode(b, azureOpenAIName, plainLines(b, azureOpenAIName))
}
