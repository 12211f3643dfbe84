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
	if got := w.of("", work); got != "" {
		t.Errorf("no word: got %q", got)
	}
	long := strings.Repeat("x", maxWordBytes+1)
	for i := range 4 * maxWords {
		n := "n" + strconv.Itoa(i)
		if got := w.of(n, work); got != "N"+strconv.Itoa(i) {
			t.Fatalf("%s: got %q", n, got)
		}
		w.of(long, work)
	}
	if w.taken > maxWords || w.taken < maxWords*9/10 || len(w.slots) > 2*maxWords {
		t.Errorf("%d words are kept in %d slots", w.taken, len(w.slots))
	}
	if got := w.of("never seen", work); got != "NEVER SEEN" {
		t.Errorf("full: got %q", got)
	}
	before := worked
	if w.of("abc", work); worked != before {
		t.Error("the first word was forgotten")
	}
}

// TestWordsOfOneHash: what anybody can write cannot make it slow.
func TestWordsOfOneHash(t *testing.T) {
	var w words[int]
	for i := range 10 * maxWords {
		word := "same8888" + strconv.Itoa(1e6+i) + "same8888"
		if got := w.of(word, func(s string) int { return len(s) }); got != len(word) {
			t.Fatalf("got %d", got)
		}
	}
	if w.taken > wordTries {
		t.Errorf("%d words of one hash are kept", w.taken)
	}
}

func BenchmarkWords(b *testing.B) {
	list := strings.Fields("user.login session.start session.end exec scp cert.create kube.request db.session.query app.session.chunk lock.created")
	var w words[string]
	m := map[string]string{}
	for _, s := range list {
		m[s] = s
	}
	b.Run("words", func(b *testing.B) {
		i := 0
		for b.Loop() {
			w.of(list[i%len(list)], strings.ToUpper)
			i++
		}
	})
	b.Run("map", func(b *testing.B) {
		i := 0
		for b.Loop() {
			if _, ok := m[list[i%len(list)]]; !ok {
				b.Fatal()
			}
			i++
		}
	})
}
