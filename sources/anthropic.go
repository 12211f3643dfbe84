package sources

import (
	"cmp"
	"strings"
	"time"

	"whence/correlate"
	"whence/sources/scan"
)

// anthropicName is Anthropic's activity feed (Compliance API): what people and keys did
// with an organisation's settings, chats, files and tools. Calls of models by API keys
// are not in it.
const anthropicName = "anthropic.activity"

var _ = register(Source{
	Name: anthropicName,
	Kinds: []correlate.KindInfo{{
		Kind: AnthropicKey, Best: correlate.Issued,
		Hint: "was the API key made before the activity feed was collected? list it in the directory as anthropic.api_key:<id>, with its owner",
	}},
	Lateness: 5 * time.Minute,
	Detect:   func(v Value) bool { return inEnvelope(v, anthropicIs) },
	Decode:   anthropicFormat.decode,
})

func anthropicIs(v Value) bool {
	return v.Has("id", "created_at", "type", "actor") && (v.Has("organization_id") || v.Has("organization_uuid")) &&
		strings.HasSuffix(v.Member("actor").Text("type"), "_actor")
}

// anthropicScratch is what the decoder uses again.
type anthropicScratch struct {
	anthropicLine
	meanings words[anthropicMeaning] // by type
}

type anthropicMeaning struct {
	action string
	class  correlate.Class
	failed bool
	keys   bool // about a key
}

// anthropicLine is what is read of an activity, or of a page of them.
type anthropicLine struct {
	Order     scan.Order
	ID        string         `json:"id"`
	CreatedAt string         `json:"created_at"`
	Org       string         `json:"organization_id"`
	OrgUUID   string         `json:"organization_uuid"`
	Type      string         `json:"type"`
	Actor     anthropicActor `json:"actor"`

	// What it is about.
	APIKey        string `json:"api_key_id"`
	AdminKey      string `json:"admin_api_key_id"`
	ServiceKey    string `json:"service_key_id"`
	Chat          string `json:"claude_chat_id"`
	Project       string `json:"claude_project_id"`
	Artifact      string `json:"claude_artifact_id"`
	File          string `json:"claude_file_id"`
	MCPServer     string `json:"mcp_server_id"`
	MCPServerName string `json:"mcp_server_name"`
	Workspace     string `json:"workspace_id"`
	TargetID      string `json:"target_id"`
	TargetType    string `json:"target_type"`
	ResourceID    string `json:"resource_id"`
	ResourceType  string `json:"resource_type"`
	DeletedUser   string `json:"deleted_user_id"`
	DeletedEmail  string `json:"deleted_user_email"`
	InvitedEmail  string `json:"invited_email"`
	Integration   string `json:"integration_type"`
	envelope
}

type anthropicActor struct {
	Type       string `json:"type"`
	Email      string `json:"email_address"`
	Unverified string `json:"unauthenticated_email_address"`
	UserID     string `json:"user_id"`
	APIKey     string `json:"api_key_id"`
	AdminKey   string `json:"admin_api_key_id"`
	Directory  string `json:"directory_id"`
	IP         string `json:"ip_address"`
	Agent      string `json:"user_agent"`
}

var anthropicFormat = &format[anthropicScratch]{table: scan.Of[anthropicScratch](), inner: (*anthropicScratch).inner, line: anthropicRead}

// inner is what an envelope holds: of a line it is nil.
func (s *anthropicScratch) inner() scan.Raw {
	if s.Type == "" || s.Actor.Type == "" {
		return s.envelope.inner()
	}
	return nil
}

func anthropicRead(in Input, raw []byte, s *anthropicScratch, out *Batch) {
	r := &s.anthropicLine
	if r.Type == "" || r.Actor.Type == "" || r.CreatedAt == "" {
		out.reject(raw, correlate.RejectSource, "no type, created_at or actor: not an activity of Anthropic's feed")
		return
	}
	e := out.begin(anthropicName, cmp.Or(r.Org, r.OrgUUID), r.ID, raw)
	timed := in.dated(e, firstTime(r.CreatedAt))
	e.Tenant = cmp.Or(r.Org, r.OrgUUID)
	m := s.meanings.of(r.Type, anthropicMeaningOf)
	e.Action, e.Class = m.action, m.class
	if e.Outcome = correlate.Success; m.failed {
		e.Outcome = correlate.Failure
	}
	e.Context.IP, e.Context.Agent, e.Context.Session = r.Actor.IP, r.Actor.Agent, r.Chat
	r.touch(e, out)
	r.Actor.walk(e, out)
	if timed && m.keys {
		r.mint(e, out)
	}
}

// key is the key that the activity is about, of whichever sort.
func (r *anthropicLine) key() string { return cmp.Or(r.APIKey, r.AdminKey, r.ServiceKey) }

// touch says what the activity is about.
func (r *anthropicLine) touch(e *correlate.Event, out *Batch) {
	out.touched(e, "anthropic.api_key", r.key())
	out.touched(e, "anthropic.chat", r.Chat)
	out.touched(e, "anthropic.project", r.Project)
	out.touched(e, "anthropic.artifact", r.Artifact)
	out.touched(e, "anthropic.file", r.File)
	out.touched(e, "anthropic.mcp_server", cmp.Or(r.MCPServerName, r.MCPServer))
	out.touched(e, "anthropic.workspace", r.Workspace)
	out.touched(e, "anthropic.user", cmp.Or(r.DeletedEmail, r.DeletedUser, r.InvitedEmail))
	out.touched(e, "anthropic.integration", r.Integration)
	if r.TargetID != "" {
		out.touched(e, out.text.Join("anthropic.", cmp.Or(r.TargetType, "target")), r.TargetID)
	}
	if r.ResourceID != "" {
		out.touched(e, out.text.Join("anthropic.", cmp.Or(r.ResourceType, "resource")), r.ResourceID)
	}
}

// anthropicUse begins the types of activity that are work and no administration.
var anthropicUse = []string{"claude_chat", "claude_file", "claude_artifact", "claude_project", "claude_message", "claude_conversation", "claude_user_settings"}

// anthropicReads end the types of activity that only look.
var anthropicReads = []string{"_viewed", "_accessed", "_downloaded", "_exported", "_listed", "_read", "_searched"}

func anthropicMeaningOf(kind string) anthropicMeaning {
	return anthropicMeaning{"anthropic:" + kind, anthropicClass(kind), strings.HasSuffix(kind, "_failed"), strings.Contains(kind, "_key_")}
}

func anthropicClass(kind string) correlate.Class {
	for _, end := range anthropicReads {
		if strings.HasSuffix(kind, end) {
			return correlate.Read
		}
	}
	switch {
	case strings.Contains(kind, "_login"), strings.Contains(kind, "_logout"), strings.Contains(kind, "magic_link"):
		return correlate.Auth
	case strings.Contains(kind, "sharing"):
		return correlate.Admin
	}
	for _, begin := range anthropicUse {
		if strings.HasPrefix(kind, begin) {
			return correlate.Write
		}
	}
	return correlate.Admin
}
