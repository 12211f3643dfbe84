package arena

import (
	"slices"
	"testing"
)

// TestSlabGrows: Grow gives what Append of an empty element gives, in memory that
// was used before, for the list that was lent last and for others.
func TestSlabGrows(t *testing.T) {
	var s Slab[string]
	for range 3 { // the last rounds find what the first ones left
		var a, b []string
		for i := range 3 * slabElements {
			a = grow(t, &s, a, "a")
			if i%7 == 0 {
				b = grow(t, &s, b, "b")
			}
		}
		if len(a) != 3*slabElements || slices.ContainsFunc(a, func(v string) bool { return v != "a" }) {
			t.Errorf("%d elements, or not its own", len(a))
		}
		if len(b) != (3*slabElements+6)/7 || slices.ContainsFunc(b, func(v string) bool { return v != "b" }) {
			t.Errorf("%d elements, or not its own", len(b))
		}
		s.Reset()
	}
}

func grow(t *testing.T, s *Slab[string], list []string, v string) []string {
	t.Helper()
	list, last := s.Grow(list)
	if *last != "" {
		t.Fatalf("a new element holds %q", *last)
	}
	if *last = v; list[len(list)-1] != v || cap(list) != len(list) {
		t.Fatalf("the element is not the last of the list, or the list can grow by itself")
	}
	return list
}
