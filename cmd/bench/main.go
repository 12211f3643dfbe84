// Command bench measures whence: end to end, stage by stage, and beside the least
// that the same bytes can cost. Everything runs on this machine: a broker and a
// ClickHouse of their own as child processes, and `whence run`, whose CPU is read
// from the operating system. What counts is CPU per event and ratios to what was
// measured in the same run: clocks on the wall and absolute numbers do not carry
// from one machine to the next.
//
//	go run ./cmd/bench                      everything
//	go run ./cmd/bench -only end_to_end     one part
//	go run ./cmd/bench -out result.json     a copy for programs
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"whence/deploy/local/clickhouse"
)

// options are the flags.
type options struct {
	whence     string
	dir        string
	out        string
	only       string
	cpuprofile string
	fullpath   string
	compress   string

	tools                    string
	compare, bench, packages string
	count                    int

	sources                    string // whose lines are decoded
	axes, growthSessions, docs string // of growth
	keep                       bool
	given                      map[string]bool // flags that were

	events, rounds    int
	sessions, depth   int
	partitions, rules int
	skew, unknown     float64
	locality, learn   string
	brief             bool // floors are measured for less long
	settle            bool // rounds last until what stays unresolved has settled
	began             time.Time
	latencyFor        time.Duration
	away              time.Duration // of an outage
	intake            float64       // during it, events a second
	stageTime         time.Duration
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == brokerArg {
		exit(serveBroker())
	}
	if len(os.Args) > 5 && os.Args[1] == recoverArg {
		exit(recoverTable(context.Background(), os.Args[2:]))
	}
	clickhouse.MaybeChild()
	var o options
	flag.StringVar(&o.whence, "whence", "", "the program to measure (default: built from this module)")
	flag.StringVar(&o.dir, "dir", "", "folder for all data (default: a temporary one)")
	flag.StringVar(&o.out, "out", "", "write the result as JSON to this file too")
	flag.StringVar(&o.only, "only", "", "parts to run, separated by commas: end_to_end, stages, decode (of stages alone, without servers), growth, recovery (of the session table, from the topics), peers (end_to_end with the collector beside it), outage (ClickHouse goes away for a while); default: the first two")
	flag.StringVar(&o.cpuprofile, "cpuprofile", "", "write a CPU profile of whence to this file, of an extra round; allocations go beside it")
	flag.StringVar(&o.fullpath, "fullpath", "", "interleave this program, which reads the topic ct too, and tell the ratio to it")
	flag.StringVar(&o.compress, "compress", "lz4", "clickhouse.compression of whence, the bare insert and the prototype: lz4, or none, which is what whence does by itself when ClickHouse is on its machine")
	flag.DurationVar(&o.latencyFor, "latency", 20*time.Second, "how long to send at half load for the latency; 0 for not at all")
	flag.DurationVar(&o.away, "away", 10*time.Minute, "how long ClickHouse is away, of outage")
	flag.Float64Var(&o.intake, "intake", 3000, "events a second that come in, of outage")
	flag.DurationVar(&o.stageTime, "stage-time", 2*time.Second, "CPU that a stage uses in each round")
	flag.StringVar(&o.sources, "sources", "", "sources whose lines are decoded, by the stages, separated by commas (default: all)")
	flag.StringVar(&o.tools, "tools", "", "folder that keeps the peer once it is built (default: whence in the user's cache folder)")
	flag.StringVar(&o.axes, "axes", "", "axes of growth: sessions, partitions, rules, depth, unresolved (default: all)")
	flag.StringVar(&o.growthSessions, "growth-sessions", "10000,100000,1000000,10000000", "live sessions to grow through")
	flag.StringVar(&o.docs, "docs", "", "write what was measured between the markers of this page, and plots into the folder beside it")
	flag.StringVar(&o.compare, "compare", "", "compare the Go benchmarks of this revision with those checked out, and do nothing else")
	flag.StringVar(&o.bench, "bench", ".", "benchmarks to compare, as go test -bench takes them")
	flag.StringVar(&o.packages, "packages", "./...", "packages whose benchmarks are compared")
	flag.IntVar(&o.count, "count", 6, "how often each benchmark is compared")
	flag.BoolVar(&o.keep, "keep", false, "leave data and logs behind")
	flag.IntVar(&o.events, "events", 1_000_000, "events of a round, end to end (of growth 250,000)")
	flag.IntVar(&o.rounds, "rounds", 5, "rounds; medians are told (of growth 3)")
	flag.IntVar(&o.sessions, "sessions", 100_000, "live sessions")
	flag.IntVar(&o.depth, "depth", 0, "sessions between an event and its person; 0 for 1 to 3 mixed")
	flag.IntVar(&o.partitions, "partitions", 4, "partitions of the raw topic")
	flag.IntVar(&o.rules, "rules", 50, "rules, the library's included")
	flag.Float64Var(&o.skew, "skew", 0, "share of events by a tenth of the sessions; 0 for all alike")
	flag.Float64Var(&o.unknown, "unknown", 0.05, "share of events by keys that nobody minted")
	flag.StringVar(&o.locality, "locality", uniform, "which sessions act: uniform (any of them, the worst case), or bursts (5,000 at a time, ten events each); of growth in sessions both are measured")
	flag.StringVar(&o.learn, "learn", fromLines, "how whence comes to know the sessions: from minting lines, or from facts that are published before it starts")
	flag.Parse()
	o.given = map[string]bool{}
	flag.Visit(func(f *flag.Flag) { o.given[f.Name] = true })
	if flag.NArg() > 0 || o.events < 1 || o.rounds < 1 || o.sessions < 10 || o.partitions < 1 || o.depth < 0 || o.depth > 8 {
		flag.Usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	exit(bench(ctx, o))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// say reports progress.
func (o *options) say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "%5.0fs  %s\n", time.Since(o.began).Seconds(), fmt.Sprintf(format, args...))
}

