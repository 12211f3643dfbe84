package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kgo"

	"whence/correlate"
	"whence/correlate/index"
	"whence/correlate/ledger"
	"whence/pipeline"
	"whence/rules"
	"whence/sinks"
	"whence/sources/prices"
)

// files is what the operator keeps beside the configuration.
type files struct {
	directory *correlate.Directory // nil for none
	rules     *rules.Set
	prices    *prices.Book
	epoch     uint32
}

// loadFiles reads directory, rules and prices and reports every problem of all.
func loadFiles(s settings) (files, error) {
	var f files
	var errs [4]error
	f.directory, errs[0] = loadDirectory(s.Directory)
	f.rules, errs[1] = loadRules(s.Rules)
	f.epoch, errs[2] = epochOf(s.Epoch, f.directory)
	var list *prices.List
	list, errs[3] = loadPrices(s.Prices)
	f.prices = prices.NewBook(list)
	return f, wrong(errors.Join(errs[:]...))
}

// wiring is everything run and repair are made of, put together by hand. Use it
// from one goroutine: newWiring, connect, open, then close, whatever happened.
type wiring struct {
	settings settings
	files    files
	log      *slog.Logger
	kafka    []kgo.Opt
	metrics  *prometheus.Registry
	signer   *ledger.Signer // nil for no ledger
	patient  bool           // wait for servers that are away
	from     *pipeline.From // nil to go on where the group is

	archive  *sinks.ClickHouse
	announce sinks.Sink // nil for no topics
	sink     *sinks.Fan // both
	table    *index.Table
}

// newWiring checks what can be checked without asking anybody.
func newWiring(s settings, f files, log *slog.Logger) (*wiring, error) {
	kafka, err := kafkaOptions(s.Kafka)
	if err == nil {
		_, err = s.ClickHouse.TLS.load()
	}
	if err != nil {
		return nil, wrong(err)
	}
	w := &wiring{settings: s, files: f, log: log, kafka: kafka, metrics: prometheus.NewRegistry()}
	if s.Ledger.KeyFile != "" {
		if w.signer, err = readSigner(s.Ledger.KeyFile); err != nil {
			return nil, wrong(err)
		}
	}
	return w, nil
}

// configured reads the configuration and all it names. change, which may be left out,
// is what the command line changes of it.
func configured(path string, errOut io.Writer, change ...func(*settings)) (*wiring, error) {
	s, err := readSettings(path)
	if err != nil {
		return nil, err
	}
	for _, f := range change {
		f(&s)
	}
	if err := s.validate(); err != nil {
		return nil, wrong(err)
	}
	f, err := loadFiles(s)
	if err != nil {
		return nil, err
	}
	return newWiring(s, f, s.Log.logger(errOut))
}

func (l logSettings) logger(w io.Writer) *slog.Logger {
	level, _ := l.level() // validated
	opts := &slog.HandlerOptions{Level: level}
	if l.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, opts))
	}
	return slog.New(slog.NewTextHandler(w, opts))
}

// connect reaches Kafka and ClickHouse, makes our topics where they are missing,
// and brings the schema up to date. If patient it waits for servers that are
// away, and say is told for what; it may be called at any time.
func (w *wiring) connect(ctx context.Context, patient bool, say func(string)) error {
	say("kafka")
	client, err := kgo.NewClient(w.kafka...)
	if err != nil {
		return wrong(fmt.Errorf("kafka: %w", err))
	}
	defer client.Close()
	w.patient = patient
	wait := awaiting{log: w.log, patient: patient}
	if err := wait.until(ctx, "kafka", hopelessKafka, pinged(client)); err != nil {
		return fmt.Errorf("reach kafka at %v: %w", w.settings.Kafka.Brokers, kafkaAdvice(err))
	}
	err = wait.until(ctx, "kafka", lastingKafka, func(ctx context.Context) error { return ensureTopics(ctx, client, w.settings) })
	if err != nil {
		return kafkaAdvice(err)
	}
	say("clickhouse")
	err = wait.until(ctx, "clickhouse", hopelessClickHouse, func(ctx context.Context) (err error) {
		w.archive, err = sinks.OpenClickHouse(ctx, w.settings.sinks().ClickHouse, w.log)
		return err
	})
	if err != nil {
		return refusal(err)
	}
	w.sink = sinks.NewFan(w.archive)
	if err := wait.until(ctx, "clickhouse", lastingClickHouse, func(context.Context) error { return w.archive.Migrate(ctx) }); err != nil {
		return refusal(err)
	}
	if err := w.reachSIEM(ctx, wait, say); err != nil {
		return err
	}
	if w.announce, err = w.announcers(); err != nil {
		return err
	}
	if w.announce != nil {
		w.sink = sinks.NewFan(w.archive, w.announce)
		measureAnnounced(w.metrics, w.announce)
	}
	return nil
}

// open puts the session table over a store, which is the table's from here on, and
// returns what a pipeline or a repair works with. A store that could not be used, as
// brokers went away, is closed, and opened again.
func (w *wiring) open(ctx context.Context, open func() (index.Store, error)) (pipeline.Deps, error) {
	kinds := pipeline.Kinds(w.settings.pipeline())
	err := awaiting{log: w.log, patient: w.patient}.until(ctx, "kafka", lastingKafka, func(context.Context) error {
		store, err := open()
		if err != nil {
			return err
		}
		w.table, err = index.Open(ctx, w.settings.index(), w.kafka, store, kinds, w.log) // as long as it takes
		return err
	})
	if err != nil {
		return pipeline.Deps{}, kafkaAdvice(err)
	}
	table := w.table
	return pipeline.Deps{
		Kafka: w.kafka, Table: table, Sink: w.sink, Archive: w.archive, History: w.archive, Store: w.archive, Announce: w.announce,
		Rules: w.files.rules, Metrics: w.metrics, Log: w.log, Ledger: w.signer, Prices: w.files.prices,
		Resolver: &correlate.Resolver{
			Index: table, Kinds: kinds, Directory: w.files.directory, Epoch: w.files.epoch,
			Finished: correlate.NewFinished(w.settings.Sessions.WalkBytes),
		},
	}, nil
}

// close frees what connect and open made, and waits for writes under way as long
// as stopLimit allows, even when ctx is done.
func (w *wiring) close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopLimit)
	defer cancel()
	var errs []error
	if w.sink != nil {
		errs = append(errs, w.sink.Close(ctx))
	}
	if w.table != nil {
		errs = append(errs, w.table.Close())
	}
	return errors.Join(errs...)
}
