package sources

import (
	"strings"
)

// vaultMount splits a path into its mount and the rest. Newer versions log the
// mount point; for older ones it is the first element (below auth/ the second),
// or, for an engine that is mounted deeper, what comes before a known verb.
func vaultMount(r *vaultRequest, path string) (mount, rest string) {
	if m := r.MountPoint; m != "" && strings.HasPrefix(path, m) {
		return m, path[len(m):]
	}
	elements := strings.SplitAfter(path, "/")
	n := 1
	switch {
	case elements[0] == "auth/":
		n = 2
		for i := 2; i < len(elements); i++ {
			if strings.TrimSuffix(elements[i], "/") == "login" {
				n = i
			}
		}
	case r.MountType == "aws":
		for i := 1; i < len(elements)-1; i++ {
			if elements[i] == "creds/" || elements[i] == "sts/" {
				n = i
			}
		}
	}
	n = min(n, len(elements))
	return strings.Join(elements[:n], ""), strings.Join(elements[n:], "")
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
func vaultSafePath(path string) string {
	const cut = "redacted"
	elements := strings.Split(path, "/")
	for i, s := range elements {
		if vaultIsToken(s) {
			elements[i] = cut
		}
		if i != len(elements)-1 || i < 2 || s == "" {
			continue
		}
		switch elements[i-1] {
		case "lookup", "renew", "revoke", "revoke-orphan":
			if elements[0] == "auth" && elements[1] == "token" {
				elements[i] = cut
			}
		case "secret-id":
			if s != "lookup" && s != "destroy" {
				elements[i] = cut
			}
		}
	}
	return strings.Join(elements, "/")
}

// vaultIsToken knows tokens by their prefix and length.
func vaultIsToken(s string) bool {
	for _, p := range []string{"hvs.", "hvb.", "hvr.", "s.", "b.", "r."} {
		if strings.HasPrefix(s, p) && len(s) >= len(p)+24 {
			return true
		}
	}
	return false
}
