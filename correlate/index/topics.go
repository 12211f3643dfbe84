package index

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// EnsureTopics creates the sessions and the registry topic where they are
// missing. A topic that exists is left as it is; if it is cleaned up in a way
// that loses facts, EnsureTopics says so. It may be called by many at once.
func EnsureTopics(ctx context.Context, client *kgo.Client, cfg Config) error {
	admin := kadm.NewClient(client)
	var errs []error
	there, err := admin.ListTopics(ctx, cfg.SessionsTopic, cfg.RegistryTopic)
	if err != nil {
		return fmt.Errorf("list topics: %w", err)
	}
	for _, want := range wanted(cfg) {
		if err := want.ensure(ctx, admin, cfg, there.Has(want.name)); err != nil {
			errs = append(errs, fmt.Errorf("topic %s: %w", want.name, err))
		}
	}
	return errors.Join(errs...)
}

// topic is how one of our topics must be cleaned up.
type topic struct {
	name      string
	policy    []string
	retention time.Duration // at least; 0 when nothing is deleted for its age
}

func wanted(cfg Config) []topic {
	return []topic{
		{cfg.SessionsTopic, []string{"compact", "delete"}, cfg.Retention},
		{cfg.RegistryTopic, []string{"compact"}, 0},
	}
}

func (w topic) ensure(ctx context.Context, admin *kadm.Client, cfg Config, exists bool) error {
	if exists {
		return w.check(ctx, admin)
	}
	resp, err := admin.CreateTopic(ctx, cfg.Partitions, cfg.Replication, w.configs(), w.name)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, kerr.TopicAlreadyExists): // since we looked
		return w.check(ctx, admin)
	case resp.ErrMessage != "":
		return fmt.Errorf("create: %w: %s", err, resp.ErrMessage)
	}
	return fmt.Errorf("create: %w", err)
}

func (w topic) configs() map[string]*string {
	set := map[string]*string{"cleanup.policy": kadm.StringPtr(strings.Join(w.policy, ","))}
	if w.retention > 0 {
		// Kafka deletes whole segments: one must not span the retention.
		segment := min(24*time.Hour, max(time.Hour, w.retention/8))
		set["retention.ms"] = kadm.StringPtr(strconv.FormatInt(w.retention.Milliseconds(), 10))
		set["segment.ms"] = kadm.StringPtr(strconv.FormatInt(segment.Milliseconds(), 10))
	}
	return set
}

// check compares the topic as it is with what it must be.
func (w topic) check(ctx context.Context, admin *kadm.Client) error {
	all, err := admin.DescribeTopicConfigs(ctx, w.name)
	if err != nil {
		return fmt.Errorf("describe: %w", err)
	}
	described, err := all.On(w.name, nil)
	if err == nil {
		err = described.Err
	}
	if err != nil {
		return fmt.Errorf("describe: %w", err)
	}
	has := map[string]string{}
	for _, c := range described.Configs {
		has[c.Key] = c.MaybeValue()
	}
	policy := strings.FieldsFunc(has["cleanup.policy"], func(r rune) bool { return r == ',' || r == ' ' })
	slices.Sort(policy)
	if !slices.Equal(policy, w.policy) {
		return fmt.Errorf("it exists with cleanup.policy=%s; set it to %s, or facts are lost or pile up",
			has["cleanup.policy"], strings.Join(w.policy, ","))
	}
	kept, err := strconv.ParseInt(has["retention.ms"], 10, 64)
	if w.retention > 0 && err == nil && kept >= 0 && kept < w.retention.Milliseconds() {
		return fmt.Errorf("it exists with retention.ms=%d; set it to at least %d, or sessions are forgotten while they last",
			kept, w.retention.Milliseconds())
	}
	return nil
}
