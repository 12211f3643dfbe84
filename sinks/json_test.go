package sinks

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"whence/correlate"
)

// Facts that were stored before must digest to the same, or they would be there
// twice: the bytes are those of encoding/json.
func FuzzFactJSON(f *testing.F) {
	for _, s := range []string{"", "a", "<&>\"\\/", "\x00\x1f\x7f\b\f\n\r\t", "\xff\xc0\x80a\xe2\x80", "\u2028\u2029\ufffd\U0001f600", "Zo\u00eb:x"} {
		f.Add(s, s+"b", uint64(1))
	}
	f.Fuzz(func(t *testing.T, a, b string, seed uint64) {
		r := rand.New(rand.NewPCG(seed, 1))
		fact := random[correlate.Fact](r, a, b)
		if seed%16 == 15 {
			fact.Start = fact.Start.AddDate(12000, 0, 0) // neither can write it
		}
		want, werr := json.Marshal(&fact)
		got, gerr := appendFact([]byte("x"), &fact)
		if (werr == nil) != (gerr == nil) || werr == nil && string(got) != "x"+string(want) {
			t.Errorf("got  %s, %v\nwant x%s, %v", got, gerr, want, werr)
		}
	})
}

// What a chain keeps beside its columns comes back as it was, and what an older
// version wrote is read as before.
func FuzzRest(f *testing.F) {
	for seed := range uint64(20) {
		f.Add("a\"<\n\xff\u2028", "b", seed)
	}
	f.Fuzz(func(t *testing.T, a, b string, seed uint64) {
		c := random[correlate.Chain](rand.New(rand.NewPCG(seed, 2)), a, b)
		if seed%16 == 15 {
			c.Time = c.Time.AddDate(12000, 0, 0)
		}
		old, oerr := oldRest(&c)
		got, gerr := packRest([]byte("x"), &c)
		if (oerr == nil) != (gerr == nil) {
			t.Fatalf("got %v, before %v", gerr, oerr)
		}
		if oerr != nil {
			return
		}
		if got = got[1:]; len(got) == 0 {
			got = []byte("{}")
		}
		var was, is any
		if err := json.Unmarshal([]byte(old), &was); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(got, &is); err != nil {
			t.Fatalf("%v in %s", err, got)
		}
		if diff := cmp.Diff(was, is); diff != "" {
			t.Errorf("(-before +now):\n%s", diff)
		}
		back, again := bareOf(&c), bareOf(&c)
		if err := unpackRest(&back, old); err != nil {
			t.Fatal(err)
		}
		if err := unpackRest(&again, string(got)); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(back, again, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("read back (-before +now):\n%s", diff)
		}
	})
}

// bareOf is what the flat columns give back of the lists of c.
func bareOf(c *correlate.Chain) correlate.Chain {
	return correlate.Chain{
		Approvers: make([]correlate.Approver, len(c.Approvers)), Hops: make([]correlate.Hop, len(c.Hops)),
		Candidates: make([]correlate.Candidate, len(c.Candidates)),
	}
}

func TestNothingToKeep(t *testing.T) {
	c := correlate.Chain{Event: correlate.Event{Time: time.Unix(1, 0)}}
	if got, err := packRest(nil, &c); len(got) != 0 || err != nil {
		t.Errorf("got %q, %v; want nothing", got, err)
	}
	for _, s := range []string{"", "{}"} {
		if err := unpackRest(&c, s); err != nil || c.Uses != nil {
			t.Errorf("%q: got %v, %v", s, c.Uses, err)
		}
	}
}

func TestAlertRest(t *testing.T) {
	for _, want := range []correlate.Alert{
		{}, {Time: time.Unix(-5, 0).UTC(), Requestor: correlate.Principal{Names: []string{"a\"", "b"}}}, {Executor: correlate.Principal{Names: []string{"c"}}},
	} {
		b, err := packAlertRest(nil, &want)
		var got correlate.Alert
		if err := unpackAlertRest(&got, string(b)); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v\n%s", b, err, diff)
		}
	}
}

// oldRest is how rest was written with encoding/json.
func oldRest(c *correlate.Chain) (string, error) {
	r := chainRest{Links: c.Uses, Facts: c.Mints, RequestorNames: c.Requestor.Names, ExecutorNames: c.Actor.Names}
	for i, a := range c.Approvers {
		keep(&r.ApproverNames, i, a.Names, len(a.Names) > 0)
		keep(&r.ApproverTimes, i, a.Time, !exact(a.Time))
	}
	for i, h := range c.Hops {
		keep(&r.HopNames, i, h.Principal.Names, len(h.Principal.Names) > 0)
		keep(&r.HopTimes, i, h.Time, !exact(h.Time))
	}
	for i, d := range c.Candidates {
		keep(&r.CandidateNames, i, d.Principal.Names, len(d.Principal.Names) > 0)
	}
	if !exact(c.Time) {
		r.Time = &c.Time
	}
	b, err := json.Marshal(&r)
	return string(b), err
}

func keep[V any](m *map[int]V, i int, v V, is bool) {
	if !is {
		return
	}
	if *m == nil {
		*m = map[int]V{}
	}
	(*m)[i] = v
}

// random fills a T: any field may be empty, and the texts are made of a and b.
func random[T any](r *rand.Rand, a, b string) (t T) {
	randomize(reflect.ValueOf(&t).Elem(), r, []string{"", a, b, a + b, strings.Repeat(b, 9)})
	return t
}

func randomize(v reflect.Value, r *rand.Rand, texts []string) {
	if v.Type() == reflect.TypeFor[time.Time]() {
		when := []time.Time{
			{}, time.Unix(r.Int64N(1e10), r.Int64N(1e9)).UTC(), time.Unix(-5, 0).UTC(), time.Unix(1e9, 0).In(time.FixedZone("x", 3600*r.IntN(20))),
			time.Date(9999, 1, 2, 3, 4, 5, 0, time.UTC),
		}
		v.Set(reflect.ValueOf(when[r.IntN(len(when))]))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			randomize(v.Field(i), r, texts)
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), max(0, r.IntN(5)-2), 5))
		for i := range v.Len() {
			randomize(v.Index(i), r, texts)
		}
	case reflect.Array:
		for i := range v.Len() {
			randomize(v.Index(i), r, texts)
		}
	case reflect.String:
		v.SetString(texts[r.IntN(len(texts))])
	case reflect.Bool:
		v.SetBool(r.IntN(2) == 0)
	case reflect.Uint8:
		v.SetUint(r.Uint64N(5))
	case reflect.Uint32, reflect.Uint64:
		v.SetUint(r.Uint64N(1 << 31))
	case reflect.Int32, reflect.Int64:
		v.SetInt(r.Int64N(1 << 31))
	case reflect.Float64:
		v.SetFloat(r.Float64())
	}
}
