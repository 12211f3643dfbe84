package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"whence/correlate/index"
	"whence/sinks"
)

// A workshop is what the stages work with: servers in processes of their own, and
// everything else in this one. It belongs to one goroutine.
type workshop struct {
	options
	dir    string
	kafka  *process
	broker string
	topic  *topic // holds fetchEvents events
	server *server

	hot, cold *index.Table
	following chan error // ends with the hot table's Run
	unfollow  context.CancelFunc
	sink      *sinks.ClickHouse
	inserter  *inserter
	announce  *sinks.Kafka
}

const fetchEvents = 100_000

var quiet = slog.New(slog.DiscardHandler)

// openWorkshop starts the servers. Close ends them.
func openWorkshop(ctx context.Context, o options) (*workshop, error) {
	dir, err := os.MkdirTemp(o.dir, "stages-")
	if err != nil {
		return nil, err
	}
	w := &workshop{options: o, dir: dir}
	if err := w.open(ctx); err != nil {
		return nil, errors.Join(err, w.close())
	}
	return w, nil
}

func (w *workshop) open(ctx context.Context) (err error) {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	w.kafka, w.broker, err = spawnServer(exec.Command(self, brokerArg), filepath.Join(w.dir, "kafka.log")) //nolint:noctx // it is stopped in order
	if err != nil {
		return err
	}
	if w.topic, err = openTopic(ctx, w.broker, rawTopic, w.partitions); err != nil {
		return err
	}
	e := newEstate(w.sessions, 0, 0, w.unknown, time.Now().UTC().Add(-24*time.Hour))
	err = w.topic.send(ctx, fetchEvents, func(b []byte, i int) []byte { return e.event(b, 0, i, e.began) })
	if err != nil {
		return err
	}
	if w.server, err = startServer(ctx, filepath.Join(w.dir, "clickhouse")); err != nil {
		return err
	}
	cfg := sinks.ClickHouseConfig{}.Default()
	cfg.Addr, cfg.Database, cfg.Compression = []string{w.server.Addr()}, database, w.compress
	if w.sink, err = sinks.OpenClickHouse(ctx, cfg, quiet); err != nil {
		return err
	}
	if err := w.sink.Migrate(ctx); err != nil {
		return err
	}
	for _, name := range []string{"bench.out.chains", "bench.out.alerts"} {
		if _, err := w.topic.admin.CreateTopic(ctx, int32(w.partitions), 1, nil, name); err != nil {
			return err
		}
	}
	announced := sinks.KafkaConfig{}.Default()
	announced.Chains, announced.Alerts = "bench.out.chains", "bench.out.alerts"
	w.announce, err = sinks.NewKafka(announced, w.dial(), quiet)
	return err
}

func (w *workshop) dial() []kgo.Opt { return []kgo.Opt{kgo.SeedBrokers(w.broker)} }

// stages are all that are measured, those that are compared beside each other.
func (w *workshop) stages(ctx context.Context) ([]stage, error) {
	all := []stage{{"fetch", "bare franz-go: fetch, decompress, records", func(ctx context.Context, m *meter) error {
		return m.time(fetchEvents, func() error {
			_, err := w.topic.consume(ctx, w.broker, fetchEvents)
			return err
		})
	}}}
	decode, err := decodeStages(ctx, w.options.sources)
	if err != nil {
		return nil, err
	}
	table, err := w.tableStages(ctx)
	if err != nil {
		return nil, err
	}
	return slices.Concat(all, decode, table), nil
}

func (w *workshop) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), stopLimit)
	defer cancel()
	var errs []error
	if w.unfollow != nil {
		w.unfollow()
		if err := <-w.following; err != nil && !errors.Is(err, context.Canceled) {
			errs = append(errs, err)
		}
	}
	for _, t := range []*index.Table{w.hot, w.cold} {
		if t != nil {
			errs = append(errs, t.Close())
		}
	}
	if w.announce != nil {
		errs = append(errs, w.announce.Close(ctx))
	}
	if w.sink != nil {
		errs = append(errs, w.sink.Close(ctx))
	}
	if w.inserter != nil {
		errs = append(errs, w.inserter.close())
	}
	if w.topic != nil {
		w.topic.close()
	}
	if w.server != nil {
		errs = append(errs, w.server.stop())
	}
	if w.kafka != nil {
		errs = append(errs, w.kafka.stop(w.kafka.stdin.Close))
	}
	return errors.Join(append(errs, os.RemoveAll(w.dir))...)
}
