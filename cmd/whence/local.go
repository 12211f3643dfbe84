package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"whence/deploy/local/clickhouse"
	"whence/deploy/local/kafka"
)

// stopLimit is how long a local server may take to stop in order.
const stopLimit = 30 * time.Second

// localCommand is whence local: the embedded servers alone, in the foreground.
// main must have called clickhouse.MaybeChild.
func localCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "local",
		Short: "Run an embedded ClickHouse or Kafka on this machine, in the foreground",
		Long: `Run an embedded ClickHouse or Kafka on this machine, in the foreground.

Each listens on loopback only and asks for no password. Once it is ready, its
address is printed, and nothing else, on standard output. It stops in order on
Ctrl-C or SIGTERM and goes on with the same data when it is started again.`,
		Example: `  whence local clickhouse
  whence local kafka --topic raw.cloudtrail:3 --topic raw.okta:3`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(localClickHouseCommand(), localKafkaCommand())
	return cmd
}

func localClickHouseCommand() *cobra.Command {
	var (
		cfg   clickhouse.Config
		stdin bool
	)
	cmd := &cobra.Command{
		Use:   "clickhouse",
		Short: "Run an embedded ClickHouse",
		Long: `Run an embedded ClickHouse.

The engine is the clickhouse binary on PATH (26.7 or newer), or the library that
WHENCE_LIBCHDB names, or the library that npm fetches once, which is 178 MB.`,
		Example: `  whence local clickhouse
  whence local clickhouse --dir /var/lib/whence/clickhouse --port 19000 --http-port 18123`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := untilStopped(cmd, stdin)
			defer stop()
			return runLocalClickHouse(ctx, cmd, cfg)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&cfg.Dir, "dir", filepath.Join("whence-data", "clickhouse"), "folder that keeps the data")
	flags.IntVar(&cfg.TCPPort, "port", 9000, "port of the native protocol; 0 picks a free one")
	flags.IntVar(&cfg.HTTPPort, "http-port", 8123, "port of HTTP; 0 picks a free one")
	stdinFlag(cmd, &stdin)
	return cmd
}

func runLocalClickHouse(ctx context.Context, cmd *cobra.Command, cfg clickhouse.Config) error {
	shown := newProgress(cmd.ErrOrStderr())
	defer shown.close()
	cfg.Log = slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), nil))
	cfg.Progress = shown.step
	server, err := clickhouse.Start(ctx, cfg)
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		return nil // stopped while it started
	}
	if err != nil {
		return err
	}
	shown.say("ClickHouse %s keeps its data in %s; a page to query with: %s/play", server.Version(), cfg.Dir, server.HTTPURL())
	fmt.Fprintln(cmd.OutOrStdout(), server.Addr())

	ended := make(chan error, 1)
	go func() { ended <- server.Wait() }() // ends with the server, which has ended when we return
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopLimit)
	defer cancel()
	return server.Stop(ctx)
}

func localKafkaCommand() *cobra.Command {
	var (
		cfg    kafka.Config
		topics topicsFlag
		stdin  bool
	)
	cmd := &cobra.Command{
		Use:   "kafka",
		Short: "Run an embedded Kafka broker",
		Example: `  whence local kafka --topic raw.cloudtrail:3
  whence local kafka --dir /var/lib/whence/kafka --port 19092 --sync`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := untilStopped(cmd, stdin)
			defer stop()
			cfg.Topics = topics
			cfg.Log = slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), nil))
			broker, err := kafka.Start(cfg)
			if err != nil {
				return err
			}
			newProgress(cmd.ErrOrStderr()).say("Kafka keeps its data in %s", cfg.Dir)
			fmt.Fprintln(cmd.OutOrStdout(), broker.Addr())
			<-ctx.Done()
			return broker.Stop()
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&cfg.Dir, "dir", filepath.Join("whence-data", "kafka"), "folder that keeps the data")
	flags.IntVar(&cfg.Port, "port", 9092, "port of the broker; 0 picks a free one")
	flags.Var(&topics, "topic", "topic to make if it is not there, with its partitions; can be repeated")
	flags.BoolVar(&cfg.SyncWrites, "sync", false, "see every write on disk before it is acknowledged")
	stdinFlag(cmd, &stdin)
	return cmd
}

func stdinFlag(cmd *cobra.Command, stdin *bool) {
	cmd.Flags().BoolVar(stdin, "stdin", false, "stop when standard input is closed, to end with the program that started it")
}

// untilStopped returns a context that is done on Ctrl-C or SIGTERM and, if stdin
// is set, when standard input is closed. After the first signal the next one
// ends the process at once.
func untilStopped(cmd *cobra.Command, stdin bool) (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	if stdin {
		// Nothing can wait for it: a read of standard input cannot be broken off.
		// It ends with the process.
		go func() {
			_, _ = io.Copy(io.Discard, cmd.InOrStdin())
			stop()
		}()
	}
	return ctx, stop
}

// topicsFlag collects name:partitions.
type topicsFlag map[string]int32

// Set implements pflag.Value.
func (f *topicsFlag) Set(text string) error {
	name, count, ok := strings.Cut(text, ":")
	partitions, err := strconv.ParseInt(count, 10, 16)
	if !ok || err != nil || partitions < 1 {
		return errors.New("must be name:partitions, such as whence.sessions:3")
	}
	if ok, _ := regexp.MatchString(`^[A-Za-z0-9._-]{1,249}$`, name); !ok {
		return fmt.Errorf("%q cannot be the name of a topic", name)
	}
	if *f == nil {
		*f = topicsFlag{}
	}
	(*f)[name] = int32(partitions)
	return nil
}

// String implements pflag.Value.
func (f *topicsFlag) String() string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(*f)) {
		all = append(all, fmt.Sprintf("%s:%d", name, (*f)[name]))
	}
	return strings.Join(all, ",")
}

// Type implements pflag.Value.
func (f *topicsFlag) Type() string { return "name:partitions" }
