package sources

import "github.com/bytedance/sonic"

// A tolerant field takes what it can from a JSON value and leaves out the rest:
// one member of an odd type must not cost the whole event.
type tolerant[T any] struct{ V T }

// UnmarshalJSON implements json.Unmarshaler. The decoder goes on after a value
// of another type, so what could be read is kept; only valid JSON gets here.
func (t *tolerant[T]) UnmarshalJSON(raw []byte) error {
	_ = sonic.ConfigFastest.Unmarshal(raw, &t.V) // the odd member stays zero
	return nil
}

// present is a field of which only the presence matters, such as a token.
type present bool

// UnmarshalJSON implements json.Unmarshaler.
func (p *present) UnmarshalJSON(raw []byte) error {
	*p = string(raw) != "null"
	return nil
}
