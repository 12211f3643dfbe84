package sources

import (
	"bytes"
	"slices"

	"whence/correlate/arena"
	"whence/sources/scan"
)

// A Value is one JSON value, looked at only as far as its top-level members. It is
// for telling logs apart, not for decoding them: see package scan for that.
type Value struct {
	Raw     []byte
	members map[string]scan.Raw
	mem     *arena.Text
}

// NewValue reads the members of one JSON object. Anything else has none.
func NewValue(raw []byte) Value {
	v := Value{Raw: raw, mem: new(arena.Text)}
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || raw[0] != '{' || scan.Valid(raw) != nil {
		return v
	}
	v.members = map[string]scan.Raw{}
	for name, m := range scan.Raw(raw).Members(v.mem) {
		v.members[name] = m
	}
	return v
}

// Has reports whether the object has all the named members.
func (v Value) Has(names ...string) bool {
	for _, n := range names {
		if _, ok := v.members[n]; !ok {
			return false
		}
	}
	return len(names) > 0
}

// Only reports whether the object has no members but some of the named ones.
func (v Value) Only(names ...string) bool {
	for m := range v.members {
		if !slices.Contains(names, m) {
			return false
		}
	}
	return len(v.members) > 0
}

// Member returns a member as a Value of its own; of an array its first element.
func (v Value) Member(name string) Value {
	raw, ok := v.members[name]
	if !ok {
		return Value{}
	}
	for first := range raw.Elements() {
		return NewValue(first)
	}
	return NewValue(raw)
}

// Text returns a member that is a string, or "".
func (v Value) Text(name string) string {
	s, _ := v.members[name].Text(v.mem)
	return s
}

// Detect finds the source that a JSON value comes from. Exactly one must
// recognise it.
func Detect(raw []byte) (Source, bool) {
	v := NewValue(raw)
	var found []Source
	for _, s := range registry {
		if s.Detect != nil && s.Detect(v) {
			found = append(found, s)
		}
	}
	if len(found) != 1 {
		return Source{}, false
	}
	return found[0], true
}
