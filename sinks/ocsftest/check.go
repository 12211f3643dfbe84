package ocsftest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Check reports everything that is wrong with an event, each with its path. It is
// safe for concurrent use.
func (s *Schema) Check(event []byte) error {
	dec := json.NewDecoder(bytes.NewReader(event))
	dec.UseNumber()
	var doc map[string]any
	if err := dec.Decode(&doc); err != nil {
		return fmt.Errorf("the event is no JSON object: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the event")
	}
	if err := noRepeats(event); err != nil {
		return err
	}
	c := checker{schema: s, profiles: map[string]bool{}}
	name, class, ok := s.class(doc)
	if !ok {
		return fmt.Errorf("class_uid %v: no such class in the schema", doc["class_uid"])
	}
	c.metadata(doc, name, &class)
	c.entity("", doc, &class)
	c.sums(doc, &class)
	c.observables(doc)
	return errors.Join(c.found...)
}

// Class returns the class of an event, for counting.
func (s *Schema) Class(event []byte) string {
	var doc map[string]any
	dec := json.NewDecoder(bytes.NewReader(event))
	dec.UseNumber()
	if dec.Decode(&doc) != nil {
		return ""
	}
	name, _, _ := s.class(doc)
	return name
}

func (s *Schema) class(doc map[string]any) (string, Entity, bool) {
	uid, _ := doc["class_uid"].(json.Number)
	for name, c := range s.Classes {
		if strconv.Itoa(c.UID) == uid.String() {
			return name, c, true
		}
	}
	return "", Entity{}, false
}

type checker struct {
	schema   *Schema
	profiles map[string]bool
	found    []error
}

func (c *checker) wrong(path, format string, args ...any) {
	if path == "" {
		path = "the event"
	}
	c.found = append(c.found, fmt.Errorf("%s: %s", path, fmt.Sprintf(format, args...)))
}

// metadata takes the profiles, which decide what else may be there.
func (c *checker) metadata(doc map[string]any, name string, class *Entity) {
	meta, _ := doc["metadata"].(map[string]any)
	if v := meta["version"]; v != c.schema.Version {
		c.wrong("metadata.version", "%v, want %s", v, c.schema.Version)
	}
	list, _ := meta["profiles"].([]any)
	for _, p := range list {
		p, _ := p.(string)
		if !slices.Contains(class.Profiles, p) {
			c.wrong("metadata.profiles", "%q is no profile of %s", p, name)
		}
		if c.profiles[p] {
			c.wrong("metadata.profiles", "%q is there twice", p)
		}
		c.profiles[p] = true
	}
}

func (c *checker) entity(path string, doc map[string]any, e *Entity) {
	for _, name := range slices.Sorted(maps.Keys(doc)) {
		a, ok := e.Attributes[name]
		switch {
		case !ok:
			c.wrong(join(path, name), "%s has no such attribute", e.Caption)
			continue
		case a.Profile != "" && !c.profiles[a.Profile]:
			c.wrong(join(path, name), "it comes with the profile %s, which the event does not name", a.Profile)
		case a.Deprecated:
			c.wrong(join(path, name), "it is deprecated")
		}
		c.attribute(join(path, name), doc[name], &a)
		c.sibling(path, name, doc, &a)
	}
	for _, name := range slices.Sorted(maps.Keys(e.Attributes)) {
		a := e.Attributes[name]
		if a.Requirement == "required" && (a.Profile == "" || c.profiles[a.Profile]) && doc[name] == nil {
			c.wrong(join(path, name), "it is required")
		}
	}
	if n := there(doc, e.AtLeastOne); len(e.AtLeastOne) > 0 && n == 0 {
		c.wrong(path, "want at least one of %s", strings.Join(e.AtLeastOne, ", "))
	}
	if n := there(doc, e.JustOne); len(e.JustOne) > 0 && n != 1 {
		c.wrong(path, "want just one of %s, got %d", strings.Join(e.JustOne, ", "), n)
	}
}

func there(doc map[string]any, names []string) (n int) {
	for _, name := range names {
		if doc[name] != nil {
			n++
		}
	}
	return n
}

func (c *checker) attribute(path string, v any, a *Attribute) {
	if !a.Array {
		c.value(path, v, a)
		return
	}
	list, ok := v.([]any)
	if !ok {
		c.wrong(path, "want a list")
		return
	}
	if len(list) == 0 {
		c.wrong(path, "the list is empty: leave it out")
	}
	for i, v := range list {
		c.value(fmt.Sprintf("%s[%d]", path, i), v, a)
	}
}

func (c *checker) value(path string, v any, a *Attribute) {
	if a.Object {
		doc, ok := v.(map[string]any)
		if !ok {
			c.wrong(path, "want an object")
			return
		}
		if a.Type == "object" {
			return // of any members: unmapped
		}
		e, ok := c.schema.Objects[a.Type]
		if !ok {
			c.wrong(path, "the schema lacks the object %s", a.Type)
			return
		}
		if len(doc) == 0 {
			c.wrong(path, "the object is empty: leave it out")
		}
		c.entity(path, doc, &e)
		return
	}
	c.typed(path, v, a.Type)
	if a.Enum == nil {
		return
	}
	if _, ok := a.Enum[fmt.Sprint(v)]; !ok {
		c.wrong(path, "%v is none of its values", v)
	}
}

