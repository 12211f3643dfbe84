package correlate

import "testing"

func TestFold(t *testing.T) {
	for in, want := range map[string]string{
		"Kate@Example.com": "kate@example.com", "\u00c9mile@example.com": "\u00e9mile@example.com",
		"\u212Aate@example.com": "\u212Aate@example.com", "\u0130rem@example.com": "\u0130rem@example.com", "": "",
	} {
		if got := Fold(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
	d, err := NewDirectory(1, []Entry{{ID: "Kate@example.com", Type: Human}})
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := d.Find(Principal{ID: "KATE@EXAMPLE.COM"}); !ok {
		t.Error("kate is not found")
	}
	if e, ok := d.Find(Principal{ID: "\u212Aate@example.com"}); ok {
		t.Errorf("a name with a Kelvin sign is taken for %s", e.ID)
	}
}
