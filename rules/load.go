package rules

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
)

// maxFileBytes is the largest rule file that is read.
const maxFileBytes = 256 << 10

// Load reads every *.yaml file below fsys, one rule each, and the lists in its
// folder lists. Hidden files and folders are passed over. Either all rules load or
// none: the error joins every problem found, each with its file and, where there is
// one, line and column.
func Load(fsys fs.FS) (*Set, error) {
	return Open(Config{Folders: []Folder{{FS: fsys}}})
}

// A reader is a Folder while it is read.
type reader struct {
	Folder
	lists    Lists
	kinds    []string
	problems []error
}

// files reads the rules of the folder.
func (f *reader) files() (all []*compiled) {
	err := fs.WalkDir(f.FS, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name != "." && strings.HasPrefix(d.Name(), "."):
			// Kubernetes mounts each file twice, once below a hidden folder.
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case d.IsDir() && name == listFolder:
			return fs.SkipDir
		case d.IsDir():
			return nil
		case path.Ext(name) == ".yml":
			f.problems = append(f.problems, fmt.Errorf("%s: rule files end in .yaml; rename it", f.called(name)))
			return nil
		case path.Ext(name) != ".yaml":
			return nil
		}
		r, errs := f.load(name)
		f.problems = append(f.problems, errs...)
		if r != nil && r.ID != "" {
			all = append(all, r)
		}
		return nil
	})
	if err != nil {
		f.problems = append(f.problems, fmt.Errorf("read rules: %w", err))
	}
	return all
}

// called is what errors call a file.
func (f *Folder) called(name string) string { return path.Join(f.Name, name) }

// ruleFile is the layout of a rule file.
type ruleFile struct {
	ID             string         `yaml:"id"`
	Title          string         `yaml:"title"`
	Severity       string         `yaml:"severity"`
	Why            string         `yaml:"why"`
	Response       string         `yaml:"response"`
	FalsePositives []string       `yaml:"false_positives"`
	References     referencesFile `yaml:"references"`
	When           string         `yaml:"when"`
	Settled        bool           `yaml:"settled"`
	Sources        []string       `yaml:"sources"`
	Classes        []string       `yaml:"classes"`
	Actions        []string       `yaml:"actions"`
	Group          []string       `yaml:"group"`
	Suppress       string         `yaml:"suppress"`
	Inhibits       []string       `yaml:"inhibits"`
	Over           *overFile      `yaml:"over"`
	Tests          []testFile     `yaml:"tests"`
}

func (f *ruleFile) rule(file string) Rule {
	r := Rule{
		ID: f.ID, Title: strings.TrimSpace(f.Title), Severity: Severity(f.Severity),
		Why: strings.TrimSpace(f.Why), Response: strings.TrimSpace(f.Response), References: References(f.References),
		When: strings.TrimRight(f.When, "\n "), Settled: f.Settled,
		Sources: f.Sources, Classes: f.Classes, Actions: f.Actions, Group: f.Group, group: groupOf(f.Group), Inhibits: f.Inhibits, File: file,
	}
	for _, t := range f.FalsePositives {
		r.FalsePositives = append(r.FalsePositives, strings.TrimSpace(t))
	}
	return r
}

// load reads one rule. The rule is nil when there is nothing to go on with.
func (f *reader) load(name string) (*compiled, []error) {
	b, err := readFile(f.FS, name, maxFileBytes)
	if err != nil {
		return nil, []error{fmt.Errorf("%s: %w", f.called(name), err)}
	}
	doc := document{name: f.called(name), kind: "a rule", text: string(b)}
	body := doc.parse(b)
	if body == nil {
		return nil, doc.problems
	}
	tests := doc.fields(body)
	var file ruleFile
	if err := calmly(func() error { return yaml.NodeToValue(body, &file) }); err != nil {
		doc.refuseYAML(err)
		return nil, doc.problems
	}
	r := &compiled{Rule: file.rule(f.called(name))}
	r.declared = hints{sources: file.Sources, classes: file.Classes, prefixes: file.Actions}
	if file.Suppress != "" {
		if r.Suppress, err = parseSpan(file.Suppress); err != nil {
			doc.refuseAt(body, "suppress", "suppress: %v", err)
		}
	}
	if r.When != "" {
		r.question, err = compile(r.When, f.lists, f.kinds...)
		doc.refuseExpr(value(body, "when"), err)
	}
	if file.Over != nil {
		if r.Over, err = file.Over.over(f.lists); err != nil {
			doc.refuseAt(body, "over", "over: %v", err)
		}
		r.uses = slices.Compact(slices.Sorted(slices.Values(slices.Concat(r.uses, r.Over.uses()))))
		if h := r.narrowed(); r.When != "" && len(h.sources)+len(h.classes)+len(h.actions)+len(h.prefixes) == 0 {
			doc.refuseAt(body, "when", "a rule over time reads stored chains: name sources, classes or actions that it is about, or say so in when")
		}
	}
	r.Lists = r.uses
	for i := range file.Tests {
		line := 0
		if i < len(tests) {
			line = tests[i]
		}
		t, errs := file.Tests[i].test(r, line)
		for _, err := range errs {
			doc.refuse(line, 0, "test %q: %v", file.Tests[i].Name, err)
		}
		r.Tests = append(r.Tests, t)
	}
	for _, p := range r.Rule.problems() {
		doc.refuseAt(body, p.key, "%s", p.text)
	}
	r.Version = versionOf(r, f.lists)
	return r, doc.problems
}

func readFile(fsys fs.FS, name string, most int64) ([]byte, error) {
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return nil, err
	}
	if info.Size() > most {
		return nil, fmt.Errorf("the file has %d bytes; it may have %d", info.Size(), most)
	}
	return fs.ReadFile(fsys, name)
}
