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
	return wide("rest", packRest, unpackRest)
}

// packRest appends the JSON of a chainRest, or nothing where there is nothing to
// keep. It makes none: most lines would pay for a hundred empty fields.
func packRest(b []byte, c *correlate.Chain) (_ []byte, err error) {
	o := object{b: b, at: len(b)}
	if len(c.Uses) > 0 {
		o.name("links")
		if o.b, err = appendLinks(o.b, c.Uses); err != nil {
			return o.b, fmt.Errorf("encode the links of chain %s: %w", c.ID, err)
		}
	}
	if err := o.facts(c.Mints); err != nil {
		return o.b, fmt.Errorf("encode the facts of chain %s: %w", c.ID, err)
	}
	o.names("requestor_names", c.Requestor.Names)
	o.names("executor_names", c.Actor.Names)
	for i := range c.Approvers {
		o.namesAt("approver_names", i, c.Approvers[i].Names)
	}
	o.end()
	for i := range c.Hops {
		o.namesAt("hop_names", i, c.Hops[i].Principal.Names)
	}
	o.end()
	for i := range c.Candidates {
		o.namesAt("candidate_names", i, c.Candidates[i].Principal.Names)
	}
	o.end()
	o.time("time", c.Time)
	for i := range c.Approvers {
		o.timeAt("approver_times", i, c.Approvers[i].Time)
	}
	o.end()
	for i := range c.Hops {
		o.timeAt("hop_times", i, c.Hops[i].Time)
	}
	o.end()
	if o.err != nil {
		return o.b, fmt.Errorf("encode the times of chain %s: %w", c.ID, o.err)
	}
	return o.close(), nil
}

func unpackRest(c *correlate.Chain, s string) error {
	if s == "" {
		return nil
	}
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
