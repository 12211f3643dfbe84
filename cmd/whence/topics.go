package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"whence/correlate/index"
)

// ensureTopics makes our topics where they are missing. Those that hold facts
// must be cleaned up in the right way, or it is an error of configuration; the
// others are the operator's to keep as long as she likes. Many may call it at
// once.
func ensureTopics(ctx context.Context, client *kgo.Client, s settings) error {
	if err := index.EnsureTopics(ctx, client, s.index()); err != nil {
		return wrong(fmt.Errorf("the session topics cannot be used:\n%w", err))
	}
	admin := kadm.NewClient(client)
	names := outputTopics(s)
	there, err := admin.ListTopics(ctx, names...)
	if err != nil {
		return fmt.Errorf("list topics: %w", err)
	}
	var missing []string
	for _, name := range names {
		if !there.Has(name) {
			missing = append(missing, name)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	var errs []error
	for _, name := range missing {
		var configs map[string]*string
		if name == s.Outputs.NoticesTopic {
			configs = map[string]*string{"cleanup.policy": kadm.StringPtr("compact")} // of each alert the last is needed, for ever
		}
		made, err := admin.CreateTopic(ctx, s.Sessions.Partitions, s.Sessions.Replication, configs, name)
		if err != nil && !errors.Is(err, kerr.TopicAlreadyExists) {
			errs = append(errs, fmt.Errorf("create topic %s: %w %s", name, err, made.ErrMessage))
		}
	}
	return errors.Join(errs...)
}

// outputTopics are those that are written to and hold no facts, in order. Topics in
// clusters that are not ours are not among them.
func outputTopics(s settings) []string {
	ours := s.ourTopics()
	delete(ours, "sessions.topic")
	delete(ours, "sessions.registry")
	maps.DeleteFunc(ours, func(_, name string) bool { return name == "" })
	names := slices.Collect(maps.Values(ours))
	for _, d := range s.SIEM {
		if !d.own() {
			names = append(names, d.Topic)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
