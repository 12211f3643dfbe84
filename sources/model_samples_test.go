package sources

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"whence/correlate"
)

// modelSamples are folders of real logs of models and agents: every value is detected
// as what it is and becomes as many events as are given.
var modelSamples = []struct {
	source, dir string
	events      int
	// rejects are the values that are not this log, by file and number from 1, and why.
	rejects map[string]string
}{
	{source: bedrockName, dir: "model-api/aws_bedrock_invocation", events: 5},
	{source: openaiName, dir: "model-api/openai_audit", events: 20},
	{source: anthropicName, dir: "model-api/anthropic_activity", events: 34},
	{source: agentcoreName, dir: "model-api/aws_bedrock_agentcore", events: 1},
	{source: transcriptName, dir: "model-api/agent_transcripts", events: 16, rejects: map[string]string{
		"claudecode-representative_messages.jsonl": "its last line is a summary, which tells of nothing that was done and has no time",
	}},
	{source: litellmSpend, dir: "model-api/litellm", events: 1},
}

func TestModelSamples(t *testing.T) {
	root := iamSamples(t)
	for _, tt := range modelSamples {
		t.Run(tt.source, func(t *testing.T) {
			s, ok := Find(tt.source)
			if !ok {
				t.Fatal("no such source")
			}
			var out Batch
			for _, path := range sampleFiles(t, filepath.Join(root, tt.dir)) {
				modelFile(t, s, path, &out, tt.rejects)
			}
			for i := range out.Events {
				checkEvent(t, s, &out.Events[i])
			}
			if len(out.Events) != tt.events {
				t.Errorf("got %d events, want %d", len(out.Events), tt.events)
			}
		})
	}
}

func modelFile(t *testing.T, s Source, path string, out *Batch, rejects map[string]string) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	n := 0
	err = Split(f, func(raw []byte, _ int64) error {
		n++
		name, before := filepath.Base(path), len(out.Rejects)
		if found, _ := Detect(raw); found.Name != s.Name {
			t.Errorf("%s value %d is detected as %q", name, n, found.Name)
		}
		s.DecodeRecord(Input{Raw: bytes.Clone(raw)}, out)
		for _, r := range out.Rejects[before:] {
			if rejects[name] == "" {
				t.Errorf("%s value %d: %s: %s", name, n, r.Reason, r.Detail)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestModelECS compares with what Elastic's parser makes of the same lines.
func TestModelECS(t *testing.T) {
	for _, tt := range []struct {
		source, dir string
		opts        ecsOptions
	}{
		{bedrockName, "model-api/aws_bedrock_invocation", ecsOptions{action: afterColon}},
	} {
		t.Run(tt.source, func(t *testing.T) { checkECS(t, tt.source, tt.dir, tt.opts) })
	}
}

// links are the links of e as "role proof method target", for tests.
func links(e *correlate.Event) (out []string) {
	for i := range e.Uses {
		out = append(out, linkText(&e.Uses[i]))
	}
	return out
}

func linkText(l *correlate.Link) string {
	target := l.Key.String()
	if target == "" {
		target = l.Principal.ID
	}
	return l.Role.String() + " " + l.Proof.String() + " " + l.Method + " " + target
}

// modelLines are the fixtures' lines of a source that begin so.
func modelLines(t testing.TB, source, prefix string) (lines []Input) {
	for _, f := range fixtures(t, source) {
		for _, in := range f.inputs {
			if bytes.HasPrefix(in.Raw, []byte(prefix)) {
				lines = append(lines, in)
			}
		}
	}
	return lines
}

func BenchmarkDecodeOpenAI(b *testing.B) {
	benchDecode(b, openaiName, modelLines(b, openaiName, `{"object"`))
}

func BenchmarkDecodeAnthropic(b *testing.B) {
	benchDecode(b, anthropicName, modelLines(b, anthropicName, `{"id"`))
}

func BenchmarkDecodeTranscript(b *testing.B) {
	benchDecode(b, transcriptName, modelLines(b, transcriptName, `{"parentUuid"`))
}

func BenchmarkDecodeAgentCore(b *testing.B) {
	benchDecode(b, agentcoreName, modelLines(b, agentcoreName, `{"resource_arn"`))
}

func BenchmarkDecodeMCP(b *testing.B) {
	benchDecode(b, mcpName, modelLines(b, mcpName, `{"timestamp"`))
}

func TestModelAllocatesNothing(t *testing.T) {
	allocatesNothing(t, transcriptName, modelLines(t, transcriptName, `{"parentUuid"`))
	allocatesNothing(t, agentcoreName, modelLines(t, agentcoreName, `{"resource_arn"`))
	allocatesNothing(t, mcpName, modelLines(t, mcpName, `{"timestamp"`))
	allocatesNothing(t, openaiName, modelLines(t, openaiName, `{"object":"organization.audit_log","id"`))
	allocatesNothing(t, anthropicName, modelLines(t, anthropicName, `{"id"`))
}
