package ocsftest

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var (
	checkout = flag.String("ocsf", "", "checkout of ocsf-schema at v1.8.0, to compare testdata/1.8/schema.json with")
	update   = flag.Bool("update", false, "write testdata/1.8/schema.json from the checkout")
)

// What is kept: these classes and objects, with all their attributes but those that
// are objects not named here. Nothing that is required falls under that.
var (
	keptClasses = []string{
		"application/api_activity", "iam/authentication", "iam/authorize_session", "iam/user_access", "findings/detection_finding",
	}
	keptObjects = []string{
		"account", "actor", "ai_model", "analytic", "api", "attack", "authentication_token", "cloud", "device", "enrichment",
		"evidences", "finding_info", "fingerprint", "group", "http_request", "idp", "key_value_object", "message_context",
		"metadata", "network_endpoint", "observable", "organization", "policy", "product", "related_event", "request",
		"resource_details", "response", "service", "session", "sub_technique", "tactic", "technique", "ticket", "trace", "url", "user",
		"osint",
	}
)

// TestTrim says how the schema was trimmed: it does it again.
func TestTrim(t *testing.T) {
	if *checkout == "" {
		t.Skip("THE SCHEMA IS NOT TRIMMED AGAIN without -ocsf: a checkout of github.com/ocsf/ocsf-schema at v1.8.0 is needed to trim the schema again")
	}
	b := builder{t: t, objects: map[string]rawEntity{}}
	got, err := json.MarshalIndent(b.schema(), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	path := filepath.Join("testdata", "1.8", "schema.json")
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s is not what the checkout gives (%v): run again with -update", path, err)
	}
}

type rawEntity struct {
	UID         int                        `json:"uid"`
	Caption     string                     `json:"caption"`
	Extends     string                     `json:"extends"`
	Category    string                     `json:"category"`
	Attributes  map[string]json.RawMessage `json:"attributes"`
	Profiles    []string                   `json:"profiles"`
	Constraints struct {
		AtLeastOne []string `json:"at_least_one"`
		JustOne    []string `json:"just_one"`
	} `json:"constraints"`
	Annotations json.RawMessage `json:"annotations"`
	Observable  int             `json:"observable"`
	// merged are the attributes once they are put together.
	merged map[string]*rawAttribute
}

type rawAttribute struct {
	Type        string             `json:"type"`
	Array       bool               `json:"is_array"`
	Requirement string             `json:"requirement"`
	Profile     *string            `json:"profile"`
	Sibling     string             `json:"sibling"`
	Enum        map[string]rawEnum `json:"enum"`
	Deprecated  *json.RawMessage   `json:"@deprecated"`
	Observable  int                `json:"observable"`
	Caption     string             `json:"caption"`
}

type rawEnum struct {
	Caption string `json:"caption"`
}

type builder struct {
	t          *testing.T
	objects    map[string]rawEntity
	dictionary struct {
		Attributes map[string]json.RawMessage `json:"attributes"`
		Types      struct {
			Attributes map[string]struct {
				Type       string  `json:"type"`
				Regex      string  `json:"regex"`
				MaxLen     int     `json:"max_len"`
				Range      []int64 `json:"range"`
				Observable int     `json:"observable"`
				Caption    string  `json:"caption"`
			} `json:"attributes"`
		} `json:"types"`
	}
	categories struct {
		Attributes map[string]struct {
			UID int `json:"uid"`
		} `json:"attributes"`
	}
}

func (b *builder) schema() *Schema {
	var version struct {
		Version string `json:"version"`
	}
	b.read("version.json", &version)
	b.read("dictionary.json", &b.dictionary)
	b.read("categories.json", &b.categories)
	s := &Schema{
		Version: version.Version, Commit: "6fa6499a0f8c9f449d342816e90e5f687c224b0a",
		Classes: map[string]Entity{}, Objects: map[string]Entity{}, Types: map[string]Type{},
	}
	for _, name := range keptClasses {
		e := b.entity("events/" + name)
		uid := b.categories.Attributes[e.Category].UID
		e.UID += uid * 1000
		out := b.compile(&e)
		out.CategoryUID = uid
		s.Classes[filepath.Base(name)] = out
	}
	for _, name := range keptObjects {
		e := b.entity("objects/" + name)
		s.Objects[name] = b.compile(&e)
	}
	for name, t := range b.dictionary.Types.Attributes {
		s.Types[name] = Type{Base: t.Type, Regex: t.Regex, MaxLen: t.MaxLen, Range: t.Range}
	}
	o := s.Objects["observable"]
	a := o.Attributes["type_id"]
	for id, caption := range b.observables() {
		a.Enum[id] = caption
	}
	o.Attributes["type_id"] = a
	return s
}

func (b *builder) read(path string, v any) {
	b.t.Helper()
	text, err := os.ReadFile(filepath.Join(*checkout, path))
	if err == nil {
		err = json.Unmarshal(text, v)
	}
	if err != nil {
		b.t.Fatalf("%s: %v", path, err)
	}
}

