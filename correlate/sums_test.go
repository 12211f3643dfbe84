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
		want := sha256.Sum256(b[n:])
		if s.SHA256(b[n:]) != want {
			t.Fatalf("%d bytes: not their SHA-256", len(b)-n)
		}
		whole, tail := s.text(b[n:])
		if s.slow(b[n:n+whole*blockBytes], s.tail[:tail*blockBytes]) != want {
			t.Fatalf("%d bytes: not their SHA-256 by crypto/sha256", len(b)-n)
		}
		p := string(b[:n%700])
		for _, parts := range [][]string{{p}, {"vault.audit", p, "x"}, {"", p, p, ""}, nil} {
			id := NewID(parts...)
			if s.ID(parts...) != id {
				t.Fatalf("parts of %d bytes: not their ID", len(p))
			}
			if n%7 > 0 {
				continue
			}
			if sum, both := s.Both(b[n:], parts...); sum != want || both != id {
				t.Fatalf("%d bytes, parts of %d bytes: not their SHA-256 and ID", len(b)-n, len(p))
			}
		}
	}
	// Every number of blocks of text with every number of blocks of an ID.
	for n := range 8 * blockBytes {
		for m := range 4 * blockBytes {
			if n%13 > 0 && m%17 > 0 {
				continue
			}
			sum, id := s.Both(b[:n], string(b[:m]))
			if sum != sha256.Sum256(b[:n]) || id != NewID(string(b[:m])) {
				t.Fatalf("%d bytes, a part of %d: not their SHA-256 and ID", n, m)
			}
		}
	}
}

func TestSumsAllocateNothing(t *testing.T) {
	var s Sums
	b, id := make([]byte, 1500), strings.Repeat("x", 36)
	if n := testing.AllocsPerRun(100, func() {
		sum, both := s.Both(b, "okta.system_log", "example", id)
		b[0] ^= s.SHA256(b)[0] ^ s.ID("okta.system_log", "example", id)[0] ^ sum[0] ^ both[0]
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
	b.Run("both", func(b *testing.B) {
		var s Sums
		for b.Loop() {
			sum, id := s.Both(line, "okta.system_log", "example", id)
			line[0] ^= sum[0] ^ id[0]
		}
	})
	b.Run("sha256", func(b *testing.B) {
		for b.Loop() {
			sum := sha256.Sum256(line)
			line[0] ^= sum[0] ^ NewID("okta.system_log", "example", id)[0]
		}
	})
}
