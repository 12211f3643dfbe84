package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// A report is what was measured, in the order in which it is told. A value's name
// is that in the JSON: end_to_end.cpu_us_per_event.
type report struct {
	names  []string
	values map[string]float64
	notes  map[string]string
	stages []string // those with cpu_ns, allocs and bytes
}

func newReport() *report {
	return &report{values: map[string]float64{}, notes: map[string]string{}}
}

// add takes a value, and in words what it is.
func (r *report) add(name string, value float64, note string, args ...any) {
	if _, ok := r.values[name]; !ok {
		r.names = append(r.names, name)
	}
	r.values[name], r.notes[name] = value, fmt.Sprintf(note, args...)
}

func (r *report) endToEnd(o options, passes []passage) {
	per := func(of func(passage) float64) []float64 {
		out := make([]float64, len(passes))
		for i, p := range passes {
			out[i] = of(p)
		}
		slices.Sort(out)
		return out
	}
	n := float64(o.events)
	us := func(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e3 / n }
	cpu := per(func(p passage) float64 { return us(p.cpu) })
	r.add("end_to_end.cpu_us_per_event", median(cpu), "CPU of whence alone, %.2f to %.2f in %d rounds of %d events; sessions act in %s", cpu[0], cpu[len(cpu)-1], len(cpu), o.events, o.locality)
	r.add("end_to_end.events_per_s", median(per(func(p passage) float64 { return n / p.wall.Seconds() })), "on the wall, with broker and ClickHouse on the same %d cores", runtime.NumCPU())
	r.add("end_to_end.allocs_per_event", median(per(func(p passage) float64 { return p.heap.mallocs / n })), "by all of whence, with what it does once")
	r.add("end_to_end.alloc_bytes_per_event", median(per(func(p passage) float64 { return p.heap.bytes / n })), "likewise")
	r.add("end_to_end.reused_share", median(per(func(p passage) float64 { return p.heap.reused / n })), "of the events were found by a finished walk of their session")
	r.add("end_to_end.rows_per_event", median(per(func(p passage) float64 { return float64(p.rows) / n })), "into all tables; what is not resolved is written twice")
	r.add("end_to_end.rows_per_insert", median(per(func(p passage) float64 { return p.perInsert })), "into the table chains")
	r.add("end_to_end.attributed_share", median(per(func(p passage) float64 { return float64(p.attributed) / float64(max(1, p.total)) })), "of the events have a person")
	r.add("end_to_end.alerts_per_event", median(per(func(p passage) float64 { return float64(p.alerts) / n })), "with %d rules", o.rules)
	r.add("end_to_end.clickhouse_us_per_event", median(per(func(p passage) float64 { return us(p.server) })), "CPU of ClickHouse meanwhile")
	r.add("end_to_end.broker_us_per_event", median(per(func(p passage) float64 { return us(p.broker) })), "CPU of the fake broker meanwhile")
	r.add("end_to_end.contract_floor_us", median(per(func(p passage) float64 { return float64(p.floors.contract().Nanoseconds()) / 1e3 })), "consume + scan + SHA-256 + bare insert of the same columns")
	r.add("end_to_end.contract_floor_ratio", median(per(func(p passage) float64 { return ratio(p.cpu/time.Duration(o.events), p.floors.contract()) })), "CPU over that")
	r.add("end_to_end.floor_ratio", median(per(func(p passage) float64 { return ratio(p.cpu/time.Duration(o.events), p.floors.sum()) })), "CPU over consume + scan + insert")
	for _, f := range []struct {
		name, note string
		of         func(f *floors) time.Duration
	}{
		{"consume", "bare franz-go", func(f *floors) time.Duration { return f.consume }},
		{"scan", "of every quote", func(f *floors) time.Duration { return f.scan }},
		{"hash", "SHA-256 of the bytes", func(f *floors) time.Duration { return f.hash }},
		{"insert", "bare ch-go, the same columns as chains", func(f *floors) time.Duration { return f.insert }},
		{"insert_server", "CPU of ClickHouse for a row of blocks of 50,000", func(f *floors) time.Duration { return f.server }},
		{"fullpath_given", "the prototype given, left to itself: its inserts are compressed", func(f *floors) time.Duration { return f.given }},
		{"fullpath", "the prototype given, its inserts compressed as whence's are", func(f *floors) time.Duration { return f.fullpath }},
		{"fullpath_insert", "bare ch-go, the prototype's 30 columns", func(f *floors) time.Duration { return f.flat }},
	} {
		if v := median(per(func(p passage) float64 { return float64(f.of(&p.floors)) })); v > 0 {
			r.add("floor_ns."+f.name, v, "%s", f.note)
		}
	}
	if passes[0].floors.fullpath > 0 {
		r.add("end_to_end.fullpath_given_ratio", median(per(func(p passage) float64 { return ratio(p.cpu/time.Duration(o.events), p.floors.given) })), "CPU over the prototype's as it is given: 30 columns, nothing hashed, inserts compressed")
		r.add("end_to_end.fullpath_ratio", median(per(func(p passage) float64 { return ratio(p.cpu/time.Duration(o.events), p.floors.fullpath) })), "likewise, its inserts compressed as whence's are")
		r.add("end_to_end.fullpath_contract_ratio", median(per(func(p passage) float64 { return ratio(p.cpu/time.Duration(o.events), p.floors.beside()) })),
			"CPU over the prototype's if it hashed too, and bare inserts of our columns took the place of those of its own")
	}
}

