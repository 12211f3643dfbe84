// Command chaos proves that whence loses nothing, whatever happens. It runs
// instances of whence as child processes over a simulated estate, whose lines come
// late, out of order, twice or not at all. One group is disturbed all the time: its
// instances are killed (kill -9), held still (SIGSTOP), replaced and robbed of their
// stores, the brokers and ClickHouse are killed, and several of these at once.
// Another group reads the same topics in peace. At the end both ClickHouse databases
// must hold every event once, with the same content, and the same open alerts; each
// group's topics of chains and alerts must say the same as its database; and whence
// verify must find nothing that whence did not write.
//
// The last line on standard output is the result, and the one before says what was
// done how often; progress, and the first differences, go to standard error. It
// exits 1 unless nothing is lost, duplicated, different or found, and then leaves its
// folder behind. It never looks inside whence: the comparison reads what whence
// wrote, by whence's own reader.
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

	"whence/deploy/local/clickhouse"
)

// options are the flags.
type options struct {
	whence    string
	instances int
	events    int
	faults    int
	seed      uint64
	dir       string
	keep      bool
	kafka     string
	nodes     int
	ledger    bool
}

// mostInstances is how many there may be at once.
const mostInstances = 4

func main() {
	clickhouse.MaybeChild()
	var o options
	flag.StringVar(&o.whence, "whence", "bin/whence", "the program to disturb")
	flag.IntVar(&o.instances, "instances", 3, fmt.Sprintf("how many run at once, 1 to %d", mostInstances))
	flag.IntVar(&o.events, "events", 300_000, "about how many log lines")
	flag.IntVar(&o.faults, "faults", 60, "how many things are done to them, in all; each kind comes within a score")
	flag.Uint64Var(&o.seed, "seed", 1, "which estate, and which faults at which moments")
	flag.StringVar(&o.dir, "dir", "", "folder for all data (default: a temporary one)")
	flag.BoolVar(&o.keep, "keep", false, "leave the folder behind, whatever comes out")
	flag.StringVar(&o.kafka, "kafka", localKafka, "the broker: "+localKafka+", whence's own, or "+apacheKafka+" (needs Java 17 and Maven)")
	flag.IntVar(&o.nodes, "nodes", 1, "how many brokers Apache Kafka has: 1, or 3 that replicate")
	flag.BoolVar(&o.ledger, "ledger", true, "keep a ledger, and verify it")
	flag.Parse()
	known := o.kafka == localKafka && o.nodes == 1 || o.kafka == apacheKafka && (o.nodes == 1 || o.nodes == 3)
	if flag.NArg() > 0 || o.events < 1 || o.faults < 0 || o.instances < 1 || o.instances > mostInstances || !known {
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
	r, err = newTrial(o).run(ctx)
	if o.keep || err != nil || !r.clean() {
		fmt.Fprintf(os.Stderr, "chaos: logs and data are in %s\n", o.dir)
		return r, err
	}
	return r, errors.Join(err, os.RemoveAll(o.dir))
}

// newTrial prepares a run; the clock of its reports starts.
func newTrial(o options) *trial {
	return &trial{options: o, began: time.Now(), dice: newDice(o.seed), done: map[string]int{}}
}
