package main

import (
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
	dir     string
	estate  *estate
	kafka   *process
	broker  string
	topic   *topic
	server  *server
	whence  *process
	listen  string
	round   int // of the estate's events, for they must be new each time
	present int // records in the topic
	starts  []int64

	lines    *sample   // for the floors; nil until the first
	inserter *inserter // likewise
}

// openLab starts everything and lets whence learn the estate's sessions. Close
// ends it, whatever happened.
func openLab(ctx context.Context, o options) (*lab, error) {
	dir, err := os.MkdirTemp(o.dir, "lab-")
	if err != nil {
		return nil, err
	}
	l := &lab{options: o, dir: dir}
	if err := l.open(ctx); err != nil {
		return nil, l.fail(err)
	}
	return l, nil
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
	self, err := os.Executable()
	if err != nil {
		return err
	}
	l.kafka, l.broker, err = spawnServer(exec.Command(self, brokerArg), filepath.Join(l.dir, "kafka.log")) //nolint:noctx // it is stopped in order
	if err != nil {
		return err
	}
	if l.topic, err = openTopic(ctx, l.broker, rawTopic, l.partitions); err != nil {
		return err
	}
	l.starts = make([]int64, l.partitions)
	if l.server, err = startServer(ctx, filepath.Join(l.dir, "clickhouse")); err != nil {
		return err
	}
	if err := l.startWhence(ctx); err != nil {
		return err
	}
	return l.learn(ctx)
}

func (l *lab) close() error {
	var errs []error
	if l.whence != nil {
		errs = append(errs, l.whence.terminate())
	}
	if l.topic != nil {
		l.topic.close()
	}
	if l.inserter != nil {
		errs = append(errs, l.inserter.close())
	}
	if l.server != nil {
		errs = append(errs, l.server.stop())
	}
	if l.kafka != nil {
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

// mintChunk bounds what is in the broker while the sessions are minted.
const mintChunk = 500_000

// learn writes the lines that mint the sessions, parents first, and waits until
// whence has worked on all of them.
func (l *lab) learn(ctx context.Context) error {
	began := time.Now()
	lines := l.estate.mints()
	for first := 0; first < lines; first += mintChunk {
		n := min(mintChunk, lines-first)
		err := l.topic.send(ctx, n, func(b []byte, i int) []byte { return l.estate.mint(b, first+i) })
		if err != nil {
			return err
		}
		l.present += n
		if err := l.written(ctx); err != nil {
			return err
		}
		if err := errors.Join(l.repaired(ctx), l.empty(ctx)); err != nil {
			return err
		}
	}
	l.say("whence knows %d sessions after %.0f s", l.sessions, time.Since(began).Seconds())
	return nil
}

// repaired waits until whence has looked for the chains that each of the facts may
// touch: it does so beside its work, and here they came all at once.
func (l *lab) repaired(ctx context.Context) error {
	for began := time.Now(); time.Since(began) < 10*time.Minute; time.Sleep(200 * time.Millisecond) {
		h, err := l.heap(ctx)
		if err != nil || h.repaired >= h.published {
			return err
		}
	}
	return l.whence.failed("has not repaired after the facts it knows within ten minutes")
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
		rows, err := l.server.numbers(ctx, "SELECT count() FROM %s.chains", database)
		counted := err == nil && rows[0] >= int64(l.present)
		if counted {
			rows, err = l.server.numbers(ctx, "SELECT uniqExact(evidence_partition, evidence_offset) FROM %s.chains WHERE %s", database, l.ofTheseRecords())
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
		if _, err := l.server.do(ctx, "TRUNCATE TABLE %s.%s", database, table); err != nil {
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
