package rules

import (
	"math/rand/v2"
	"reflect"
	"testing"
	"time"
	"unsafe"

	"github.com/google/go-cmp/cmp"

	"whence/correlate"
)

// TestNoMatchAllocatesNothing guards the memory of the usual chain: one that no rule
// matches.
func TestNoMatchAllocatesNothing(t *testing.T) {
	for name, s := range map[string]*Set{"library": Library(), "50 rules": realRules(t, 50), "500 rules": realRules(t, 500), "500 with calls": callRules(t, 500)} {
		j := s.NewJudge()
		var out []correlate.Alert
		quiet := 0
		for _, c := range realChains(256) {
			if out = j.Judge(nil, c, out[:0]); len(out) > 0 {
				continue
			}
			quiet++
			if n := testing.AllocsPerRun(5, func() { out = j.Judge(c, c, out[:0]) }); n != 0 {
				t.Errorf("%s: %v allocations", name, n)
				break
			}
		}
		if quiet < 200 {
			t.Errorf("%s: only %d chains without an alert", name, quiet)
		}
	}
}

// TestAlertsOutliveTheirChain overwrites the memory a chain lies in after it was
// judged, as the next batch does.
func TestAlertsOutliveTheirChain(t *testing.T) {
	// The third rule needs the engine, which is handed a copy of the chain.
	s := mustLoad(t, absence, presence,
		`{id: slow, title: Slow, severity: low, why: w, when: "class + source == 'writeaws.cloudtrail'", tests: [{name: n, match: true, chain: {source: aws.cloudtrail, class: write}}]}`)
	rnd := rand.New(rand.NewPCG(19, 20))
	j := s.NewJudge()
	alerts := 0
	for range 300 {
		prev, next := lent(anyChain(rnd)), lent(anyChain(rnd))
		for _, c := range []*lentChain{prev, next} {
			c.Chain.Class, c.Chain.Source = correlate.Write, "aws.cloudtrail"
		}
		got := j.Judge(&prev.Chain, &next.Chain, nil)
		want := s.NewJudge().Judge(&prev.Chain, &next.Chain, nil)
		for i := range want {
			again := next.Chain
			again.Version = 99
			open := correlate.Alert{Rule: want[i].Rule}
			got, want = append(got, j.Again(open, &again)), append(want, s.NewJudge().Again(open, &again))
		}
		for i := range want {
			want[i] = want[i].Clone()
		}
		prev.poison()
		next.poison()
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("-want +got:\n%s", d)
		}
		alerts += len(got)
		if j.boxed != nil || j.bound != nil || j.env.Source != "" || len(j.env.Hops) > 0 {
			t.Fatal("the judge holds on to the chain")
		}
	}
	if alerts < 300 {
		t.Errorf("only %d alerts", alerts)
	}
}

// A lentChain has its text in memory that can be overwritten.
type lentChain struct {
	Chain correlate.Chain
	text  []byte
}

func lent(c *correlate.Chain) *lentChain {
	l := &lentChain{Chain: c.Clone(), text: make([]byte, 0, 1<<16)}
	eachString(reflect.ValueOf(&l.Chain).Elem(), func(s *string) {
		if *s == "" || len(l.text)+len(*s) > cap(l.text) {
			return
		}
		at := len(l.text)
		l.text = append(l.text, *s...)
		*s = unsafe.String(&l.text[at], len(*s))
	})
	return l
}

func (l *lentChain) poison() {
	for i := range l.text {
		l.text[i] = '#'
	}
	eachString(reflect.ValueOf(&l.Chain).Elem(), func(s *string) { *s = "poison" })
}

// eachString visits every string in v.
func eachString(v reflect.Value, visit func(*string)) {
	switch v.Kind() {
	case reflect.String:
		visit((*string)(v.Addr().UnsafePointer()))
	case reflect.Slice:
		for i := range v.Len() {
			eachString(v.Index(i), visit)
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return
		}
		for i := range v.NumField() {
			eachString(v.Field(i), visit)
		}
	}
}
