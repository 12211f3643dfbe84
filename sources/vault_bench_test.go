package sources

import (
	"bytes"
	"testing"
)

// vaultLines are the fixtures' lines that are one event.
func vaultLines(t testing.TB) []Input {
	s, _ := Find(vaultAudit)
	var lines []Input
	for _, f := range fixtures(t, vaultAudit) {
		for _, in := range f.inputs {
			in.Raw = bytes.TrimSpace(in.Raw)
			var out Batch
			if s.DecodeRecord(in, &out); len(out.Events) == 1 && len(out.Rejects) == 0 {
				lines = append(lines, in)
			}
		}
	}
	return lines
}

func BenchmarkDecodeVault(b *testing.B) { benchDecode(b, vaultAudit, vaultLines(b)) }

func TestVaultAllocatesNothing(t *testing.T) {
	lines := vaultLines(t)
	if len(lines) < 70 {
		t.Fatalf("only %d lines", len(lines))
	}
	allocatesNothing(t, vaultAudit, lines)
}
