package sources

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

// declaredTest is a test that stands in a declaration: a record, and what must be said
// of its events. What want leaves out is not looked at.
type declaredTest struct {
	Name  string `yaml:"name"`
	Scope string `yaml:"scope"`
	In    any    `yaml:"in"` // a record: JSON in text, or the same written as YAML
	// Want are the events as whence try --events prints them, or parts of them; one
	// alone need not stand in a list.
	Want any `yaml:"want"`
	// Reject is why the record is rejected, where it is.
	Reject string `yaml:"reject"`
}

// Tests is how many tests the source has.
func (d *Declared) Tests() int { return len(d.tests) }

// Check runs the tests that stand in the source's file and returns what failed, and
// that there are none: a source is the only thing that knows its log.
func (d *Declared) Check() (failed []error) {
	if len(d.tests) == 0 {
		failed = append(failed, fmt.Errorf("%s: it has no tests: give at least one line and what is to come of it", d.File))
	}
	for i := range d.tests {
		t := &d.tests[i]
		for _, err := range d.check(t) {
			failed = append(failed, fmt.Errorf("%s: test %q: %w", d.File, t.Name, err))
		}
	}
	return failed
}

func (d *Declared) check(t *declaredTest) []error {
	raw, err := declaredRecord(t.In)
	if err != nil {
		return []error{err}
	}
	var out Batch
	if v := NewValue(raw); t.Reject == "" && !d.Detect(v) {
		return []error{fmt.Errorf("the record does not have the shape that detect says")}
	}
	d.DecodeRecord(Input{Raw: raw, Scope: t.Scope}, &out)
	if t.Reject != "" {
		if len(out.Events) > 0 || len(out.Rejects) != 1 || out.Rejects[0].Reason != t.Reject {
			return []error{fmt.Errorf("got %d events and %d rejects, want one reject: %s", len(out.Events), len(out.Rejects), t.Reject)}
		}
		return nil
	}
	var errs []error
	for _, r := range out.Rejects {
		errs = append(errs, fmt.Errorf("rejected: %s: %s", r.Reason, r.Detail))
	}
	want, ok := plain(t.Want).([]any)
	if !ok {
		want = []any{plain(t.Want)}
	}
	if len(out.Events) != len(want) {
		return append(errs, fmt.Errorf("got %d events, want %d", len(out.Events), len(want)))
	}
	for i := range want {
		b, err := out.Events[i].MarshalJSON()
		if err != nil {
			return append(errs, err)
		}
		var got any
		if err := json.Unmarshal(b, &got); err != nil {
			return append(errs, err)
		}
		errs = append(errs, compareDeclared("", want[i], got)...)
	}
	return errs
}

// declaredRecord is the record of a test in JSON.
func declaredRecord(in any) ([]byte, error) {
	if text, ok := in.(string); ok {
		return []byte(strings.TrimSpace(text)), nil
	}
	b, err := json.Marshal(plain(in))
	if err != nil {
		return nil, fmt.Errorf("in: %w", err)
	}
	return b, nil
}

// plain is what YAML gave in the types that JSON would have.
func plain(v any) any {
	b, err := json.Marshal(v)
	if err != nil {
		return v
	}
	var out any
	if err := json.Unmarshal(b, &out); err != nil {
		return v
	}
	return out
}

// compareDeclared compares what want says with got. Lists must have one length.
func compareDeclared(at string, want, got any) (errs []error) {
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			return []error{fmt.Errorf("%s: got %v, want an object", at, got)}
		}
		for name, value := range w {
			errs = append(errs, compareDeclared(strings.TrimPrefix(at+"."+name, "."), value, g[name])...)
		}
		return errs
	case []any:
		g, _ := got.([]any)
		if len(g) != len(w) {
			return []error{fmt.Errorf("%s: got %v, want %v", at, got, want)}
		}
		for i := range w {
			errs = append(errs, compareDeclared(fmt.Sprintf("%s.%d", at, i), w[i], g[i])...)
		}
		return errs
	}
	if !reflect.DeepEqual(want, got) {
		return []error{fmt.Errorf("%s: got %v, want %v", at, got, want)}
	}
	return nil
}
