package main

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// rulesStatus tells of the rules in use.
type rulesStatus struct {
	Rules   int           `json:"rules"`
	Version string        `json:"version"`
	Since   time.Time     `json:"since"` // when they were read
	Failing []failingRule `json:"failing,omitempty"`
	// Refused tells of newer ones that are wrong.
	Refused *refusedStatus `json:"refused,omitempty"`
}

// failingRule is a rule that could not be evaluated on some chains: on those it has
// neither matched nor not matched.
type failingRule struct {
	Rule  string `json:"rule"`
	Count uint64 `json:"count"`
	Error string `json:"error"` // of the first time
}

// status tells of the rules in use; nil for none.
func (w *rulesWatch) status() *rulesStatus {
	if w == nil {
		return nil
	}
	set, since, refused := w.latest.state()
	s := &rulesStatus{Rules: len(set.Versions()), Version: set.Version(), Since: since, Refused: refused}
	for _, f := range set.Failures() {
		s.Failing = append(s.Failing, failingRule{f.Rule, f.Count, f.Err.Error()})
	}
	return s
}

// print tells of rules that fail, and of newer ones that are not in use.
func (s *rulesStatus) print(out io.Writer) error {
	if s == nil {
		return nil
	}
	for _, f := range s.Failing {
		if _, err := fmt.Fprintf(out, "the rule %s has failed %s since %s: %s\n", f.Rule, count(int(f.Count), "time"), s.Since.Format(time.RFC3339), f.Error); err != nil {
			return err
		}
	}
	if s.Refused == nil {
		return nil
	}
	_, err := fmt.Fprintf(out, "the rules have been wrong since %s, and those of %s are in use:\n  %s\n",
		s.Refused.Since.Format(time.RFC3339), s.Since.Format(time.RFC3339), strings.Join(s.Refused.Problems, "\n  "))
	return err
}
