// Command chaos proves that whence loses nothing to kill -9. It runs whence as
// child processes over a simulated estate: instances of one group are killed at
// any moment, again and again, and then one finishes in peace; another group reads
// the same topics without being disturbed. At the end both ClickHouse databases
// must hold every event once, with the same content, and the same open alerts. On
// Apache Kafka (-kafka apache) its brokers are killed now and then as well.
//
// The last line on standard output is the result; progress, and the first
// differences, go to standard error. It exits 1 unless lost, duplicated and
// different are 0, and then leaves its folder behind. It never looks inside
// whence: the comparison reads what whence wrote, by whence's own reader.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

// options are the flags.
type options struct {
	whence string
	events int
	kills  int
	seed   uint64
	dir    string
	keep   bool
	kafka  string
	nodes  int
}

func main() {
	var o options
	flag.StringVar(&o.whence, "whence", "bin/whence", "the program to kill")
	flag.IntVar(&o.events, "events", 200_000, "about how many log lines")
	flag.IntVar(&o.kills, "kills", 30, "how often to kill something, at least")
	flag.Uint64Var(&o.seed, "seed", 1, "which estate, and which moments to kill at")
	flag.StringVar(&o.dir, "dir", "", "folder for all data (default: a temporary one)")
	flag.BoolVar(&o.keep, "keep", false, "leave the folder behind, whatever comes out")
	flag.StringVar(&o.kafka, "kafka", localKafka, "the broker: "+localKafka+", whence's own, or "+apacheKafka+", which is killed now and then too (needs Java 17 and Maven)")
	flag.IntVar(&o.nodes, "nodes", 1, "how many brokers Apache Kafka has: 1, or 3 that replicate")
	flag.Parse()
	known := o.kafka == localKafka && o.nodes == 1 || o.kafka == apacheKafka && (o.nodes == 1 || o.nodes == 3)
	if flag.NArg() > 0 || o.events < 1 || o.kills < 0 || !known {
		flag.Usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the second signal ends the process at once
	result, err := prove(ctx, o)
	if err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
		os.Exit(1)
	}
	fmt.Println(result)
	if !result.clean() {
		os.Exit(1)
	}
}

// result is what a run found.
type result struct{ events, faults, lost, duplicated, different int }

func (r result) clean() bool { return r.lost+r.duplicated+r.different == 0 }

// String is the line that others read.
func (r result) String() string {
	return fmt.Sprintf("chaos: events=%d faults=%d lost=%d duplicated=%d different=%d",
		r.events, r.faults, r.lost, r.duplicated, r.different)
}

// prove does everything once, in a folder of its own.
func prove(ctx context.Context, o options) (r result, err error) {
	path, err := filepath.Abs(o.whence)
	if err == nil {
		_, err = os.Stat(path)
	}
	if err != nil {
		return r, fmt.Errorf("%w: build it with make build", err)
	}
	o.whence = path
	if o.dir == "" {
		o.dir, err = os.MkdirTemp("", "whence-chaos-")
	} else if err = os.MkdirAll(o.dir, 0o755); err == nil {
		o.dir, err = filepath.Abs(o.dir)
	}
	if err != nil {
		return r, err
	}
	r, err = (&trial{options: o, began: time.Now(), dice: newDice(o.seed)}).run(ctx)
	if o.keep || err != nil || !r.clean() {
		fmt.Fprintf(os.Stderr, "chaos: logs and data are in %s\n", o.dir)
		return r, err
	}
	return r, errors.Join(err, os.RemoveAll(o.dir))
}
