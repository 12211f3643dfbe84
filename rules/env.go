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
//
// The comments below are the table in docs/writing-rules.md: make docs writes it.
type Env struct {
	Source  string `expr:"source"`  // whose log it is: aws.cloudtrail, okta.system_log ...
	Action  string `expr:"action"`  // as the log calls it: s3:DeleteObject
	Class   string `expr:"class"`   // auth, read, write, admin, secret, model, tool, deploy
	Outcome string `expr:"outcome"` // success, failure, denied, unknown
	Error   string `expr:"error"`   // the log's error code or short message
	Tenant  string `expr:"tenant"`  // whose system it is, where one instance serves several
	Hour    int    `expr:"hour"`    // of the event, 0 to 23, in UTC
	Weekday string `expr:"weekday"` // of the event, in UTC: monday

	Status string `expr:"status"` // attributed, automated, ambiguous, partial, unattributed
	// The weakest hop's: issued, attested, claimed, inferred, or "" when nothing above
	// the executor is known.
	Proof string `expr:"proof"`
	// Whether the chain is attributed or automated and no hop rests on a string the
	// caller chose or on an inference. Rules on absence must ask for it: a root that is
	// only claimed counts as absent.
	Proven  bool   `expr:"proven"`
	Settled bool   `expr:"settled"` // whether no fact that could improve the chain may still arrive
	Missing Key    `expr:"missing"` // whose origin is not known
	Reason  string `expr:"reason"`  // says in words what is missing

	Executor   Executor    `expr:"executor"`   // who acted, with the key it acted with
	Requestor  Principal   `expr:"requestor"`  // who asked; empty unless attributed or automated
	Hops       []Hop       `expr:"hops"`       // the steps of the walk, executor first
	Root       Hop         `expr:"root"`       // the last hop; empty when there is none
	Approvers  []Approver  `expr:"approvers"`  // who allowed what was done
	Candidates []Candidate `expr:"candidates"` // found by the walk and not settled on
	Resources  []Resource  `expr:"resources"`  // what the event touched
	Context    Context     `expr:"context"`    // where and how it happened
	Usage      Usage       `expr:"usage"`      // what a model call consumed
	Truncated  bool        `expr:"truncated"`  // whether a list above has been cut to its first 64

	// Whether the executor's key or a hop's is of that kind: holds("github.run").
	Holds func(kind string) bool `expr:"holds"`
	// Whether a boundary lies between two neighbours of the walk, the executor's own
	// principal first: crosses("account") between accounts of one cloud,
	// crosses("trust") between issuers, such as aws and okta.
	Crosses func(boundary string) bool `expr:"crosses"`
	// Whether the line matched the Sigma rule of that id:
	// signal("sigma-6393e346-1977-46ef-8987-ad414a145fad").
	Signal func(id string) bool `expr:"signal"`
}

// A Key names a credential, a session or a name.
type Key struct {
	Kind  string `expr:"kind"`  // aws.access_key, okta.session: docs/sources.md has all
	Value string `expr:"value"` // with its scope; never a secret
}

// A Principal is who acted, asked or allowed.
type Principal struct {
	Type   string `expr:"type"`   // human, service_account, workload, agent, ci_run, role, api_key, schedule, unknown
	ID     string `expr:"id"`     // unique within issuer; a person's e-mail address in lower case
	Name   string `expr:"name"`   // for people to read
	Issuer string `expr:"issuer"` // who vouches for it: aws, okta, github, vault ...
	Unit   string `expr:"unit"`   // business unit, from the directory
	Owner  string `expr:"owner"`  // the person accountable, from the directory
	// What the id itself names: the account of an ARN, or the project of a Google
	// service account. That of the event is context.account.
	Account string `expr:"account"`
	// The id without what differs from session to session: of an assumed role's session
	// the role, of a run its repository; else the id.
	Lasting string `expr:"lasting"`
}

// An Executor is a principal and the key it acted with.
type Executor struct {
	Principal
	Key Key `expr:"key"` // empty where the line names none
}

// A Hop is one step of the walk.
type Hop struct {
	Key       Key       `expr:"key"`
	Principal Principal `expr:"principal"` // whom the key stands for
	Proof     string    `expr:"proof"`     // issued, attested, claimed, inferred
	Method    string    `expr:"method"`    // how it was found: aws.sts.assume_role
	Source    string    `expr:"source"`    // whose log tells of it
	// Empty, or why the key should not have worked when it was used: early, expired,
	// revoked, logout, deleted, completed; of a person: left.
	State string `expr:"state"`
	// How many seconds before the event the hop's own line was written; negative when
	// after it, 0 when the line is the event's own or not known.
	Age   int  `expr:"age"`
	Dated bool `expr:"dated"` // whether age is known
}

// An Approver is a principal who allowed what was done.
type Approver struct {
	Principal
	Via   string `expr:"via"`   // where it was allowed: github.deployment_review
	Age   int    `expr:"age"`   // how many seconds before the event; 0 when not known
	Dated bool   `expr:"dated"` // whether age is known
}

// A Candidate was found by the walk and not settled on.
type Candidate struct {
	Key       Key       `expr:"key"`
	Principal Principal `expr:"principal"`
	Proof     string    `expr:"proof"`
	Method    string    `expr:"method"`
	Why       string    `expr:"why"` // why it was not chosen
}

// A Resource is what the event touched.
type Resource struct {
	Type string `expr:"type"` // aws.s3.object
	ID   string `expr:"id"`
}

// Context is where and how the event happened.
type Context struct {
	IP      string `expr:"ip"`
	Agent   string `expr:"agent"`   // user agent
	Account string `expr:"account"` // AWS account, subscription, project, organisation
	Region  string `expr:"region"`
	Session string `expr:"session"`
	Trace   string `expr:"trace"`
	Ticket  string `expr:"ticket"`
	App     string `expr:"app"`
	Unit    string `expr:"unit"`
}

// Usage is what a model call consumed.
type Usage struct {
	Model        string  `expr:"model"` // the one that served
	InputTokens  int     `expr:"input_tokens"`
	OutputTokens int     `expr:"output_tokens"`
	CostUSD      float64 `expr:"cost_usd"`   // 0 also when not known
	CostKnown    bool    `expr:"cost_known"` // tells a free call from one whose cost is not known
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
	return Principal{string(p.Type), p.ID, p.Name, p.Issuer, p.Unit, p.Owner, accountOf(p), lastingOf(p)}
}

func hopOf(h *correlate.Hop, at time.Time) Hop {
	return Hop{keyOf(h.Key), principalOf(&h.Principal), h.Proof.String(), h.Method, h.Source, h.State, age(h.Time, at), !h.Time.IsZero()}
}
