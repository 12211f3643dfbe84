package rules

import (
	"time"

	"whence/correlate"
)

// EnvVersion is the version of Env. It rises when a name is taken away or changes
// its meaning, never when one is added.
const EnvVersion = 1

// maxList bounds every list in Env: an expression has no other limit on the work
// it does. A longer list is cut and Truncated set.
const maxList = 64

// Env is what a rule sees of a chain. It is a contract of its own and not
// correlate.Chain, so that the code may change and rules need not. Every name is
// always there: text the log does not give is "", a number 0, a list empty.
//
// A rule sees one chain and no clock: the same chain always gives the same answer.
type Env struct {
	// Source, Action, Class, Outcome, Error and Tenant are those of the event.
	Source  string `expr:"source"`
	Action  string `expr:"action"`
	Class   string `expr:"class"`   // auth, read, write, admin, secret, model, tool, deploy
	Outcome string `expr:"outcome"` // success, failure, denied, unknown
	Error   string `expr:"error"`
	Tenant  string `expr:"tenant"`
	// Hour (0 to 23) and Weekday ("monday") are those of the event, in UTC.
	Hour    int    `expr:"hour"`
	Weekday string `expr:"weekday"`

	// Status is attributed, automated, ambiguous, partial or unattributed.
	Status string `expr:"status"`
	// Proof is the weakest hop's: issued, attested, claimed, inferred, or "" when
	// nothing above the executor is known.
	Proof string `expr:"proof"`
	// Proven says that the chain is attributed or automated and that no hop rests
	// on a string the caller chose or on an inference. Rules on absence must ask
	// for it: a root that is only claimed counts as absent.
	Proven bool `expr:"proven"`
	// Settled says that no fact that could improve the chain may still arrive.
	Settled bool `expr:"settled"`
	// Missing is the key whose origin is not known, and Reason says so in words.
	Missing Key    `expr:"missing"`
	Reason  string `expr:"reason"`

	// Executor is who acted, with the key it acted with.
	Executor Executor `expr:"executor"`
	// Requestor is who asked; empty unless attributed or automated.
	Requestor Principal `expr:"requestor"`
	// Hops are the steps of the walk, executor first. Root is the last of them,
	// empty when there is none.
	Hops []Hop `expr:"hops"`
	Root Hop   `expr:"root"`
	// Approvers allowed what was done.
	Approvers []Approver `expr:"approvers"`
	// Candidates were found and not settled on.
	Candidates []Candidate `expr:"candidates"`
	Resources  []Resource  `expr:"resources"`
	Context    Context     `expr:"context"`
	Usage      Usage       `expr:"usage"`
	// Truncated says that a list above has been cut to its first 64.
	Truncated bool `expr:"truncated"`

	// Holds reports whether the executor's key or a hop's is of that kind:
	// holds("github.run").
	Holds func(kind string) bool `expr:"holds"`
	// Signal reports whether the line matched the Sigma rule of that id:
	// signal("sigma-6393e346-1977-46ef-8987-ad414a145fad").
	Signal func(id string) bool `expr:"signal"`
	// Crosses reports whether a boundary lies between two neighbours of the walk, the
	// executor's own principal first: crosses("account") between accounts of one
	// cloud, crosses("trust") between issuers, such as aws and okta.
	Crosses func(boundary string) bool `expr:"crosses"`
}

// A Key names a credential, a session or a name: kind "aws.access_key", value "ASIA...".
type Key struct {
	Kind  string `expr:"kind"`
	Value string `expr:"value"`
}

// A Principal is who acted, asked or allowed.
type Principal struct {
	Type   string `expr:"type"` // human, service_account, workload, agent, ci_run, role, api_key, schedule, unknown
	ID     string `expr:"id"`
	Name   string `expr:"name"`
	Issuer string `expr:"issuer"`
	Unit   string `expr:"unit"`  // from the directory
	Owner  string `expr:"owner"` // from the directory
	// Account is what the id itself names: the account of an ARN, or the project of a
	// Google service account. That of the event is context.account.
	Account string `expr:"account"`
}

// An Executor is a principal and the key it acted with.
type Executor struct {
	Principal
	Key Key `expr:"key"`
}

// A Hop is one step of the walk.
type Hop struct {
	Key       Key       `expr:"key"`
	Principal Principal `expr:"principal"`
	Proof     string    `expr:"proof"`
	Method    string    `expr:"method"`
	Source    string    `expr:"source"`
	// State is "", or why the key should not have worked when it was used:
	// early, expired, revoked, logout, deleted, completed; of a person: left.
	State string `expr:"state"`
	// Age is how many seconds before the event the hop's own line was written;
	// negative when after it, 0 when the line is the event's own or not known. Dated
	// says that it is known.
	Age   int  `expr:"age"`
	Dated bool `expr:"dated"`
}

