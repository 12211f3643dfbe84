package sources

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"
)

type zzRec struct {
	name string
	in   Input
	src  string // detected or of fixture
}

func zzRecords(t testing.TB) (all []zzRec) {
	dir := "/work/shared/samples"
	filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, "-expected.json") || strings.HasSuffix(path, "SOURCE.txt") {
			return err
		}
		f, _ := os.Open(path)
		defer f.Close()
		n := 0
		Split(f, func(raw []byte, _ int64) error {
			raw = bytes.Clone(raw)
			r := zzRec{name: fmt.Sprintf("%s#%d", path, n), in: Input{Raw: raw, Scope: "c/d"}}
			if s, ok := Detect(raw); ok {
				r.src = s.Name
			}
			all = append(all, r)
			n++
			return nil
		})
		return nil
	})
	fdir := os.Getenv("ZZ_FIXTURES") // the same for both
	for _, s := range All() {
		paths, _ := filepath.Glob(filepath.Join(fdir, s.Name, "*.txtar"))
		sort.Strings(paths)
		old, _ := os.Getwd()
		_ = old
		for _, p := range paths {
			for i, in := range zzInputs(t, p) {
				all = append(all, zzRec{fmt.Sprintf("%s#%d", filepath.Base(p), i), in, s.Name})
			}
		}
	}
	return all
}

func zzDump(b *Batch, w *bufio.Writer) {
	for i := range b.Events {
		fmt.Fprintf(w, "  E %+v\n", b.Events[i])
	}
	for _, r := range b.Rejects {
		fmt.Fprintf(w, "  R %s %s %s\n", r.Reason, r.Detail, r.SHA256)
	}
}

// ZZ_OUT=file go test -run ZZDump
func TestZZDump(t *testing.T) {
	out := os.Getenv("ZZ_OUT")
	if out == "" {
		t.Skip()
	}
	f, _ := os.Create(out)
	defer f.Close()
	w := bufio.NewWriter(f)
	defer w.Flush()
	all := zzRecords(t)
	batches := map[string]*Batch{}
	for _, s := range All() {
		b := &Batch{}
		b.Poison()
		batches[s.Name] = b
	}
	only := os.Getenv("ZZ_ONLY")
	for _, r := range all {
		for _, s := range All() {
			if only != "" && !slices.Contains(strings.Split(only, ","), s.Name) { continue }
			b := batches[s.Name]
			b.Reset()
			s.DecodeRecord(r.in, b)
			if s.Name == r.src {
				fmt.Fprintf(w, "%s %s\n", s.Name, r.name)
				zzDump(b, w)
			} else {
				var buf bytes.Buffer
				bw := bufio.NewWriter(&buf)
				zzDump(b, bw)
				bw.Flush()
				fmt.Fprintf(w, "%s %s %x\n", s.Name, r.name, sha256.Sum256(buf.Bytes()))
			}
		}
	}
}

// mutations
func TestZZMutate(t *testing.T) {
	out := os.Getenv("ZZ_MUT")
	if out == "" {
		t.Skip()
	}
	f, _ := os.Create(out)
	defer f.Close()
	w := bufio.NewWriter(f)
	defer w.Flush()
	only := os.Getenv("ZZ_ONLY")
	per := 40
	fmt.Sscan(os.Getenv("ZZ_PER"), &per)
	counts := map[string]int{}
	batches := map[string]*Batch{}
	all := zzRecords(t)
	words := [][]byte{}
	for _, r := range all {
		if r.src == "" { continue }
		if len(words) < 200000 {
			words = append(words, zzTokens(r.in.Raw)...)
		}
	}
	for _, r := range all {
		if r.src == "" || only != "" && !slices.Contains(strings.Split(only, ","), r.src) || len(r.in.Raw) > 30000 {
			continue
		}
		if counts[r.src]++; counts[r.src] > 150 && !strings.Contains(r.name, "txtar") {
			continue
		}
		s, _ := Find(r.src)
		b := batches[r.src]
		if b == nil {
			b = &Batch{}
			b.Poison()
			batches[r.src] = b
		}
		h := fnv.New64a()
		h.Write([]byte(r.src + r.name))
		rnd := rand.New(rand.NewPCG(h.Sum64(), 7))
		for k := range per {
			in := r.in
			in.Raw = zzMutate(rnd, in.Raw, words)
			b.Reset()
			s.DecodeRecord(in, b)
			var buf bytes.Buffer
			bw := bufio.NewWriter(&buf)
			zzDump(b, bw)
			bw.Flush()
			fmt.Fprintf(w, "%s %s %d %x %d\n", r.src, r.name, k, sha256.Sum256(buf.Bytes()), len(b.Events))
		}
	}
}

