package sources

import "strings"

// words remembers what follows from the words that a log repeats, such as its
// event types. It takes up a bounded number of short ones; what follows from any
// other is worked out every time.
type words[V any] map[string]V

const (
	maxWords     = 4096
	maxWordBytes = 128
)

// of returns what follows from word. work must depend on nothing else and return
// memory of its own.
func (w *words[V]) of(word string, work func(word string) V) V {
	if v, ok := (*w)[word]; ok {
		return v
	}
	v := work(word)
	if len(*w) < maxWords && len(word) <= maxWordBytes {
		if *w == nil {
			*w = words[V]{}
		}
		(*w)[strings.Clone(word)] = v
	}
	return v
}
