package correlate

// PrincipalType says what a principal is.
type PrincipalType string

// The principal types.
const (
	Human          PrincipalType = "human"
	ServiceAccount PrincipalType = "service_account"
	Workload       PrincipalType = "workload"
	Agent          PrincipalType = "agent"
	CIRun          PrincipalType = "ci_run"
	RoleType       PrincipalType = "role"
	APIKey         PrincipalType = "api_key"
	Schedule       PrincipalType = "schedule"
	Unknown        PrincipalType = "unknown"
)

// A Principal is who acted or asked, as its issuer names it.
type Principal struct {
	Type PrincipalType `json:"type"`
	// ID is unique within Issuer. A person's e-mail address is in lower case.
	ID string `json:"id"`
	// Name is for people to read.
	Name string `json:"name,omitempty"`
	// Issuer is who vouches for the name: aws, okta, github, vault, litellm ...
	Issuer string `json:"issuer,omitempty"`
	// Unit is the business unit and Owner the person accountable, both from the
	// directory, empty without it.
	Unit  string `json:"unit,omitempty"`
	Owner string `json:"owner,omitempty"`
	// Names are other names the same log line gives the same principal, such as
	// an Okta user id beside the e-mail. The directory looks at them too.
	Names []string `json:"names,omitempty"`
}

// IsZero reports whether p is unset.
func (p Principal) IsZero() bool { return p.Type == "" && p.ID == "" }

// Same reports whether p and o name the same principal.
func (p Principal) Same(o Principal) bool { return p.ID == o.ID && p.Issuer == o.Issuer }

// Key names p for a missing-link report: the alias under which the directory
// would list it.
func (p Principal) Key() Key { return Key{Kind: Kind(p.Issuer), Value: p.ID} }
