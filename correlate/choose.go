package correlate

import (
	"cmp"
	"slices"
	"strings"
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
// It puts ways into another order.
func (w *Walker) choose(ways []outcome) outcome {
	if len(ways) == 0 {
		return outcome{end: nowhere}
	}
	order(ways)
	best := pick(ways)
	if d := strongestDead(ways); d != nil && (best == nil || best.proof <= d.link) {
		return w.withWaits(*d, ways)
	}
	if best == nil {
		return w.unresolved(ways)
	}
	return w.weigh(*best, ways)
}

// fewWays is how many ways are put in order by moving them up one by one.
const fewWays = 16

// order puts the most telling way first. There are two or three of them nearly
// always, and each is large: they are moved as little as can be.
func order(ways []outcome) {
	if len(ways) > fewWays {
		slices.SortStableFunc(ways, func(a, b outcome) int { return moreTelling(&a, &b) })
		return
	}
	for i := range ways {
		for j := i; j > 0 && moreTelling(&ways[j], &ways[j-1]) < 0; j-- {
			ways[j], ways[j-1] = ways[j-1], ways[j]
		}
	}
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
func (w *Walker) weigh(best outcome, ways []outcome) outcome {
	if len(ways) == 1 {
		return w.withWaits(best, ways)
	}
	if o := fuller(&best, ways); o != nil {
		best = *o
	}
	var against, shown []Candidate
	for i := range ways {
		o := &ways[i]
		switch {
		case o.role == Holder && best.role != Holder, o.role != Holder && best.role == Holder:
			if o.resolved() && !oneRoot(o, &best) {
				shown = append(shown, o.asCandidate("another part in it: "+o.role.String()))
			} else if unlisted(&best, o) {
				shown = append(shown, o.asCandidate(whyUnlisted))
			}
		case o.resolved():
			if oneRoot(o, &best) {
				continue
			}
			if contradicts(&best, o) {
				against = append(against, o.asCandidate("contradicts on no weaker grounds"))
				continue
			}
			shown = append(shown, o.asCandidate("weaker: "+o.proof.String()))
		case o.end == ambiguous:
			if best.proof <= Claimed && !slices.ContainsFunc(o.candidates, func(c Candidate) bool { return best.names(c.Key, c.Principal) }) {
				against = append(against, o.candidates...)
			}
		case o.leadsNowhere() && best.proof == Inferred && o.link == Claimed:
			against = append(against, o.asCandidate("named by the caller, and not who was inferred"))
		case o.leadsNowhere() && best.link == Inferred && o.link > Claimed:
			d := *o
			d.candidates = append(slices.Clone(o.candidates), best.asCandidate("inferred, while the log names another"))
			return w.withWaits(d, ways)
		case unlisted(&best, o):
			shown = append(shown, o.asCandidate(whyUnlisted))
		}
	}
	if len(against) == 0 {
		if len(shown) > 0 {
			best.candidates = sorted(w.candidates.Append(w.candidates.Append(nil, best.candidates...), shown...))
		}
		return w.withWaits(best, ways)
	}
	all := sorted(append([]Candidate{best.asCandidate("one of several")}, against...))
	return w.withWaits(outcome{
		end: ambiguous, role: best.role, link: best.link, proof: Inferred, hops: nil,
		missing: firstKey(all), reason: reasonAmbiguous(len(all)), candidates: sorted(append(all, shown...)),
	}, ways)
}

// oneRoot reports whether two ways lead to the same principal: by its id, or by two of
// its names, if a log that both ways go by states that they are one account's. What a
// caller wrote joins nobody, and no address does that an account was given beside its
// own name: its owner may have chosen it.
func oneRoot(a, b *outcome) bool {
	if sameRoot(a.root, b.root) {
		return true
	}
	return a.proof >= Attested && b.proof >= Attested && a.root.Issuer == b.root.Issuer && a.root.Type == b.root.Type &&
		(alsoCalled(&a.root, &b.root) || alsoCalled(&b.root, &a.root))
}

// fuller is a way to the same principal as best, no worse established and found for
// the same part, that knows more of their names: an address beside an id. Nil for none.
func fuller(best *outcome, ways []outcome) *outcome {
	var chosen *outcome
	for i := range ways {
		o := &ways[i]
		if o.proof != best.proof || o.end != best.end || (o.role == Holder) != (best.role == Holder) || !o.resolved() {
			continue
		}
		if alsoCalled(&o.root, &best.root) && !alsoCalled(&best.root, &o.root) && oneRoot(o, best) && (chosen == nil || better(o, chosen) < 0) {
			chosen = o
		}
	}
	return chosen
}

// alsoCalled reports whether the id of o, as its issuer gave it, is among p's names.
func alsoCalled(p, o *Principal) bool {
	if strings.Contains(o.ID, "@") {
		return false
	}
	for _, n := range p.Names {
		if issuer, id, ok := strings.Cut(n, ":"); ok && issuer == o.Issuer && id == o.ID {
			return true
		}
	}
	return false
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
func (w *Walker) unresolved(ways []outcome) outcome {
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
			if x := &ways[i]; x.leadsNowhere() && x.link > Claimed && x.role != Holder {
				o = *x // ways are ordered: the one that got furthest
				break
			}
		}
	}
	candidates := w.candidates.Append(nil, o.candidates...)
	for i := range ways {
		if x := &ways[i]; x.resolved() {
			candidates = w.candidates.Append(candidates, x.asCandidate("another part in it: "+x.role.String()))
		} else if x.end == ambiguous && (o.end != ambiguous || x.missing != o.missing) {
			candidates = w.candidates.Append(candidates, x.candidates...)
		}
	}
	o.candidates = sorted(candidates)
	return w.withWaits(o, ways)
}

// withWaits adds the keys whose facts could still change the choice: those of
// the chosen way, and of every way that is on a link at least as strong as the
// chosen proof. A claim waits for inferences too: one that disagrees makes it
// ambiguous.
func (w *Walker) withWaits(o outcome, ways []outcome) outcome {
	waits := w.keys.Append(nil, o.waits...)
	for i := range ways {
		if x := &ways[i]; !o.resolved() || x.link >= o.proof || o.proof <= Claimed {
			waits = w.keys.Append(waits, x.waits...)
		}
	}
	if len(waits) > 1 {
		slices.SortFunc(waits, Key.Compare)
		waits = slices.Compact(waits)
	}
	o.waits = waits
	return o
}

func sorted(cs []Candidate) []Candidate {
	if len(cs) < 2 {
		return cs
	}
	slices.SortFunc(cs, func(a, b Candidate) int {
		return cmp.Or(a.Key.Compare(b.Key), cmp.Compare(a.Principal.ID, b.Principal.ID), cmp.Compare(a.Principal.Issuer, b.Principal.Issuer),
			cmp.Compare(b.Proof, a.Proof), cmp.Compare(a.Method, b.Method), cmp.Compare(a.EventID, b.EventID), cmp.Compare(a.Why, b.Why))
	})
	return slices.CompactFunc(cs, func(a, b Candidate) bool { return a.Key == b.Key && a.Principal.Same(b.Principal) })
}

// firstKey is the first key that the sorted cs name.
func firstKey(cs []Candidate) Key {
	for i := range cs {
		if !cs[i].Key.IsZero() {
			return cs[i].Key
		}
	}
	if len(cs) > 0 {
		return cs[0].Principal.Key()
	}
	return Key{}
}
