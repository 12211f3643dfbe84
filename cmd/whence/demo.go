package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"whence/deploy/local/clickhouse"
	"whence/deploy/local/kafka"
	"whence/sources/simulate"
)

// demoOptions are the flags of `whence demo`.
type demoOptions struct {
	events     int
	seed       uint64
	partitions int32
	dir        string
	keep       bool
	asJSON     bool
}

func demoCommand() *cobra.Command {
	var o demoOptions
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "See the whole system at work on this machine",
		Long: `See the whole system at work on this machine: a Kafka broker and a real
ClickHouse are started here, an estate of people, services, pipelines and agents
is made up, its raw logs go to Kafka, and the same pipeline that whence run uses
finds out who asked for every action. At the end it scores itself against the
truth, which only the estate knows, and shows three chains. A SIEM is told of all
of it in OCSF, on two topics.

The first time, the ClickHouse library is fetched with npm (about 180 MB).`,
		Example: `  whence demo
  whence demo --keep
  whence demo --events 50000 --seed 7 --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.events < 1 || o.partitions < 1 {
				return wrong(errors.New("--events and --partitions must be at least 1"))
			}
			return demo(cmd.Context(), o, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	f := cmd.Flags()
	f.IntVar(&o.events, "events", 5000, "about how many log lines the estate writes")
	f.Uint64Var(&o.seed, "seed", 1, "which estate")
	f.Int32Var(&o.partitions, "partitions", 3, "partitions of each raw topic")
	f.StringVar(&o.dir, "dir", "", "folder for the data (default: a temporary one, removed at the end)")
	f.BoolVar(&o.keep, "keep", false, "leave Kafka and ClickHouse up until Ctrl-C")
	f.BoolVar(&o.asJSON, "json", false, "print the score as one JSON object and nothing else")
	return cmd
}

// demo runs the whole system once.
func demo(ctx context.Context, o demoOptions, out, errOut io.Writer) (err error) {
	began := time.Now()
	p := newProgress(errOut)
	defer p.close()
	dir, remove, err := demoDir(o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()

	p.step("starting ClickHouse", 0, 0)
	ch, err := clickhouse.Start(ctx, clickhouse.Config{Dir: filepath.Join(dir, "clickhouse"), Progress: p.step})
	if err != nil {
		return fmt.Errorf("start ClickHouse: %w", err)
	}
	defer func() { err = errors.Join(err, stopClickHouse(ctx, ch)) }()
	p.step("starting Kafka", 0, 0)
	broker, err := kafka.Start(kafka.Config{Dir: filepath.Join(dir, "kafka"), Topics: demoTopics(o.partitions)})
	if err != nil {
		return fmt.Errorf("start Kafka: %w", err)
	}
	defer func() { err = errors.Join(err, broker.Stop()) }()

	estate := simulate.New(demoEstate(o))
	s := demoSettings(o, estate, dir, broker.Addr(), ch.Addr())
	w, err := demoWiring(s, estate, dir, errOut)
	if err != nil {
		return err
	}
	d := &demonstration{estate: estate, settings: s, wiring: w, progress: p, broker: broker.Addr()}
	result, err := d.run(ctx)
	if err != nil {
		return err
	}
	p.close()
	result.seconds = time.Since(began).Seconds()
	if o.asJSON {
		if err := json.NewEncoder(out).Encode(result.json()); err != nil {
			return err
		}
	} else {
		result.print(out, colorful(out))
		fmt.Fprintf(out, "\nClickHouse  %s (native), %s/play (in a browser); database whence\n", ch.Addr(), ch.HTTPURL())
		fmt.Fprintf(out, "Try         SELECT status, count() FROM whence.chains_now GROUP BY status\n")
		fmt.Fprintf(out, "SIEM        kcat -C -b %s -t %s -c 1 | jq\n", broker.Addr(), demoSIEM[1].Topic)
	}
	if o.keep {
		p.say("Kafka is at %s. Both stay up until Ctrl-C.", broker.Addr())
		<-ctx.Done()
	} else if !o.asJSON {
		fmt.Fprintln(out, "            Both servers stop now; whence demo --keep leaves them up.")
	}
	return result.verdict()
}

func demoDir(o demoOptions) (dir string, remove func() error, err error) {
	if o.dir != "" {
		return o.dir, func() error { return nil }, os.MkdirAll(o.dir, 0o755)
	}
	dir, err = os.MkdirTemp("", "whence-demo-")
	return dir, func() error { return os.RemoveAll(dir) }, err
}

func stopClickHouse(ctx context.Context, s *clickhouse.Server) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopLimit)
	defer cancel()
	return s.Stop(ctx)
}

// demoMaxWait is far longer than it takes to read all that is there.
const demoMaxWait = 15 * time.Second

// demoSources are the formats the estate writes, one topic each.
var demoSources = []string{"aws.cloudtrail", "okta.system_log", "vault.audit", "github.webhook", "github.audit", "litellm.spend"}

// demoSIEM are the topics that a SIEM would read.
var demoSIEM = []siemSettings{{Name: "chains", What: "chains", Topic: "siem.chains"}, {Name: "alerts", What: "alerts", Topic: "siem.alerts"}}

func demoTopics(partitions int32) map[string]int32 {
	topics := map[string]int32{}
	for _, s := range demoSources {
		topics["raw."+s] = partitions
	}
	return topics
}

// demoEstate tells its stories a little in the past, and its lines are hardly
// late: nobody wants to wait a quarter of an hour for CloudTrail here.
func demoEstate(o demoOptions) simulate.Config {
	c := simulate.Default()
	c.Seed, c.Events, c.Delay = o.seed, o.events, 0.01
	c.Start = time.Now().UTC().Truncate(time.Second).Add(-c.Span - 2*time.Hour)
	return c
}

func demoSettings(o demoOptions, estate *simulate.Estate, dir, brokerAddr, clickhouseAddr string) settings {
	s := defaultSettings()
	s.Kafka.Brokers = []string{brokerAddr}
	s.ClickHouse.Addr = []string{clickhouseAddr}
	s.ClickHouse.Linger = 100 * time.Millisecond
	s.Sessions.Replication = 1
	s.SIEM = demoSIEM
	s.Store.Dir = filepath.Join(dir, "sessions")
	s.Directory.Path = []string{filepath.Join(dir, "directory.yaml")}
	s.Pipeline.CommitEvery = 500 * time.Millisecond
	s.Pipeline.IdleAfter = time.Second
	// The stories lie hours back and are read within seconds. A partition in which
	// little happened would hold time back for as long as it was quiet, so the
	// wall settles what the marks do not.
	s.Pipeline.MaxWait = demoMaxWait
	s.Lateness = map[string]time.Duration{}
	for _, name := range demoSources {
		s.Topics = append(s.Topics, topicSettings{Name: "raw." + name, Source: name, Scope: estate.Scopes()[name]})
		s.Lateness[name] = demoEstate(o).Lateness(name)
	}
	return s
}

// demoWiring writes the estate's directory where the settings name it.
func demoWiring(s settings, estate *simulate.Estate, dir string, errOut io.Writer) (*wiring, error) {
	if err := os.WriteFile(s.Directory.Path[0], estate.Directory(), 0o644); err != nil {
		return nil, err
	}
	f, err := loadFiles(s)
	if err != nil {
		return nil, err
	}
	s.Log.Level = "error"
	return newWiring(s, f, s.Log.logger(errOut))
}