// zzTokens: values and names of a JSON text, roughly.
func zzTokens(b []byte) (out [][]byte) {
	for i := 0; i < len(b); {
		c := b[i]
		switch {
		case c == '"':
			j := i + 1
			for j < len(b) && b[j] != '"' {
				if b[j] == '\\' { j++ }
				j++
			}
			j = min(j+1, len(b))
			out = append(out, b[i:j])
			i = j
		case c == '-' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z':
			j := i
			for j < len(b) && (b[j] == '-' || b[j] == '.' || b[j] >= '0' && b[j] <= '9' || b[j] >= 'a' && b[j] <= 'z' || b[j] == '+' || b[j] == 'E') { j++ }
			out = append(out, b[i:j])
			i = j
		default:
			i++
		}
	}
	return
}

func zzMutate(r *rand.Rand, in []byte, words [][]byte) []byte {
	b := bytes.Clone(in)
	for range 1 + r.IntN(4) {
		if len(b) == 0 { return b }
		toks := zzTokens(b)
		if len(toks) == 0 { return b }
		pick := toks[r.IntN(len(toks))]
		at := cap(b) - cap(pick)
		replace := func(v []byte) {
			b = slices.Concat(b[:at], v, b[at+len(pick):])
		}
		switch r.IntN(12) {
		case 0:
			b[r.IntN(len(b))] = byte(r.IntN(256))
		case 1:
			b = b[:r.IntN(len(b))]
		case 2, 3:
			replace(words[r.IntN(len(words))])
		case 4:
			replace([]byte([...]string{`null`, `""`, `{}`, `[]`, `0`, `true`, `-1.5e3`, `"2026-01-02T03:04:05Z"`, `[{}]`, `{"a":1}`, `"{}"`, `"{\"a\":\"b\"}"`, `1700000000`, `"1700000000123"`, `"\u00e9\ud83d\ude00"`, `"\\\""`, "\"\xff\"", `"` + strings.Repeat("x", 300) + `"`, `"` + strings.Repeat("y z", 20) + `"`}[r.IntN(19)]))
		case 5:
			replace(toks[r.IntN(len(toks))])
		case 6: // space
			b = slices.Insert(b, at, ' ')
		case 7: // case of letters
			if pick[0] == '"' { for i := range pick { if pick[i] >= 'a' && pick[i] <= 'z' && r.IntN(3) == 0 { pick[i] -= 32 } } }
		case 8:
			replace(slices.Concat([]byte(`[`), pick, []byte(`]`)))
		case 9: // escape inside
			if pick[0] == '"' && len(pick) > 3 { k := 1+r.IntN(len(pick)-2); replace(slices.Concat(pick[:k], []byte(`\u0041\n`), pick[k:])) }
		case 10: // double a member
			if pick[0] == '"' { replace(slices.Concat(pick, []byte(`:1,`), pick)) }
		case 11:
			v, _ := json.Marshal(string(b))
			b = slices.Concat([]byte(`{"message":`), v, []byte(`}`))
		}
	}
	return b
}

