package main

import (
	"slices"
	"strings"

	"whence/correlate"
)

// namesOf are the names under which the directory can list p, one at least: of a
// person also what stands for p alone, and of a session of a service only what it
// shares with the other sessions.
func namesOf(p *correlate.Principal) []string {
	var names []string
	if id := correlate.Fold(p.ID); isEmail(id) {
		names = append(names, id)
	} else if p.Type == correlate.Human || p.Type == correlate.Unknown || len(p.Names) == 0 {
		names = append(names, p.Issuer+":"+p.ID)
	}
	for _, n := range p.Names {
		issuer, bare, ok := strings.Cut(n, ":")
		switch {
		case isEmail(n):
			n = correlate.Fold(n)
		case !ok || issuer == "":
			continue // a bare name may be anybody's
		case isEmail(bare) && slices.Contains(names, correlate.Fold(bare)):
			continue // the address alone says it
		}
		if !slices.ContainsFunc(names, func(o string) bool { return correlate.Fold(o) == correlate.Fold(n) }) {
			names = append(names, n)
		}
	}
	if len(names) == 0 {
		names = append(names, p.Issuer+":"+p.ID)
	}
	return names
}

// isEmail reports whether s looks like an address and like nothing else.
func isEmail(s string) bool {
	local, host, ok := strings.Cut(s, "@")
	return ok && local != "" && strings.Contains(host, ".") && !strings.ContainsAny(s, " :/") && !strings.Contains(host, "@")
}
