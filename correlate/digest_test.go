package correlate

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestDigestSeesEverything changes one field of a chain after the other: each must
// change the digest, but for those that are no part of the content, and those that
// were decoded from the bytes whose hash is in it.
func TestDigestSeesEverything(t *testing.T) {
	var c Chain
	fill(reflect.ValueOf(&c).Elem(), 0)
	c.Uses = c.Uses[:1]
	c.Uses[0].Role = Acting
	base := c.digest(c.found())
	decides := []string{".Event.ID", ".Event.Time", ".Event.Evidence.SHA256"}
	fields := 0
	alter(reflect.ValueOf(&c).Elem(), "", func(path string) {
		fields++
		part := slices.Contains(decides, path)
		if !strings.HasPrefix(path, ".Event.") {
			part = path != ".Version" && !strings.HasPrefix(path, ".Walked") && !strings.HasPrefix(path, ".Waits")
		}
		if changed := c.digest(c.found()) != base; changed != part {
			t.Errorf("%s: changes the digest: %v", path, changed)
		}
	})
	if fields < 100 {
		t.Errorf("only %d fields were tried", fields)
	}
}

// TestDigestStays: versions that are in the tables were made with it.
func TestDigestStays(t *testing.T) {
	c := Chain{Event: Event{ID: NewID("e"), Source: "aws.cloudtrail", Time: time.Unix(1795320308, 5).UTC()}, Rank: 3, Status: Partial}
	c.Seal(7)
	if got, want := c.Version, uint64(61572651162002); got != want {
		t.Errorf("version %d, want %d", got, want)
	}
}

// TestDigestSpreads: chains that differ a little have versions that differ.
func TestDigestSpreads(t *testing.T) {
	const n = 20_000 // of which some 50 share the hash bits of a version by chance
	for name, chain := range map[string]func(i int) Chain{
		"time":     func(i int) Chain { return Chain{Event: Event{Time: time.Unix(int64(i), 0)}} },
		"hop time": func(i int) Chain { return Chain{Hops: []Hop{{Time: time.Unix(0, int64(i))}}} },
		"event id": func(i int) Chain { return Chain{Hops: []Hop{{EventID: fmt.Sprint(i)}, {Method: "m"}}} },
		"name":     func(i int) Chain { return Chain{Requestor: Principal{ID: fmt.Sprintf("person%d@example.com", i)}} },
	} {
		seen := map[uint64]bool{}
		for i := range n {
			c := chain(i)
			seen[c.digest(c.found())>>42] = true // any 22 bits of it
		}
		if want := n - 150; len(seen) < want {
			t.Errorf("%s: %d of %d", name, len(seen), n)
		}
	}
}

func BenchmarkSeal(b *testing.B) {
	var c Chain
	fill(reflect.ValueOf(&c).Elem(), 8)
	c.Hops = append(c.Hops, c.Hops[0])
	b.ReportAllocs()
	for b.Loop() {
		c.Seal(1)
	}
}

// alter changes one field after the other, calls visit, and changes it back.
func alter(v reflect.Value, path string, visit func(path string)) {
	change := func(to any) {
		old := reflect.New(v.Type()).Elem()
		old.Set(v)
		v.Set(reflect.ValueOf(to).Convert(v.Type()))
		visit(path)
		v.Set(old)
	}
	switch {
	case v.Type() == reflect.TypeFor[time.Time]():
		change(time.Unix(99, 1))
	case v.Type() == reflect.TypeFor[ID]():
		change(ID{1})
	case v.Kind() == reflect.String:
		change(v.String() + "y")
	case v.Kind() == reflect.Bool:
		change(!v.Bool())
	case v.CanInt():
		change(v.Int() + 1)
	case v.CanUint():
		change(v.Uint() + 1)
	case v.CanFloat():
		change(v.Float() + 1)
	case v.Kind() == reflect.Slice:
		old := reflect.New(v.Type()).Elem()
		old.Set(v)
		v.SetLen(v.Len() - 1)
		visit(path + "(shorter)")
		v.Set(old)
		for i := range v.Len() {
			alter(v.Index(i), path+"[]", visit)
		}
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			alter(v.Field(i), path+"."+v.Type().Field(i).Name, visit)
		}
	}
}