func TestZZSizes(t *testing.T) {
	if os.Getenv("ZZ_SIZES") == "" {
		t.Skip()
	}
	sizes := map[string][]int{}
	comp := map[string][]int{}
	for _, r := range zzRecords(t) {
		if r.src == "" || strings.Contains(r.name, "txtar") { continue }
		s, _ := Find(r.src)
		var b Batch
		s.DecodeRecord(r.in, &b)
		if len(b.Events) == 1 {
			sizes[r.src] = append(sizes[r.src], len(r.in.Raw))
			var c bytes.Buffer
			if json.Compact(&c, r.in.Raw) == nil { comp[r.src] = append(comp[r.src], c.Len()) }
		}
	}
	for _, s := range All() {
		v, c := sizes[s.Name], comp[s.Name]
		if len(v) == 0 { fmt.Println(s.Name, "none"); continue }
		slices.Sort(v); slices.Sort(c)
		sum := 0
		for _, x := range c { sum += x }
		q := func(p int) int { return c[min(len(c)-1, len(c)*p/100)] }
		fmt.Printf("%-28s n=%5d raw median %5d  compact median %5d mean %5d p25 %d p75 %d\n", s.Name, len(v), v[len(v)/2], q(50), sum/len(c), q(25), q(75))
	}
}

func zzInputs(t testing.TB, path string) []Input {
	a, err := txtar.ParseFile(path)
	if err != nil { t.Fatal(err) }
	return inputs(a)
}

// ZZ_LINES=file: one line a record; bench of decode
func BenchmarkZZ(b *testing.B) {
	s, _ := Find(os.Getenv("ZZ_SRC"))
	var ins []Input
	dir := os.Getenv("ZZ_FIXTURES")
	paths, _ := filepath.Glob(filepath.Join(dir, s.Name, "*.txtar"))
	for _, p := range paths {
		for _, in := range zzInputs(b, p) {
			var c bytes.Buffer
			if json.Compact(&c, in.Raw) == nil { in.Raw = c.Bytes() }
			var o Batch
			if s.DecodeRecord(in, &o); len(o.Events) == 1 && len(o.Rejects) == 0 { ins = append(ins, in) }
		}
	}
	var batch Batch
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if i%512 == 0 { batch.Reset() }
		s.DecodeRecord(ins[i%len(ins)], &batch)
		i++
	}
}

func zzLines(t testing.TB, src string) (ins []Input) {
	s, _ := Find(src)
	dir := os.Getenv("ZZ_TYPICAL")
	paths, _ := filepath.Glob(filepath.Join(dir, s.Name, "*.txtar"))
	for _, p := range paths { if filepath.Base(p) == "typical.txtar" { paths = []string{p} } }
	var wrapped []Input
	for _, p := range paths {
		for _, in := range zzInputs(t, p) {
			var c bytes.Buffer
			if json.Compact(&c, in.Raw) == nil { in.Raw = c.Bytes() }
			var o Batch
			if s.DecodeRecord(in, &o); len(o.Events) == 1 && len(o.Rejects) == 0 {
				if o.Events[0].Evidence.SHA256 == sum(bytes.TrimSpace(in.Raw)) { ins = append(ins, in) } else { wrapped = append(wrapped, in) }
			}
		}
	}
	if len(ins) == 0 { ins = wrapped }
	if len(ins) == 0 { return nil }
	// as the bench: one long piece of memory
	n := 2000
	var all []byte
	for i := range n { all = append(all, ins[i%len(ins)].Raw...) }
	out := make([]Input, n)
	at := 0
	for i := range n {
		out[i] = ins[i%len(ins)]
		l := len(out[i].Raw)
		out[i].Raw = all[at:at+l:at+l]
		at += l
	}
	return out
}

