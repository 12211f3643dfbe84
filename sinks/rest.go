package sinks

import (
	"encoding/json"
	"fmt"
	"time"

	"whence/correlate"
)

// chainRest is what the flat columns of a chain cannot hold, as JSON in the column
// rest: where the walk starts, what the line minted, the names beside a
// principal's id, and times that no column takes. Without it a stored chain could
// be shown, not walked again.
type chainRest struct {
	Links []correlate.Link `json:"links,omitempty"`
	Facts []correlate.Fact `json:"facts,omitempty"`

	RequestorNames []string         `json:"requestor_names,omitempty"`
	ExecutorNames  []string         `json:"executor_names,omitempty"`
	ApproverNames  map[int][]string `json:"approver_names,omitempty"`
	HopNames       map[int][]string `json:"hop_names,omitempty"`
	CandidateNames map[int][]string `json:"candidate_names,omitempty"`

	Time          *time.Time        `json:"time,omitempty"`
	ApproverTimes map[int]time.Time `json:"approver_times,omitempty"`
	HopTimes      map[int]time.Time `json:"hop_times,omitempty"`
}

func restColumn() column[correlate.Chain] {
	return scalar("rest", packRest, unpackRest)
}

func packRest(c *correlate.Chain) (string, error) {
	r := chainRest{
		Links: c.Uses, Facts: c.Mints,
		RequestorNames: c.Requestor.Names, ExecutorNames: c.Actor.Names,
		ApproverNames:  byPlace(c.Approvers, func(a *correlate.Approver) ([]string, bool) { return names(&a.Principal) }),
		HopNames:       byPlace(c.Hops, func(h *correlate.Hop) ([]string, bool) { return names(&h.Principal) }),
		CandidateNames: byPlace(c.Candidates, func(d *correlate.Candidate) ([]string, bool) { return names(&d.Principal) }),
		ApproverTimes:  byPlace(c.Approvers, func(a *correlate.Approver) (time.Time, bool) { return a.Time, !exact(a.Time) }),
		HopTimes:       byPlace(c.Hops, func(h *correlate.Hop) (time.Time, bool) { return h.Time, !exact(h.Time) }),
	}
	if !exact(c.Time) {
		r.Time = &c.Time
	}
	b, err := json.Marshal(&r)
	if err != nil {
		return "", fmt.Errorf("encode the rest of chain %s: %w", c.ID, err)
	}
	return string(b), nil
}

func unpackRest(c *correlate.Chain, s string) error {
	var r chainRest
	if err := json.Unmarshal([]byte(s), &r); err != nil {
		return fmt.Errorf("decode the rest of chain %s: %w", c.ID, err)
	}
	c.Uses, c.Mints = r.Links, r.Facts
	c.Requestor.Names, c.Actor.Names = r.RequestorNames, r.ExecutorNames
	putBack(c.Approvers, r.ApproverNames, func(a *correlate.Approver, ns []string) { a.Names = ns })
	putBack(c.Hops, r.HopNames, func(h *correlate.Hop, ns []string) { h.Principal.Names = ns })
	putBack(c.Candidates, r.CandidateNames, func(d *correlate.Candidate, ns []string) { d.Principal.Names = ns })
	putBack(c.Approvers, r.ApproverTimes, func(a *correlate.Approver, t time.Time) { a.Time = t })
	putBack(c.Hops, r.HopTimes, func(h *correlate.Hop, t time.Time) { h.Time = t })
	if r.Time != nil {
		c.Time = *r.Time
	}
	return nil
}
