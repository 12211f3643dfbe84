package correlate

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"
)

// TestSums: whatever the length, and whatever was hashed before.
func TestSums(t *testing.T) {
	for _, standard := range []bool{false, true} {
		testSums(t, &Sums{Standard: standard})
	}
}

func testSums(t *testing.T, s *Sums) {
	t.Helper()
	b := make([]byte, 3000)
	for i := range b {
		b[i] = byte(i*31 + i>>8)
	}
	got := make([]byte, HexBytes)
	for n := range len(b) {
		want := hexOf(b[n:])
		if s.Hex(got, b[n:]); string(got) != want {
			t.Fatalf("%d bytes: not their SHA-256", len(b)-n)
		}
		whole, tail := s.text(b[n:])
		slow := s.slow(whole, tail)
		if slow.hex(got); string(got) != want {
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
			clear(got)
			if s.Both(got, b[n:], parts...) != id || string(got) != want {
				t.Fatalf("%d bytes, parts of %d bytes: not their SHA-256 and ID", len(b)-n, len(p))
			}
			clear(got)
			if s.Named(got, b[n:], parts...) != NewID(append(parts, want)...) || string(got) != want {
				t.Fatalf("%d bytes, parts of %d bytes: not their SHA-256 and the ID with it", len(b)-n, len(p))
			}
		}
	}
	// Texts of all numbers of blocks, two by two.
	other := make([]byte, HexBytes)
	for n := range 8 * blockBytes {
		for m := range 8 * blockBytes {
			if n%13 > 0 && m%17 > 0 {
				continue
			}
			a, c := s.Two(got, b[:n], other, b[9:9+m], "snyk.audit", "scope")
			if string(got) != hexOf(b[:n]) || string(other) != hexOf(b[9:9+m]) || a != NewID("snyk.audit", "scope", string(got)) || c != NewID("snyk.audit", "scope", string(other)) {
				t.Fatalf("%d and %d bytes: not their SHA-256 and the IDs with it", n, m)
			}
		}
	}
	// Every number of blocks of text with every number of blocks of an ID.
	for n := range 8 * blockBytes {
		for m := range 4 * blockBytes {
			if n%13 > 0 && m%17 > 0 {
				continue
			}
			if s.Both(got, b[:n], string(b[:m])) != NewID(string(b[:m])) || string(got) != hexOf(b[:n]) {
				t.Fatalf("%d bytes, a part of %d: not their SHA-256 and ID", n, m)
			}
		}
	}
}

func hexOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func TestSumsAllocateNothing(t *testing.T) {
	var s Sums
	b, id := make([]byte, 1500), strings.Repeat("x", 36)
	if n := testing.AllocsPerRun(100, func() {
		named := s.Named(b[64:128], b, "okta.system_log", "example")
		both := s.Both(b[:64], b, "okta.system_log", "example", id)
		first, second := s.Two(b[64:128], b, b[:64], b[300:], "okta.system_log", "example")
		b[0] ^= first[0] ^ second[0] ^ s.ID("okta.system_log", "example", id)[0] ^ named[0] ^ both[0]
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkSums(b *testing.B) {
	line, id, out := make([]byte, 400), strings.Repeat("x", 36), make([]byte, HexBytes)
	b.Run("named", func(b *testing.B) {
		var s Sums
		for b.Loop() {
			line[0] ^= s.Named(out, line, "okta.system_log", "example")[0]
		}
	})
	b.Run("both", func(b *testing.B) {
		var s Sums
		for b.Loop() {
			line[0] ^= s.Both(out, line, "okta.system_log", "example", id)[0]
		}
	})
	b.Run("sha256", func(b *testing.B) {
		for b.Loop() {
			sum := sha256.Sum256(line)
			hex.Encode(out, sum[:])
			line[0] ^= NewID("okta.system_log", "example", id)[0]
		}
	})
}