// typed checks v against a type and all it is a kind of.
func (c *checker) typed(path string, v any, name string) {
	t, ok := c.schema.Types[name]
	if !ok {
		c.wrong(path, "the schema lacks the type %s", name)
		return
	}
	if t.Base != "" {
		c.typed(path, v, t.Base)
	}
	switch name {
	case "string_t":
		if text, ok := v.(string); !ok {
			c.wrong(path, "want a text, got %v", v)
		} else if text == "" {
			c.wrong(path, "the text is empty: leave it out")
		}
	case "boolean_t":
		if _, ok := v.(bool); !ok {
			c.wrong(path, "want true or false, got %v", v)
		}
	case "integer_t": // tables of OCSF hold it in 32 bits
		c.integer(path, v, math.MinInt32, math.MaxInt32)
	case "long_t":
		c.integer(path, v, math.MinInt64, math.MaxInt64)
	case "float_t":
		if _, ok := v.(json.Number); !ok {
			c.wrong(path, "want a number, got %v", v)
		}
	case "json_t":
		if v == nil {
			c.wrong(path, "want some value")
		}
	}
	if len(t.Range) == 2 {
		c.integer(path, v, t.Range[0], t.Range[1])
	}
	if text, ok := v.(string); ok {
		if t.regex != nil && !t.regex.MatchString(text) {
			c.wrong(path, "%q is no %s", text, name)
		}
		if t.MaxLen > 0 && utf8.RuneCountInString(text) > t.MaxLen {
			c.wrong(path, "%q is longer than %d", text, t.MaxLen)
		}
	}
}

func (c *checker) integer(path string, v any, least, most int64) {
	n, ok := v.(json.Number)
	i, err := strconv.ParseInt(n.String(), 10, 64)
	if !ok || err != nil || i < least || i > most {
		c.wrong(path, "want an integer of %d to %d, got %v", least, most, v)
	}
}

// sibling sees that the caption beside a number is that of the number; of the number
// 99 it is the source's own.
func (c *checker) sibling(path, name string, doc map[string]any, a *Attribute) {
	if a.Sibling == "" || a.Enum == nil {
		return
	}
	value, caption := fmt.Sprint(doc[name]), doc[a.Sibling]
	switch {
	case value == "99" && caption == nil:
		c.wrong(join(path, a.Sibling), "%s is 99: it must say what else", name)
	case value != "99" && caption != nil && caption != a.Enum[value]:
		c.wrong(join(path, a.Sibling), "%q does not fit %s %s, which is %q", caption, name, value, a.Enum[value])
	}
}

// sums checks what is computed from something else.
func (c *checker) sums(doc map[string]any, class *Entity) {
	activity, _ := strconv.Atoi(fmt.Sprint(doc["activity_id"]))
	for name, want := range map[string]int{"category_uid": class.CategoryUID, "type_uid": class.UID*100 + activity} {
		if got := fmt.Sprint(doc[name]); got != strconv.Itoa(want) {
			c.wrong(name, "%s, want %d", got, want)
		}
	}
}

// observables sees that each names something that is there, and says the same.
func (c *checker) observables(doc map[string]any) {
	list, _ := doc["observables"].([]any)
	for i, o := range list {
		o, _ := o.(map[string]any)
		name, _ := o["name"].(string)
		if !c.names(name, doc) {
			c.wrong(fmt.Sprintf("observables[%d]", i), "%s is no attribute of the class", name)
		}
		if got := at(doc, name); got == nil || o["value"] != nil && o["value"] != got {
			c.wrong(fmt.Sprintf("observables[%d]", i), "%v of %s is not there, but %v", o["value"], name, got)
		}
	}
}

// names reports whether a path goes by attributes of the class, and not by members of
// what has no attributes, such as unmapped.
func (c *checker) names(path string, doc map[string]any) bool {
	_, e, _ := c.schema.class(doc)
	for step := range strings.SplitSeq(path, ".") {
		name, _, _ := strings.Cut(step, "[")
		a, ok := e.Attributes[name]
		if !ok {
			return false
		}
		e = c.schema.Objects[a.Type]
	}
	return true
}

// at finds what a path such as resources[1].uid leads to.
func at(doc any, path string) any {
	for step := range strings.SplitSeq(path, ".") {
		name, rest, _ := strings.Cut(step, "[")
		m, _ := doc.(map[string]any)
		doc = m[name]
		if index, ok := strings.CutSuffix(rest, "]"); ok {
			i, err := strconv.Atoi(index)
			list, _ := doc.([]any)
			if err != nil || i < 0 || i >= len(list) {
				return nil
			}
			doc = list[i]
		}
	}
	return doc
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// noRepeats finds members of one object with one name, of which a decoder keeps one.
func noRepeats(text []byte) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	type level struct {
		names map[string]bool // nil in a list
		value bool            // a name has been read
	}
	var levels []level
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the event: %w", err)
		}
		in := func() *level { return &levels[len(levels)-1] }
		if len(levels) > 0 && in().names != nil && !in().value && token != json.Delim('}') {
			name, _ := token.(string)
			if in().names[name] {
				return fmt.Errorf("the member %q is there twice in one object", name)
			}
			in().names[name], in().value = true, true
			continue
		}
		switch token {
		case json.Delim('{'):
			levels = append(levels, level{names: map[string]bool{}})
			continue
		case json.Delim('['):
			levels = append(levels, level{})
			continue
		case json.Delim('}'), json.Delim(']'):
			levels = levels[:len(levels)-1]
		}
		if len(levels) > 0 {
			in().value = false
		}
	}
}
