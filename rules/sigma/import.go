package sigma

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// A Finding is what became of one file.
type Finding struct {
	File    string   `json:"file"`
	ID      string   `json:"id,omitempty"`
	Title   string   `json:"title,omitempty"`
	Result  string   `json:"result"` // imported or refused
	Sources []string `json:"sources,omitempty"`
	// Every says that the rule is asked of every line of its log, because it names no
	// action: it costs more than others.
	Every  bool   `json:"every_line,omitempty"`
	Reason string `json:"reason,omitempty"` // of a refusal, one word
	Detail string `json:"detail,omitempty"`
}

// The results of a Finding.
const (
	Imported = "imported"
	Refused  = "refused"
)

// maxFile bounds a rule's file: none that is written by people comes near.
const maxFile = 1 << 20

// Import reads every .yml and .yaml file below fsys, and says of each what became of
// it. A file that cannot be read is an error; a rule that cannot be run is none.
func Import(fsys fs.FS) ([]*Rule, []Finding, error) {
	var rules []*Rule
	var findings []Finding
	files := map[string]string{} // by id
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		// Kubernetes mounts each file twice, once below a hidden folder.
		if hidden := name != "." && strings.HasPrefix(d.Name(), "."); hidden && d.IsDir() {
			return fs.SkipDir
		} else if hidden {
			return nil
		}
		if ext := path.Ext(name); d.IsDir() || ext != ".yml" && ext != ".yaml" {
			return nil
		}
		r, err := read(fsys, name)
		if err == nil && files[r.ID] != "" {
			err = refuse("duplicate", "%s has the same id", files[r.ID])
		}
		var refused *Refusal
		switch {
		case errors.As(err, &refused):
			findings = append(findings, Finding{File: name, Result: Refused, Reason: refused.Reason, Detail: refused.Detail})
			return nil
		case err != nil:
			return err
		}
		files[r.ID] = name
		rules = append(rules, r)
		findings = append(findings, Finding{File: name, ID: r.ID, Title: r.Title, Result: Imported, Sources: r.Sources, Every: r.every()})
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("read Sigma rules: %w", err)
	}
	return rules, findings, nil
}

func read(fsys fs.FS, name string) (*Rule, error) {
	text, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, err
	}
	if len(text) > maxFile {
		return nil, refuse("syntax", "the file is larger than %d bytes", maxFile)
	}
	return Parse(name, text)
}

func (r *Rule) every() bool {
	return slices.ContainsFunc(r.forms, func(f form) bool { return !f.names() })
}
