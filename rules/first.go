package rules

import (
	"errors"

	"whence/correlate"
)

// bringing is the question of first_seen.by: which of the rule's chains bring the values
// that are counted. The others only tell what the group has had. It is compiled to Go
// wholly or refused, as the engine's failures would not be counted there.
type bringing struct {
	question
	wording string
}

var errNotPlain = errors.New("want comparisons, lists, any, all and none, joined by and, or, not")

// newBringing compiles when; nil for "", which is all chains.
func newBringing(when string, lists Lists) (*bringing, error) {
	if when == "" {
		return nil, nil
	}
	q, err := compile(when, lists)
	if err != nil {
		return nil, err
	}
	if !q.whole {
		return nil, errNotPlain
	}
	return &bringing{q, when}, nil
}

// brings reports whether c brings values.
func (o *Over) brings(c *correlate.Chain) bool {
	if o.by == nil {
		return true
	}
	if o.by.never {
		return false
	}
	for _, t := range o.by.terms {
		if t.is != nil && !t.is(c, 0) {
			return false
		}
	}
	return true
}

// withLists is o as it is with other lists: those of a test.
func (o *Over) withLists(lists Lists) (*Over, error) {
	own := *o
	var err, problems error
	if o.Limits != "" {
		own.limits, err = limitsOf(lists, o.Limits)
		problems = errors.Join(problems, err)
	}
	if o.by != nil {
		own.by, err = newBringing(o.by.wording, lists)
		problems = errors.Join(problems, err)
	}
	return &own, problems
}
