package index

import (
	"testing"

	"whence/correlate"
)

// lookerOf looks keys up as a walk does: in memory that is lent to it.
func lookerOf(table *Table) func(tb testing.TB, k correlate.Key) {
	var mem correlate.Memory
	return func(tb testing.TB, k correlate.Key) {
		s, err := table.LookupIn(tb.Context(), k, day, &mem)
		if err != nil || len(s.Facts) == 0 {
			tb.Fatalf("%v: %d facts, %v", k, len(s.Facts), err)
		}
		mem.Reset()
	}
}
