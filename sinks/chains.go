package sinks

import (
	"slices"
	"time"

	"whence/correlate"
)

// chainTable maps a chain to the flat columns of the table chains. The names are
// those of the chain's JSON (docs/DESIGN.md section 6) with the dots made underscores;
// arrays of objects become parallel arrays. What the flat columns cannot hold is
// in rest, which must stay last: it amends what the others put.
func chainTable() table[correlate.Chain] {
	return newTable("chains",
		chainColumns(), personColumns(), hopColumns(), candidateColumns(), actionColumns(), contextColumns(), walkColumns(),
	)
}

func chainColumns() []column[correlate.Chain] {
	type chain = correlate.Chain
	return []column[chain]{
		ident("id", func(c *chain) *correlate.ID { return &c.ID }),
		field("version", func(c *chain) *uint64 { return &c.Version }),
		field("rank", func(c *chain) *uint32 { return &c.Rank }),
		field("settled", func(c *chain) *bool { return &c.Settled }),
		ident("action_id", func(c *chain) *correlate.ID { return &c.ActionID }),
		field("primary", func(c *chain) *bool { return &c.Primary }),
		instant("time", func(c *chain) *time.Time { return &c.Time }),
		word("source", func(c *chain) *string { return &c.Source }),
		text("event_id", func(c *chain) *string { return &c.EventID }),
		word("status", func(c *chain) *correlate.Status { return &c.Status }),
		proof("proof", func(c *chain) *correlate.Proof { return &c.Proof }),
		key("missing", func(c *chain) *correlate.Key { return &c.Missing }),
		word("reason", func(c *chain) *string { return &c.Reason }),
		word("tenant", func(c *chain) *string { return &c.Tenant }),
	}
}

func personColumns() []column[correlate.Chain] {
	type chain = correlate.Chain
	approvers := func(c *chain) *[]correlate.Approver { return &c.Approvers }
	return slices.Concat(
		principal("requestor", func(c *chain) *correlate.Principal { return &c.Requestor }),
		principals("approvers", approvers, func(a *correlate.Approver) *correlate.Principal { return &a.Principal }),
		[]column[chain]{
			instants("approvers.time", approvers, func(a *correlate.Approver) *time.Time { return &a.Time }),
			wordList("approvers.via", approvers, func(a *correlate.Approver) *string { return &a.Via }),
			texts("approvers.event_id", approvers, func(a *correlate.Approver) *string { return &a.EventID }),
		},
		principal("executor", func(c *chain) *correlate.Principal { return &c.Actor }),
		[]column[chain]{scalar("executor_key", wireText,
			func(b []byte, c *chain) []byte { k := c.Key(); return appendKey(b, &k) },
			func(*chain, string) error { return nil }, // it is the first acting link in rest
		)},
	)
}

func hopColumns() []column[correlate.Chain] {
	type hop = correlate.Hop
	hops := func(c *correlate.Chain) *[]hop { return &c.Hops }
	return slices.Concat(
		[]column[correlate.Chain]{listedKey("hops.key", hops, func(h *hop) *correlate.Key { return &h.Key })},
		principals("hops", hops, func(h *hop) *correlate.Principal { return &h.Principal }),
		[]column[correlate.Chain]{
			listedProof("hops.proof", hops, func(h *hop) *correlate.Proof { return &h.Proof }),
			wordList("hops.method", hops, func(h *hop) *string { return &h.Method }),
			texts("hops.event_id", hops, func(h *hop) *string { return &h.EventID }),
			wordList("hops.source", hops, func(h *hop) *string { return &h.Source }),
			instants("hops.time", hops, func(h *hop) *time.Time { return &h.Time }),
			wordList("hops.state", hops, func(h *hop) *string { return &h.State }),
		},
	)
}

func candidateColumns() []column[correlate.Chain] {
	type candidate = correlate.Candidate
	candidates := func(c *correlate.Chain) *[]candidate { return &c.Candidates }
	return slices.Concat(
		[]column[correlate.Chain]{listedKey("candidates.key", candidates, func(c *candidate) *correlate.Key { return &c.Key })},
		principals("candidates", candidates, func(c *candidate) *correlate.Principal { return &c.Principal }),
		[]column[correlate.Chain]{
			listedProof("candidates.proof", candidates, func(c *candidate) *correlate.Proof { return &c.Proof }),
			wordList("candidates.method", candidates, func(c *candidate) *string { return &c.Method }),
			texts("candidates.event_id", candidates, func(c *candidate) *string { return &c.EventID }),
			wordList("candidates.why", candidates, func(c *candidate) *string { return &c.Why }),
		},
	)
}

func actionColumns() []column[correlate.Chain] {
	type chain = correlate.Chain
	resources := func(c *chain) *[]correlate.Resource { return &c.Resources }
	return []column[chain]{
		word("action", func(c *chain) *string { return &c.Action }),
		word("class", func(c *chain) *correlate.Class { return &c.Class }),
		word("outcome", func(c *chain) *correlate.Outcome { return &c.Outcome }),
		word("error", func(c *chain) *string { return &c.Error }),
		wordList("resources.type", resources, func(r *correlate.Resource) *string { return &r.Type }),
		texts("resources.id", resources, func(r *correlate.Resource) *string { return &r.ID }),
		word("usage_model", func(c *chain) *string { return &c.Usage.Model }),
		field("usage_input_tokens", func(c *chain) *int64 { return &c.Usage.InputTokens }),
		field("usage_output_tokens", func(c *chain) *int64 { return &c.Usage.OutputTokens }),
		field("usage_cost_usd", func(c *chain) *float64 { return &c.Usage.CostUSD }),
		field("usage_cost_known", func(c *chain) *bool { return &c.Usage.CostKnown }),
		word("evidence_topic", func(c *chain) *string { return &c.Evidence.Topic }),
		field("evidence_partition", func(c *chain) *int32 { return &c.Evidence.Partition }),
		field("evidence_offset", func(c *chain) *int64 { return &c.Evidence.Offset }),
		text("evidence_sha256", func(c *chain) *string { return &c.Evidence.SHA256 }),
	}
}

func contextColumns() []column[correlate.Chain] {
	type chain = correlate.Chain
	return []column[chain]{
		text("context_ip", func(c *chain) *string { return &c.Context.IP }),
		word("context_agent", func(c *chain) *string { return &c.Context.Agent }),
		word("context_account", func(c *chain) *string { return &c.Context.Account }),
		word("context_region", func(c *chain) *string { return &c.Context.Region }),
		text("context_session", func(c *chain) *string { return &c.Context.Session }),
		text("context_trace", func(c *chain) *string { return &c.Context.Trace }),
		text("context_ticket", func(c *chain) *string { return &c.Context.Ticket }),
		word("context_app", func(c *chain) *string { return &c.Context.App }),
		word("context_unit", func(c *chain) *string { return &c.Context.Unit }),
	}
}

// walkColumns hold what a later fact is matched against: see Chain.Walked.
func walkColumns() []column[correlate.Chain] {
	itself := func(k *correlate.Key) *correlate.Key { return k }
	return []column[correlate.Chain]{
		listedKey("walked", func(c *correlate.Chain) *[]correlate.Key { return &c.Walked }, itself),
		listedKey("waits", func(c *correlate.Chain) *[]correlate.Key { return &c.Waits }, itself),
		restColumn(),
	}
}
