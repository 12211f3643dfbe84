package correlate

import (
	"cmp"
	"slices"
)

// choose weighs the ways up from one event or session. The rules, in order:
//
//  1. A key that had ended when it was used beats every way that is not
//     established better: such a use never resolves to its owner.
//  2. Whoever was handed a credential (a holder) comes before whoever signed for
//     it, unless the signer is a person on a stronger proof. If the log says
//     that there is a holder and the holder is not known yet, a service that
//     signed is not taken in the holder's place.
//  3. The strongest proof wins; a weaker way that disagrees is shown.
//  4. Two ways of equal proof that disagree are ambiguous, and so are a claim
//     and an inference that disagree: neither outweighs the other.
//  5. An inference never replaces a key on a stronger link that leads to nobody:
//     the log names something else, which we have not seen or which is nobody's.
//     (A holder is inferred beside whoever signed, not in their place.)
//
// The result does not depend on the order of ways.
func choose(ways []outcome) outcome {
	if len(ways) == 0 {
		return outcome{end: nowhere}
	}
	ways = slices.Clone(ways)
	slices.SortStableFunc(ways, func(a, b outcome) int { return moreTelling(&a, &b) })

	best := pick(ways)
	if d := strongestDead(ways); d != nil && (best == nil || best.proof <= d.link) {
		return withWaits(*d, ways)
	}
	if best == nil {
		return unresolved(ways)
	}
	return weigh(*best, ways)
}

// pick returns the way that rules 2 and 3 prefer, or nil if none is resolved. The
// acting credential is weighed against what comes out of rule 2: it is a way of
// its own, not a part that somebody played in issuing it.
func pick(ways []outcome) *outcome {
	var acting, holder, other *outcome
	holderUnknown := false
	for i := range ways {
		w := &ways[i]
		slot := &other
		switch w.role {
		case Acting:
			slot = &acting
		case Holder:
			slot = &holder
			holderUnknown = holderUnknown || !w.resolved()
		}
		if w.resolved() && (*slot == nil || better(w, *slot) < 0) {
			*slot = w
		}
	}
	asked := other
	switch {
	case holder != nil && !(other != nil && other.end == person && other.proof > holder.proof):
		asked = holder
	case holder == nil && holderUnknown && other != nil && other.end == automated:
		asked = nil
	}
	if asked == nil || acting != nil && better(acting, asked) < 0 {
		return acting
	}
	return asked
}

func strongestDead(ways []outcome) *outcome {
	var d *outcome
	for i := range ways {
		if w := &ways[i]; w.end == dead && (d == nil || w.link > d.link) {
			d = w
		}
	}
	return d
}

// weigh applies rules 3 to 5 to the best resolved way.
func weigh(best outcome, ways []outcome) outcome {
	var against, shown []Candidate
	for i := range ways {
		w := &ways[i]
		switch {
		case w.role == Holder && best.role != Holder, w.role != Holder && best.role == Holder:
			if w.resolved() && !sameRoot(w.root, best.root) {
				shown = append(shown, w.asCandidate("another part in it: "+w.role.String()))
			} else if unlisted(&best, w) {
				shown = append(shown, w.asCandidate(whyUnlisted))
			}
		case w.resolved():
			if sameRoot(w.root, best.root) {
				continue
			}
			if contradicts(&best, w) {
				against = append(against, w.asCandidate("contradicts on no weaker grounds"))
				continue
			}
			shown = append(shown, w.asCandidate("weaker: "+w.proof.String()))
		case w.end == ambiguous:
			if best.proof <= Claimed && !slices.ContainsFunc(w.candidates, func(c Candidate) bool { return best.names(c.Key, c.Principal) }) {
				against = append(against, w.candidates...)
			}
		case w.leadsNowhere() && best.proof == Inferred && w.link == Claimed:
			against = append(against, w.asCandidate("named by the caller, and not who was inferred"))
		case w.leadsNowhere() && best.link == Inferred && w.link > Claimed:
			o := *w
			o.candidates = append(slices.Clone(w.candidates), best.asCandidate("inferred, while the log names another"))
			return withWaits(o, ways)
		case unlisted(&best, w):
			shown = append(shown, w.asCandidate(whyUnlisted))
		}
	}
	if len(against) == 0 {
		best.candidates = sorted(append(slices.Clone(best.candidates), shown...))
		return withWaits(best, ways)
	}
	all := append([]Candidate{best.asCandidate("one of several")}, against...)
	return withWaits(outcome{
		end: ambiguous, role: best.role, link: best.link, proof: Inferred, hops: nil,
		missing: firstKey(all), reason: reasonAmbiguous(len(sorted(all))), candidates: sorted(append(all, shown...)),
	}, ways)
}

