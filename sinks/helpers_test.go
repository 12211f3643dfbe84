package sinks_test

import (
	"errors"
	"slices"
	"testing"

	"whence/correlate"
	"whence/sinks"
)

var errEnough = errors.New("enough")

func write(t testing.TB, s sinks.Sink, chains ...correlate.Chain) {
	t.Helper()
	if err := s.Write(t.Context(), &sinks.Output{Chains: chains}); err != nil {
		t.Fatal(err)
	}
}

// collect returns the sorted ids of the chains a read yields.
func collect(t *testing.T, read func(func(correlate.Chain) error) error) []string {
	t.Helper()
	var out []correlate.Chain
	if err := read(func(c correlate.Chain) error { out = append(out, c); return nil }); err != nil {
		t.Fatal(err)
	}
	return ids(out...)
}

func ids(chains ...correlate.Chain) []string {
	var out []string
	for _, c := range chains {
		out = append(out, c.ID.String())
	}
	slices.Sort(out)
	return out
}

// stored is what comes back of c: all but the other names of those who are not
// the executor or the requestor.
func stored(c correlate.Chain) correlate.Chain {
	c = c.Clone()
	for i := range c.Approvers {
		c.Approvers[i].Names = nil
	}
	for i := range c.Hops {
		c.Hops[i].Principal.Names = nil
	}
	for i := range c.Candidates {
		c.Candidates[i].Principal.Names = nil
	}
	return c
}
