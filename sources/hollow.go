package sources

import (
	"slices"

	"whence/correlate"
	"whence/correlate/arena"
	"whence/sources/scan"
)

// An API that is asked again and again answers with an empty page while nothing has
// happened. Such a page is of the log that it is sent as, and nothing is wrong with it.

const (
	hollowBytes   = 4096 // more is no empty page
	hollowMembers = 12
)

// hollowLists are the members in which vendors' envelopes have their lines.
var hollowLists = []string{
	"Records", "records", "Events", "events", "items", "value", "values", "data", "entries", "audit_logs", "activities", "logEvents",
	"resourceSpans", "resourceLogs",
}

// hollow reports whether raw is an envelope without lines: its list is empty, and
// there is no other beside it.
func hollow(raw []byte) bool {
	if len(raw) > hollowBytes || scan.Valid(raw) != nil {
		return false
	}
	if r := scan.Raw(raw); r.IsList() {
		return emptyList(r)
	}
	var mem arena.Text
	return hollowObject(raw, &mem, 0)
}

func hollowObject(raw scan.Raw, mem *arena.Text, depth int) bool {
	found, n := false, 0
	for name, m := range raw.Members(mem) {
		n++
		switch {
		case n > hollowMembers:
			return false
		case slices.Contains(hollowLists, name) && (emptyList(m) || string(m) == "{}"):
			found = true
		case m.IsList() && !emptyList(m):
			return false
		case (name == "_embedded" || name == "data") && depth == 0 && m.IsObject():
			if !hollowObject(m, mem, depth+1) {
				return false
			}
			found = true
		case name == "kind" && string(m) == `"admin#reports#activities"`:
			found = true // Google leaves the list out
		}
	}
	return found
}

func emptyList(raw scan.Raw) bool {
	if !raw.IsList() {
		return false
	}
	for range raw.Elements() {
		return false
	}
	return true
}

// emptied gives the reject of an envelope in which nothing is its proper reason, if
// there is nothing but that one from first on.
func (b *Batch) emptied(raw []byte, first int) {
	if len(b.Rejects) != first+1 || b.Rejects[first].Reason != correlate.RejectSource || !hollow(raw) {
		return
	}
	r := &b.Rejects[first]
	r.Reason, r.Detail = correlate.RejectEmpty, "an envelope with no events in it"
}
