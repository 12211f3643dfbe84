package sources

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/expr-lang/expr/vm"

	"whence/correlate"
	"whence/sources/prices"
	"whence/sources/scan"
)

// declaredLine is one line that is being decoded, in memory that the next one uses
// again.
type declaredLine struct {
	*declared
	in    Input
	out   *Batch
	line  scan.Raw
	roots []scan.Raw
	env   declaredEnv
	vm    vm.VM
}

func (c *declared) decode(in Input, out *Batch) {
	if err := scan.Valid(in.Raw); err != nil {
		out.refuse(in.Raw, err)
		return
	}
	d := scratch[declaredLine](out)
	d.declared, d.in, d.out = c, in, out
	d.open(in.Raw, 0)
	d.in, d.out, d.line, d.env = Input{}, nil, nil, declaredEnv{} // the record is the caller's again
	clear(d.roots)
}

// open decodes a line, or every line of a list or of an envelope.
func (d *declaredLine) open(raw scan.Raw, depth int) {
	if raw.IsList() && depth < 2 {
		for one := range raw.Elements() {
			d.open(one, depth+1)
		}
		return
	}
	if !raw.IsObject() {
		d.out.reject(raw, correlate.RejectSource, "not an object, and so no line of "+d.name)
		return
	}
	d.read(raw)
	if d.lines.root > 0 && depth < 2 {
		if inner := d.raw(&d.lines); inner.IsList() {
			for one := range inner.Elements() {
				d.open(one, 2)
			}
			return
		}
	}
	d.event()
}

// read finds the members that paths begin with.
func (d *declaredLine) read(raw scan.Raw) {
	d.line, d.env = raw, declaredEnv{Scope: d.in.Scope}
	d.roots = slices.Grow(d.roots[:0], len(d.declared.roots))[:len(d.declared.roots)]
	clear(d.roots)
	for name, member := range raw.Members(&d.out.text) {
		for i, root := range d.declared.roots {
			if root == name {
				d.roots[i] = member
			}
		}
	}
}

func (d *declaredLine) field(name string) string {
	v := d.declared.event[name]
	return d.out.short(d.text(&v))
}

func (d *declaredLine) event() {
	action := d.field("action")
	if action == "" {
		d.out.reject(d.line, correlate.RejectSource, "the line has no action: not a line of "+d.name)
		return
	}
	e := d.out.begin(d.name, d.in.Scope, d.field("id"), d.line)
	timed := d.in.dated(e, declaredTime(d.field("time")))
	e.Action, e.Class, e.Outcome = action, correlate.Read, correlate.Success
	if class := d.field("class"); declaredIs("class", class) {
		e.Class = correlate.Class(class)
	}
	if v, ok := d.declared.event["outcome"]; ok {
		if e.Outcome = correlate.Outcome(d.text(&v)); !declaredIs("outcome", string(e.Outcome)) {
			e.Outcome = correlate.UnknownOutcome
		}
	}
	e.Error, e.Tenant = d.field("error"), d.field("tenant")
	e.Context = correlate.Context{
		IP: d.field("ip"), Agent: d.field("agent"), Account: d.field("account"), Region: d.field("region"), Session: d.field("session"),
		Trace: d.field("trace"), Ticket: d.field("ticket"), App: d.field("app"), Unit: d.field("unit"),
	}
	d.usage(e)
	for i := range d.resources {
		if r := &d.resources[i]; d.holds(&r.when) {
			d.out.touched(e, cmp.Or(d.text(&r.kind), d.name), d.out.short(d.text(&r.id)))
		}
	}
	if e.Actor = d.who(d.actor); e.Actor.IsZero() {
		e.Actor = correlate.Principal{Type: correlate.Unknown, ID: "unknown", Issuer: firstPart(d.name)}
	}
	e.Uses = d.ways(d.links)
	if timed {
		for i := range d.mints {
			d.mint(e, &d.mints[i])
		}
	}
}

