package correlate

import (
	"crypto/sha256"
	"strings"
	"testing"
)

// TestSums: whatever the length, and whatever was hashed before.
func TestSums(t *testing.T) {
	var s Sums
	b := make([]byte, 3000)
	for i := range b {
		b[i] = byte(i*31 + i>>8)
	}
	for n := range len(b) {
		if s.SHA256(b[n:]) != sha256.Sum256(b[n:]) {
			t.Fatalf("%d bytes: not their SHA-256", len(b)-n)
		}
		p := string(b[:n%700])
		for _, parts := range [][]string{{p}, {"vault.audit", p, "x"}, {"", p, p, ""}, nil} {
			if s.ID(parts...) != NewID(parts...) {
				t.Fatalf("parts of %d bytes: not their ID", len(p))
			}
		}
	}
}

func TestSumsAllocateNothing(t *testing.T) {
	var s Sums
	b, id := make([]byte, 1500), strings.Repeat("x", 36)
	if n := testing.AllocsPerRun(100, func() {
		b[0] ^= s.SHA256(b)[0] ^ s.ID("okta.system_log", "example", id)[0]
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkSums(b *testing.B) {
	line, id := make([]byte, 400), strings.Repeat("x", 36)
	b.Run("sums", func(b *testing.B) {
		var s Sums
		for b.Loop() {
			line[0] ^= s.SHA256(line)[0] ^ s.ID("okta.system_log", "example", id)[0]
		}
	})
	b.Run("sha256", func(b *testing.B) {
		for b.Loop() {
			sum := sha256.Sum256(line)
			line[0] ^= sum[0] ^ NewID("okta.system_log", "example", id)[0]
		}
	})
}
