package sources

import (
	"strings"

	"whence/correlate"
	"whence/correlate/arena"
)

// graphPath is the path of a request to Graph, from the first collection on: without
// host, version and query, which can hold whatever the caller searched for.
func graphPath(uri string) string {
	if _, rest, ok := strings.Cut(uri, "://"); ok {
		_, uri, _ = strings.Cut(rest, "/")
	}
	if i := strings.IndexAny(uri, "?#"); i >= 0 {
		uri = uri[:i]
	}
	uri = strings.Trim(uri, "/")
	switch version, rest, _ := strings.Cut(uri, "/"); version {
	case "v1.0", "beta", "V1.0", "Beta":
		return strings.TrimLeft(rest, "/")
	}
	return uri
}

// graphFirst is the collection that a path begins with.
func graphFirst(path string) string {
	if i := strings.IndexAny(path, "/("); i >= 0 {
		return path[:i]
	}
	return path
}

// graphAction is what was asked for, with {id} for every id: GET users/{id}/messages.
// The log has no name for it. It is lent by out.
func graphAction(method, path string, out *Batch) string {
	const id = "{id}"
	b := out.text.Bytes(len(method) + 1 + 5*len(path) + len(id)) // each segment of one byte may become {id}
	n := copy(b, method)
	for i := 0; i < n; i++ {
		if b[i]-'a' < 26 {
			b[i] -= 0x20
		}
	}
	for sep := byte(' '); path != ""; {
		var segment string
		segment, path, _ = strings.Cut(path, "/")
		name, key, keyed := strings.Cut(segment, "(")
		if name == "" {
			continue
		}
		b[n] = sep
		n, sep = n+1, '/'
		switch {
		case graphIsID(name):
			n += copy(b[n:], id)
		default:
			n += copy(b[n:], name)
		}
		if keyed && len(key) > 1 { // users('id')
			b[n] = '/'
			n += 1 + copy(b[n+1:], id)
		}
	}
	return arena.View(b[:n])
}

// graphIsID reports whether a segment is an id or a name, in place of a word of
// Graph's own: those are letters, with dots in names of functions.
func graphIsID(segment string) bool {
	if segment == "me" || segment[0] == '$' {
		return false
	}
	if len(segment) > 40 && !strings.HasPrefix(segment, "microsoft.graph.") {
		return true
	}
	for i := 0; i < len(segment); i++ {
		c := segment[i]
		letter := c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' || c == '.'
		// Some words end in a digit: oauth2PermissionGrants, onPremisesSyncV2.
		if !letter && !(c >= '0' && c <= '9' && i > 0 && strings.HasPrefix(segment, "oauth2")) {
			return true
		}
	}
	return strings.Contains(segment, "@")
}

// graphAdmin are collections that say what others may do.
var graphAdmin = map[string]bool{
	"applications": true, "servicePrincipals": true, "directoryRoles": true, "roleManagement": true, "policies": true, "identity": true,
	"domains": true, "oauth2PermissionGrants": true, "directory": true, "administrativeUnits": true, "organization": true,
	"privilegedAccess": true, "identityGovernance": true, "directoryRoleTemplates": true, "appRoleAssignments": true,
	"deviceManagement": true, "groupSettings": true, "agreements": true, "federationConfiguration": true,
}

// graphReads are requests that are sent by POST and change nothing.
var graphReads = []string{
	"/checkMemberGroups", "/getMemberGroups", "/checkMemberObjects", "/getMemberObjects", "/getByIds", "search/query", "/findMeetingTimes",
	"/getSchedule", "/validateProperties", "/microsoft.graph.getMemberObjects", "/query", "/runHuntingQuery",
}

func graphClass(method, path string) correlate.Class {
	switch method {
	case "GET", "HEAD", "OPTIONS", "":
		return correlate.Read
	}
	switch {
	case strings.HasSuffix(path, "/addPassword"), strings.HasSuffix(path, "/recoveryKeys"):
		return correlate.Secret // the answer is one
	case graphAdmin[graphFirst(path)], strings.Contains(path, "/appRoleAssign"), strings.Contains(path, "/authentication/"):
		return correlate.Admin
	}
	for _, r := range graphReads {
		if strings.HasSuffix(path, r) {
			return correlate.Read
		}
	}
	return correlate.Write
}
