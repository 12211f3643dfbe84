package rules

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/goccy/go-yaml"
)

// maxFileBytes is the largest rule file that is read.
const maxFileBytes = 256 << 10

// Load reads every *.yaml file below fsys, one rule each. Hidden files and
// folders are passed over. Either all rules load or none: the error joins every
// problem found, each with its file and, where there is one, line and column.
func Load(fsys fs.FS) (*Set, error) {
	var all []*compiled
	var problems []error
	files := map[string]string{}
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name != "." && strings.HasPrefix(d.Name(), "."):
			// Kubernetes mounts each file twice, once below a hidden folder.
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case d.IsDir():
			return nil
		case path.Ext(name) == ".yml":
			problems = append(problems, fmt.Errorf("%s: rule files end in .yaml; rename it", name))
			return nil
		case path.Ext(name) != ".yaml":
			return nil
		}
		r, errs := loadFile(fsys, name)
		problems = append(problems, errs...)
		if r == nil || r.ID == "" {
			return nil
		}
		if first, ok := files[r.ID]; ok {
			problems = append(problems, fmt.Errorf("%s: rule %q is already in %s", name, r.ID, first))
		}
		files[r.ID] = name
		all = append(all, r)
		return nil
	})
	if err != nil {
		problems = append(problems, fmt.Errorf("read rules: %w", err))
	}
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	return newSet(all), nil
}

// ruleFile is the layout of a rule file.
type ruleFile struct {
	ID       string     `yaml:"id"`
	Title    string     `yaml:"title"`
	Severity string     `yaml:"severity"`
	Why      string     `yaml:"why"`
	Response string     `yaml:"response"`
	When     string     `yaml:"when"`
	Settled  bool       `yaml:"settled"`
	Sources  []string   `yaml:"sources"`
	Classes  []string   `yaml:"classes"`
	Actions  []string   `yaml:"actions"`
	Tests    []testFile `yaml:"tests"`
}

// loadFile reads one rule. The rule is nil when there is nothing to go on with.
func loadFile(fsys fs.FS, name string) (*compiled, []error) {
	b, err := readFile(fsys, name)
	if err != nil {
		return nil, []error{fmt.Errorf("%s: %w", name, err)}
	}
	doc := document{name: name, text: string(b)}
	body := doc.parse(b)
	if body == nil {
		return nil, doc.problems
	}
	tests := doc.fields(body)
	var f ruleFile
	if err := calmly(func() error { return yaml.NodeToValue(body, &f) }); err != nil {
		doc.refuseYAML(err)
		return nil, doc.problems
	}
	r := &compiled{Rule: Rule{
		ID: f.ID, Title: strings.TrimSpace(f.Title), Severity: Severity(f.Severity),
		Why: strings.TrimSpace(f.Why), Response: strings.TrimSpace(f.Response), When: strings.TrimRight(f.When, "\n "), Settled: f.Settled,
		Sources: f.Sources, Classes: f.Classes, Actions: f.Actions, File: name,
	}}
	r.declared = hints{sources: f.Sources, classes: f.Classes, prefixes: f.Actions}
	for i := range f.Tests {
		line := 0
		if i < len(tests) {
			line = tests[i]
		}
		t, errs := f.Tests[i].test(r.ID, line)
		for _, err := range errs {
			doc.refuse(line, 0, "test %q: %v", f.Tests[i].Name, err)
		}
		r.Tests = append(r.Tests, t)
	}
	for _, p := range r.Rule.problems() {
		doc.refuse(0, 0, "%s", p)
	}
	if r.When != "" {
		r.question, err = compile(r.When)
		doc.refuseExpr(value(body, "when"), err)
	}
	return r, doc.problems
}

func readFile(fsys fs.FS, name string) ([]byte, error) {
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxFileBytes {
		return nil, fmt.Errorf("the file has %d bytes; a rule has at most %d", info.Size(), maxFileBytes)
	}
	return fs.ReadFile(fsys, name)
}
