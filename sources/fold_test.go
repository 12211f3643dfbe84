package sources

import (
	"testing"

	"whence/correlate"
)

func TestFold(t *testing.T) {
	var b Batch
	for _, s := range []string{"", "alice@example.com", "Alice@Example.com", "AZ@[`az{", "\u212aim", "J\u00d6RG", "\x00\x7f", "A\xff"} {
		if got, want := b.fold(s), correlate.Fold(s); got != want {
			t.Errorf("%q: got %q, want %q", s, got, want)
		}
	}
	if n := testing.AllocsPerRun(100, func() {
		b.fold("Alice@Example.com")
		b.Reset()
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
