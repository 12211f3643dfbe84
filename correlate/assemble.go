package correlate

import (
	"cmp"
	"fmt"
	"slices"
)

// chain turns what the walk found into the chain of its event.
func (w *Walker) chain(o *outcome, c *Chain) {
	*c = Chain{Event: *w.event, Rank: w.rank, Walked: w.mem.keys.Append(nil, w.walked...)}
	c.Hops = w.withExecutor(o)
	c.Candidates = w.candidatesOf(o)
	c.Waits = w.waits(o)
	c.Status = o.status()
	switch c.Status {
	case Attributed, Automated:
		c.Requestor, c.Proof = o.root, o.proof
	case Ambiguous:
		c.Proof = Inferred
	case Partial:
		c.Proof = o.proof
	}
	if !o.resolved() {
		c.Missing, c.Reason = o.missing, o.reason
		if c.Missing.IsZero() {
			c.Missing = w.event.Actor.Key()
		}
		c.Reason = cmp.Or(c.Reason, "the log line names no credential and nobody who asked")
	}
	if n := len(o.candidates); n > maxCandidates && c.Reason != "" {
		c.Reason += fmt.Sprintf("; %d of %d candidates are listed", maxCandidates, n)
	}
	c.Approvers = w.approvers(c.Hops)
}

// maxCandidates is how many candidates a chain lists. A name under which
// thousands of sessions were live would else be written out with every action;
// the name itself leads to all of them.
const maxCandidates = 100

// candidatesOf are those of o, without the executor itself where the line merely
// says that it is nobody we know.
func (w *Walker) candidatesOf(o *outcome) []Candidate {
	var cs []Candidate
	w.unlisted = false
	for i := range o.candidates {
		c := &o.candidates[i]
		w.unlisted = w.unlisted || c.Why == whyUnlisted
		if len(cs) < maxCandidates && !(c.Why == whyUnlisted && c.Key.IsZero() && c.Principal.Same(w.event.Actor)) {
			cs = w.mem.candidates.Append(cs, *c)
		}
	}
	return cs
}

// waits are the keys whose facts could still change the walk within the allowed
// lateness. As long as nobody is found, or somebody only by a claim, any further
// account of any key on the way can: another line may tell more of a session
// that is known already.
func (w *Walker) waits(o *outcome) []Key {
	if o.resolved() && o.proof > Claimed {
		return w.mem.keys.Append(nil, o.waits...)
	}
	var keys []Key
	for i := range w.walked {
		if w.minted(w.walked[i].Kind) {
			keys = w.mem.keys.Append(keys, w.walked[i])
		}
	}
	return keys
}

func (o *outcome) status() Status {
	switch o.end {
	case person:
		return Attributed
	case automated:
		return Automated
	case ambiguous:
		return Ambiguous
	case dead, service:
		return Partial
	}
	if len(o.hops) > 0 {
		return Partial
	}
	return Unattributed
}

// withExecutor puts the executor first: the acting credential, as its issuer
// tells of it, or as the line itself does.
func (w *Walker) withExecutor(o *outcome) []Hop {
	e := w.event
	key := e.Key()
	if len(o.hops) > 0 && o.hops[0].Key == key && !key.IsZero() {
		return w.mem.hops.Append(nil, o.hops...)
	}
	first := w.executor(key)
	if len(o.hops) == 1 && o.hops[0].Key.IsZero() && o.hops[0].Principal.Same(e.Actor) {
		only := o.hops[0] // the executor is the one who asked
		only.Key, only.State = key, cmp.Or(first.State, only.State)
		return w.mem.hops.Append(nil, only)
	}
	return w.mem.hops.Append(w.mem.hops.Append(nil, first), o.hops...)
}

func (w *Walker) executor(key Key) Hop {
	e := w.event
	if !key.IsZero() {
		facts := w.facts(key, e.Time)
		if a := bestAccount(facts); a != nil {
			h := a.line().hop(key, &a.Principal, a.Proof, a.Method)
			h.State = state(facts, a, e.Time, EarlySkew)
			return h
		}
	}
	return w.stated(key)
}

// stated is the executor as the line itself tells of it.
func (w *Walker) stated(key Key) Hop {
	e := w.event
	h := e.line().hop(key, &e.Actor, Attested, "")
	for i := range e.Uses {
		if e.Uses[i].Role == Acting {
			h.Method = e.Uses[i].Method
		}
	}
	if h.Method == "" {
		h.Method = w.mem.Text.Join(e.Source, ".actor")
	}
	return h
}

// approvers are those who allowed anything done with the keys of the chain.
func (w *Walker) approvers(hops []Hop) []Approver {
	var as []Approver
	for i := range hops {
		if hops[i].Key.IsZero() {
			continue
		}
		facts := w.facts(hops[i].Key, w.event.Time)
		for j := range facts {
			f := &facts[j]
			if f.Kind != Approval {
				continue
			}
			p := f.Principal
			if entry := w.listed(&f.Principal); entry != nil {
				p = entry.principal(&p)
			}
			as = w.mem.approvers.Append(as, Approver{Principal: p, Time: f.Start, Via: f.Method, EventID: f.EventID})
		}
	}
	if len(as) < 2 {
		return as
	}
	slices.SortFunc(as, func(a, b Approver) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.ID, b.ID), cmp.Compare(a.EventID, b.EventID))
	})
	return slices.CompactFunc(as, func(a, b Approver) bool { return a.EventID == b.EventID && a.ID == b.ID })
}