// wants reports whether a part is to run.
func (o *options) wants(part string) bool {
	return strings.Contains(","+cmp.Or(o.only, "end_to_end,stages")+",", ","+part+",")
}

func bench(ctx context.Context, o options) (err error) {
	o.began = time.Now()
	if o.dir == "" {
		if o.dir, err = os.MkdirTemp("", "whence-bench-"); err != nil {
			return err
		}
		defer func() {
			_ = os.Remove(filepath.Join(o.dir, "whence")) // there is none unless it was built
			_ = os.Remove(o.dir)                          // what failed leaves its folder in it
		}()
	} else if err := os.MkdirAll(o.dir, 0o755); err != nil {
		return err
	}
	if o.compare != "" {
		return compare(ctx, o)
	}
	r := newReport()
	if o.wants("end_to_end") || o.wants("peers") {
		if err := o.build(ctx); err != nil {
			return err
		}
		if err := endToEnd(ctx, o, r); err != nil {
			return fmt.Errorf("end to end: %w", err)
		}
	}
	if o.wants("growth") {
		if err := o.build(ctx); err != nil {
			return err
		}
		if err := growth(ctx, o, r); err != nil {
			return fmt.Errorf("growth: %w", err)
		}
	}
	if o.wants("recovery") {
		if err := recoveries(ctx, o, r); err != nil {
			return fmt.Errorf("recovery: %w", err)
		}
	}
	if o.wants("outage") {
		if err := o.build(ctx); err != nil {
			return err
		}
		if err := outage(ctx, o, r); err != nil {
			return fmt.Errorf("outage: %w", err)
		}
	}
	if o.wants("stages") {
		if err := stages(ctx, o, r); err != nil {
			return err
		}
	} else if o.wants("decode") {
		if err := decodeOnly(ctx, o, r); err != nil {
			return err
		}
	}
	r.print(os.Stdout)
	if o.docs != "" && (o.wants("end_to_end") || o.wants("stages") || o.wants("peers")) {
		if err := r.page(o); err != nil {
			return err
		}
	}
	if o.out != "" {
		return r.write(o.out)
	}
	return nil
}

// build makes the program to measure, unless one is given.
func (o *options) build(ctx context.Context) error {
	if o.whence != "" {
		return nil
	}
	o.whence = filepath.Join(o.dir, "whence")
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", o.whence, "whence/cmd/whence")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("build whence: %w", err)
	}
	return nil
}
