package sources

import (
	"encoding/json"
	"slices"

	"github.com/bytedance/sonic"
)

// A Value is one JSON value, looked at only as far as its top-level members.
type Value struct {
	Raw     []byte
	members map[string]json.RawMessage
}

// NewValue reads the members of one JSON object. Anything else has none.
func NewValue(raw []byte) Value {
	v := Value{Raw: raw}
	if depth(raw) > maxDepth || sonic.ConfigFastest.Unmarshal(raw, &v.members) != nil {
		v.members = nil
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
	var list []json.RawMessage
	if len(raw) > 0 && raw[0] == '[' && sonic.ConfigFastest.Unmarshal(raw, &list) == nil && len(list) > 0 {
		raw = list[0]
	}
	return NewValue(raw)
}

// Text returns a member that is a string, or "".
func (v Value) Text(name string) string {
	var s string
	if raw, ok := v.members[name]; !ok || sonic.ConfigFastest.Unmarshal(raw, &s) != nil {
		return ""
	}
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
