package sources

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"whence/correlate"
)

// declared is a declaration, compiled. It is immutable.
type declared struct {
	name     string
	lateness time.Duration
	lines    declaredValue
	shape    declaredShape
	roots    declaredRoots

	event     map[string]declaredValue
	actor     *declaredWhoValue
	resources []declaredTouch
	links     []declaredWay
	mints     []declaredFact
	kinds     []correlate.KindInfo
}

type declaredWhoValue struct {
	kind, id, name, issuer declaredValue
	names                  []declaredValue
}

type declaredTouch struct{ kind, id, when declaredValue }

// declaredWay is a link, compiled.
type declaredWay struct {
	role   correlate.Role
	proof  correlate.Proof
	method string
	kind   correlate.Kind
	value  declaredValue
	who    *declaredWhoValue
	when   declaredValue
}

type declaredFact struct {
	fact       correlate.FactKind
	key        correlate.Kind
	target     correlate.Kind
	proof      correlate.Proof
	method     string
	standing   bool
	when       declaredValue
	value      declaredValue
	targetOf   declaredValue
	who        *declaredWhoValue
	parents    []declaredWay
	start, end declaredValue
	reason     declaredValue
}

// declaredFields are the keys of event.
var declaredFields = []string{
	"id", "time", "action", "class", "outcome", "error", "tenant", "ip", "agent", "account", "region", "session", "trace", "ticket", "app", "unit",
	"model", "input_tokens", "output_tokens", "cost_usd",
}

// declaredWords are keys whose value is a word, unless it begins with =.
var declaredWords = []string{"class", "outcome"}

type declaredCompiler struct {
	out  *declared
	errs []error
}

func compileDeclaration(d *declaration) (*declared, []error) {
	c := &declaredCompiler{out: &declared{name: d.Source, lateness: 2 * time.Minute, shape: d.Detect, event: map[string]declaredValue{}}}
	if !declaredName(d.Source) || !strings.Contains(d.Source, ".") {
		c.wrong("source %q: want a vendor and a log in small letters, such as acme.jobs", d.Source)
	}
	if d.Lateness != "" {
		var err error
		if c.out.lateness, err = time.ParseDuration(d.Lateness); err != nil || c.out.lateness < 0 {
			c.wrong("lateness %q: want a duration such as 5m", d.Lateness)
		}
	}
	if len(d.Detect.Has)+len(d.Detect.Is) == 0 {
		c.wrong("detect: say which members a line has, or what some of them are, that no other log does")
	}
	c.out.lines = c.value("lines", d.Lines, false)
	for key, v := range d.Event {
		if !slices.Contains(declaredFields, key) {
			c.wrong("event: unknown key %q; there are %s", key, strings.Join(declaredFields, ", "))
			continue
		}
		word := slices.Contains(declaredWords, key)
		c.out.event[key] = c.value("event."+key, v, word)
		if word && !strings.HasPrefix(v, "=") && !declaredIs(key, v) {
			c.wrong("event.%s: %q is none", key, v)
		}
	}
	for _, key := range []string{"time", "action"} {
		if d.Event[key] == "" {
			c.wrong("event.%s is missing", key)
		}
	}
	c.out.actor = c.who("actor", d.Actor)
	for i, r := range d.Resources {
		at := fmt.Sprintf("resources %d", i+1)
		c.out.resources = append(c.out.resources, declaredTouch{c.value(at, r.Type, true), c.value(at, r.ID, false), c.value(at, r.When, false)})
	}
	for i := range d.Uses {
		c.out.links = append(c.out.links, c.way(fmt.Sprintf("uses %d", i+1), &d.Uses[i], correlate.Acting, correlate.Attested))
	}
	for i := range d.Asked {
		c.out.links = append(c.out.links, c.way(fmt.Sprintf("asked %d", i+1), &d.Asked[i], correlate.Requestor, correlate.Claimed))
	}
	for i := range d.Mints {
		c.mint(fmt.Sprintf("mints %d", i+1), &d.Mints[i])
	}
	c.kinds(d.Kinds)
	return c.out, c.errs
}

func (c *declaredCompiler) wrong(format string, a ...any) {
	c.errs = append(c.errs, fmt.Errorf(format, a...))
}

// value compiles a path, a text in quotes or an expression. A word stands for itself.
func (c *declaredCompiler) value(at, text string, word bool) declaredValue {
	v, err := compileValue(text, word, &c.out.roots)
	if err != nil {
		c.wrong("%s: %w", at, err)
	}
	return v
}

func (c *declaredCompiler) who(at string, w *declaredWho) *declaredWhoValue {
	if w == nil {
		return nil
	}
	if !strings.HasPrefix(w.Type, "=") && !declaredIs("type", cmp.Or(w.Type, "unknown")) {
		c.wrong("%s: type %q is none", at, w.Type)
	}
	if w.ID == "" {
		c.wrong("%s: id is missing", at)
	}
	v := &declaredWhoValue{
		kind: c.value(at, cmp.Or(w.Type, "unknown"), true), id: c.value(at, w.ID, false), name: c.value(at, w.Name, false),
		issuer: c.value(at, cmp.Or(w.Issuer, firstPart(c.out.name)), true),
	}
	for _, n := range w.Names {
		v.names = append(v.names, c.value(at, n, false))
	}
	return v
}

