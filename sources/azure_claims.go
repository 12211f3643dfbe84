package sources

import (
	"cmp"
	"strings"

	"whence/correlate"
)

// azureClaims are those of the token that a call to Azure was made with. Azure
// checked the token before it wrote them down. Key Vault and Resource Manager
// spell some of them differently.
type azureClaims struct {
	Name        string `json:"name"`
	UPN         string `json:"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn"`
	ShortUPN    string `json:"upn"`
	LongName    string `json:"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name"`
	UniqueName  string `json:"unique_name"`
	Object      string `json:"http://schemas.microsoft.com/identity/claims/objectidentifier"`
	ShortObject string `json:"oid"`
	AppID       string `json:"appid"`
	Token       string `json:"uti"`
	IDType      string `json:"idtyp"`
	IP          string `json:"ipaddr"`
	Tenant      string `json:"http://schemas.microsoft.com/identity/claims/tenantid"`
	ShortTenant string `json:"tid"`
	Managed     string `json:"xms_mirid"` // the resource of a managed identity
}

func (c *azureClaims) object() string { return cmp.Or(entraSet(c.Object), entraSet(c.ShortObject)) }

// login is the sign-in name of a person, or "". Accounts of other issuers have
// theirs in front of it: live.com#alice@example.com.
func (c *azureClaims) login() string {
	name := cmp.Or(c.UPN, c.ShortUPN, c.UniqueName, c.LongName)
	if i := strings.LastIndexByte(name, '#'); i >= 0 && !strings.Contains(strings.ToLower(name), "#ext#") {
		name = name[i+1:]
	}
	if !strings.Contains(name, "@") {
		return ""
	}
	return name
}

// principal is who made the call, and how well that is known: what the token calls
// a name is for reading, and no identifier.
func (c *azureClaims) principal(out *Batch) (correlate.Principal, correlate.Proof) {
	login, object := c.login(), c.object()
	switch {
	case login != "" && c.IDType != "app":
		return entraUser(out, object, login, c.Name), correlate.Attested
	case c.IDType == "user" && object != "":
		return entraUser(out, object, "", c.Name), correlate.Attested
	case object != "" || c.AppID != "":
		t := correlate.ServiceAccount
		if c.Managed != "" {
			t = correlate.Workload
		}
		return entraApp(out, t, object, c.AppID, azureLast(c.Managed)), correlate.Attested
	case strings.Contains(c.Name, "@"):
		return entraUser(out, "", c.Name, ""), correlate.Claimed
	}
	return entraApp(out, correlate.Unknown, "", "", ""), 0
}

// uses are the token and whoever it is of, lent by out.
func (c *azureClaims) uses(out *Batch, e *correlate.Event, tenant string) {
	var proof correlate.Proof
	e.Actor, proof = c.principal(out)
	tenant = cmp.Or(out.fold(cmp.Or(c.Tenant, c.ShortTenant)), tenant)
	if k := entraToken(tenant, c.Token, out); !k.IsZero() {
		e.Uses = out.links.Append(e.Uses, correlate.Link{Role: correlate.Acting, Key: k, Proof: correlate.Attested, Method: "azure.uti"})
	}
	switch proof {
	case correlate.Attested:
		e.Uses = out.links.Append(e.Uses, correlate.Link{Role: correlate.Requestor, Principal: e.Actor, Proof: proof, Method: "azure.claims"})
	case correlate.Claimed:
		e.Uses = out.links.Append(e.Uses, correlate.Link{Role: correlate.Requestor, Principal: e.Actor, Proof: proof, Method: "azure.name_claim"})
	}
}

// azureLast is the last part of a resource's id: its name.
func azureLast(id string) string { return id[strings.LastIndexByte(id, '/')+1:] }

// azureTypes remembers the types of resources by how they are written.
type azureTypes struct{ types words[string] }

// of is the type of the resource that an id is of, in lower case:
// microsoft.compute/disks.
func (t *azureTypes) of(id string, out *Batch) string {
	const providers = len("/providers/")
	i := azureProvider(id)
	if i < 0 {
		switch strings.Count(id, "/") {
		case 2:
			return "azure.subscription"
		case 4:
			return "azure.resource_group"
		}
		return "azure.resource"
	}
	// Provider and type stand in one piece; of a resource inside of another the type
	// has to be put together.
	id = id[i+providers:]
	provider, rest, _ := strings.Cut(id, "/")
	kind, rest, _ := strings.Cut(rest, "/")
	name := provider
	if kind != "" {
		name = id[:len(provider)+1+len(kind)]
	}
	_, rest, _ = strings.Cut(rest, "/") // its name
	for rest != "" {
		kind, rest, _ = strings.Cut(rest, "/")
		_, rest, _ = strings.Cut(rest, "/")
		name = out.text.Join(name, "/", kind)
	}
	return t.types.of(name, lowered)
}

// azureProvider is the place of the last /providers/ in an id, or -1.
func azureProvider(id string) int {
	for i := strings.LastIndexByte(id, '/'); i >= 0; i = strings.LastIndexByte(id[:i], '/') {
		if rest := id[i:]; strings.HasPrefix(rest, "/providers/") || strings.HasPrefix(rest, "/PROVIDERS/") {
			return i
		}
	}
	return -1
}

func lowered(s string) string { return strings.ToLower(strings.Clone(s)) }
