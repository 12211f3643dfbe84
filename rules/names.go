package rules

import (
	"time"

	"whence/correlate"
)

// A name of Env is read straight off the chain by one of these. Of a list's
// element ("hops[].state") at says which; other names do not look at it.
type (
	truth func(c *correlate.Chain, at int) bool
	text  func(c *correlate.Chain, at int) string
	whole func(c *correlate.Chain, at int) int
	real  func(c *correlate.Chain, at int) float64
)

// names are those of Env by their path, as fill gives them. What is missing here
// is left to the engine.
type names struct {
	flags  map[string]truth
	texts  map[string]text
	wholes map[string]whole
	reals  map[string]real
	// lists give how many elements a rule sees.
	lists map[string]func(c *correlate.Chain) int
}

var known = newNames()

func newNames() names {
	n := names{flags: map[string]truth{
		"settled":          func(c *correlate.Chain, _ int) bool { return c.Settled },
		"proven":           func(c *correlate.Chain, _ int) bool { return proven(c) },
		"truncated":        func(c *correlate.Chain, _ int) bool { return truncated(c) },
		"usage.cost_known": func(c *correlate.Chain, _ int) bool { return c.Usage.CostKnown },

		// No expression can spell these: they are for the index. See crossing.
		"crosses account": func(c *correlate.Chain, _ int) bool { return crossesAccount(c) },
		"crosses trust":   func(c *correlate.Chain, _ int) bool { return crossesTrust(c) },

		"approvers[].dated": func(c *correlate.Chain, at int) bool { return !c.Approvers[at].Time.IsZero() },
	}, texts: map[string]text{
		"source":             func(c *correlate.Chain, _ int) string { return c.Source },
		"action":             func(c *correlate.Chain, _ int) string { return c.Action },
		"class":              func(c *correlate.Chain, _ int) string { return string(c.Class) },
		"outcome":            func(c *correlate.Chain, _ int) string { return string(c.Outcome) },
		"error":              func(c *correlate.Chain, _ int) string { return c.Error },
		"tenant":             func(c *correlate.Chain, _ int) string { return c.Tenant },
		"weekday":            func(c *correlate.Chain, _ int) string { return weekday(c.Time.UTC()) },
		"status":             func(c *correlate.Chain, _ int) string { return string(c.Status) },
		"proof":              func(c *correlate.Chain, _ int) string { return c.Proof.String() },
		"missing.kind":       func(c *correlate.Chain, _ int) string { return string(c.Missing.Kind) },
		"missing.value":      func(c *correlate.Chain, _ int) string { return c.Missing.Value },
		"reason":             func(c *correlate.Chain, _ int) string { return c.Reason },
		"executor.key.kind":  func(c *correlate.Chain, _ int) string { return string(c.Key().Kind) },
		"executor.key.value": func(c *correlate.Chain, _ int) string { return c.Key().Value },
		"resources[].type":   func(c *correlate.Chain, at int) string { return c.Resources[at].Type },
		"resources[].id":     func(c *correlate.Chain, at int) string { return c.Resources[at].ID },
		"approvers[].via":    func(c *correlate.Chain, at int) string { return c.Approvers[at].Via },
		"context.ip":         func(c *correlate.Chain, _ int) string { return c.Context.IP },
		"context.agent":      func(c *correlate.Chain, _ int) string { return c.Context.Agent },
		"context.account":    func(c *correlate.Chain, _ int) string { return c.Context.Account },
		"context.region":     func(c *correlate.Chain, _ int) string { return c.Context.Region },
		"context.session":    func(c *correlate.Chain, _ int) string { return c.Context.Session },
		"context.trace":      func(c *correlate.Chain, _ int) string { return c.Context.Trace },
		"context.ticket":     func(c *correlate.Chain, _ int) string { return c.Context.Ticket },
		"context.app":        func(c *correlate.Chain, _ int) string { return c.Context.App },
		"context.unit":       func(c *correlate.Chain, _ int) string { return c.Context.Unit },
		"usage.model":        func(c *correlate.Chain, _ int) string { return c.Usage.Model },

		"held[]":                 held,
		"signals[]":              signalAt,
		"candidates[].key.kind":  func(c *correlate.Chain, at int) string { return string(c.Candidates[at].Key.Kind) },
		"candidates[].key.value": func(c *correlate.Chain, at int) string { return c.Candidates[at].Key.Value },
		"candidates[].proof":     func(c *correlate.Chain, at int) string { return c.Candidates[at].Proof.String() },
		"candidates[].method":    func(c *correlate.Chain, at int) string { return c.Candidates[at].Method },
		"candidates[].why":       func(c *correlate.Chain, at int) string { return c.Candidates[at].Why },
	}, wholes: map[string]whole{
		"hour":                func(c *correlate.Chain, _ int) int { return c.Time.UTC().Hour() },
		"usage.input_tokens":  func(c *correlate.Chain, _ int) int { return int(c.Usage.InputTokens) },
		"usage.output_tokens": func(c *correlate.Chain, _ int) int { return int(c.Usage.OutputTokens) },
		"approvers[].age":     func(c *correlate.Chain, at int) int { return age(c.Approvers[at].Time, c.Time) },
	}, reals: map[string]real{
		"usage.cost_usd": func(c *correlate.Chain, _ int) float64 { return c.Usage.CostUSD },
	}, lists: map[string]func(c *correlate.Chain) int{
		"hops":       func(c *correlate.Chain) int { return min(len(c.Hops), maxList) },
		"approvers":  func(c *correlate.Chain) int { return min(len(c.Approvers), maxList) },
		"candidates": func(c *correlate.Chain) int { return min(len(c.Candidates), maxList) },
		"resources":  func(c *correlate.Chain) int { return min(len(c.Resources), maxList) },
		"signals":    func(c *correlate.Chain) int { return len(c.Signals) },                // for signal
		"held":       func(c *correlate.Chain) int { return 1 + min(len(c.Hops), maxList) }, // for held
	}}
	n.principal("executor", func(c *correlate.Chain, _ int) *correlate.Principal { return &c.Actor })
	n.principal("requestor", func(c *correlate.Chain, _ int) *correlate.Principal { return &c.Requestor })
	n.principal("approvers[]", func(c *correlate.Chain, at int) *correlate.Principal { return &c.Approvers[at].Principal })
	n.principal("candidates[].principal", func(c *correlate.Chain, at int) *correlate.Principal { return &c.Candidates[at].Principal })
	n.hop("hops[]", func(c *correlate.Chain, at int) *correlate.Hop { return &c.Hops[at] })
	n.hop("root", func(c *correlate.Chain, _ int) *correlate.Hop {
		if len(c.Hops) == 0 {
			return &noHop
		}
		return &c.Hops[len(c.Hops)-1]
	})
	return n
}

