package sources

import (
	"strconv"
	"strings"
	"testing"
)

func TestWords(t *testing.T) {
	var w words[string]
	worked := 0
	work := func(word string) string {
		worked++
		return strings.ToUpper(word)
	}
	lent := []byte("abc")
	for range 3 {
		if got := w.of(string(lent), work); got != "ABC" || worked != 1 {
			t.Errorf("got %q, worked out %d times", got, worked)
		}
	}
	long := strings.Repeat("x", maxWordBytes+1)
	for i := range 2 * maxWords {
		w.of(strconv.Itoa(i), work)
		w.of(long, work)
	}
	if len(w) != maxWords {
		t.Errorf("%d words are kept", len(w))
	}
	if got := w.of("never seen", work); got != "NEVER SEEN" {
		t.Errorf("full: got %q", got)
	}
}
