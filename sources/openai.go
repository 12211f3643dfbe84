package sources

import (
	"cmp"
	"strings"
	"time"

	"whence/correlate"
	"whence/sources/scan"
)

// openaiName is the audit log of an OpenAI organisation: sign-ins, keys, roles and
// projects. Calls of models are not in it.
// https://platform.openai.com/docs/api-reference/audit-logs
const openaiName = "openai.audit"

var _ = register(Source{
	Name: openaiName,
	Kinds: []correlate.KindInfo{{
		Kind: OpenAIKey, Best: correlate.Issued,
		Hint: "was the API key made before the audit log was switched on (api_key.created)? list it in the directory as openai.api_key:<id>, with its owner",
	}},
	Lateness: 5 * time.Minute,
	Detect:   func(v Value) bool { return inEnvelope(v, openaiIs) },
	Decode:   openaiFormat.decode,
})

// openaiObject is what events call themselves.
const openaiObject = "organization.audit_log"

func openaiIs(v Value) bool {
	return v.Text("object") == openaiObject || v.Has("id", "type", "effective_at", "actor")
}

// openaiScratch is what the decoder uses again.
type openaiScratch struct {
	openaiLine
	detail  openaiDetail
	classes words[correlate.Class]
	types   words[string]
}

// openaiLine is what is read of an event, or of a page of them.
type openaiLine struct {
	Order     scan.Order
	Rest      scan.Rest
	Object    string      `json:"object"`
	ID        string      `json:"id"`
	Type      string      `json:"type"`
	Effective int64       `json:"effective_at"` // seconds
	Actor     openaiActor `json:"actor"`
	Project   struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	} `json:"project"`
	envelope
}

type openaiActor struct {
	Type    string `json:"type"`
	Session struct {
		User  openaiUser `json:"user"`
		IP    string     `json:"ip_address"`
		Agent string     `json:"user_agent"`
	} `json:"session"`
	Key struct {
		ID      string     `json:"id"`
		User    openaiUser `json:"user"`
		Service struct {
			ID string `json:"id"`
		} `json:"service_account"`
	} `json:"api_key"`
}

type openaiUser struct {
	ID    string `json:"id"`
	Email string `json:"email"`
}

// openaiDetail is what is read of the member that is called as the event's type.
type openaiDetail struct {
	Order         scan.Order
	ID            string `json:"id"`
	Name          string `json:"name"`
	PrincipalID   string `json:"principal_id"`
	PrincipalType string `json:"principal_type"`
	ResourceID    string `json:"resource_id"`
	ResourceType  string `json:"resource_type"`
	ErrorCode     string `json:"error_code"`
	Data          struct {
		Name  string `json:"name"`
		Title string `json:"title"`
		Email string `json:"email"`
	} `json:"data"`
}

var (
	openaiDetails = scan.Of[openaiDetail]()
)

var openaiFormat = &format[openaiScratch]{table: scan.Of[openaiScratch](), inner: (*openaiScratch).inner, line: openaiRead}

// inner is what an envelope holds: of a line it is nil.
func (s *openaiScratch) inner() scan.Raw {
	if s.Type == "" {
		return s.envelope.inner()
	}
	return nil
}

func openaiRead(in Input, raw []byte, s *openaiScratch, out *Batch) {
	r := &s.openaiLine
	if r.Type == "" || r.Effective == 0 && r.Object != openaiObject {
		out.reject(raw, correlate.RejectSource, "no type, or no effective_at: not an event of OpenAI's audit log")
		return
	}
	s.readDetail(out)
	e := out.begin(openaiName, "", r.ID, raw)
	timed := in.dated(e, millisTime(r.Effective))
	e.Action, e.Class = out.text.Join("openai:", r.Type), s.classes.of(r.Type, openaiClass)
	if e.Outcome = correlate.Success; strings.HasSuffix(r.Type, ".failed") {
		e.Outcome, e.Error = correlate.Failure, plainCode(s.detail.ErrorCode)
	}
	e.Context = correlate.Context{IP: r.Actor.Session.IP, Agent: r.Actor.Session.Agent, App: cmp.Or(r.Project.Name, r.Project.ID)}
	s.touch(e, out)
	r.Actor.walk(e, out)
	if timed {
		s.mint(e, out)
	}
}

// readDetail finds the member that is called as the event's type, with its dots or
// with _ in their place.
func (s *openaiScratch) readDetail(out *Batch) {
	for _, m := range s.openaiLine.Rest {
		if openaiSame(m.Name, s.openaiLine.Type) && m.Value.IsObject() && openaiDetails.Read(m.Value, &s.detail, &out.text) == nil {
			return
		}
	}
	s.detail = openaiDetail{Order: s.detail.Order}
}

func openaiSame(name, dotted string) bool {
	if len(name) != len(dotted) {
		return false
	}
	for i := 0; i < len(name); i++ {
		if name[i] != dotted[i] && (name[i] != '_' || dotted[i] != '.') {
			return false
		}
	}
	return true
}

func openaiClass(kind string) correlate.Class {
	switch what, _, _ := strings.Cut(kind, "."); what {
	case "login", "logout":
		return correlate.Auth
	case "resource":
		return correlate.Write
	}
	return correlate.Admin
}

// touch says what was changed: what the event is about, and whom it was for.
func (s *openaiScratch) touch(e *correlate.Event, out *Batch) {
	d := &s.detail
	if e.Class != correlate.Auth {
		out.touched(e, s.types.of(s.openaiLine.Type, openaiThing), d.ID)
	}
	if d.PrincipalID != "" {
		out.touched(e, out.text.Join("openai.", cmp.Or(d.PrincipalType, "principal")), d.PrincipalID)
	}
	if d.ResourceID != "" {
		out.touched(e, out.text.Join("openai.", strings.TrimPrefix(cmp.Or(d.ResourceType, "resource"), "api.")), d.ResourceID)
	}
	if mail, ok := out.email(d.Data.Email); ok {
		out.touched(e, "openai.user", mail)
	}
	if s.openaiLine.Project.ID != d.ID {
		out.touched(e, "openai.project", s.openaiLine.Project.ID)
	}
}

// openaiThing is what a type of event is about: openai.api_key of api_key.created.
func openaiThing(kind string) string {
	what := kind
	if i := strings.LastIndexByte(kind, '.'); i > 0 {
		what = kind[:i]
	}
	return "openai." + strings.ReplaceAll(what, ".", "_")
}
