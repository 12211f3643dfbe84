package sources

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"whence/correlate"
)

// A declaration is a source that an operator describes in a file, in place of code:
// what a line says of the event, of keys and of people, as paths into the line or as
// small expressions. docs/sources-declarative.md has a complete example.
type declaration struct {
	Source   string            `yaml:"source"`
	About    string            `yaml:"about"`
	Lateness string            `yaml:"lateness"`
	Lines    string            `yaml:"lines"` // path of the list of lines in a record
	Detect   declaredShape     `yaml:"detect"`
	Event    map[string]string `yaml:"event"`
	Actor    *declaredWho      `yaml:"actor"`
	// Resources are what the event touched, Asked who asked for it by the line's own
	// word, and Uses the keys and names it was done with.
	Resources []declaredResource `yaml:"resources"`
	Asked     []declaredLink     `yaml:"asked"`
	Uses      []declaredLink     `yaml:"uses"`
	Kinds     []declaredKind     `yaml:"kinds"`
	Mints     []declaredMint     `yaml:"mints"`
	Tests     []declaredTest     `yaml:"tests"`
}

// declaredShape tells a log from others: members that a line has, text that some of
// them are, and members that it has not.
type declaredShape struct {
	Has   []string          `yaml:"has"`
	Is    map[string]string `yaml:"is"`
	Lacks []string          `yaml:"lacks"`
}

type declaredWho struct {
	Type   string   `yaml:"type"`
	ID     string   `yaml:"id"`
	Name   string   `yaml:"name"`
	Issuer string   `yaml:"issuer"`
	Names  []string `yaml:"names"`
}

type declaredResource struct {
	Type string `yaml:"type"`
	ID   string `yaml:"id"`
	When string `yaml:"when"`
}

// declaredLink is a link to a key, or to somebody whom the line names.
type declaredLink struct {
	Kind   string       `yaml:"kind"`
	Value  string       `yaml:"value"`
	Who    *declaredWho `yaml:"who"`
	Role   string       `yaml:"role"`
	Proof  string       `yaml:"proof"`
	Method string       `yaml:"method"`
	When   string       `yaml:"when"`
}

type declaredKind struct {
	Kind  string `yaml:"kind"`
	Alias bool   `yaml:"alias"`
	Life  string `yaml:"life"`
	Hint  string `yaml:"hint"`
}

type declaredMint struct {
	Fact     string         `yaml:"fact"`
	When     string         `yaml:"when"`
	Kind     string         `yaml:"kind"`
	Value    string         `yaml:"value"`
	Target   declaredTarget `yaml:"target"`
	Who      *declaredWho   `yaml:"who"`
	Parents  []declaredLink `yaml:"parents"`
	Proof    string         `yaml:"proof"`
	Method   string         `yaml:"method"`
	Start    string         `yaml:"start"`
	End      string         `yaml:"end"`
	Standing bool           `yaml:"standing"`
	Reason   string         `yaml:"reason"`
}

type declaredTarget struct {
	Kind  string `yaml:"kind"`
	Value string `yaml:"value"`
}

// maxDeclarationBytes bounds a file.
const maxDeclarationBytes = 256 << 10

// A Declared is a source from a file, with the tests that stand in it.
type Declared struct {
	Source
	File  string
	tests []declaredTest
}

// LoadDeclared reads every *.yaml file below fsys, one source each. Hidden files and
// folders are passed over. Either all load or none: the error joins every problem
// found, each with its file.
func LoadDeclared(fsys fs.FS) ([]Declared, error) {
	var all []Declared
	var problems []error
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name != "." && strings.HasPrefix(d.Name(), ".") && d.IsDir():
			return fs.SkipDir
		case d.IsDir(), strings.HasPrefix(d.Name(), "."), path.Ext(name) != ".yaml":
			return nil
		}
		b, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		one, errs := readDeclaration(name, b)
		for _, err := range errs {
			problems = append(problems, fmt.Errorf("%s: %w", name, err))
		}
		all = append(all, one)
		return nil
	})
	if err != nil {
		problems = append(problems, fmt.Errorf("read sources: %w", err))
	}
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	return all, nil
}

// readDeclaration reads one file and reports all that is wrong with it.
func readDeclaration(name string, b []byte) (out Declared, errs []error) {
	if len(b) > maxDeclarationBytes {
		return out, []error{fmt.Errorf("the file has %d bytes; a source has at most %d", len(b), maxDeclarationBytes)}
	}
	var d declaration
	err := func() (err error) {
		defer func() {
			if recover() != nil { // the library does not promise to have none
				err = errors.New("the file is not YAML that can be read")
			}
		}()
		return yaml.UnmarshalWithOptions(b, &d, yaml.DisallowUnknownField())
	}()
	if err != nil {
		return out, []error{err}
	}
	c, errs := compileDeclaration(&d)
	if len(errs) > 0 {
		return out, errs
	}
	return Declared{File: name, tests: d.Tests, Source: Source{
		Name: d.Source, Kinds: c.kinds, Lateness: c.lateness, Detect: c.detect, Decode: c.decode, names: c.names(),
	}}, nil
}

// Declare makes these the declared sources, in place of those before. It is for the
// start of a program: nothing may be decoded at the same time.
func Declare(all []Declared) error {
	kept := registry[:0:0]
	for _, s := range registry {
		if !s.declared {
			kept = append(kept, s)
		}
	}
	var errs []error
	files := map[string]string{}
	for _, d := range all {
		if first, ok := files[d.Name]; ok {
			errs = append(errs, fmt.Errorf("%s: the source %s is already in %s", d.File, d.Name, first))
			continue
		}
		files[d.Name] = d.File
		for _, s := range kept {
			if s.Name == d.Name && !s.declared {
				errs = append(errs, fmt.Errorf("%s: whence has a source %s of its own; call this one something else", d.File, d.Name))
			}
		}
		d.Source.declared = true
		kept = append(kept, d.Source)
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	registry = kept
	sortRegistry()
	return nil
}

func declaredLife(k declaredKind) (correlate.KindInfo, error) {
	in := correlate.KindInfo{Kind: correlate.Kind(k.Kind), Alias: k.Alias, Hint: k.Hint}
	if !declaredName(k.Kind) {
		return in, fmt.Errorf("kinds: %q is no name of a kind: want small letters, digits, dots and _, such as acme.job", k.Kind)
	}
	if k.Life == "" {
		return in, nil
	}
	life, err := time.ParseDuration(k.Life)
	if err != nil || life <= 0 {
		return in, fmt.Errorf("kinds: %s: life %q: want a duration such as 24h; leave it out for keys without an end", k.Kind, k.Life)
	}
	in.Life = life
	return in, nil
}
