package simulate

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"
)

// vaultLine is one line of Vault's audit device, in the order Vault writes it.
type vaultLine struct {
	Time     string         `json:"time"`
	Type     string         `json:"type"`
	Auth     *vaultAuth     `json:"auth,omitempty"`
	Request  vaultRequest   `json:"request"`
	Response *vaultResponse `json:"response,omitempty"`
	Error    string         `json:"error,omitempty"`
}

type vaultAuth struct {
	ClientToken    string            `json:"client_token,omitempty"`
	Accessor       string            `json:"accessor,omitempty"`
	DisplayName    string            `json:"display_name,omitempty"`
	Policies       []string          `json:"policies,omitempty"`
	TokenPolicies  []string          `json:"token_policies,omitempty"`
	PolicyResults  *policyResults    `json:"policy_results,omitempty"`
	Metadata       map[string]string `json:"metadata,omitempty"`
	EntityID       string            `json:"entity_id,omitempty"`
	TokenType      string            `json:"token_type"`
	TokenTTL       int               `json:"token_ttl,omitempty"`
	TokenIssueTime string            `json:"token_issue_time,omitempty"`
}

type policyResults struct {
	Allowed  bool                `json:"allowed"`
	Granting []map[string]string `json:"granting_policies,omitempty"`
}

type vaultRequest struct {
	ID            string            `json:"id"`
	ClientID      string            `json:"client_id,omitempty"`
	Operation     string            `json:"operation"`
	MountPoint    string            `json:"mount_point"`
	MountType     string            `json:"mount_type"`
	MountAccessor string            `json:"mount_accessor"`
	MountVersion  string            `json:"mount_running_version"`
	MountClass    string            `json:"mount_class"`
	ClientToken   string            `json:"client_token,omitempty"`
	Accessor      string            `json:"client_token_accessor,omitempty"`
	Namespace     map[string]string `json:"namespace"`
	Path          string            `json:"path"`
	Data          object            `json:"data,omitempty"`
	RemoteAddress string            `json:"remote_address"`
	RemotePort    int               `json:"remote_port"`
}

type vaultResponse struct {
	Auth          *vaultAuth `json:"auth,omitempty"`
	Secret        object     `json:"secret,omitempty"`
	Data          object     `json:"data,omitempty"`
	MountPoint    string     `json:"mount_point"`
	MountType     string     `json:"mount_type"`
	MountAccessor string     `json:"mount_accessor"`
	MountVersion  string     `json:"mount_running_plugin_version"`
	MountClass    string     `json:"mount_class"`
}

// mount is an engine or auth method.
type mount struct{ point, kind, accessor, version, class string }

var (
	oidcMount    = mount{"auth/oidc/", "oidc", "auth_oidc_3f2a1b0c", "v0.21.0+builtin", "auth"}
	jwtMount     = mount{"auth/jwt/", "jwt", "auth_jwt_9d8c7b6a", "v0.21.0+builtin", "auth"}
	systemMount  = mount{"sys/", "system", "system_2c3d4e5f", "v1.18.3+builtin.vault", "secret"}
	approleMount = mount{"auth/approle/", "approle", "auth_approle_5e4d3c2b", "v1.18.3+builtin.vault", "auth"}
	tokenMount   = mount{"auth/token/", "token", "auth_token_1a2b3c4d", "v1.18.3+builtin.vault", "auth"}
	kvMount      = mount{"secret/", "kv", "kv_7a6b5c4d", "v0.20.0+builtin", "secret"}
	// awsMount is tuned so that access keys are readable in its responses.
	awsMount = mount{"aws/", "aws", "aws_0f1e2d3c", "v1.18.3+builtin.vault", "secret"}
	// legacyMount is not, so its keys show as HMACs.
	legacyMount = mount{"aws-legacy/", "aws", "aws_8b9a0c1d", "v1.18.3+builtin.vault", "secret"}
)

// token is a Vault token in somebody's hands.
type token struct {
	cred     *credential
	auth     vaultAuth // as its lines show it
	address  string
	owner    party
	says     []way // who its lines name by themselves
	issuedAt time.Time
}

func (t *token) ways() []way { return append([]way{{to: t.cred, proof: attested}}, t.says...) }

// hidden is a value as the audit device shows it.
func (c *cast) hidden(plain string) string {
	mac := hmac.New(sha256.New, c.salt)
	mac.Write([]byte(plain))
	return "hmac-sha256:" + hex.EncodeToString(mac.Sum(nil))
}

// login logs somebody in and returns the token. The request says nothing of who
// it is; the response does, and so does every later line of the token.
func (s *story) login(m mount, path, address, display string, metadata map[string]string, policies []string, owner party, stated way) *token {
	s.wait(time.Second, 3*time.Second)
	t := s.newToken(display, metadata, policies, address, owner)
	ask := s.vaultRequest(m, "update", path, object{"role": s.hidden(metadata["role"]), "jwt": s.hidden(s.word(20))}, address)
	t.says = []way{stated}
	told := s.vaultPair(ask, vaultAuth{TokenType: "default"}, t.auth, vaultResponse{Auth: t.answer()}, owner, nil, t.ways())
	s.mayLose(told)
	t.cred.ways = toldBy(told, t.says)
	return t
}

