// Package ocsftest checks events against a part of the Open Cybersecurity Schema
// Framework, more strictly than the framework asks: what the schema does not name is
// an error, and so is what is deprecated. It is for tests; no program imports it.
package ocsftest

import (
	_ "embed"
	"encoding/json"
	"regexp"
	"sync"
)

// A Schema is a part of OCSF, compiled: inheritance, profiles and the dictionary are
// worked into every class and object. testdata/1.8/README.md says which part it is.
type Schema struct {
	Version string            `json:"version"`
	Commit  string            `json:"commit"`
	Classes map[string]Entity `json:"classes"`
	Objects map[string]Entity `json:"objects"`
	Types   map[string]Type   `json:"types"`
}

// An Entity is a class of events or an object.
type Entity struct {
	UID         int                  `json:"uid,omitempty"`
	CategoryUID int                  `json:"category_uid,omitempty"`
	Caption     string               `json:"caption"`
	Attributes  map[string]Attribute `json:"attributes"`
	Profiles    []string             `json:"profiles,omitempty"`
	AtLeastOne  []string             `json:"at_least_one,omitempty"`
	JustOne     []string             `json:"just_one,omitempty"`
}

// An Attribute is a member of an event or object.
type Attribute struct {
	// Type is a key of Types or, if Object, of Objects.
	Type        string            `json:"type"`
	Object      bool              `json:"object,omitempty"`
	Array       bool              `json:"array,omitempty"`
	Requirement string            `json:"requirement,omitempty"`
	Profile     string            `json:"profile,omitempty"` // the only one it comes with
	Sibling     string            `json:"sibling,omitempty"` // holds the caption of the value
	Enum        map[string]string `json:"enum,omitempty"`    // captions by value
	Deprecated  bool              `json:"deprecated,omitempty"`
}

// A Type is one of values.
type Type struct {
	Base   string  `json:"base,omitempty"` // the type it is a kind of
	Regex  string  `json:"regex,omitempty"`
	MaxLen int     `json:"max_len,omitempty"`
	Range  []int64 `json:"range,omitempty"`
	regex  *regexp.Regexp
}

//go:embed testdata/1.8/schema.json
var trimmed []byte

// V18 returns the schema of version 1.8.0.
var V18 = sync.OnceValue(func() *Schema {
	s := &Schema{}
	if err := json.Unmarshal(trimmed, s); err != nil {
		panic("ocsftest: the schema is embedded: " + err.Error())
	}
	for name, t := range s.Types {
		if t.Regex != "" {
			t.regex = regexp.MustCompile(t.Regex)
			s.Types[name] = t
		}
	}
	return s
})