const whyUnlisted = "better established, and in no directory"

// unlisted reports whether w ends, on a stronger proof than best, at somebody of
// whom nobody has said who answers for them. It cannot be chosen, but must not be
// hidden either by a name that they may have written themselves.
func unlisted(best, w *outcome) bool { return w.end == service && w.proof > best.proof }

// contradicts reports whether w, which leads elsewhere, leaves best in doubt. A
// person above a service of the same proof is no contradiction.
func contradicts(best, w *outcome) bool {
	if best.end == person && w.end == automated {
		return false
	}
	return w.proof == best.proof || best.proof == Claimed && w.proof == Inferred
}

// unresolved reports what is known when no way is resolved.
func unresolved(ways []outcome) outcome {
	o := ways[0]
	for i := range ways {
		if ways[i].role == Holder && ways[i].unresolvedLink() {
			o = ways[i] // somebody holds it: that is what is missing
			break
		}
	}
	if o.end == ambiguous && o.link == Inferred && o.role != Holder {
		// Rule 5 for several candidates: none of them is what the log names.
		for i := range ways {
			if w := &ways[i]; w.leadsNowhere() && w.link > Claimed && w.role != Holder {
				o = *w // ways are ordered: the one that got furthest
				break
			}
		}
	}
	o.candidates = slices.Clone(o.candidates)
	for i := range ways {
		if w := &ways[i]; w.resolved() {
			o.candidates = append(o.candidates, w.asCandidate("another part in it: "+w.role.String()))
		} else if w.end == ambiguous && o.end != ambiguous || w.end == ambiguous && w.missing != o.missing {
			o.candidates = append(o.candidates, w.candidates...)
		}
	}
	o.candidates = sorted(o.candidates)
	return withWaits(o, ways)
}

// withWaits adds the keys whose facts could still change the choice: those of
// the chosen way, and of every way that is on a link at least as strong as the
// chosen proof. A claim waits for inferences too: one that disagrees makes it
// ambiguous.
func withWaits(o outcome, ways []outcome) outcome {
	o.waits = slices.Clone(o.waits)
	for i := range ways {
		if w := &ways[i]; !o.resolved() || w.link >= o.proof || o.proof <= Claimed {
			o.waits = append(o.waits, w.waits...)
		}
	}
	slices.SortFunc(o.waits, Key.Compare)
	o.waits = slices.Compact(o.waits)
	return o
}

func sorted(cs []Candidate) []Candidate {
	slices.SortFunc(cs, func(a, b Candidate) int {
		return cmp.Or(a.Key.Compare(b.Key), cmp.Compare(a.Principal.ID, b.Principal.ID), cmp.Compare(a.Principal.Issuer, b.Principal.Issuer),
			cmp.Compare(b.Proof, a.Proof), cmp.Compare(a.Method, b.Method), cmp.Compare(a.EventID, b.EventID), cmp.Compare(a.Why, b.Why))
	})
	return slices.CompactFunc(cs, func(a, b Candidate) bool { return a.Key == b.Key && a.Principal.Same(b.Principal) })
}

func firstKey(cs []Candidate) Key {
	for _, c := range sorted(slices.Clone(cs)) {
		if !c.Key.IsZero() {
			return c.Key
		}
	}
	if len(cs) > 0 {
		return cs[0].Principal.Key()
	}
	return Key{}
}
