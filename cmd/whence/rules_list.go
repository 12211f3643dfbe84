package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"

	"whence/rules"
)

// listedRule is a rule as a line of JSON.
type listedRule struct {
	ID              string           `json:"id"`
	Version         string           `json:"version"`
	Title           string           `json:"title"`
	Severity        rules.Severity   `json:"severity"`
	Settled         bool             `json:"settled"`
	Sources         []string         `json:"sources,omitempty"`
	Classes         []string         `json:"classes,omitempty"`
	Actions         []string         `json:"actions,omitempty"`
	When            string           `json:"when"`
	Lists           []string         `json:"lists,omitempty"`
	Group           []string         `json:"group,omitempty"`
	SuppressSeconds int              `json:"suppress_seconds,omitempty"`
	Inhibits        []string         `json:"inhibits,omitempty"`
	Why             string           `json:"why"`
	FalsePositives  []string         `json:"false_positives,omitempty"`
	Response        string           `json:"response,omitempty"`
	References      listedReferences `json:"references,omitzero"`
	Tests           int              `json:"tests"`
	File            string           `json:"file"`
	Failures        *listedFailures  `json:"failures,omitempty"`
}

type listedReferences struct {
	Attack   []string `json:"attack,omitempty"`
	OWASPNHI []string `json:"owasp_nhi,omitempty"`
	NISTCSF  []string `json:"nist_csf,omitempty"`
	SP800207 []string `json:"sp800_207,omitempty"`
	URLs     []string `json:"urls,omitempty"`
}

// IsZero reports whether there are no references.
func (r listedReferences) IsZero() bool {
	return len(r.Attack)+len(r.OWASPNHI)+len(r.NISTCSF)+len(r.SP800207)+len(r.URLs) == 0
}

// listedFailures tell how often a rule could not be evaluated by whence run.
type listedFailures struct {
	Count uint64 `json:"count"`
	Error string `json:"error"`
}

// rulesOf reads the rules that a configuration names, and which of them fail in the
// whence run that works by it, if one answers.
func rulesOf(ctx context.Context, config string) (*rules.Set, map[string]listedFailures, error) {
	s, err := readSettings(config)
	if err != nil {
		return nil, nil, err
	}
	set, err := openRules(s.Rules)
	if err != nil {
		return nil, nil, wrong(err)
	}
	failing := map[string]listedFailures{}
	if r, err := askStatus(ctx, s.Listen); err == nil && r.Rules != nil {
		for _, f := range r.Rules.Failing {
			failing[f.Rule] = listedFailures{f.Count, f.Error}
		}
	}
	return set, failing, nil
}

func listRules(w io.Writer, set *rules.Set, asJSON bool, failing map[string]listedFailures) error {
	if asJSON {
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		for _, r := range set.Rules() {
			if err := enc.Encode(listedAs(&r, failing)); err != nil {
				return err
			}
		}
		return nil
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "RULE\tSEVERITY\tTITLE")
	for _, r := range set.Rules() {
		fmt.Fprintf(t, "%s\t%s\t%s\n", r.ID, r.Severity, r.Title)
	}
	return t.Flush()
}

func listedAs(r *rules.Rule, failing map[string]listedFailures) listedRule {
	l := listedRule{
		ID: r.ID, Version: r.Version, Title: r.Title, Severity: r.Severity, Settled: r.Settled,
		Sources: r.Sources, Classes: r.Classes, Actions: r.Actions, When: r.When, Lists: r.Lists,
		Group: r.Group, SuppressSeconds: int(r.Suppress.Seconds()), Inhibits: r.Inhibits,
		Why: r.Why, FalsePositives: r.FalsePositives, Response: r.Response, References: listedReferences(r.References),
		Tests: len(r.Tests), File: r.File,
	}
	if f, ok := failing[r.ID]; ok {
		l.Failures = &f
	}
	return l
}
