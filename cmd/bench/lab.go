package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// A lab is one whence with its servers, each in a process of its own, and an
// estate whose sessions whence knows. It belongs to one goroutine.
type lab struct {
	options
	name     string // of a guest; else empty
	guest    bool   // the servers are another lab's
	dir      string
	database string
	estate   *estate
	crowd    *crowd // which sessions act; nil for uniform
	kafka    *process
	broker   string
	topic    *topic
	server   *server
	whence   *process
	listen   string
	round    int       // of the estate's events, for they must be new each time
	upTo     time.Time // event time of the last round's end, and when that was sent
	sent     time.Time
	present  int // records in the topic
	starts   []int64
	copy     *bufio.Writer // takes each line of a round too, if not nil

	lines    *sample   // for the floors; nil until the first
	inserter *inserter // likewise
	flat     *inserter // of the prototype's rows; likewise
}

// openLab starts everything and lets whence learn the estate's sessions. Close
// ends it, whatever happened.
func openLab(ctx context.Context, o options) (*lab, error) {
	l := &lab{options: o, database: database}
	return l.opened(ctx, l.serve)
}

// beside opens a lab on the servers of l: with a whence, a topic, a database and an
// estate of its own. It must be closed before l is.
func (l *lab) beside(ctx context.Context, o options, name string) (*lab, error) {
	g := &lab{options: o, name: name, guest: true, database: database + "_" + name, kafka: l.kafka, broker: l.broker, server: l.server}
	return g.opened(ctx, func(context.Context) error { return nil })
}

func (l *lab) opened(ctx context.Context, serve func(context.Context) error) (_ *lab, err error) {
	if l.dir, err = os.MkdirTemp(l.options.dir, "lab-"); err != nil {
		return nil, err
	}
	if l.crowd, err = newCrowd(l.locality); err != nil {
		return nil, errors.Join(err, os.Remove(l.dir))
	}
	if err := serve(ctx); err != nil {
		return nil, l.fail(err)
	}
	if err := l.open(ctx); err != nil {
		return nil, l.fail(err)
	}
	return l, nil
}

// serve starts the servers.
func (l *lab) serve(ctx context.Context) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	l.kafka, l.broker, err = spawnServer(exec.Command(self, brokerArg), filepath.Join(l.dir, "kafka.log")) //nolint:noctx // it is stopped in order
	if err != nil {
		return err
	}
	l.server, err = startServer(ctx, filepath.Join(l.dir, "clickhouse"))
	return err
}

func (l *lab) open(ctx context.Context) (err error) {
	// Yesterday: nothing is in the future, and all of it is one day, which is one
	// partition of ClickHouse's tables.
	day := time.Now().UTC().Add(-24 * time.Hour).Truncate(24 * time.Hour)
	l.estate = newEstate(l.sessions, l.depth, l.skew, l.unknown, day.Add(3*time.Hour))
	if err := writeRules(filepath.Join(l.dir, "rules"), l.rules); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(l.dir, "directory.yaml"), l.estate.directory(), 0o644); err != nil {
		return err
	}
	if l.topic, err = openTopic(ctx, l.broker, l.called(rawTopic), l.partitions); err != nil {
		return err
	}
	l.starts = make([]int64, l.partitions)
	began := time.Now()
	if l.learn == fromFacts {
		if err = l.teach(ctx); err == nil {
			err = l.startWhence(ctx)
		}
		if err == nil {
			err = l.written(ctx)
		}
	} else if err = l.startWhence(ctx); err == nil {
		err = l.learnLines(ctx)
	}
	if err != nil {
		return err
	}
	learned := time.Since(began)
	merging, err := l.atRest(ctx)
	l.say("%s knows %d sessions after %.0f s, and is at rest after %.1f s of CPU more", l.called("whence"), l.sessions, learned.Seconds(), merging.Seconds())
	return err
}

