package sources

import (
	"bytes"
	"testing"
)

// litellmLines are the fixtures' rows that become an event, callbacks among them.
func litellmLines(t testing.TB) []Input {
	var lines []Input
	for _, f := range fixtures(t, litellmSpend) {
		for _, in := range f.inputs {
			if bytes.HasPrefix(in.Raw, []byte(`{"request_id"`)) || bytes.HasPrefix(in.Raw, []byte(`{"id"`)) {
				lines = append(lines, in)
			}
		}
	}
	return lines
}

func BenchmarkDecodeLiteLLM(b *testing.B) { benchDecode(b, litellmSpend, litellmLines(b)) }

func TestLiteLLMAllocatesNothing(t *testing.T) {
	var lines []Input
	for _, in := range litellmLines(t) {
		// Numbers and keys of an odd form go to the heap, as do names longer than any.
		odd := bytes.Contains(in.Raw, []byte("many")) || bytes.Contains(in.Raw, []byte("sk-")) || bytes.Contains(in.Raw, []byte("translate-this"))
		if !odd {
			lines = append(lines, in)
		}
	}
	if len(lines) < 10 {
		t.Fatalf("only %d lines", len(lines))
	}
	allocatesNothing(t, litellmSpend, lines)
}
