package index

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"

	"whence/correlate"
)

func TestFactsSurviveTheCodec(t *testing.T) {
	r := newRandom(1)
	for range 2000 {
		f := r.fact()
		got, mark, err := decodeRecord(string(press1("t", 8, &f).Value))
		if err != nil || mark != nil {
			t.Fatalf("decode: %v %v", mark, err)
		}
		if d := cmp.Diff(*got, normal(f)); d != "" {
			t.Fatalf("fact (-got +want):\n%s", d)
		}
	}
}

func TestMarksSurviveTheCodec(t *testing.T) {
	for _, m := range []correlate.Mark{
		{Group: "whence", Topic: "raw.cloudtrail", Partition: 7, Generation: 3, Time: day, Known: 1 << 40},
		{Group: "whence", Topic: "raw.okta", Partition: 0, Generation: -1},
	} {
		_, got, err := decodeRecord(string(markRecord("t", 4, m).Value))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(*got, m); d != "" {
			t.Errorf("mark (-got +want):\n%s", d)
		}
	}
}

func TestTimes(t *testing.T) {
	f := account(key(1), "a", time.Unix(0, 0).UTC())
	f.Start = time.Time{}
	f.End = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)
	got, _, err := decodeRecord(string(press1("t", 1, &f).Value))
	if err != nil {
		t.Fatal(err)
	}
	if !got.Time.Equal(f.Time) || got.Time.IsZero() {
		t.Errorf("1970 became %v", got.Time)
	}
	if !got.Start.IsZero() {
		t.Errorf("zero became %v", got.Start)
	}
	if got.End.Year() != 2262 {
		t.Errorf("9999 became %v, want the last year nanoseconds can tell", got.End)
	}
}

func TestUnreadableRecords(t *testing.T) {
	f := account(key(1), "a", day)
	good := press1("t", 1, &f).Value
	other := append([]byte{codecVersion + 1}, good[1:]...)
	for name, tt := range map[string]struct {
		value []byte
		want  error
	}{
		"nothing":       {nil, errEmpty},
		"other version": {other, errVersion},
		"other type":    {[]byte{codecVersion, 'x'}, errType},
		"left over":     {append(append([]byte{}, good...), 0), errTrailing},
		"no key":        {[]byte{codecVersion, isFact, 0, 0}, errShort},
		"too many":      {append([]byte{codecVersion, isFact}, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), errCount},
	} {
		if _, _, err := decodeRecord(string(tt.value)); !errors.Is(err, tt.want) {
			t.Errorf("%s: got %v, want %v", name, err, tt.want)
		}
	}
	for n := range good {
		if _, _, err := decodeRecord(string(good[:n])); err == nil {
			t.Fatalf("the first %d of %d bytes were read", n, len(good))
		}
	}
}

func TestFactsThatDoNotFit(t *testing.T) {
	names := account(key(1), "a", day)
	names.Principal.Names = make([]string, maxNames+1)
	parents := account(key(1), "b", day)
	parents.Parents = make([]correlate.Link, maxParents+1)
	long := account(key(1), "c", day)
	long.Principal.Name = strings.Repeat("x", MaxFactBytes)
	edge := account(key(1), "d", day)
	edge.Principal.Name = strings.Repeat("x", MaxFactBytes-1000)
	for _, f := range []correlate.Fact{names, parents, long} {
		if fits(&f) {
			t.Errorf("fact %s fits", f.EventID)
		}
	}
	if !fits(&edge) {
		t.Error("a large fact does not fit")
	}
	if _, _, err := decodeRecord(string(press1("t", 1, &edge).Value)); err != nil {
		t.Error(err)
	}
}

// The key of a record is the identity of its fact: one for each identity,
// however a fact is told.
func TestRecordKeysAreIdentities(t *testing.T) {
	r := newRandom(2)
	keys := map[string]correlate.Fact{}
	for range 5000 {
		f := r.fact()
		k := string(press1("t", 8, &f).Key)
		if o, ok := keys[k]; ok && o.Compare(&f) != 0 {
			t.Fatalf("two facts share a record key:\n%v\n%v", o, f)
		}
		keys[k] = f
	}
	f := r.fact()
	g := f
	g.Proof, g.Method, g.Time, g.Principal = f.Proof+1, "other", f.Time.Add(1), r.principal()
	if a, b := press1("t", 8, &f), press1("t", 8, &g); string(a.Key) != string(b.Key) || a.Partition != b.Partition {
		t.Error("two tellings of one fact have two record keys")
	}
}

func TestPartitionsAreTheSameEverywhere(t *testing.T) {
	for k, want := range map[correlate.Key]int32{
		key(1):                        0,
		{Kind: "a", Value: "bc"}:      3,
		{Kind: "trace", Value: "4bf"}: 2,
	} {
		if got := partitionOf(k, 8); got != want {
			t.Errorf("%v: partition %d, want %d", k, got, want)
		}
	}
}

func FuzzDecodeRecord(f *testing.F) {
	r := newRandom(3)
	for range 20 {
		fact := r.fact()
		f.Add(press1("t", 1, &fact).Value)
	}
	f.Add(markRecord("t", 0, correlate.Mark{Group: "g", Topic: "t", Time: day}).Value)
	f.Fuzz(func(t *testing.T, value []byte) {
		fact, mark, err := decodeRecord(string(value))
		switch {
		case err != nil:
		case fact != nil:
			again, _, err := decodeRecord(string(press1("t", 1, fact).Value))
			if err != nil {
				t.Fatalf("what was read cannot be read again: %v", err)
			}
			if d := cmp.Diff(*again, *fact); d != "" {
				t.Fatalf("what was read reads otherwise again:\n%s", d)
			}
		case mark == nil:
			t.Fatal("neither fact nor mark nor error")
		}
	})
}

// press1 makes one record.
func press1(topic string, partitions int, f *correlate.Fact) *kgo.Record {
	return new(press).fact(topic, partitions, f)
}