// usage is what a call of a model took. A cost that is not told is in the list of
// prices, or unknown.
func (d *declaredLine) usage(e *correlate.Event) {
	e.Usage.Model = d.field("model")
	if usd, err := strconv.ParseFloat(d.field("cost_usd"), 64); err == nil && usd >= 0 && usd < 1e9 {
		e.Usage.CostUSD, e.Usage.CostKnown = usd, true
	}
	if e.Usage.Model == "" && !e.Usage.CostKnown {
		return
	}
	count := func(name string) int64 {
		n, _ := strconv.ParseFloat(d.field(name), 64)
		return tokens(int64(min(n, maxTokens+1)))
	}
	d.out.price(e, prices.Tokens{Input: count("input_tokens"), Output: count("output_tokens")})
}

// declaredTime reads a time: text, or seconds or milliseconds since 1970.
func declaredTime(s string) eventTime {
	if at := firstTime(s); at.ok {
		return at
	}
	whole, _, _ := strings.Cut(s, ".")
	if n, ok := cloudtrailNumber(whole); ok && len(whole) < 16 {
		return millisTime(n)
	}
	return eventTime{}
}

// who is somebody whom the line names, or nobody. A person with an e-mail address goes
// by that, in lower case.
func (d *declaredLine) who(w *declaredWhoValue) correlate.Principal {
	if w == nil {
		return correlate.Principal{}
	}
	id := d.out.short(d.text(&w.id))
	if id == "" {
		return correlate.Principal{}
	}
	p := correlate.Principal{Type: correlate.PrincipalType(d.text(&w.kind)), ID: id, Name: d.out.short(d.text(&w.name)), Issuer: d.text(&w.issuer)}
	if !declaredIs("type", string(p.Type)) {
		p.Type = correlate.Unknown
	}
	if mail, ok := d.out.email(id); ok && p.Type == correlate.Human {
		p.ID = mail
	}
	for i := range w.names {
		p = d.out.named(p, d.out.short(d.text(&w.names[i])))
	}
	return p
}

func (d *declaredLine) key(kind correlate.Kind, v *declaredValue) correlate.Key {
	value := d.out.short(d.text(v))
	if value == "" {
		return correlate.Key{}
	}
	return correlate.Key{Kind: kind, Value: value}
}

// ways are the links whose key or principal the line gives.
func (d *declaredLine) ways(ways []declaredWay) (links []correlate.Link) {
	for i := range ways {
		w := &ways[i]
		if !d.holds(&w.when) {
			continue
		}
		l := correlate.Link{Role: w.role, Proof: w.proof, Method: w.method}
		if w.kind != "" {
			l.Key = d.key(w.kind, &w.value)
		} else {
			l.Principal = d.who(w.who)
		}
		if !l.Key.IsZero() || !l.Principal.IsZero() {
			links = d.out.links.Append(links, l)
		}
	}
	return links
}

func (d *declaredLine) mint(e *correlate.Event, m *declaredFact) {
	if !d.holds(&m.when) {
		return
	}
	f := correlate.Fact{
		Kind: m.fact, Key: d.key(m.key, &m.value), Principal: d.who(m.who), Proof: m.proof, Method: m.method, Standing: m.standing,
		Start: d.moment(&m.start), End: d.moment(&m.end), Reason: d.text(&m.reason),
	}
	if m.fact == correlate.Binding {
		if f.Target = d.key(m.target, &m.targetOf); f.Target.IsZero() {
			return
		}
	}
	if m.who != nil && f.Principal.IsZero() {
		return
	}
	f.Parents = d.ways(m.parents)
	d.out.tell(e, &f)
}

func (d *declaredLine) moment(v *declaredValue) time.Time {
	if at := declaredTime(d.text(v)); at.ok {
		return at.Time
	}
	return time.Time{}
}

// detect reports whether v has the declared shape: a line, or an envelope of lines.
func (c *declared) detect(v Value) bool {
	is := func(v Value) bool {
		for _, name := range c.shape.Has {
			if !v.Has(name) {
				return false
			}
		}
		for name, text := range c.shape.Is {
			if v.Text(name) != text {
				return false
			}
		}
		for _, name := range c.shape.Lacks {
			if v.Has(name) {
				return false
			}
		}
		return true
	}
	if is(v) {
		return true
	}
	if c.lines.root == 0 {
		return false
	}
	in := v.Member(c.roots[c.lines.root-1])
	for _, part := range c.lines.path {
		in = in.Member(part)
	}
	return is(in)
}
