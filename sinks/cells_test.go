package sinks

import (
	"strings"
	"testing"

	"whence/correlate"
)

// Columns read fields where they are in a row, so what is not there is refused when a
// table is made.
func TestColumnsOfNoField(t *testing.T) {
	type row struct{ name string }
	elsewhere := "elsewhere"
	for name, make := range map[string]func(){
		"another's":   func() { text("c", func(*row) *string { return &elsewhere }) },
		"of a copy":   func() { word("c", func(r *row) *string { d := *r; return &d.name }) },
		"beyond":      func() { offset("c", func(r *row) *[64]byte { return (*[64]byte)(nil) }) },
		"torn apart":  func() { newTable("t", hopColumns()[:2], contextColumns(), hopColumns()[2:]) },
		"of no slice": func() { texts("c", func(*row) *[]row { return new([]row) }, func(r *row) *string { return &r.name }) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if got, _ := recover().(string); !strings.Contains(got, "the column ") {
					t.Errorf("got %q, want a complaint about the column", got)
				}
			}()
			make()
		})
	}
}

// Between two blocks nothing points at rows that are no longer ours.
func TestBlockLetsGo(t *testing.T) {
	tab, b := chainTable(), new(block)
	if err := tab.encode(b, someOutput(100).Chains); err != nil {
		t.Fatal(err)
	}
	if err := tab.encode(b, make([]correlate.Chain, 1)); err != nil {
		t.Fatal(err)
	}
	for _, p := range append(b.rowsAt[:cap(b.rowsAt)], b.elementsAt[:cap(b.elementsAt)]...) {
		if p != nil {
			t.Fatal("it still points at a row")
		}
	}
}
