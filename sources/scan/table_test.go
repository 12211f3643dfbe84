package scan

import (
	"fmt"
	"reflect"
	"testing"
)

// TestNames: a name is found whatever its length, and no other is taken for it.
func TestNames(t *testing.T) {
	const letters = "abcdefghijklmnopqrstuvwxyz"
	var fields []reflect.StructField
	for n := 1; n <= len(letters); n++ {
		fields = append(fields, reflect.StructField{
			Name: fmt.Sprintf("F%d", n), Type: reflect.TypeFor[string](), Tag: reflect.StructTag(`json:"` + letters[:n] + `"`),
		})
	}
	o := compile(reflect.StructOf(fields), new(int))
	for n := 1; n <= len(letters); n++ {
		name := []byte(letters[:n])
		if f := o.find(name); f == nil || f.index != n-1 {
			t.Errorf("%s: found %+v", name, f)
		}
		for i := range name {
			name[i]++
			if string(name) != "b" && o.find(name) != nil {
				t.Errorf("%s: found", name)
			}
			name[i]--
		}
	}
	if o.find(nil) != nil {
		t.Error("found no name")
	}
}
