package rules

import (
	"strings"

	"whence/correlate"
)

// lastingOf is the part of a principal's id that stays the same from session to session:
// what a role or a pipeline does by many sessions is one thing to look into.
func lastingOf(p *correlate.Principal) string {
	id := p.ID
	if _, session, ok := strings.Cut(id, ":assumed-role/"); ok {
		if at := strings.LastIndexByte(session, '/'); at > 0 {
			return id[:len(id)-len(session)+at]
		}
		return id
	}
	if p.Type == correlate.CIRun { // owner/name/run/attempt
		for {
			at := strings.LastIndexByte(id, '/')
			if at <= 0 || at == len(id)-1 || strings.Trim(id[at+1:], "0123456789") != "" {
				return id
			}
			id = id[:at]
		}
	}
	return id
}