// atRest waits until whence does next to nothing, and returns what CPU that took. An
// instance that has joined merges what it has put on disk in bulk: once, and not for
// the events that come meanwhile.
func (l *lab) atRest(ctx context.Context) (used time.Duration, err error) {
	const (
		pause = time.Second
		idle  = pause / 20
		limit = 10 * time.Minute
	)
	first, err := l.whence.cpu()
	if err != nil {
		return 0, err
	}
	last, quiet := first, 0
	for began := time.Now(); quiet < 3 && time.Since(began) < limit; time.Sleep(pause) {
		if err := errors.Join(ctx.Err(), l.whence.alive()); err != nil {
			return 0, err
		}
		now, err := l.whence.cpu()
		if err != nil {
			return 0, err
		}
		if quiet++; now-last > idle {
			quiet = 0
		}
		last = now
	}
	return last - first, nil
}

// called is a name as it is in this lab: no other on the same servers has it.
func (l *lab) called(name string) string {
	if l.name == "" {
		return name
	}
	return name + "-" + l.name
}

func (l *lab) close() error {
	var errs []error
	if l.whence != nil {
		errs = append(errs, l.whence.terminate())
	}
	if l.topic != nil {
		l.topic.close()
	}
	for _, in := range []*inserter{l.inserter, l.flat} {
		if in != nil {
			errs = append(errs, in.close())
		}
	}
	if l.server != nil && !l.guest {
		errs = append(errs, l.server.stop())
	}
	if l.kafka != nil && !l.guest {
		errs = append(errs, l.kafka.stop(l.kafka.stdin.Close))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("%w\nlogs are in %s", err, l.dir)
	}
	if l.keep {
		l.say("data and logs are in %s", l.dir)
		return nil
	}
	return os.RemoveAll(l.dir)
}

// next begins a round and returns the event time that it begins at, after began. A
// lane that has nothing to read lets time pass as it does on the wall: events that
// came from before that would be late, and settle at once.
func (l *lab) next() time.Time {
	from := l.estate.began
	if l.round > 0 {
		from = l.upTo.Add(time.Since(l.sent) + time.Minute)
	}
	l.round++
	l.upTo, l.sent = from.Add(span), time.Now()
	return from
}

// written waits until a chain of every record in the topic is in ClickHouse.
func (l *lab) written(ctx context.Context) error {
	const pause = 20 * time.Millisecond
	began, moved, last := time.Now(), time.Now(), int64(-1)
	for ; ; time.Sleep(pause) {
		if err := errors.Join(ctx.Err(), l.whence.alive()); err != nil {
			return err
		}
		// To count rows costs the server nothing; records, only near the end.
		rows, err := l.server.numbers(ctx, "SELECT count() FROM %s.chains", l.database)
		counted := err == nil && rows[0] >= int64(l.present)
		if counted {
			rows, err = l.server.numbers(ctx, "SELECT uniqExact(evidence_partition, evidence_offset) FROM %s.chains WHERE %s", l.database, l.ofTheseRecords())
		}
		if err != nil {
			return err
		}
		if rows[0] != last {
			last, moved = rows[0], time.Now()
		}
		if counted && rows[0] >= int64(l.present) {
			return nil
		}
		if time.Since(moved) > 2*time.Minute {
			return l.whence.failed(fmt.Sprintf("has written %d of %d chains in %s, and no more for two minutes", rows[0], l.present, time.Since(began).Round(time.Second)))
		}
	}
}

// ofTheseRecords is true of the chains of what is in the topic now. Chains of
// former records may still be written, when they settle.
func (l *lab) ofTheseRecords() string {
	starts, _ := json.Marshal(l.starts) // of numbers; it cannot fail
	return fmt.Sprintf("evidence_offset >= %s[evidence_partition + 1]", starts)
}

// empty removes the records from the topic and the rows from ClickHouse.
func (l *lab) empty(ctx context.Context) error {
	ends, err := l.topic.drop(ctx)
	if err != nil {
		return err
	}
	l.present, l.starts = 0, ends
	for _, table := range []string{"chains", "alerts"} {
		if _, err := l.server.do(ctx, "TRUNCATE TABLE %s.%s", l.database, table); err != nil {
			return err
		}
	}
	return nil
}

// fail closes the lab after an error, and leaves its folder for whoever looks.
func (l *lab) fail(err error) error {
	if l.whence != nil {
		_ = l.whence.signal(syscall.SIGCONT) // it may be held still
	}
	l.keep = true
	return errors.Join(err, l.close())
}
