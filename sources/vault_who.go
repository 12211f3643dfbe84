package sources

import (
	"cmp"
	"slices"
	"strings"

	"whence/correlate"
)

// vaultIdentity is what an auth block says of who holds the token.
type vaultIdentity struct {
	// principal is whom the token stands for, of type unknown where the login
	// tells of nobody. actor is the same or, for a token made with another, the
	// workload that its maker says it is for.
	principal, actor correlate.Principal
	// links lead to whoever asked: the person or service, or the CI run.
	links []correlate.Link
	// parents are those of links that an account of the token needs: what the
	// principal itself does not say.
	parents []correlate.Link
}

// read reads an auth block. method is the type of the auth mount and mount its
// path, both known on login lines only: later lines show the mount that the token
// was used on.
//
// Metadata and names come from the auth method, which vouches for them, unless
// the token was made with auth/token/create: those are named token-..., and
// their metadata is whatever their maker wrote.
func (id *vaultIdentity) read(a *vaultAuth, method, mount string, out *Batch) {
	*id = vaultIdentity{}
	m := vaultLogin{vaultAuth: a, out: out, method: method}
	if mount == "" {
		m.mount, m.name, m.named = strings.Cut(a.DisplayName, "-")
		m.method = m.mount
	} else {
		m.mount, m.name, m.named = vaultCutMount(a.DisplayName, strings.TrimPrefix(mount, "auth/"))
	}
	if a.made() {
		id.readMade(&m)
		return
	}
	id.parents = m.identify(&id.principal)
	id.actor, id.links = id.principal, id.parents
	if id.principal.Type != correlate.Unknown && len(id.links) == 0 {
		id.links = out.links.Append(nil, correlate.Link{
			Role: correlate.Requestor, Principal: id.principal, Proof: correlate.Attested, Method: "vault.auth_metadata",
		})
	}
}

// readMade reads the auth block of a token that was made with another. The
// directory must not find a name here that the maker chose.
func (id *vaultIdentity) readMade(m *vaultLogin) {
	id.principal = correlate.Principal{Type: correlate.Unknown, ID: cmp.Or(m.EntityID, "token"), Name: m.DisplayName, Issuer: "vault"}
	if m.root() {
		id.principal.ID = "root"
		id.actor = id.principal
		return
	}
	id.links = m.identify(&id.actor)
	if id.actor.Type != correlate.Unknown && len(id.links) == 0 {
		id.links = m.out.links.Append(nil, correlate.Link{Role: correlate.Requestor, Principal: id.actor})
	}
	for i := range id.links {
		l := &id.links[i]
		if l.Proof != correlate.Inferred {
			l.Proof = correlate.Claimed
		}
		l.Method = "vault.token_metadata"
	}
	switch id.actor.Type {
	case correlate.Workload, correlate.CIRun, correlate.ServiceAccount:
	default:
		id.actor = id.principal
	}
}

// vaultCutMount takes the mount off a display name: its path, with dashes.
func vaultCutMount(display, path string) (mount, name string, ok bool) {
	if len(display) < len(path) {
		return "", "", false
	}
	for i := range len(path) {
		if c := path[i]; c != display[i] && c != '/' || c == '/' && display[i] != '-' {
			return "", "", false
		}
	}
	return strings.TrimSuffix(display[:len(path)], "-"), display[len(path):], true
}

// made reports whether the token was made with another token, or is a root token.
func (a *vaultAuth) made() bool {
	return a.DisplayName == "token" || strings.HasPrefix(a.DisplayName, "token-") || a.root()
}

// root reports whether it is a root token: no auth method can give that policy.
func (a *vaultAuth) root() bool { return slices.Contains(a.Policies, "root") }

// vaultLogin is an auth block with the auth method it came of.
type vaultLogin struct {
	*vaultAuth
	out    *Batch
	method string
	// The display name is the mount, with dashes, and a name; named is false
	// where it is not.
	mount, name string
	named       bool
}

// identify names the holder. A CI run and a cloud role come with links to what
// their own logs tell of them.
func (a *vaultLogin) identify(p *correlate.Principal) []correlate.Link {
	md, text := &a.Metadata, &a.out.text
	p.Issuer, p.Names = "vault", a.names()
	switch {
	case md.RoleName != "":
		return a.appRole(p)
	case md.ServiceAccount != "" && md.Namespace != "":
		p.Type, p.Issuer = correlate.ServiceAccount, "k8s"
		p.ID = text.Join("system:serviceaccount:", md.Namespace, ":", md.ServiceAccount)
	case a.isRun():
		return a.linked(a.run(p))
	case md.NomadJob != "":
		p.Type, p.Issuer = correlate.Workload, "nomad"
		p.ID = strings.Trim(text.Join(md.NomadNamespace, "/", md.NomadJob, "/", md.NomadTask), "/")
	case md.AllocationID != "":
		p.Type, p.Issuer, p.Name = correlate.Workload, "nomad", md.Task
		p.ID = strings.TrimSuffix(text.Join(md.AllocationID, "/", md.Task), "/")
	case md.CanonicalARN != "" || md.ClientARN != "":
		return a.linked(a.awsRole(p))
	case md.ServiceAccountMail != "":
		p.Type, p.Issuer, p.ID = correlate.ServiceAccount, "gcp", md.ServiceAccountMail
	case md.CertName != "":
		p.Type, p.ID = correlate.Workload, cmp.Or(md.CommonName, md.CertName)
	default:
		a.person(p)
	}
	return nil
}

func (a *vaultLogin) names() []string {
	const issuer = "vault:"
	if a.DisplayName == "" && a.EntityID == "" {
		return nil
	}
	both := a.out.text.Join(issuer, a.DisplayName, issuer, a.EntityID)
	display, entity := both[:len(issuer)+len(a.DisplayName)], both[len(issuer)+len(a.DisplayName):]
	switch {
	case a.EntityID == "":
		return a.out.names.Append(nil, display)
	case a.DisplayName == "":
		return a.out.names.Append(nil, entity)
	}
	return a.out.names.Append(nil, display, entity)
}

// linked is a list of the link, or none if there is no link.
func (a *vaultLogin) linked(l correlate.Link) []correlate.Link {
	if l.Role == 0 {
		return nil
	}
	return a.out.links.Append(nil, l)
}

// awsRole is a login with AWS credentials. The role session that signed it has a
// name in AWS's own log, which can be used again.
func (a *vaultLogin) awsRole(p *correlate.Principal) correlate.Link {
	md := &a.Metadata
	p.Type, p.Issuer, p.ID = correlate.Unknown, "aws", cmp.Or(md.ClientARN, md.CanonicalARN)
	if strings.Contains(p.ID, ":role/") || strings.Contains(p.ID, ":assumed-role/") {
		p.Type = correlate.RoleType
	}
	_, resource, _ := strings.Cut(md.ClientARN, ":assumed-role/")
	_, session, _ := strings.Cut(resource, "/")
	id, _, _ := strings.Cut(md.ClientUserID, ":")
	if session == "" || !strings.HasPrefix(id, "AROA") {
		return correlate.Link{}
	}
	return correlate.Link{
		Role: correlate.Requestor, Key: correlate.Key{Kind: AWSRoleSession, Value: a.out.text.Join(id, ":", session)},
		Proof: correlate.Inferred, Method: "vault.aws_role_session",
	}
}
