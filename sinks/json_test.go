package sinks

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

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

// A chain's own JSON is the same whoever writes it.
func FuzzChainJSON(f *testing.F) {
	for seed := range uint64(300) {
		f.Add("a\"<&\u2028\xff", "b\\\n", seed)
	}
	f.Fuzz(func(t *testing.T, a, b string, seed uint64) {
		r := rand.New(rand.NewPCG(seed, 3))
		c := random[correlate.Chain](r, a, b)
		c.Usage.CostUSD *= math.Pow(10, float64(r.IntN(60)-30))
		switch seed % 16 {
		case 14:
			c.Usage = correlate.Usage{CostKnown: true}
		case 15:
			c.Time = c.Time.AddDate(12000, 0, 0)
		}
		want, werr := c.MarshalJSON()
		got, gerr := appendChain([]byte("x"), &c)
		if (werr == nil) != (gerr == nil) || werr == nil && string(got) != "x"+string(want) {
			t.Errorf("got  %s, %v\nwant x%s, %v", got, gerr, want, werr)
		}
	})
}

func TestEightPlain(t *testing.T) {
	for c := range 256 {
		want := c < utf8.RuneSelf && plain[c&0x7f]
		for at := range 8 {
			b := []byte("01234567")
			b[at] = byte(c)
			if got := eightPlain(eight(string(b))); got != want {
				t.Errorf("%q: got %v, want %v", b, got, want)
			}
		}
	}
}

// What a chain keeps beside its columns comes back as it was, and what an older
// version wrote is read as before.
func FuzzRest(f *testing.F) {
	for seed := range uint64(200) {
		f.Add("a\"<\n\u2028", "b", seed)
	}
	f.Fuzz(func(t *testing.T, a, b string, seed uint64) {
		// JSON has no other texts; keys that the columns have come back even so.
		a, b = strings.ToValidUTF8(a, "?"), strings.ToValidUTF8(b, "?")
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
		back, again := bareOf(&c), bareOf(&c)
		if err := unpackRest(&back, old); err != nil {
			t.Fatal(err)
		}
		if err := unpackRest(&again, string(got[1:])); err != nil {
			t.Fatalf("%v in %s", err, got)
		}
		if diff := cmp.Diff(c.Signals, again.Signals, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("signals (-want +got):\n%s", diff)
		}
		again.Signals = nil // older versions had none
		if diff := cmp.Diff(back, again, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("read back (-before +now):\n%s\nof %s", diff, got)
		}
	})
}

// FuzzUnpackRest reads what nobody wrote.
func FuzzUnpackRest(f *testing.F) {
	for _, s := range []string{
		`{"uses":[["re",1,"in","m",5],["re",["human","a","","aws","","","n"],"cl","m",0,["x"]],["ac","k:v","at","m","2026-01-02T03:04:05.6Z"]]}`,
		`{"uses":[[],[9],["ac",-1],["ac",1e9,"at"],["ac",{}],["ac",null,null,null,null,null,null]],"hop_times":{"-1":"2026-01-02T03:04:05Z"}}`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(_ *testing.T, s string) {
		c := correlate.Chain{Walked: make([]correlate.Key, 2), Hops: make([]correlate.Hop, 1)}
		_ = unpackRest(&c, s) // it must not panic
	})
}