var noHop correlate.Hop

func (n *names) principal(path string, of func(*correlate.Chain, int) *correlate.Principal) {
	n.texts[path+".type"] = func(c *correlate.Chain, at int) string { return string(of(c, at).Type) }
	n.texts[path+".id"] = func(c *correlate.Chain, at int) string { return of(c, at).ID }
	n.texts[path+".name"] = func(c *correlate.Chain, at int) string { return of(c, at).Name }
	n.texts[path+".issuer"] = func(c *correlate.Chain, at int) string { return of(c, at).Issuer }
	n.texts[path+".unit"] = func(c *correlate.Chain, at int) string { return of(c, at).Unit }
	n.texts[path+".account"] = func(c *correlate.Chain, at int) string { return accountOf(of(c, at)) }
	n.texts[path+".lasting"] = func(c *correlate.Chain, at int) string { return lastingOf(of(c, at)) }
	n.texts[path+".owner"] = func(c *correlate.Chain, at int) string { return of(c, at).Owner }
}

func (n *names) hop(path string, of func(*correlate.Chain, int) *correlate.Hop) {
	n.principal(path+".principal", func(c *correlate.Chain, at int) *correlate.Principal { return &of(c, at).Principal })
	n.texts[path+".key.kind"] = func(c *correlate.Chain, at int) string { return string(of(c, at).Key.Kind) }
	n.texts[path+".key.value"] = func(c *correlate.Chain, at int) string { return of(c, at).Key.Value }
	n.texts[path+".proof"] = func(c *correlate.Chain, at int) string { return of(c, at).Proof.String() }
	n.texts[path+".method"] = func(c *correlate.Chain, at int) string { return of(c, at).Method }
	n.texts[path+".source"] = func(c *correlate.Chain, at int) string { return of(c, at).Source }
	n.texts[path+".state"] = func(c *correlate.Chain, at int) string { return of(c, at).State }
	n.flags[path+".dated"] = func(c *correlate.Chain, at int) bool { return !of(c, at).Time.IsZero() }
	n.wholes[path+".age"] = func(c *correlate.Chain, at int) int { return age(of(c, at).Time, c.Time) }
}

// age is how many seconds before at the time t lies; 0 when t is not known.
func age(t, at time.Time) int {
	if t.IsZero() {
		return 0
	}
	return int(at.Sub(t) / time.Second)
}

var weekdays = [...]string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}

func weekday(t time.Time) string { return weekdays[t.Weekday()] }

// proven reports whether c ends at somebody accountable by more than a string
// the caller chose or a guess.
func proven(c *correlate.Chain) bool {
	return (c.Status == correlate.Attributed || c.Status == correlate.Automated) && c.Proof > correlate.Claimed
}

// truncated reports whether a list of c is longer than a rule sees.
func truncated(c *correlate.Chain) bool {
	return max(len(c.Hops), len(c.Approvers), len(c.Candidates), len(c.Resources)) > maxList
}

// holds reports whether the executor's key or that of a hop a rule sees is of a kind.
func holds(c *correlate.Chain, kind string) bool {
	for i := range 1 + min(len(c.Hops), maxList) {
		if held(c, i) == kind {
			return true
		}
	}
	return false
}

// held are the kinds that holds looks at: the executor's, then the hops'.
func held(c *correlate.Chain, at int) string {
	if at == 0 {
		return string(c.Key().Kind)
	}
	return string(c.Hops[at-1].Key.Kind)
}
