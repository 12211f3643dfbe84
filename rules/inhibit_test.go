package rules

import (
	"strings"
	"testing"
	"testing/fstest"
)

func TestInhibits(t *testing.T) {
	rule := func(id, inhibits string) *fstest.MapFile {
		return &fstest.MapFile{Data: []byte("id: " + id + "\ntitle: t\nseverity: low\nwhy: w\nwhen: action == \"x\"\ninhibits: [" + inhibits + "]\ntests: [{name: n, match: true, chain: {action: x}}]\n")}
	}
	for _, c := range []struct{ name, a, b, want string }{
		{"one another", "b", "", ""},
		{"a rule that is not there", "c", "", `a.yaml: inhibits: there is no rule "c"`},
		{"twice", "b, b", "", `a.yaml: inhibits: "b" is there twice`},
		{"itself", "a", "", "a circle, in which nobody would be told of any: a > a"},
		{"each other", "b", "a", "a > b > a"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := Load(fstest.MapFS{"a.yaml": rule("a", c.a), "b.yaml": rule("b", c.b)})
			switch {
			case c.want == "" && err != nil, c.want != "" && (err == nil || strings.Count(err.Error(), "inhibits") != 1 || !strings.Contains(err.Error(), c.want)):
				t.Fatalf("%v; want %q", err, c.want)
			case err == nil && (len(s.Rules()[0].Inhibits) != 1 || s.Rules()[0].Version == ""):
				t.Errorf("%+v", s.Rules()[0])
			}
		})
	}
}