func ratio(a, b time.Duration) float64 { return float64(a) / float64(max(1, b)) }

// print writes the stages as one table, and everything else as another.
func (r *report) print(w io.Writer) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	if len(r.stages) > 0 {
		fmt.Fprintln(t, "stage\tCPU ns\tallocs\tbytes\t")
		for _, s := range r.stages {
			fmt.Fprintf(t, "%s\t%.0f\t%.3f\t%.0f\t%s\n", s, r.values[s+".cpu_ns"], r.values[s+".allocs"], r.values[s+".bytes"], r.notes[s+".cpu_ns"])
		}
		fmt.Fprintln(t)
	}
	for n := range r.others {
		fmt.Fprintf(t, "%s\t%s\t%s\n", n, number(r.values[n]), r.notes[n])
	}
	_ = t.Flush() // to a terminal; whoever closed it does not want it
}

// others yields the names of what is in no line of a stage.
func (r *report) others(yield func(string) bool) {
	for _, n := range r.names {
		stage, what, _ := cutLast(n)
		if slices.Contains(r.stages, stage) && slices.Contains([]string{"cpu_ns", "allocs", "bytes"}, what) {
			continue
		}
		if !yield(n) {
			return
		}
	}
}

// cutLast cuts a name at its last dot.
func cutLast(name string) (before, after string, ok bool) {
	i := strings.LastIndexByte(name, '.')
	if i < 0 {
		return name, "", false
	}
	return name[:i], name[i+1:], true
}

// number is v with as many digits as mean something.
func number(v float64) string {
	switch {
	case v >= 1000:
		return fmt.Sprintf("%.0f", v)
	case v >= 100:
		return fmt.Sprintf("%.1f", v)
	case v >= 10:
		return fmt.Sprintf("%.2f", v)
	}
	return fmt.Sprintf("%.3f", v)
}

// write writes the values as one JSON object of objects.
func (r *report) write(path string) error {
	tree := map[string]any{}
	for _, n := range r.names {
		place(tree, n, r.values[n])
	}
	b, err := json.MarshalIndent(tree, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(b, '\n'), 0o644)
}

func median(sorted []float64) float64 {
	n := len(sorted)
	if n == 0 {
		return 0
	}
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

func medianOf[T any, V cmp.Ordered](of []T, what func(T) V) V {
	values := make([]V, len(of))
	for i, v := range of {
		values[i] = what(v)
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// place puts a value where its dotted name says. The last part may hold dots of
// its own when it is the name of a source: decode.aws.cloudtrail.floor_ratio is
// kept under the name between the first and the last dot.
func place(tree map[string]any, name string, v float64) {
	first, rest, ok := strings.Cut(name, ".")
	if !ok {
		tree[name] = v
		return
	}
	section, ok := tree[first].(map[string]any)
	if !ok {
		section = map[string]any{}
		tree[first] = section
	}
	if middle, last, ok := cutLast(rest); ok {
		inner, ok := section[middle].(map[string]any)
		if !ok {
			inner = map[string]any{}
			section[middle] = inner
		}
		inner[last] = v
		return
	}
	section[rest] = v
}
