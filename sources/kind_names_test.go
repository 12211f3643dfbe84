package sources

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"testing"

	"whence/correlate"
)

// TestKindNames: every constant of kinds.go is among them, and what a declared source
// names without minting it.
func TestKindNames(t *testing.T) {
	f, err := parser.ParseFile(token.NewFileSet(), "kinds.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	ast.Inspect(f, func(node ast.Node) bool {
		if lit, ok := node.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if text, _ := strconv.Unquote(lit.Value); text != "whence/correlate" {
				n++
				if !slices.Contains(KindNames(), correlate.Kind(text)) {
					t.Errorf("%q is not among them", text)
				}
			}
		}
		return true
	})
	if n < 30 || n != len(whenceKinds) {
		t.Errorf("%d constants, %d names", n, len(whenceKinds))
	}
	d := declared{links: []declaredWay{{kind: "acme.badge"}, {}}, mints: []declaredFact{{target: "acme.job", parents: []declaredWay{{kind: "acme.desk"}}}}}
	if got, want := d.names(), []correlate.Kind{"acme.job", "acme.badge", "acme.desk"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
