package sigma

import (
	"slices"
	"strings"
	"unsafe"

	"github.com/tidwall/gjson"

	"whence/correlate"
)

// A line is what rules are matched against: the line as it was written, and what its
// decoder made of it.
type line struct {
	event *correlate.Event
	raw   []byte
	log   *log
	text  string // raw, while it is there
	lower []byte // raw in lower case, made when first asked for
	spare []byte // for lower
}

// values calls yield with every value of a field until it returns true, and reports
// whether it did. A field that is not there has none; null is a value without text.
func (l *line) values(f *field, yield func(v value) bool) bool {
	if f.event != nil && yield(value{text: f.event(l.event)}) {
		return true
	}
	if len(f.paths) == 0 {
		return false
	}
	if l.text == "" {
		// The text is read while the line's bytes are there, and kept by nobody.
		l.text = unsafe.String(unsafe.SliceData(l.raw), len(l.raw))
	}
	// Most rules write paths as the log does, and then what is behind the value in the
	// line need not be read.
	there := false
	for _, p := range f.direct {
		if p == "" {
			continue
		}
		if r := gjson.Get(l.text, p); r.Exists() {
			if there = true; arrive(r, f.param, yield) {
				return true
			}
		}
	}
	if there {
		return false
	}
	for i := range f.paths {
		if l.search(f, i, yield) {
			return true
		}
	}
	return false
}

// search yields what is at a path where members may be spelled otherwise, and lists and
// text be on the way.
func (l *line) search(f *field, i int, yield func(v value) bool) bool {
	path, top := f.paths[i], f.tops[i]
	if top == "" {
		return descend(gjson.Parse(l.text), path, f.param, yield)
	}
	r := gjson.Get(l.text, top)
	return r.Exists() && descend(r, strings.TrimPrefix(path[len(top):], "."), f.param, yield)
}

// keyword reports whether the line holds the word anywhere, whatever its case.
func (l *line) keyword(word string) bool {
	if len(l.lower) == 0 {
		l.lower = appendFolded(l.spare[:0], unsafe.String(unsafe.SliceData(l.raw), len(l.raw)))
		l.spare = l.lower
	}
	return strings.Contains(unsafe.String(unsafe.SliceData(l.lower), len(l.lower)), word)
}

// A value is one value of a field. Of a list or an object the text is its JSON.
type value struct {
	text string
	null bool
}

// descend follows a path of members, in dots, and yields what is there. Members are
// found whatever their case, since rules spell them in many ways; one whose name
// holds dots itself is found too. Text that holds JSON is entered: Azure writes
// "properties" so.
func descend(r gjson.Result, path, param string, yield func(value) bool) bool {
	if path == "" {
		return arrive(r, param, yield)
	}
	if r.Type == gjson.String && strings.HasPrefix(r.Str, "{") {
		r = gjson.Parse(r.Str)
	}
	found := false
	switch {
	case r.IsArray():
		r.ForEach(func(_, element gjson.Result) bool {
			found = descend(element, path, param, yield)
			return !found
		})
	case r.IsObject():
		r.ForEach(func(name, member gjson.Result) bool {
			if rest, ok := cutMember(path, name.Str); ok {
				found = descend(member, rest, param, yield)
			}
			return !found
		})
	}
	return found
}

// cutMember takes the member called name off the front of a path.
func cutMember(path, name string) (rest string, ok bool) {
	n := len(name)
	if n == 0 || len(path) < n || !strings.EqualFold(path[:n], name) {
		return "", false
	}
	if len(path) == n {
		return "", true
	}
	return path[n+1:], path[n] == '.'
}

func arrive(r gjson.Result, param string, yield func(value) bool) bool {
	if param != "" {
		return r.IsArray() && slices.ContainsFunc(r.Array(), func(element gjson.Result) bool {
			if !strings.EqualFold(member(element, "name", "displayName"), param) {
				return false
			}
			return yield(value{text: strings.Trim(member(element, "value", "boolValue", "intValue", "newValue"), `"`)})
		})
	}
	switch {
	case r.Type == gjson.Null:
		return yield(value{null: true})
	case r.IsArray():
		found := false
		r.ForEach(func(_, element gjson.Result) bool {
			found = yield(textOf(element))
			return !found
		})
		return found || yield(value{text: r.Raw})
	default:
		return yield(textOf(r))
	}
}

func textOf(r gjson.Result) value {
	if r.Type == gjson.String {
		return value{text: r.Str}
	}
	return value{text: r.Raw, null: r.Type == gjson.Null}
}

// member is the first of an object's members of these names, whatever their case.
func member(r gjson.Result, names ...string) (text string) {
	r.ForEach(func(name, m gjson.Result) bool {
		if !slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name.Str) }) {
			return true
		}
		text = textOf(m).text
		return false
	})
	return text
}