func TestZZMin(t *testing.T) {
	list := os.Getenv("ZZ_MIN")
	if list == "" { t.Skip() }
	rounds := 40
	fmt.Sscan(os.Getenv("ZZ_ROUNDS"), &rounds)
	for _, s := range All() {
		if list != "all" && !slices.Contains(strings.Split(list, ","), s.Name) { continue }
		ins := zzLines(t, s.Name)
		if len(ins) == 0 { continue }
		var batch Batch
		scan := func() { for _, in := range ins { line := in.Raw; for { j := bytes.IndexByte(line, '"'); if j < 0 { break }; zzSink++; line = line[j+1:] } } }
		both := func() { for _, in := range ins { line := in.Raw; for { j := bytes.IndexByte(line, '"'); if j < 0 { break }; zzSink++; line = line[j+1:] }; h := sha256.Sum256(in.Raw); zzSink += int(h[0]) } }
		dec := func() { for i := range ins { if i%512 == 0 { batch.Reset() }; s.DecodeRecord(ins[i], &batch) } }
		best := [3]float64{1e18, 1e18, 1e18}
		for range rounds {
			for k, f := range []func(){scan, both, dec} {
				t0 := time.Now()
				f()
				best[k] = min(best[k], float64(time.Since(t0).Nanoseconds())/float64(len(ins)))
			}
		}
		size := 0
		for _, in := range ins { size += len(in.Raw) }
		fmt.Printf("%-28s size %5d scan %5.0f hash %5.0f decode %5.0f ratio %.2f over %5.0f\n", s.Name, size/len(ins), best[0], best[1]-best[0], best[2], (best[2]-best[1]+best[0])/best[0], best[2]-(best[1]-best[0])-2*best[0])
	}
}

var zzSink int

func TestZZProf(t *testing.T) {
	list := os.Getenv("ZZ_PROF")
	if list == "" { t.Skip() }
	type job struct { s Source; ins []Input; b *Batch }
	var jobs []job
	for _, s := range All() {
		if !slices.Contains(strings.Split(list, ","), s.Name) { continue }
		jobs = append(jobs, job{s, zzLines(t, s.Name), new(Batch)})
	}
	for t0 := time.Now(); time.Since(t0) < 15*time.Second; {
		for _, j := range jobs {
			for i := range j.ins { if i%512 == 0 { j.b.Reset() }; j.s.DecodeRecord(j.ins[i], j.b) }
		}
	}
}

func TestZZShow(t *testing.T) {
	list := os.Getenv("ZZ_SHOW")
	if list == "" { t.Skip() }
	for _, name := range strings.Split(list, ",") {
		s, _ := Find(name)
		type l struct { n string; b []byte }
		var ls []l
		quotes, bytesN := 0, 0
		files := map[string][]int{}
		for _, r := range zzRecords(t) {
			if r.src != name || strings.Contains(r.name, "txtar") { continue }
			var b Batch
			if s.DecodeRecord(r.in, &b); len(b.Events) != 1 { fmt.Println(name, "events", len(b.Events), r.name, len(r.in.Raw)); continue }
			var c bytes.Buffer
			json.Compact(&c, r.in.Raw)
			ls = append(ls, l{r.name, c.Bytes()})
			quotes += bytes.Count(c.Bytes(), []byte(`"`)); bytesN += c.Len()
			f := filepath.Base(r.name); f = f[:strings.IndexByte(f, '#')]
			files[f] = append(files[f], c.Len())
		}
		slices.SortFunc(ls, func(a, b l) int { return len(a.b) - len(b.b) })
		if len(ls) == 0 { continue }
		fmt.Printf("== %s: %d lines, a quote every %.1f bytes\n", name, len(ls), float64(bytesN)/float64(quotes))
		for f, v := range files { slices.Sort(v); fmt.Println("   ", f, len(v), "median", v[len(v)/2], "max", v[len(v)-1]) }
		for _, p := range []int{50, 85} { x := ls[len(ls)*p/100]; fmt.Printf("-- p%d %s %d\n%.1600s\n", p, filepath.Base(x.n), len(x.b), x.b) }
	}
}