func (s *story) newToken(display string, metadata map[string]string, policies []string, address string, owner party) *token {
	t := &token{cred: &credential{born: s.now}, address: address, owner: owner, issuedAt: s.now}
	t.auth = vaultAuth{
		ClientToken: s.hidden("hvs." + s.word(24)), Accessor: s.hidden(s.word(24)), DisplayName: display, Policies: policies, TokenPolicies: policies,
		Metadata: metadata, EntityID: s.uuid(), TokenType: "service", TokenTTL: 3600, TokenIssueTime: s.now.Format(time.RFC3339),
	}
	return t
}

// answer is the token as the response that hands it out shows it.
func (t *token) answer() *vaultAuth {
	a := t.auth
	a.TokenIssueTime = ""
	return &a
}

// child creates a token below t. Its own lines name nobody.
func (s *story) child(t *token, name string) *token {
	s.wait(time.Second, 10*time.Second)
	c := s.newToken("token-"+name, nil, []string{"default", "kv-read"}, t.address, t.owner)
	c.auth.EntityID = t.auth.EntityID
	ask := s.vaultRequest(tokenMount, "update", "auth/token/create", object{"display_name": s.hidden(name), "ttl": s.hidden("1h")}, t.address)
	s.present(&ask, t)
	told := s.vaultPair(ask, t.auth, t.auth, vaultResponse{Auth: c.answer()}, t.owner, t.ways(), t.ways())
	s.mayLose(told)
	c.cred.ways = []way{{told: told, to: t.cred, proof: issued}}
	return c
}

// readSecrets reads n secrets.
func (s *story) readSecrets(t *token, n int) {
	for range n {
		s.wait(time.Second, 20*time.Second)
		s.readSecret(t, "secret/data/"+pick(s.dice, unitNames)+"/"+pick(s.dice, []string{"database", "mailer", "webhook-signing", "tls"}))
	}
}

func (s *story) readSecret(t *token, path string) {
	ask := s.vaultRequest(kvMount, "read", path, nil, t.address)
	s.present(&ask, t)
	answer := vaultResponse{Data: object{
		"data":     object{"username": s.hidden("made-up"), "password": s.hidden(s.word(12))},
		"metadata": object{"created_time": s.hidden("2025"), "custom_metadata": nil, "deletion_time": s.hidden(""), "destroyed": false, "version": s.between(1, 30)},
	}}
	s.vaultPair(ask, t.auth, t.auth, answer, t.owner, t.ways(), t.ways())
}

// revoke ends the token by its own hand.
func (s *story) revoke(t *token) {
	s.wait(time.Second, 10*time.Second)
	ask := s.vaultRequest(tokenMount, "update", "auth/token/revoke-self", nil, t.address)
	s.present(&ask, t)
	s.vaultPair(ask, t.auth, t.auth, vaultResponse{}, t.owner, t.ways(), t.ways())
	t.cred.end = s.now
}

func (s *story) vaultRequest(m mount, operation, path string, data object, address string) vaultRequest {
	return vaultRequest{
		ID: s.uuid(), Operation: operation, MountPoint: m.point, MountType: m.kind, MountAccessor: m.accessor, MountVersion: m.version, MountClass: m.class,
		Namespace: map[string]string{"id": "root"}, Path: path, Data: data, RemoteAddress: address, RemotePort: s.between(32768, 60999),
	}
}

// present makes the request with a token.
func (s *story) present(ask *vaultRequest, t *token) {
	ask.ClientID, ask.ClientToken, ask.Accessor = t.auth.EntityID, t.auth.ClientToken, t.auth.Accessor
}

// vaultPair writes a request and, some milliseconds later, its response.
func (s *story) vaultPair(ask vaultRequest, before, after vaultAuth, answer vaultResponse, who party, asks, answers []way) *line {
	s.vaultAsk(ask, before, who, asks)
	s.wait(2*time.Millisecond, 40*time.Millisecond)
	return s.vaultAnswer(ask, after, answer, who, answers)
}

func (s *story) vaultAsk(ask vaultRequest, auth vaultAuth, who party, ways []way) *line {
	return s.vaultLine(vaultLine{Type: "request", Auth: allowed(auth), Request: ask}, who, ways)
}

func (s *story) vaultAnswer(ask vaultRequest, auth vaultAuth, answer vaultResponse, who party, ways []way) *line {
	answer.MountPoint, answer.MountType, answer.MountAccessor = ask.MountPoint, ask.MountType, ask.MountAccessor
	answer.MountVersion, answer.MountClass = ask.MountVersion, ask.MountClass
	return s.vaultLine(vaultLine{Type: "response", Auth: allowed(auth), Request: ask, Response: &answer}, who, ways)
}

// allowed adds what the policies said, if there is a token for them to judge.
func allowed(a vaultAuth) *vaultAuth {
	if a.Accessor != "" {
		a.PolicyResults = &policyResults{true, []map[string]string{{"name": "default", "namespace_id": "root", "type": "acl"}}}
	}
	return &a
}

func (s *story) vaultLine(v vaultLine, who party, ways []way) *line {
	v.Time = s.now.Format(time.RFC3339Nano)
	return s.add(line{source: vaultAudit, eventID: v.Request.ID + "/" + v.Type, part: v.Type, key: v.Request.ID, value: mustJSON(v), who: who, ways: ways})
}

// displayName is what Vault makes of a name before it goes into another.
func displayName(name string) string {
	return strings.Map(func(r rune) rune {
		if r == '/' || r == ':' {
			return '_'
		}
		return r
	}, name)
}
