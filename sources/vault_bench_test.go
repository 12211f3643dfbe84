package sources

import (
	"bytes"
	"testing"
)

// eventLines are the lines of a source's fixtures that are one event.
func eventLines(t testing.TB, source string) []Input {
	s, _ := Find(source)
	var lines []Input
	for _, f := range fixtures(t, source) {
		for _, in := range f.inputs {
			in.Raw, in.Header = bytes.TrimSpace(in.Raw), nil // fixtures look up headers on the heap
			var out Batch
			if s.DecodeRecord(in, &out); len(out.Events) == 1 && len(out.Rejects) == 0 {
				lines = append(lines, in)
			}
		}
	}
	return lines
}

func BenchmarkDecodeVault(b *testing.B) { benchDecode(b, vaultAudit, eventLines(b, vaultAudit)) }

func TestVaultAllocatesNothing(t *testing.T) {
	lines := eventLines(t, vaultAudit)
	if len(lines) < 70 {
		t.Fatalf("only %d lines", len(lines))
	}
	allocatesNothing(t, vaultAudit, lines)
}
