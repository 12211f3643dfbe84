package lexicon

import (
	"fmt"
	"testing"
)

func itself(s string) string { return s }

func TestNumbersKeepTheirMeaning(t *testing.T) {
	l := New[string](100, 1000)
	name := []byte("aws.sts.assume_role")
	id, ok := l.Add(string(name), itself)
	if !ok {
		t.Fatal("no number")
	}
	for i := range 50 {
		if _, ok := l.Add(fmt.Sprint("n", i), itself); !ok {
			t.Fatalf("no number for %d", i)
		}
	}
	if again, ok := l.Add(string(name), itself); !ok || again != id {
		t.Errorf("a second number: %d and %d", id, again)
	}
	if got, ok := l.NumberOf(name); !ok || got != id {
		t.Errorf("number %d, %v; want %d", got, ok, id)
	}
	if got := l.At(uint64(id)); got != string(name) || l.Items()[id] != got {
		t.Errorf("%d stands for %q", id, got)
	}
}

func TestFullTakesNoMore(t *testing.T) {
	for what, l := range map[string]*Lexicon[string]{"numbers": New[string](3, 1000), "bytes": New[string](100, 3)} {
		for i := range 10 {
			l.Add(fmt.Sprint(i), itself)
		}
		if n := len(l.Items()); n != 3 {
			t.Errorf("full of %s: %d", what, n)
		}
	}
}

func TestOnlyWhatComesOftenIsWorthANumber(t *testing.T) {
	l := New[string](100, 1000)
	for i := range Sightings {
		if got, want := l.Sight("often"), i == Sightings-1; got != want {
			t.Errorf("after %d sightings: %v", i+1, got)
		}
	}
}
