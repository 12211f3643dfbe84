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
//
// It was the largest column by far, so it holds no more than that. Other names of
// hops, candidates and approvers are not kept: a walk takes them from the facts.
// Those of the executor are where the directory looks for it, and those of the
// requestor are shown in alerts.
type chainRest struct {
	Uses  []packedLink     `json:"uses,omitempty"`
	Facts []correlate.Fact `json:"facts,omitempty"`

	RequestorNames []string `json:"requestor_names,omitempty"`
	ExecutorNames  []string `json:"executor_names,omitempty"`
	Signals        []string `json:"signals,omitempty"`

	Time          *time.Time        `json:"time,omitempty"`
	ApproverTimes map[int]time.Time `json:"approver_times,omitempty"`
	HopTimes      map[int]time.Time `json:"hop_times,omitempty"`

	// Links are what Uses was before it took half of the room.
	Links []correlate.Link `json:"links,omitempty"`
}

func restColumn() column[correlate.Chain] {
	return wide("rest", packRest, unpackRest)
}

// packRest appends the JSON of a chainRest, or nothing where there is nothing to
// keep. It makes none: most lines would pay for a hundred empty fields.
func packRest(b []byte, c *correlate.Chain) (_ []byte, err error) {
	o := object{b: b, at: len(b)}
	if len(c.Uses) > 0 {
		o.name("uses")
		if o.b, err = packLinks(o.b, c.Uses, c.Walked); err != nil {
			return o.b, fmt.Errorf("encode the links of chain %s: %w", c.ID, err)
		}
	}
	if err := o.facts(c.Mints); err != nil {
		return o.b, fmt.Errorf("encode the facts of chain %s: %w", c.ID, err)
	}
	o.names("requestor_names", c.Requestor.Names)
	o.names("executor_names", c.Actor.Names)
	o.names("signals", c.Signals)
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

// unpackRest amends what the other columns put into c. It reads what older
// versions wrote too, but for the names that are not kept any more.
func unpackRest(c *correlate.Chain, s string) error {
	if s == "" {
		return nil
	}
	var r chainRest
	if err := json.Unmarshal([]byte(s), &r); err != nil {
		return fmt.Errorf("decode the rest of chain %s: %w", c.ID, err)
	}
	c.Uses, c.Mints = r.Links, r.Facts
	for i := range r.Uses {
		l, err := r.Uses[i].link(c.Walked)
		if err != nil {
			return fmt.Errorf("decode the links of chain %s: %w", c.ID, err)
		}
		c.Uses = append(c.Uses, l)
	}
	c.Requestor.Names, c.Actor.Names, c.Signals = r.RequestorNames, r.ExecutorNames, r.Signals
	putBack(c.Approvers, r.ApproverTimes, func(a *correlate.Approver, t time.Time) { a.Time = t })
	putBack(c.Hops, r.HopTimes, func(h *correlate.Hop, t time.Time) { h.Time = t })
	if r.Time != nil {
		c.Time = *r.Time
	}
	return nil
}
