package sources

import (
	"strings"

	"whence/correlate/arena"
)

// vaultMount splits a path into its mount and the rest. Newer versions log the
// mount point; for older ones it is the first element (below auth/ the second),
// or, for an engine that is mounted deeper, what comes before a known verb.
func vaultMount(r *vaultRequest, path string) (mount, rest string) {
	if m := r.MountPoint; m != "" && strings.HasPrefix(path, m) {
		return m, path[len(m):]
	}
	auth, end := strings.HasPrefix(path, "auth/"), 0
	for i, from := 0, 0; from < len(path); i++ {
		element, next := vaultElement(path, from)
		switch {
		case i == 0, auth && i == 1:
			end = next
		case auth && element == "login":
			end = from
		case !auth && r.MountType == "aws" && next > from+len(element) && (element == "creds" || element == "sts"):
			end = from
		}
		from = next
	}
	return path[:end], path[end:]
}

// vaultElement returns the element of path that starts at from, and where the next
// one starts.
func vaultElement(path string, from int) (element string, next int) {
	if n := strings.IndexByte(path[from:], '/'); n >= 0 {
		return path[from : from+n], from + n + 1
	}
	return path[from:], len(path)
}

// vaultKind guesses the type of a mount from its default name.
func vaultKind(mount string) string {
	name := strings.TrimSuffix(strings.TrimPrefix(mount, "auth/"), "/")
	switch name {
	case "sys":
		return "system"
	case "secret":
		return "kv"
	}
	return name
}

// vaultSafePath leaves out tokens and secret ids, which some old endpoints take
// in their path.
func vaultSafePath(path string, mem *arena.Text) string {
	const cut = "redacted"
	before := ""
	for i, from := 0, 0; from < len(path); i++ {
		element, next := vaultElement(path, from)
		end := from + len(element)
		if vaultIsToken(element) || i >= 2 && end == len(path) && vaultNamesToken(path, before, element) {
			path = mem.Join(path[:from], cut, path[end:])
			next += len(cut) - len(element)
		}
		before, from = element, next
	}
	return path
}

// vaultNamesToken reports whether the last element of path, after the element
// before, is a token or a secret id, whatever it looks like.
func vaultNamesToken(path, before, last string) bool {
	switch before {
	case "lookup", "renew", "revoke", "revoke-orphan":
		return strings.HasPrefix(path, "auth/token/")
	case "secret-id":
		return last != "lookup" && last != "destroy"
	}
	return false
}

// vaultIsToken knows tokens by their prefix and length: hvs., hvb., hvr. and the
// older s., b., r.
func vaultIsToken(s string) bool {
	if len(s) < 26 {
		return false
	}
	s = strings.TrimPrefix(s, "hv")
	return len(s) >= 26 && s[1] == '.' && (s[0] == 's' || s[0] == 'b' || s[0] == 'r')
}
