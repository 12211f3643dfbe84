package rules

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"whence/correlate"
)

func folder(files map[string]string) fs.FS {
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return fsys
}

// asks is a rule with an id and a question.
func asks(id, when string, with ...string) string {
	return "{id: " + id + ", title: t, severity: low, why: w, when: '" + when + "', " + strings.Join(with, "") +
		"tests: [{name: n, match: false, chain: {class: auth, action: x}}]}"
}

func TestOpen(t *testing.T) {
	own := Folder{"own", folder(map[string]string{
		"a.yaml":            asks("a", `class == "read"`),
		"b.yaml":            asks("b", `knows("approved_models", usage.model)`),
		"lists/models.yaml": "approved_models: [m-*]",
	})}
	all, err := Open(Config{Library: true, Folders: []Folder{own}})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := len(all.Rules()), len(Library().Rules())+2; got != want {
		t.Errorf("%d rules, want %d", got, want)
	}
	c := write(1, true, correlate.Attributed, correlate.Issued)
	c.Usage.Model = "m-1"
	if got := all.NewJudge().verdict(all.find("b"), c); got != matched {
		t.Error("the operator's list does not replace the library's")
	}
	if r := all.find("a"); r.File != "own/a.yaml" {
		t.Errorf("file %q", r.File)
	}

	fewer, err := Open(Config{Library: true, Folders: []Folder{own}, Disabled: []string{"a", "unattributed-write"}, Severity: map[string]Severity{"b": Critical}})
	if err != nil {
		t.Fatal(err)
	}
	if fewer.find("a") != nil || fewer.find("unattributed-write") != nil || len(fewer.rules) != len(all.rules)-2 {
		t.Error("a disabled rule is there")
	}
	b := fewer.find("b")
	if b.Severity != Critical || b.Rule.Version == all.find("b").Rule.Version {
		t.Errorf("severity %s, version %s", b.Severity, b.Rule.Version)
	}
	if all.Version() == fewer.Version() {
		t.Error("two sets have one version")
	}
	if got := fewer.NewJudge().Judge(nil, c, nil); len(got) != 1 || got[0].Severity != "critical" || got[0].RuleVersion != b.Rule.Version {
		t.Errorf("alerts: %+v", got)
	}
}

func TestOpenRefuses(t *testing.T) {
	for _, c := range []struct {
		name string
		cfg  Config
		want []string
	}{
		{"a rule of the library's id", Config{Library: true, Folders: []Folder{{"own", folder(map[string]string{"x.yaml": asks("unattributed-write", "settled")})}}}, []string{
			`own/x.yaml: rule "unattributed-write" is already in library/unattributed-write.yaml`}},
		{"two folders with one rule and one list", Config{Folders: []Folder{
			{"a", folder(map[string]string{"x.yaml": asks("r", "settled"), "lists/l.yaml": "l: [x]"})}, {"b", folder(map[string]string{"y.yaml": asks("r", "settled"), "lists/m.yaml": "l: [y]"})}}}, []string{
			`b: list "l" is already in a`, `b/y.yaml: rule "r" is already in a/x.yaml`}},
		{"what is not there", Config{Library: true, Disabled: []string{"gone"}, Severity: map[string]Severity{"lost": Low}}, []string{
			`disabled: there is no rule "gone"`, `severity: there is no rule "lost"`}},
		{"no severity", Config{Library: true, Severity: map[string]Severity{"unattributed-write": "hihg"}}, []string{
			`severity of unattributed-write: "hihg": want low, medium, high or critical`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := Open(c.cfg)
			if s != nil || err == nil {
				t.Fatal("it opens")
			}
			if d := cmp.Diff(strings.Join(c.want, "\n"), err.Error()); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
		})
	}
}

// A version tells of what a rule means, and of nothing else.
func TestRuleVersion(t *testing.T) {
	version := func(rule, list string) string {
		t.Helper()
		s, err := Load(folder(map[string]string{"r.yaml": rule, "lists/l.yaml": "l: " + list + "\nother: [x" + list[1:]}))
		if err != nil {
			t.Fatal(err)
		}
		return s.rules[0].Rule.Version
	}
	const when = `class == "read" and knows("l", action)`
	was := version(asks("r", when), "[a, b]")
	if len(was) != 12 {
		t.Errorf("version %q", was)
	}
	for name, again := range map[string]string{
		"spaces":      version(asks("r", `class  ==  "read"  and   knows("l",action)`), "[a, b]"),
		"a title":     version(strings.Replace(asks("r", when), "title: t", "title: another", 1), "[a, b]"),
		"a response":  version(asks("r", when, "response: other, false_positives: [x], "), "[a, b]"),
		"a reference": version(asks("r", when, "references: {attack: [T1078]}, "), "[a, b]"),
		"the order":   version(asks("r", when), "[b, a]"),
	} {
		if again != was {
			t.Errorf("%s makes another version", name)
		}
	}
	for name, other := range map[string]string{
		"the question": version(asks("r", `class == "write" and knows("l", action)`), "[a, b]"),
		"the id":       version(asks("s", when), "[a, b]"),
		"the severity": version(strings.Replace(asks("r", when), "severity: low", "severity: high", 1), "[a, b]"),
		"settled":      version(asks("r", when, "settled: true, "), "[a, b]"),
		"sources":      version(asks("r", when, "sources: [s], "), "[a, b]"),
		"actions":      version(asks("r", when, "actions: [s], "), "[a, b]"),
		"group":        version(asks("r", when, "group: [source], "), "[a, b]"),
		"suppress":     version(asks("r", when, "suppress: 1h, "), "[a, b]"),
		"a list":       version(asks("r", when), "[a, c]"),
	} {
		if other == was {
			t.Errorf("%s makes no other version", name)
		}
	}
}

func TestGroupOf(t *testing.T) {
	s := mustLoad(t, asks("none", "settled"), asks("some", "settled", "group: [requestor.id, executor.account, context.region], "))
	c := write(1, true, correlate.Attributed, correlate.Issued)
	c.Context.Region = "eu-west-1"
	rules := s.Rules()
	if got := rules[0].GroupOf(c); got != nil {
		t.Errorf("no group: %q", got)
	}
	if d := cmp.Diff([]string{"alice@example.com", "123456789012", "eu-west-1"}, rules[1].GroupOf(c)); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}
