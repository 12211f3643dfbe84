package sigma

import (
	"bytes"
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

// A Collection is what a folder holds.
type Collection struct {
	Rules        []*Rule
	Correlations []*Correlation
	Findings     []Finding // one for each document
}

// Import reads every .yml and .yaml file below fsys, and says of each what became of
// it. A file that cannot be read is an error; a rule that cannot be run is none.
func Import(fsys fs.FS) (*Collection, error) {
	in := importing{files: map[string]string{}}
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
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		for i, doc := range documents(text) {
			called := name
			if i > 0 {
				called = fmt.Sprintf("%s#%d", name, i+1)
			}
			in.add(name, called, doc)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read Sigma rules: %w", err)
	}
	in.correlate()
	return &in.Collection, nil
}

// importing is a Collection while it is read.
type importing struct {
	Collection
	files   map[string]string // by id
	pending []pending
	refused []About
}

// pending is a correlation, which is made when all rules are known.
type pending struct {
	called  string
	text    []byte
	finding int
}

// add reads one document. Documents of one file beside the first are called after their
// place in it.
func (in *importing) add(file, called string, text []byte) {
	at := len(in.Findings)
	in.Findings = append(in.Findings, Finding{File: file})
	if correlates(text) {
		in.pending = append(in.pending, pending{called, text, at})
		return
	}
	r, err := read(called, text)
	if err != nil {
		if broken, err := parse(text); err == nil {
			in.refused = append(in.refused, about(called, text, &broken))
		}
		in.refuse(at, err)
		return
	}
	if r.File = file; in.known(at, r.ID, file) {
		return
	}
	in.Rules = append(in.Rules, r)
	in.Findings[at] = Finding{File: file, ID: r.ID, Title: r.Title, Result: Imported, Sources: r.Sources, Every: r.every()}
}

// correlate makes the correlations of all rules.
func (in *importing) correlate() {
	for _, p := range in.pending {
		c, err := in.parseCorrelation(p.called, p.text)
		if err != nil {
			in.refuse(p.finding, err)
			continue
		}
		file := in.Findings[p.finding].File
		if c.File = file; in.known(p.finding, c.ID, file) {
			continue
		}
		in.Correlations = append(in.Correlations, c)
		in.Findings[p.finding] = Finding{File: file, ID: c.ID, Title: c.Title, Result: Imported, Sources: c.Sources, Detail: c.String()}
	}
	for _, c := range in.Correlations {
		for _, r := range c.Rules {
			r.Counted = true
		}
	}
	for _, c := range in.Correlations {
		for _, r := range c.Rules {
			r.Counted = r.Counted && !c.Generate
		}
	}
	for i := range in.Findings {
		f := &in.Findings[i]
		if slices.ContainsFunc(in.Rules, func(r *Rule) bool { return r.Counted && r.ID == f.ID }) {
			f.Detail = "it raises no alert itself: it is correlated, without generate"
		}
	}
}

// known refuses what has the id of another, and otherwise notes it.
func (in *importing) known(finding int, id, file string) bool {
	if first := in.files[id]; first != "" {
		in.refuse(finding, refuse("duplicate", "%s has the same id", first))
		return true
	}
	in.files[id] = file
	return false
}

func (in *importing) refuse(finding int, err error) {
	f := &in.Findings[finding]
	f.Result, f.Reason, f.Detail = Refused, "syntax", err.Error()
	if refused := (*Refusal)(nil); errors.As(err, &refused) {
		f.Reason = refused.Reason
	}
}

// documents are those of a file, which "---" separates. A collection of the old kind is
// one.
func documents(text []byte) [][]byte {
	if errors.Is(single(text), errCollection) {
		return [][]byte{text}
	}
	var out [][]byte
	var one []byte
	for l := range bytes.Lines(text) {
		if bytes.Equal(bytes.TrimRight(l, " \r\n"), []byte("---")) {
			out, one = append(out, one), nil
			continue
		}
		one = append(one, l...)
	}
	out = append(out, one)
	if all := slices.DeleteFunc(slices.Clone(out), blank); len(all) > 0 {
		return all
	}
	return out[:1]
}

func blank(doc []byte) bool {
	for l := range bytes.Lines(doc) {
		if l = bytes.TrimSpace(l); len(l) > 0 && l[0] != '#' {
			return false
		}
	}
	return true
}

func read(called string, text []byte) (*Rule, error) {
	if len(text) > maxFile {
		return nil, refuse("syntax", "the file is larger than %d bytes", maxFile)
	}
	return Parse(called, text)
}

func (r *Rule) every() bool {
	return slices.ContainsFunc(r.forms, func(f form) bool { return !f.names() })
}
