package rules

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"whence/rules/sigma"
)

// Config says which rules there are.
type Config struct {
	// Library is whether the rules that whence ships with are among them. Its lists
	// are there in any case.
	Library bool
	// Folders hold rules, and lists in their folder lists. A list replaces the
	// library's of the same name.
	Folders []Folder
	// Sigma are folders of Sigma rules. Those that cannot be run are left out, with
	// the reason in Set.Refused: collections of them are of all kinds.
	Sigma []Folder
	// Kinds are all kinds of keys there are, of declared sources too: a rule that asks for
	// another can never match, and is wrong. None means that they are not known.
	Kinds []string
	// Disabled are rules, by id, that are not judged by.
	Disabled []string
	// Severity overrides how urgent rules are, by id.
	Severity map[string]Severity
}

// A Folder holds rules.
type Folder struct {
	Name string // what errors call it; may be empty
	FS   fs.FS
}

// libraryName is what errors call the library's folder.
const libraryName = "library"

// maxRules bounds the rows of the index.
const maxRules = 10_000

// Open reads all that c names. Either all of it is right or there is no set: the error
// joins every problem.
func Open(c Config) (*Set, error) {
	readers := []reader{{Folder: Folder{Name: libraryName, FS: LibraryFS()}}}
	for _, f := range c.Folders {
		readers = append(readers, reader{Folder: f})
	}
	lists, problems := readLists(readers)
	var all []*compiled
	files := map[string]string{}
	if !c.Library {
		readers = readers[1:]
	}
	for _, f := range readers {
		f.lists, f.kinds = lists, c.Kinds
		for _, r := range f.files() {
			if first, ok := files[r.ID]; ok {
				problems = append(problems, fmt.Errorf("%s: rule %q is already in %s", r.File, r.ID, first))
				continue
			}
			files[r.ID] = r.File
			all = append(all, r)
		}
		problems = append(problems, f.problems...)
	}
	signalling, correlations, refused, wrong := c.readSigma()
	problems = append(problems, wrong...)
	ours, err := signalled(signalling)
	if err != nil {
		problems = append(problems, err)
	}
	counting, err := correlated(correlations)
	if err != nil {
		problems = append(problems, err)
	}
	ours = append(ours, counting...)
	for _, r := range ours {
		files[r.ID] = r.File
	}
	all, wrong = c.amend(append(all, ours...), files, lists)
	problems = append(problems, wrong...)
	if problems = append(problems, inhibitions(all, files)...); len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	if len(all) > maxRules {
		return nil, fmt.Errorf("there are %d rules; at most %d can be judged by", len(all), maxRules)
	}
	s := newSet(all)
	s.useSigma(signalling, refused)
	return s, nil
}

// readSigma reads the Sigma rules of all folders. Of two with one id the first counts.
func (c *Config) readSigma() (all []*sigma.Rule, counting []*sigma.Correlation, refused []sigma.Finding, problems []error) {
	seen := map[string]string{}
	for _, f := range c.Sigma {
		found, err := sigma.Import(f.FS)
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", f.Name, err))
			continue
		}
		known := func(a *sigma.About) bool {
			a.File = f.called(a.File)
			first, ok := seen[a.ID]
			if ok {
				refused = append(refused, sigma.Finding{File: a.File, ID: a.ID, Title: a.Title, Result: sigma.Refused, Reason: "duplicate", Detail: first + " has the same id"})
			} else {
				seen[a.ID] = a.File
			}
			return ok
		}
		for _, r := range found.Rules {
			if !known(&r.About) {
				all = append(all, r)
			}
		}
		for _, r := range found.Correlations {
			if !known(&r.About) {
				counting = append(counting, r)
			}
		}
		for _, one := range found.Findings {
			if one.Result == sigma.Refused {
				one.File = f.called(one.File)
				refused = append(refused, one)
			}
		}
	}
	return all, counting, refused, problems
}

// readLists reads the lists of all folders, the library first. One of its gives way to the
// operator's; two of the operator's of one name are a mistake.
func readLists(readers []reader) (Lists, []error) {
	all, from := Lists{}, map[string]int{}
	var problems []error
	for i := range readers {
		f := &readers[i]
		lists, errs := loadLists(f.FS, f.Name)
		problems = append(problems, errs...)
		for _, name := range lists.names() {
			if first, ok := from[name]; ok && first > 0 {
				problems = append(problems, fmt.Errorf("%s: list %q is already in %s", f.Name, name, readers[first].Name))
				continue
			}
			all[name], from[name] = lists[name], i
		}
	}
	return all, problems
}

// amend takes out what is disabled and sets what is overridden.
func (c *Config) amend(all []*compiled, files map[string]string, lists Lists) ([]*compiled, []error) {
	var problems []error
	for _, id := range c.Disabled {
		if files[id] == "" {
			problems = append(problems, fmt.Errorf("disabled: there is no rule %q", id))
		}
	}
	for id, s := range c.Severity {
		switch {
		case files[id] == "":
			problems = append(problems, fmt.Errorf("severity: there is no rule %q", id))
		case !slices.Contains(severities, s):
			problems = append(problems, fmt.Errorf("severity of %s: %q: want low, medium, high or critical", id, s))
		}
	}
	all = slices.DeleteFunc(all, func(r *compiled) bool { return slices.Contains(c.Disabled, r.ID) })
	for _, r := range all {
		if s, ok := c.Severity[r.ID]; ok {
			r.Severity = s
			r.Version = versionOf(r, lists)
		}
	}
	return all, problems
}
