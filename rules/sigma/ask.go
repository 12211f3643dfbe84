package sigma

import (
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	sigma "github.com/bradleyjkemp/sigma-go"
)

// An ask is a field that has to have one of some values: a set of rules looks them up
// instead of asking each rule.
type ask struct {
	field  *field
	values []string // folded, see appendFolded
}

// What it costs to look a field up.
const (
	fromToken = iota // the log's token, which is looked up in any case
	fromEvent
	fromLine // and more the deeper it lies in the line
)

func (f *field) cost() int {
	switch {
	case f.gate:
		return fromToken
	case len(f.paths) == 0:
		return fromEvent
	}
	return fromLine + len(f.paths) + strings.Count(f.paths[0], ".")
}

// cheapestAsks are those of the search, of several that have to be fulfilled together,
// that costs least to look up. They are none where the line would have to be read for
// it, and there is something else that the event alone can deny.
func cheapestAsks(all []search) (best []ask) {
	cost, values, denies := math.MaxInt, 0, false
	for _, s := range all {
		if len(s.asks) == 0 {
			denies = denies || !s.reads
			continue
		}
		c, n := 0, 0
		for _, a := range s.asks {
			c, n = max(c, a.field.cost()), n+len(a.values)
		}
		if c < cost || c == cost && n < values {
			best, cost, values = s.asks, c, n
		}
	}
	if denies && cost >= fromLine {
		return nil
	}
	return best
}

// wholeValues are the values, folded, that a field is compared with as a whole; none if
// it may have others.
func wholeValues(f *field, m sigma.FieldMatcher) (values []string) {
	if len(m.Modifiers) > 0 {
		return nil
	}
	for _, v := range m.Values {
		text, ok := scalar(v)
		if word := f.words[strings.ToLower(text)]; word != "" {
			text = word
		}
		if !ok || strings.ContainsAny(text, `*?\`) {
			return nil
		}
		values = append(values, string(appendFolded(nil, text)))
	}
	return values
}

// appendFolded appends s so that two texts are the same bytes if strings.EqualFold
// holds of them.
func appendFolded(b []byte, s string) []byte {
	for i := range len(s) {
		c := s[i]
		if c >= utf8.RuneSelf {
			for _, r := range s[i:] {
				b = utf8.AppendRune(b, folded(r))
			}
			return b
		}
		b = append(b, lower(c))
	}
	return b
}

// folded is the same letter for all that differ in case only: the least of them, but
// small where that is a letter of ASCII.
func folded(r rune) rune {
	least := r
	for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
		least = min(least, next)
	}
	if 'A' <= least && least <= 'Z' {
		least += 'a' - 'A'
	}
	return least
}

// names reports whether the rule is about lines that have one of some values in the
// log's token.
func (f *form) names() bool {
	return f.log.token != nil && len(f.asks) > 0 && !slices.ContainsFunc(f.asks, func(a ask) bool { return !a.field.gate })
}