// The links of most lines, as they are stored.
func TestPackLinks(t *testing.T) {
	key, name := correlate.Key{Kind: "aws.access_key", Value: "ASIAEXAMPLE"}, correlate.Key{Kind: "aws.role_session", Value: "AROAEXAMPLE:alice"}
	person := correlate.Principal{Type: correlate.Human, ID: "alice@example.com", Issuer: "aws"}
	at := time.Date(2025, 11, 22, 2, 6, 2, 0, time.UTC)
	for _, tt := range []struct {
		link correlate.Link
		want string
	}{
		{correlate.Link{}, `["",[],"",""]`},
		{correlate.Link{Role: correlate.Acting, Key: key, Proof: correlate.Attested, Method: "m"}, `["ac",0,"at","m"]`},
		{correlate.Link{Role: correlate.Requestor, Key: name, Proof: correlate.Inferred, Method: "m", At: at}, `["re","aws.role_session:AROAEXAMPLE:alice","in","m",1763777162]`},
		{correlate.Link{Role: correlate.Requestor, Principal: person, Proof: correlate.Claimed, Method: "m"}, `["re",["human","alice@example.com","","aws"],"cl","m"]`},
		{correlate.Link{Role: correlate.Holder, Key: key, Principal: person, Proof: correlate.Issued}, `["ho",0,"is","",0,["human","alice@example.com","","aws"]]`},
		{
			correlate.Link{Role: correlate.AgentRole, Key: key, Principal: correlate.Principal{ID: "x", Names: []string{"y", ""}}, At: at.Add(5)},
			`["ag",0,"","","2025-11-22T02:06:02.000000005Z",["","x","","","","","y",""]]`,
		},
		{correlate.Link{Role: correlate.Creator, At: time.Unix(-5, 0).UTC()}, `["cr",[],"","","1969-12-31T23:59:55Z"]`},
	} {
		walked := []correlate.Key{key}
		b, err := packLinks(nil, []correlate.Link{tt.link}, walked)
		if got := strings.TrimSuffix(strings.TrimPrefix(string(b), "["), "]"); got != tt.want || err != nil {
			t.Errorf("got %s, %v; want %s", got, err, tt.want)
		}
		back := correlate.Chain{Walked: walked}
		if err := unpackRest(&back, `{"uses":`+string(b)+`}`); err != nil {
			t.Errorf("%s: %v", b, err)
		}
		if diff := cmp.Diff([]correlate.Link{tt.link}, back.Uses); diff != "" {
			t.Errorf("%s (-written +read):\n%s", b, diff)
		}
	}
	for _, bad := range []string{`[["ac",1,"at","m"]]`, `[["ac",-1]]`, `[["ac",0,"no"]]`, `[["ac",0,"at","m",{}]]`, `[["ac",0,"at","m",0,7]]`} {
		if err := unpackRest(&correlate.Chain{Walked: []correlate.Key{key}}, `{"uses":`+bad+`}`); err == nil {
			t.Errorf("%s: got no error", bad)
		}
	}
}

// bareOf is what the flat columns give back of the lists of c.
func bareOf(c *correlate.Chain) correlate.Chain {
	d := correlate.Chain{
		Approvers: make([]correlate.Approver, len(c.Approvers)), Hops: make([]correlate.Hop, len(c.Hops)),
		Candidates: make([]correlate.Candidate, len(c.Candidates)),
	}
	for _, k := range c.Walked {
		d.Walked = append(d.Walked, parseKey(k.String()))
	}
	return d
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

// oldRest is how rest was written before.
func oldRest(c *correlate.Chain) (string, error) {
	r := struct {
		Links          []correlate.Link  `json:"links,omitempty"`
		Facts          []correlate.Fact  `json:"facts,omitempty"`
		RequestorNames []string          `json:"requestor_names,omitempty"`
		ExecutorNames  []string          `json:"executor_names,omitempty"`
		ApproverNames  map[int][]string  `json:"approver_names,omitempty"`
		HopNames       map[int][]string  `json:"hop_names,omitempty"`
		CandidateNames map[int][]string  `json:"candidate_names,omitempty"`
		Time           *time.Time        `json:"time,omitempty"`
		ApproverTimes  map[int]time.Time `json:"approver_times,omitempty"`
		HopTimes       map[int]time.Time `json:"hop_times,omitempty"`
	}{Links: c.Uses, Facts: c.Mints, RequestorNames: c.Requestor.Names, ExecutorNames: c.Actor.Names}
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
