package index

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"whence/correlate"
	"whence/correlate/arena"
	"whence/correlate/lexicon"
)

var texts = []string{
	"", "a", "ab", "ASIAEXAMPLE000000001", "abc", "Abc", "hmac-sha256:67abe3db2bd7760de58ed2f4d7d7414e028979a61579c69886feb037fb2bdce6",
	"prod/file/hmac-sha256:67abe3db2bd7760de58ed2f4d7d7414e028979a61579c69886feb037fb2bdce6", "deadbeef", "deadbee", "DEADBEEF",
	"0a1b2c3d-0000-4000-8000-000000000031", "0a1b2c3d-0000-4000-8000-000000000031/response", "0A1B2C3D-0000-4000-8000-000000000031",
	"0a1b2c3d-0000-4000-8000-00000000003x", "0a1b2c3d-0000-4000-8000-0000000000310a1b2c3d-0000-4000-8000-000000000031",
	"arn:aws:sts::123456789012:assumed-role/deploy/alice@example.com", "arn:aws:sts::123456789012:assumed-role/deploy/", "/", "::::", "////",
	"repo:acme/payments:environment:prod", "repo:acme/payments:", "\x00\xff\xfe", "caf\xc3\xa9", strings.Repeat("x", 70), strings.Repeat("X", 300),
	strings.Repeat("/a", 400), strings.Repeat("0123456789abcdef", 300), "123456789012", "1234567890123", "a.b-c_d@e", "A B",
}

func readText(c *compact, b []byte) string {
	d := decoder{compact: c, b: b}
	defer d.close()
	return d.text()
}

func checkText(t *testing.T, c *compact, s string, again bool) {
	t.Helper()
	b := c.appendText(nil, s, again)
	if got := readText(c, b); got != s {
		t.Fatalf("%q became %q", s, got)
	}
	d := decoder{compact: c, b: append(b[:len(b):len(b)], 'x')}
	if !d.matches(s) || string(d.b) != "x" {
		t.Fatalf("%q does not match itself, or %q is left", s, d.b)
	}
	if d.b = append(b[:len(b):len(b)], 'x'); true {
		d.skipText()
		if string(d.b) != "x" {
			t.Fatalf("of %q %q is left", s, d.b)
		}
	}
	for _, o := range []string{s + "x", "x" + s, s[:max(0, len(s)-1)], strings.ToUpper(s), strings.ToLower(s)} {
		d := decoder{compact: c, b: b}
		if o != s && d.matches(o) {
			t.Fatalf("%q matches %q", s, o)
		}
	}
}

func TestTextsAreGivenBackByteForByte(t *testing.T) {
	c := newCompact()
	for range 3 * lexicon.Sightings { // new, then with beginnings, then as words
		for _, s := range texts {
			checkText(t, c, s, false)
			checkText(t, c, s, true)
		}
	}
	if n := len(c.appendText(nil, "arn:aws:sts::123456789012:assumed-role/deploy/alice", false)); n > 10 {
		t.Errorf("a name behind a well-known beginning takes %d bytes", n)
	}
	if n := len(c.appendText(nil, texts[11], false)); n > 20 {
		t.Errorf("an event id of Vault takes %d bytes", n)
	}
}

func FuzzText(f *testing.F) {
	for _, s := range texts {
		f.Add(s, false)
	}
	c := newCompact()
	f.Fuzz(func(t *testing.T, s string, again bool) {
		for range lexicon.Sightings + 1 {
			checkText(t, c, s, again)
		}
	})
}

