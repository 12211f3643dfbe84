package main

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"whence/correlate/index"
	"whence/pipeline"
	"whence/rules"
	"whence/sinks"
)

func runCommand() *cobra.Command {
	var (
		config string
		again  againFlags
	)
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Consume raw logs from Kafka, correlate them, write chains",
		Long: `Consume raw logs from Kafka, correlate them, and write chains and alerts to
ClickHouse and to topics. Start more instances with the same configuration to
share the work.

whence makes its own topics and its ClickHouse schema if they are missing, and
waits for servers that are away: nothing is taken in then, the place in the group
is kept, and whence status tells what is waited for. Every output must have a row
before its record counts as done; while one of them is away the others wait too.

On Ctrl-C or SIGTERM it finishes what it has in hand, for pipeline.drain_timeout
at most, commits, leaves the group and ends with 0. What was not finished is done
again by the next owner of the partition. A second signal ends it at once, which
loses nothing; the exit code is the signal's then (130 or 143 in a shell).

With --from it reads again what the group has read: "earliest", since a time at
which Kafka got a record, from an offset of every partition, or from
topic:partition:offset, several of them joined by commas. Nothing that was not
read yet is passed over. The group must have no members: stop all instances, start
one with --from, then the others without it. What is read again ends in the same
rows, ids and versions, or in better ones where more is known now.

With --group and --database it reads into a database of its own, beside the
instances that run: to try rules, a directory or a new version on old logs.
Another group has a session store of its own (store.dir, a dash and its name), and
another database announces nothing on the topics of outputs. Facts are shared.

Rules in the folders of rules.dir, and the directory, are read again when their files
change or at SIGHUP; what is wrong is refused and told of, and what was in use stays.

Every key of the configuration can be overridden by an environment variable:
WHENCE_KAFKA_BROKERS=a:9092,b:9092, WHENCE_CLICKHOUSE_PASSWORD=...`,
		Example: `  whence check -c whence.yaml && whence run -c whence.yaml
  whence run -c whence.yaml --from 2026-03-02T08:00:00Z
  WHENCE_LISTEN=127.0.0.1:0 whence run -c whence.yaml --from earliest --group try --database whence_try
  WHENCE_CLICKHOUSE_ADDR=ch:9000 whence run -c whence.yaml`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			from, err := again.parse()
			if err != nil {
				return err
			}
			w, err := configured(config, cmd.ErrOrStderr(), again.change)
			if err != nil {
				return err
			}
			w.from = from
			ctx, stop := context.WithCancel(cmd.Context())
			paced := limitMemory(ctx, w.settings.MemoryLimit)
			err = w.run(ctx, nil)
			stop()
			<-paced
			if errors.Is(err, context.Canceled) && cmd.Context().Err() != nil {
				return nil //nolint:nilerr // stopped while it was waiting
			}
			return err
		},
	}
	configFlag(cmd, &config)
	again.add(cmd)
	return cmd
}

// run consumes until ctx is done, and returns nil after an orderly stop. ready, if
// not nil, is called once it consumes.
func (w *wiring) run(ctx context.Context, ready func()) (err error) {
	admin, err := startAdmin(ctx, w.settings.Listen, w.metrics)
	if err != nil {
		return err
	}
	ctx, disk := watchDisk(ctx, w.settings.Pipeline.DrainTimeout+closeLimit)
	defer disk.stop()
	defer func() {
		admin.wait("the end")
		if cerr := w.close(ctx); err == nil || !errors.Is(cerr, err) { // the store's own end is told once
			err = errors.Join(err, cerr)
		}
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopLimit)
		defer cancel()
		err = errors.Join(err, admin.stop(end))
	}()
	if err := w.connect(ctx, true, admin.wait); err != nil {
		return err
	}
	if err := w.rewind(ctx); err != nil {
		return err
	}
	watch, err := w.readDirectory(ctx)
	if err != nil {
		return err
	}
	defer watch.close()
	judged, err := watchRules(w.settings.Rules, w.log) // again: the servers may have been away for long
	if err != nil {
		return err
	}
	w.files.rules = judged.rules()
	var store *index.Pebble
	deps, err := w.open(ctx, func() (_ index.Store, err error) {
		store, err = index.OpenPebble(w.settings.Store.Dir, w.settings.Store.CacheBytes)
		return store, err
	})
	if err != nil {
		return err
	}
	disk.follow(store.Failed())
	told, err := w.notifying(ctx)
	if err != nil {
		return err
	}
	told.useRules(w.files.rules)
	p, err := pipeline.New(w.settings.pipeline(), deps)
	if err != nil {
		return wrong(err)
	}
	admin.watch(p, watch, judged, told)
	defer watch.registered(w.metrics).start(ctx, p.Use)()
	defer judged.registered(w.metrics).start(ctx, func(s *rules.Set) {
		p.UseRules(s)
		told.useRules(s)
	})()
	defer told.start(ctx)()
	admin.wait("the sessions topic and the consumer group")
	ended, watched := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(watched)
		select {
		case <-p.Ready:
			admin.wait("")
			if ready != nil {
				ready()
			}
		case <-ended:
		}
	}()
	stopWatching := w.watchPrices(ctx)
	err = p.Run(ctx)
	stopWatching()
	close(ended)
	<-watched
	if full := disk.failed(); full != nil {
		return full
	}
	return finalAdvice(err)
}

// closeLimit is how long closing may take when the disk of the store has failed.
const closeLimit = 5 * time.Second

// finalAdvice adds to what ended a pipeline what to do about it.
func finalAdvice(err error) error {
	if _, refused := sinks.Refused(err); refused {
		return refusal(err)
	}
	return kafkaAdvice(err)
}