// entity reads a class or an object with all it inherits.
func (b *builder) entity(path string) rawEntity {
	var e rawEntity
	b.read(path+".json", &e)
	e.merged = map[string]*rawAttribute{}
	if e.Extends != "" {
		dir := filepath.Dir(path)
		if _, err := os.Stat(filepath.Join(*checkout, dir, e.Extends+".json")); err != nil {
			dir = filepath.Dir(dir)
			if dir == "." {
				dir = "objects"
			}
		}
		if e.Extends == "base_event" {
			dir = "events"
		}
		parent := b.entity(filepath.Join(dir, e.Extends))
		e.merged = parent.merged
		e.Profiles = append(e.Profiles, parent.Profiles...)
		if e.Constraints.AtLeastOne == nil && e.Constraints.JustOne == nil {
			e.Constraints = parent.Constraints
		}
		if e.Category == "" {
			e.Category = parent.Category
		}
	}
	if include, ok := e.Attributes["$include"]; ok {
		var files []string
		if err := json.Unmarshal(include, &files); err != nil {
			b.t.Fatal(err)
		}
		for _, f := range files {
			b.include(&e, f)
		}
		delete(e.Attributes, "$include")
	}
	for name, text := range e.Attributes {
		b.merge(&e, name, text)
	}
	return e
}

// include takes the attributes of a profile: they come with it alone, unless the
// class says otherwise.
func (b *builder) include(e *rawEntity, file string) {
	var p rawEntity
	b.read(file, &p)
	profile := strings.TrimSuffix(filepath.Base(file), ".json")
	for name, text := range p.Attributes {
		_, own := e.merged[name]
		b.merge(e, name, text)
		if !own {
			e.merged[name].Profile = &profile
		}
	}
}

// merge lays what text says of an attribute over what is known of it.
func (b *builder) merge(e *rawEntity, name string, text json.RawMessage) {
	a := e.merged[name]
	if a == nil {
		a = &rawAttribute{}
		if d, ok := b.dictionary.Attributes[name]; ok {
			if err := json.Unmarshal(d, a); err != nil {
				b.t.Fatalf("%s: %v", name, err)
			}
		}
		e.merged[name] = a
	}
	enum := a.Enum
	a.Enum = nil
	if err := json.Unmarshal(text, a); err != nil {
		b.t.Fatalf("%s: %v", name, err)
	}
	for id, caption := range enum {
		if _, ok := a.Enum[id]; !ok {
			if a.Enum == nil {
				a.Enum = map[string]rawEnum{}
			}
			a.Enum[id] = caption
		}
	}
}

func (b *builder) compile(e *rawEntity) Entity {
	out := Entity{
		UID: e.UID, Caption: e.Caption, Attributes: map[string]Attribute{},
		AtLeastOne: e.Constraints.AtLeastOne, JustOne: e.Constraints.JustOne,
	}
	slices.Sort(e.Profiles)
	out.Profiles = slices.Compact(e.Profiles)
	for name, a := range e.merged {
		object := !strings.HasSuffix(a.Type, "_t")
		if object && a.Type != "object" && !slices.Contains(keptObjects, a.Type) {
			if a.Requirement == "required" {
				b.t.Errorf("%s.%s is required: keep the object %s", e.Caption, name, a.Type)
			}
			continue
		}
		c := Attribute{
			Type: a.Type, Object: object, Array: a.Array, Requirement: a.Requirement, Sibling: a.Sibling, Deprecated: a.Deprecated != nil,
		}
		if c.Requirement == "optional" {
			c.Requirement = ""
		}
		if a.Profile != nil {
			c.Profile = *a.Profile
		}
		if len(a.Enum) > 0 {
			c.Enum = map[string]string{}
			for id, v := range a.Enum {
				c.Enum[id] = v.Caption
			}
		}
		out.Attributes[name] = c
	}
	// The schema leaves these to be computed.
	if out.UID != 0 {
		uid := out.Attributes["class_uid"]
		uid.Enum = map[string]string{strconv.Itoa(out.UID): out.Caption}
		out.Attributes["class_uid"] = uid
		category := out.Attributes["category_uid"]
		category.Enum, category.Sibling = nil, ""
		out.Attributes["category_uid"] = category
	}
	return out
}

// observables are the types of observables, which are told of all over the schema.
func (b *builder) observables() map[string]string {
	out := map[string]string{}
	add := func(id int, caption string) {
		if id != 0 {
			out[strconv.Itoa(id)] = caption
		}
	}
	for _, t := range b.dictionary.Types.Attributes {
		add(t.Observable, t.Caption)
	}
	for _, text := range b.dictionary.Attributes {
		var a rawAttribute
		if err := json.Unmarshal(text, &a); err != nil {
			b.t.Fatal(err)
		}
		add(a.Observable, a.Caption)
	}
	files, err := filepath.Glob(filepath.Join(*checkout, "objects", "*.json"))
	if err != nil || len(files) == 0 {
		b.t.Fatalf("no objects: %v", err)
	}
	for _, f := range files {
		var e rawEntity
		b.read(filepath.Join("objects", filepath.Base(f)), &e)
		add(e.Observable, e.Caption)
		for name, text := range e.Attributes {
			var a rawAttribute
			if name != "$include" && json.Unmarshal(text, &a) == nil {
				add(a.Observable, fmt.Sprintf("%s Object: %s", e.Caption, name))
			}
		}
	}
	return out
}
