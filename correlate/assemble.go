package correlate

import (
	"cmp"
	"fmt"
	"slices"
)

// chain turns what the walk found into the chain of its event.
func (w *walk) chain(o *outcome) Chain {
	c := Chain{Event: *w.event, Rank: uint32(min(w.rank, maxRank)), Walked: w.walked}
	c.Hops = w.withExecutor(o)
	c.Candidates = w.candidates(o)
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
	return c
}

// maxCandidates is how many candidates a chain lists. A name under which
// thousands of sessions were live would else be written out with every action;
// the name itself leads to all of them.
const maxCandidates = 100

// candidates are those of o, without the executor itself where the line merely
// says that it is nobody we know.
func (w *walk) candidates(o *outcome) []Candidate {
	cs := slices.DeleteFunc(slices.Clone(o.candidates), func(c Candidate) bool {
		return c.Why == whyUnlisted && c.Key.IsZero() && c.Principal.Same(w.event.Actor)
	})
	return cs[:min(len(cs), maxCandidates)]
}

// waits are the keys whose facts could still change the walk within the allowed
// lateness. As long as nobody is found, or somebody only by a claim, any further
// account of any key on the way can: another line may tell more of a session
// that is known already.
func (w *walk) waits(o *outcome) []Key {
	if o.resolved() && o.proof > Claimed {
		return o.waits
	}
	return slices.DeleteFunc(slices.Clone(w.walked), func(k Key) bool { return !w.r.Kinds.Minted(k.Kind) })
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
func (w *walk) withExecutor(o *outcome) []Hop {
	e := w.event
	key := e.Key()
	if len(o.hops) > 0 && o.hops[0].Key == key && !key.IsZero() {
		return o.hops
	}
	first := e.line().hop(key, e.Actor, Attested, e.Source+".actor")
	for _, u := range e.Uses {
		if u.Role == Acting {
			first.Method = u.Method
		}
	}
	if facts := w.session(key, e.Time).Facts; !key.IsZero() {
		if a := bestAccount(facts); a != nil {
			first = a.line().hop(key, a.Principal, a.Proof, a.Method)
			first.State = state(facts, a, e.Time, EarlySkew)
		}
	}
	if len(o.hops) == 1 && o.hops[0].Key.IsZero() && o.hops[0].Principal.Same(e.Actor) {
		only := o.hops[0] // the executor is the one who asked
		only.Key, only.State = key, cmp.Or(first.State, only.State)
		return []Hop{only}
	}
	return append([]Hop{first}, o.hops...)
}

// approvers are those who allowed anything done with the keys of the chain.
func (w *walk) approvers(hops []Hop) []Approver {
	var as []Approver
	for _, h := range hops {
		if h.Key.IsZero() {
			continue
		}
		for _, f := range w.session(h.Key, w.event.Time).Facts {
			if f.Kind != Approval {
				continue
			}
			p := f.Principal
			if entry, ok := w.r.Directory.Find(p); ok {
				p = entry.principal(p)
			}
			as = append(as, Approver{Principal: p, Time: f.Start, Via: f.Method, EventID: f.EventID})
		}
	}
	slices.SortFunc(as, func(a, b Approver) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.ID, b.ID), cmp.Compare(a.EventID, b.EventID))
	})
	return slices.CompactFunc(as, func(a, b Approver) bool { return a.EventID == b.EventID && a.ID == b.ID })
}