func firstPart(name string) string {
	first, _, _ := strings.Cut(name, ".")
	return first
}

func (c *declaredCompiler) way(at string, l *declaredLink, role correlate.Role, proof correlate.Proof) declaredWay {
	w := declaredWay{role: role, proof: proof, kind: correlate.Kind(l.Kind), method: cmp.Or(l.Method, c.out.name), when: c.value(at, l.When, false)}
	if l.Role != "" {
		if _ = w.role.UnmarshalText([]byte(l.Role)); w.role == 0 {
			c.wrong("%s: role %q is none: want acting, requestor, holder, agent or creator", at, l.Role)
		}
	}
	if l.Proof != "" {
		var err error
		if w.proof, err = correlate.ParseProof(l.Proof); err != nil {
			c.wrong("%s: %w", at, err)
		}
	}
	w.value, w.who = c.value(at, l.Value, false), c.who(at, l.Who)
	switch {
	case (l.Kind == "") == (l.Who == nil):
		c.wrong("%s: want either kind and value, or who", at)
	case l.Kind != "" && (l.Value == "" || !declaredName(l.Kind)):
		c.wrong("%s: want the kind of a key and its value", at)
	}
	return w
}

func (c *declaredCompiler) mint(at string, m *declaredMint) {
	f := declaredFact{
		key: correlate.Kind(m.Kind), target: correlate.Kind(m.Target.Kind), proof: correlate.Attested, method: cmp.Or(m.Method, c.out.name),
		standing: m.Standing, when: c.value(at, m.When, false), value: c.value(at, m.Value, false), targetOf: c.value(at, m.Target.Value, false),
		who: c.who(at, m.Who), start: c.value(at, m.Start, false), end: c.value(at, m.End, false), reason: c.value(at, m.Reason, true),
	}
	if _ = f.fact.UnmarshalText([]byte(cmp.Or(m.Fact, "account"))); f.fact == 0 {
		c.wrong("%s: fact %q is none: want account, binding, ending or approval", at, m.Fact)
	}
	if m.Proof != "" {
		var err error
		if f.proof, err = correlate.ParseProof(m.Proof); err != nil {
			c.wrong("%s: %w", at, err)
		}
	}
	for i := range m.Parents {
		f.parents = append(f.parents, c.way(fmt.Sprintf("%s, parents %d", at, i+1), &m.Parents[i], correlate.Requestor, f.proof))
	}
	switch {
	case m.Kind == "" || m.Value == "":
		c.wrong("%s: want the kind of a key and its value", at)
	case (f.fact == correlate.Account || f.fact == correlate.Approval) && m.Who == nil:
		c.wrong("%s: say who the key stands for, or who allowed it", at)
	case f.fact == correlate.Binding && (m.Target.Kind == "" || m.Target.Value == ""):
		c.wrong("%s: say which key carried the name: target", at)
	}
	c.out.mints = append(c.out.mints, f)
}

// kinds puts together what is promised of the kinds that are minted.
func (c *declaredCompiler) kinds(declared []declaredKind) {
	infos := map[correlate.Kind]*correlate.KindInfo{}
	for _, k := range declared {
		in, err := declaredLife(k)
		if err != nil {
			c.errs = append(c.errs, err)
		}
		infos[in.Kind] = &in
	}
	minted := map[correlate.Kind]bool{}
	for _, f := range c.out.mints {
		minted[f.key] = true
		in := infos[f.key]
		if in == nil {
			c.wrong("kinds: say what %s is and how long one lives", f.key)
			infos[f.key] = &correlate.KindInfo{}
			continue
		}
		in.Best = max(in.Best, f.proof)
		if f.fact == correlate.Binding && !in.Alias {
			c.wrong("kinds: %s is a name that keys carry: alias: true", f.key)
		}
	}
	for _, k := range declared {
		if !minted[correlate.Kind(k.Kind)] {
			c.wrong("kinds: nothing mints %s", k.Kind)
		}
		c.out.kinds = append(c.out.kinds, *infos[correlate.Kind(k.Kind)])
	}
}

// declaredName reports whether s can be the name of a source or a kind.
func declaredName(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c-'a' > 25 && c-'0' > 9 && c != '.' && c != '_' {
			return false
		}
	}
	return s != "" && s[0] != '.' && s[len(s)-1] != '.'
}

// declaredIs reports whether a word is one of those of its key.
func declaredIs(key, word string) bool {
	switch key {
	case "class":
		return slices.Contains([]correlate.Class{
			correlate.Auth, correlate.Read, correlate.Write, correlate.Admin, correlate.Secret, correlate.Model, correlate.Tool, correlate.Deploy,
		}, correlate.Class(word))
	case "outcome":
		return slices.Contains([]correlate.Outcome{correlate.Success, correlate.Failure, correlate.Denied, correlate.UnknownOutcome}, correlate.Outcome(word))
	}
	return slices.Contains([]correlate.PrincipalType{
		correlate.Human, correlate.ServiceAccount, correlate.Workload, correlate.Agent, correlate.CIRun, correlate.RoleType, correlate.APIKey,
		correlate.Schedule, correlate.Unknown,
	}, correlate.PrincipalType(word))
}
