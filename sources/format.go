package sources

import (
	"whence/correlate"
	"whence/sources/scan"
)

// A format is a log whose lines come bare, in a list, or wrapped by whoever ships
// them. T is what a line is read into: a struct with json tags, and whatever else
// the source uses again from line to line in fields without one.
type format[T any] struct {
	table *scan.Table[T]
	// inner is what a wrap holds: a list, an object, or text with either in it; nil
	// where the struct was read from a line.
	inner func(*T) scan.Raw
	// line appends the event of a line, or rejects it. raw is the line's own bytes.
	line func(in Input, raw []byte, s *T, out *Batch)
}

// formatDepth is how many wraps are opened inside one another.
const formatDepth = 4

func (f *format[T]) decode(in Input, out *Batch) {
	raw := scan.Raw(in.Raw)
	if raw.IsList() {
		if err := scan.Valid(raw); err != nil {
			out.refuse(raw, err)
			return
		}
	}
	f.open(in, raw, out, 0)
}

// open decodes what is in raw: all lists in it are valid.
func (f *format[T]) open(in Input, raw scan.Raw, out *Batch, depth int) {
	if depth > formatDepth {
		out.reject(raw, correlate.RejectTooDeep, "too many envelopes inside one another")
		return
	}
	s := scratch[T](out)
	if !raw.IsList() {
		f.one(in, raw, s, f.table.Read(raw, s, &out.text), out, depth)
		return
	}
	f.table.Elements(raw, s, &out.text, func(one scan.Raw, err error) {
		if one.IsList() || depth == formatDepth {
			f.open(in, one, out, depth+1)
			return
		}
		f.one(in, one, s, err, out, depth+1)
	})
}

// one decodes what was read into s: a line, or a wrap.
func (f *format[T]) one(in Input, raw scan.Raw, s *T, err error, out *Batch, depth int) {
	if err != nil {
		out.refuse(raw, err)
		return
	}
	// What is inside is read into the same struct, which is not looked at again.
	if inner := f.inner(s); inner != nil {
		if len(inner) > 0 && inner[0] == '"' {
			inner = inner.Unquoted(&out.text)
			if inner.IsList() {
				if err := scan.Valid(inner); err != nil {
					out.refuse(inner, err)
					return
				}
			}
		}
		f.open(in, inner, out, depth+1)
		return
	}
	f.line(in, raw, s, out)
}

// wraps are the members of envelopes: lists as APIs and event hubs give them, and
// one line in text as shippers do.
type wraps struct {
	Records scan.Raw `json:"records"` // Azure Monitor
	Value   scan.Raw `json:"value"`   // Microsoft Graph
	Items   scan.Raw `json:"items"`   // Google APIs
	Entries scan.Raw `json:"entries"` // Cloud Logging
	Message scan.Raw `json:"message"`
	Event   struct {
		Original scan.Raw `json:"original"` // Elastic
	} `json:"event"`
}

// wrapNames are those members, to tell logs apart by.
var wrapNames = [...]string{"records", "value", "items", "entries", "message", "event", "original", "events"}

func (w *wraps) inner() scan.Raw {
	for _, r := range [...]scan.Raw{w.Records, w.Value, w.Items, w.Entries} {
		if r.IsList() {
			return r
		}
	}
	for _, r := range [...]scan.Raw{w.Message, w.Event.Original} {
		if r.IsObject() || len(r) > 2 && r[0] == '"' && (r[1] == '{' || r[1] == '[') {
			return r
		}
	}
	return nil
}

// within reports whether is recognises a value, or the first line wrapped in it.
func within(v Value, is func(Value) bool) bool { return withinAt(v, is, 0) }

func withinAt(v Value, is func(Value) bool, depth int) bool {
	if is(v) {
		return true
	}
	if depth == formatDepth {
		return false
	}
	for _, name := range wrapNames {
		if !v.Has(name) {
			continue
		}
		m := v.Member(name)
		if text := v.Text(name); text != "" {
			m = NewValue([]byte(text))
		}
		if withinAt(m, is, depth+1) {
			return true
		}
	}
	return false
}
