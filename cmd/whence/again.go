package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"whence/pipeline"
)

// againFlags say what run is to read again, and into what.
type againFlags struct {
	from, group, database string
}

func (f *againFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.from, "from", "", "read again from there: earliest, a time, an offset, or topic:partition:offset,...")
	cmd.Flags().StringVar(&f.group, "group", "", "consumer group instead of the configured one")
	cmd.Flags().StringVar(&f.database, "database", "", "ClickHouse database instead of the configured one")
}

// change makes the settings those of a run into a group or database of its own.
func (f *againFlags) change(s *settings) {
	if f.group != "" && f.group != s.Group {
		s.Group = f.group
		// One process may use a store, and the instances of the group that is
		// configured may be at work on this machine.
		s.Store.Dir += "-" + f.group
		s.Notify = nil // receivers would be told by two groups
	}
	if f.database != "" && f.database != s.ClickHouse.Database {
		s.ClickHouse.Database = f.database
		// The SIEM has these chains, and shall not get what is only being tried.
		s.Outputs.ChainsTopic, s.Outputs.AlertsTopic, s.SIEM, s.Notify = "", "", nil, nil
	}
}

// parse returns nil if nothing is to be read again.
func (f *againFlags) parse() (*pipeline.From, error) {
	if f.database != "" && f.group == "" {
		// What the configured group has read counts as written to the configured
		// database, whoever read it.
		return nil, wrong(errors.New("--database: name a consumer group of its own with --group, or the configured database would never get what is read"))
	}
	if f.from == "" {
		return nil, nil
	}
	from, err := pipeline.ParseFrom(f.from)
	if err != nil {
		return nil, wrong(fmt.Errorf("--from: %w", err))
	}
	return &from, nil
}

// rewind sets the group's places to where it is to read again from, if anywhere.
func (w *wiring) rewind(ctx context.Context) error {
	if w.from == nil {
		return nil
	}
	done, err := pipeline.Rewind(ctx, w.settings.pipeline(), w.kafka, *w.from)
	switch {
	case errors.Is(err, pipeline.ErrActive):
		return wrong(fmt.Errorf("--from: %w: stop its instances first, or read into another group with --group", err))
	case errors.Is(err, pipeline.ErrNothingThere):
		return wrong(fmt.Errorf("--from: %w", err))
	case err != nil:
		return fmt.Errorf("--from: %w", kafkaAdvice(err))
	}
	for _, r := range done {
		w.log.Info("reads from", "topic", r.Topic, "partition", r.Partition, "offset", r.From, "again", r.Again)
	}
	return nil
}
