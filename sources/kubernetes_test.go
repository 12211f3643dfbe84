package sources

import "testing"

func BenchmarkDecodeKubernetes(b *testing.B) {
	benchDecode(b, kubernetesAudit, eventLines(b, kubernetesAudit))
}

func TestKubernetesAllocatesNothing(t *testing.T) {
	lines := eventLines(t, kubernetesAudit)
	if len(lines) < 30 {
		t.Fatalf("only %d lines", len(lines))
	}
	allocatesNothing(t, kubernetesAudit, lines)
}
