package correlate

import (
	"reflect"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/google/go-cmp/cmp"
)

// lent passes over what whoever keeps an event has no part in.
var lent = cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".Line" }, cmp.Ignore())

// TestCloneSharesNothing fills every field there is, by reflection, so that a field
// that is added and forgotten in Clone is found.
func TestCloneSharesNothing(t *testing.T) {
	for _, v := range []any{new(Event), new(Chain), new(Fact), new(Alert)} {
		rv := reflect.ValueOf(v).Elem()
		fill(rv, 0)
		out := reflect.ValueOf(v).MethodByName("Clone").Call(nil)[0]
		if d := cmp.Diff(rv.Interface(), out.Interface(), cmp.Exporter(func(reflect.Type) bool { return true }), lent); d != "" {
			t.Errorf("%s: -want +got\n%s", rv.Type(), d)
		}
		held := map[uintptr]string{}
		memory(rv, rv.Type().Name(), func(p uintptr, path string) { held[p] = path })
		memory(out, rv.Type().Name(), func(p uintptr, path string) {
			if was, ok := held[p]; ok {
				t.Errorf("%s shares memory with %s of the original", path, was)
			}
		})
		if len(held) < 20 {
			t.Errorf("%s: only %d pieces of memory were looked at", rv.Type(), len(held))
		}
	}
}

func fill(v reflect.Value, depth int) {
	switch {
	case v.Type() == reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(time.Unix(1795320308, 0).UTC()))
	case v.Kind() == reflect.String:
		v.SetString(strings.Repeat("x", 5+depth))
	case v.Kind() == reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(v.Index(0), depth+1)
		fill(v.Index(1), depth+2)
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), depth+1)
		}
	}
}

// memory visits where strings and lists are.
func memory(v reflect.Value, path string, visit func(uintptr, string)) {
	switch {
	case v.Type() == reflect.TypeFor[time.Time]():
	case v.Kind() == reflect.String:
		visit(uintptr(unsafe.Pointer(unsafe.StringData(v.String()))), path)
	case v.Kind() == reflect.Slice:
		if v.Len() > 0 {
			visit(v.Pointer(), path)
		}
		for i := range v.Len() {
			memory(v.Index(i), path+"[]", visit)
		}
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			memory(v.Field(i), path+"."+v.Type().Field(i).Name, visit)
		}
	}
}
