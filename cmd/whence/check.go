package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"whence/correlate"
	"whence/correlate/index"
	"whence/sinks"
)

func checkCommand() *cobra.Command {
	var (
		config  string
		offline bool
	)
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Check the configuration, the rules and the connections",
		Long: `Check the configuration, the directory, the rules with their tests, and, unless
--offline, the connections to Kafka and ClickHouse. It changes nothing. One line
is printed for each check; the exit code is 2 when there is a problem.`,
		Example: `  whence check -c whence.yaml
  whence check -c whence.yaml --offline`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c := &checks{out: cmd.OutOrStdout()}
			c.all(cmd.Context(), config, offline)
			if c.problems > 0 {
				return wrong(fmt.Errorf("%s found", count(c.problems, "problem")))
			}
			return nil
		},
	}
	configFlag(cmd, &config)
	cmd.Flags().BoolVar(&offline, "offline", false, "connect to nothing")
	return cmd
}

// checks prints a line for each check and counts the problems.
type checks struct {
	out      io.Writer
	problems int
}

func (c *checks) all(ctx context.Context, config string, offline bool) {
	s, err := readSettings(config)
	if c.line("configuration", config, err); err != nil {
		return
	}
	c.files(s)
	c.notify(s)
	w, err := newWiring(s, files{}, slog.New(slog.DiscardHandler))
	if c.line("credentials", "the files the configuration names could be read", err); err != nil || offline {
		return
	}
	c.kafka(ctx, w)
	c.siem(ctx, s)
	c.clickhouse(ctx, w)
}

// line prints how a check ended, and reports whether it is well.
func (c *checks) line(name, found string, err error) bool {
	if err != nil {
		c.problems++
		fmt.Fprintf(c.out, "bad  %-13s  %s\n", name, strings.ReplaceAll(err.Error(), "\n", "\n                    "))
		return false
	}
	fmt.Fprintf(c.out, "ok   %-13s  %s\n", name, found)
	return true
}

func (c *checks) files(s settings) {
	d, err := loadDirectory(s.Directory)
	found := "none is configured: services have no owners"
	switch {
	case d != nil:
		found = directoryLine(d)
	case s.Directory.Topic != "":
		found = fmt.Sprintf("the rest of it is on topic %s", s.Directory.Topic)
	}
	c.line("directory", found, err)
	_, err = epochOf(s.Epoch, d)
	c.line("epoch", fmt.Sprint(s.Epoch), err)
	if s.Sources.Dir != "" {
		declared, err := c.sources(s.Sources.Dir)
		c.line("sources", declared, err)
	}
	list, err := loadPrices(s.Prices)
	priced := ""
	if err == nil {
		priced = count(list.Len(), "model")
	}
	c.line("prices", priced, err)
	set, err := openRules(s.Rules)
	if err != nil {
		c.line("rules", "", err)
		return
	}
	var told strings.Builder
	err = printTests(&told, len(set.Versions()), set.Check())
	text := strings.TrimSpace(told.String())
	if err != nil {
		err = errors.New(text)
	}
	if sigma, refused := set.SigmaRules(), set.Refused(); sigma+len(refused) > 0 {
		text += fmt.Sprintf("; %s of Sigma", count(sigma, "rule"))
		if len(refused) > 0 {
			text += fmt.Sprintf(", and %d that cannot be run: see whence rules import", len(refused))
		}
	}
	c.line("rules", text, err)
}

// sources runs the tests of the declared sources.
func (c *checks) sources(dir string) (found string, err error) {
	all, err := declareSources(dir)
	if err != nil {
		return "", err
	}
	tests := 0
	var failed []error
	for i := range all {
		tests += all[i].Tests()
		failed = append(failed, all[i].Check()...)
	}
	return fmt.Sprintf("%d declared, %s, %d failed", len(all), count(tests, "test"), len(failed)), errors.Join(failed...)
}

func (c *checks) kafka(ctx context.Context, w *wiring) {
	client, err := kgo.NewClient(w.kafka...)
	if err != nil {
		c.line("kafka", "", err)
		return
	}
	defer client.Close()
	err = awaiting{}.until(ctx, "kafka", hopelessKafka, pinged(client))
	if !c.line("kafka", strings.Join(w.settings.Kafka.Brokers, ", "), kafkaAdvice(err)) {
		return
	}
	topics, err := kadm.NewClient(client).ListTopics(ctx)
	if err != nil {
		c.line("topics", "", kafkaAdvice(err))
		return
	}
	for _, t := range w.settings.Topics {
		err = nil
		if !topics.Has(t.Name) {
			err = errors.New("it does not exist: create it, or take it out of topics")
		}
		c.line("topic", fmt.Sprintf("%s, %s, %s", t.Name, t.Source, count(len(topics[t.Name].Partitions), "partition")), at(t.Name, err))
	}
	c.ourTopics(ctx, client, w.settings, topics)
	if name := w.settings.Directory.Topic; name != "" {
		watch, err := watchDirectory(ctx, w.settings, w.kafka, awaiting{}, w.log)
		found := ""
		if err == nil {
			found = fmt.Sprintf("%s, with topic %s", directoryLine(watch.directory()), name)
			watch.close()
		}
		c.line("directory", found, err)
	}
}

func directoryLine(d *correlate.Directory) string {
	return fmt.Sprintf("%d people, services and schedules, version %d", d.Len(), d.Version)
}

// ourTopics looks at the topics whence writes to. Missing ones are no problem:
// run makes them.
func (c *checks) ourTopics(ctx context.Context, client *kgo.Client, s settings, topics kadm.TopicDetails) {
	facts := []string{s.Sessions.Topic, s.Sessions.Registry}
	missing := slices.DeleteFunc(slices.Clone(facts), func(name string) bool { return topics.Has(name) })
	if len(missing) > 0 {
		c.line("topic", strings.Join(missing, ", ")+" will be made by whence run", nil)
	} else {
		// Both are there, so nothing is made: they are only looked at.
		c.line("topic", strings.Join(facts, ", ")+" are cleaned up as they must be", index.EnsureTopics(ctx, client, s.index()))
	}
	for _, name := range outputTopics(s) {
		found := name + " will be made by whence run"
		if topics.Has(name) {
			found = fmt.Sprintf("%s, %s", name, count(len(topics[name].Partitions), "partition"))
		}
		c.line("topic", found, nil)
	}
}

func (c *checks) clickhouse(ctx context.Context, w *wiring) {
	var store *sinks.ClickHouse
	err := awaiting{}.until(ctx, "clickhouse", hopelessClickHouse, func(ctx context.Context) (err error) {
		store, err = sinks.OpenClickHouse(ctx, w.settings.sinks().ClickHouse, w.log)
		return err
	})
	if err != nil {
		c.line("clickhouse", "", refusal(err))
		return
	}
	status, err := store.Status(ctx)
	err = errors.Join(err, store.Close(ctx))
	c.line("clickhouse", fmt.Sprintf("%s, version %s", strings.Join(w.settings.ClickHouse.Addr, ", "), status.Version), refusal(err))
	if err != nil {
		return
	}
	found := fmt.Sprintf("version %d", status.Schema)
	switch {
	case status.Schema == 0:
		found = "will be made by whence run"
	case status.Schema < status.Newest:
		found = fmt.Sprintf("version %d; whence run brings it to %d", status.Schema, status.Newest)
	case status.Schema > status.Newest:
		err = fmt.Errorf("it has version %d and this whence knows %d: run the newer whence", status.Schema, status.Newest)
	}
	c.line("schema", found, err)
}

// at names what an error is about.
func at(name string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", name, err)
}