// Facts come back from an entry as they went in, with and without shapes and words,
// on the heap and in lent memory.
func TestEntriesGiveBackTheirFacts(t *testing.T) {
	c, r := newCompact(), newRandom(11)
	var mem correlate.Memory
	mem.Poison()
	early := time.Unix(0, whole+1).UTC()
	late := time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	var pool []correlate.Fact // so that shapes come again
	for range 60 {
		pool = append(pool, r.fact())
	}
	for i := range 6000 {
		k := r.key()
		facts := r.facts(4)
		for j := range facts {
			if r.IntN(2) == 0 {
				facts[j] = pool[r.IntN(len(pool))]
				facts[j].Origin = correlate.NewID(fmt.Sprint(r.IntN(1000)))
			}
			facts[j].Key = k
			if r.IntN(3) == 0 {
				facts[j] = estateFact(r.IntN(50))
				facts[j].Key = k
			}
			facts[j].EventID = r.pick(texts...)
			if r.IntN(10) == 0 {
				facts[j].Start, facts[j].End = early, late
			}
			if r.IntN(10) == 0 {
				facts[j].Time = time.Time{}
			}
			facts[j] = normal(facts[j])
		}
		s := gather(k, facts)
		floor := int64(whole)
		if r.IntN(2) == 0 {
			floor = whole + 2
		}
		entry := c.appendEntry(nil, s, floor)
		if !c.isAbout(entry, k) || c.isAbout(entry, correlate.Key{Kind: k.Kind, Value: k.Value + "x"}) {
			t.Fatal("an entry is not about its key")
		}
		if kind, value := c.key(entry, make([]byte, 0)); string(kind) != string(k.Kind) || string(value) != k.Value {
			t.Fatalf("key %s:%s, want %v", kind, value, k)
		}
		since0 := r.time()
		for _, m := range []*correlate.Memory{nil, &mem} {
			got, from, ok := c.readEntry(entry, k, floor, whole, m)
			if !ok || from != floor {
				t.Fatal("not read")
			}
			if d := cmp.Diff(got, s); d != "" {
				t.Fatalf("step %d (-got +want):\n%s", i, d)
			}
			if floor == whole {
				continue
			}
			got, _, _ = c.readEntry(entry, k, floor, nanos(since0), m)
			diff(t, "young facts", got, since(s, nanos(since0)))
		}
		if i%10 == 0 {
			mem.Reset()
		}
	}
	if n := len(c.shapes.Items()); n < 50 {
		t.Errorf("only %d shapes came up", n)
	}
}

// A full lexicon costs memory, never a fact.
func TestFullLexiconsSpellOut(t *testing.T) {
	c := newCompact()
	c.words, c.shapes = lexicon.New[string](2, 100), lexicon.New[*shape](2, 1000)
	for i := range 400 {
		f := estateFact(i % 20)
		f.Method = fmt.Sprint("m", i%5)
		s := correlate.Session{Key: f.Key, Facts: []correlate.Fact{normal(f)}}
		got, _, _ := c.readEntry(c.appendEntry(nil, s, whole), f.Key, whole, whole, nil)
		diff(t, "full", got, s)
	}
	if words, shapes := len(c.words.Items()), len(c.shapes.Items()); words > 2 || shapes != 2 {
		t.Errorf("%d words and %d shapes", words, shapes)
	}
}

// What belongs to one session each must not fill the lexicon.
func TestRareTextsGetNoNumber(t *testing.T) {
	c := newCompact()
	for i := range 200_000 {
		c.wordFor(fmt.Sprint("once", i))
	}
	if n := len(c.words.Items()); n > 100 {
		t.Errorf("%d of 200,000 texts that came once have a number", n)
	}
}

// Facts may be views of memory that is written again right after they were bound.
func TestNothingOfABoundFactIsKept(t *testing.T) {
	for name, store := range map[string]Store{"memory": NewMemory(), "pebble": openPebble(t, t.TempDir())} {
		table := local(t, minHotBytes, minCacheBytes, store)
		var lent arena.Text
		lent.Poison = true
		var want []correlate.Fact
		for i := range 50 {
			f := estateFact(i % 20)
			own := f.Clone()
			want = append(want, own)
			view := func(s string) string { return lent.Join(s) }
			f.Key.Value, f.Key.Kind, f.EventID = view(f.Key.Value), correlate.Kind(view(string(f.Key.Kind))), view(f.EventID)
			f.Source, f.Method, f.Principal.ID, f.Principal.Name = view(f.Source), view(f.Method), view(f.Principal.ID), view(f.Principal.Name)
			f.Principal.Issuer, f.Principal.Names = view(f.Principal.Issuer), []string{view(f.Principal.Names[0])}
			f.Principal.Type = correlate.PrincipalType(view(string(f.Principal.Type)))
			p := f.Parents[0]
			p.Key.Value, p.Key.Kind, p.Method = view(p.Key.Value), correlate.Kind(view(string(p.Key.Kind))), view(p.Method)
			f.Parents = []correlate.Link{p}
			if _, err := table.apply([]correlate.Fact{f}, nil); err != nil {
				t.Fatal(err)
			}
			lent.Reset()
		}
		for _, f := range want {
			diff(t, name, lookup(t, table, f.Key, day), correlate.Session{Key: f.Key, Facts: []correlate.Fact{f}})
			diff(t, name+", the store", get(t, store, f.Key, day, 0), correlate.Session{Key: f.Key, Facts: []correlate.Fact{f}})
		}
	}
}