// An Approver is a principal who allowed what was done.
type Approver struct {
	Principal
	Via   string `expr:"via"`
	Age   int    `expr:"age"` // seconds before the event, 0 when not known
	Dated bool   `expr:"dated"`
}

// A Candidate was found by the walk and not settled on.
type Candidate struct {
	Key       Key       `expr:"key"`
	Principal Principal `expr:"principal"`
	Proof     string    `expr:"proof"`
	Method    string    `expr:"method"`
	Why       string    `expr:"why"`
}

// A Resource is what the event touched.
type Resource struct {
	Type string `expr:"type"`
	ID   string `expr:"id"`
}

// Context is where and how the event happened.
type Context struct {
	IP      string `expr:"ip"`
	Agent   string `expr:"agent"`
	Account string `expr:"account"`
	Region  string `expr:"region"`
	Session string `expr:"session"`
	Trace   string `expr:"trace"`
	Ticket  string `expr:"ticket"`
	App     string `expr:"app"`
	Unit    string `expr:"unit"`
}

// Usage is what a model call consumed. CostKnown tells a free call from one
// whose cost the log does not give.
type Usage struct {
	Model        string  `expr:"model"`
	InputTokens  int     `expr:"input_tokens"`
	OutputTokens int     `expr:"output_tokens"`
	CostUSD      float64 `expr:"cost_usd"`
	CostKnown    bool    `expr:"cost_known"`
}

// fill makes e the environment of c. It reuses the lists of e.
func (e *Env) fill(c *correlate.Chain) {
	at := c.Time.UTC()
	*e = Env{
		Source: c.Source, Action: c.Action, Class: string(c.Class), Outcome: string(c.Outcome), Error: c.Error, Tenant: c.Tenant,
		Hour: at.Hour(), Weekday: weekday(at),
		Status: string(c.Status), Proof: c.Proof.String(), Proven: proven(c), Settled: c.Settled,
		Missing: keyOf(c.Missing), Reason: c.Reason,
		Executor: Executor{principalOf(&c.Actor), keyOf(c.Key())}, Requestor: principalOf(&c.Requestor),
		Hops: e.Hops[:0], Approvers: e.Approvers[:0], Candidates: e.Candidates[:0], Resources: e.Resources[:0],
		Context:   Context(c.Context),
		Usage:     Usage{c.Usage.Model, int(c.Usage.InputTokens), int(c.Usage.OutputTokens), c.Usage.CostUSD, c.Usage.CostKnown},
		Truncated: truncated(c),
		Holds:     func(kind string) bool { return holds(c, kind) },
		Signal:    func(id string) bool { return hasSignal(c, id) },
		Crosses:   func(boundary string) bool { return crosses(c, boundary) },
	}
	for i := range min(len(c.Hops), maxList) {
		e.Hops = append(e.Hops, hopOf(&c.Hops[i], c.Time))
	}
	if n := len(c.Hops); n > 0 {
		e.Root = hopOf(&c.Hops[n-1], c.Time)
	}
	for i := range min(len(c.Approvers), maxList) {
		a := &c.Approvers[i]
		e.Approvers = append(e.Approvers, Approver{principalOf(&a.Principal), a.Via, age(a.Time, c.Time), !a.Time.IsZero()})
	}
	for i := range min(len(c.Candidates), maxList) {
		x := &c.Candidates[i]
		e.Candidates = append(e.Candidates, Candidate{keyOf(x.Key), principalOf(&x.Principal), x.Proof.String(), x.Method, x.Why})
	}
	for i := range min(len(c.Resources), maxList) {
		e.Resources = append(e.Resources, Resource(c.Resources[i]))
	}
}

// clear drops what e took from a chain and keeps its lists' room.
func (e *Env) clear() {
	clear(e.Hops)
	clear(e.Approvers)
	clear(e.Candidates)
	clear(e.Resources)
	*e = Env{Hops: e.Hops[:0], Approvers: e.Approvers[:0], Candidates: e.Candidates[:0], Resources: e.Resources[:0]}
}

func keyOf(k correlate.Key) Key { return Key{string(k.Kind), k.Value} }

func principalOf(p *correlate.Principal) Principal {
	return Principal{string(p.Type), p.ID, p.Name, p.Issuer, p.Unit, p.Owner, accountOf(p)}
}

func hopOf(h *correlate.Hop, at time.Time) Hop {
	return Hop{keyOf(h.Key), principalOf(&h.Principal), h.Proof.String(), h.Method, h.Source, h.State, age(h.Time, at), !h.Time.IsZero()}
}
