package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"whence/correlate"
	notices "whence/rules/notice"
	"whence/sinks"
)

func alertsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "alerts",
		Short:   "List alerts, or show one with its chain",
		Example: "  whence alerts list --open -c whence.yaml",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(alertsListCommand(), alertsShowCommand())
	return cmd
}

// mostAlerts is how many are listed unless more are asked for.
const mostAlerts = 1000

func alertsListCommand() *cobra.Command {
	var (
		config, since string
		asJSON        bool
		q             sinks.AlertQuery
	)
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the alerts that ClickHouse has, the newest first",
		Long: `List the current version of the alerts that ClickHouse has, the newest first.
silenced_by, and a star behind the state, say that a silence matches now.`,
		Example: `  whence alerts list --open --since 24h -c whence.yaml
  whence alerts list --rule unattributed-write --json -c whence.yaml`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			now := correlate.FileClock{}.Now()
			if since != "" {
				d, err := spanBack(since)
				if err != nil {
					return wrong(fmt.Errorf("--since %w", err))
				}
				q.Since = now.Add(-d)
			}
			l := alertLister{out: cmd.OutOrStdout(), now: now, asJSON: asJSON}
			return withAlerts(cmd.Context(), config, cmd.ErrOrStderr(), func(store *sinks.ClickHouse, s *notices.Silences) error {
				l.silences = s
				return l.list(func(yield func(correlate.Alert) error) error { return store.Alerts(cmd.Context(), q, yield) })
			})
		},
	}
	configFlag(cmd, &config)
	f := cmd.Flags()
	f.BoolVar(&q.Open, "open", false, "those that are open only")
	f.StringVar(&since, "since", "", "those of events of the last 36h, 30d")
	f.StringVar(&q.Rule, "rule", "", "those of one rule")
	f.IntVar(&q.Limit, "limit", mostAlerts, "how many at most")
	f.BoolVar(&asJSON, "json", false, "print a line of JSON for each")
	return cmd
}

// withAlerts does something with what is stored, and the silences there are.
func withAlerts(ctx context.Context, config string, errOut io.Writer, do func(*sinks.ClickHouse, *notices.Silences) error) (err error) {
	s, err := readSettings(config)
	if err != nil {
		return err
	}
	var silences *notices.Silences
	if s.Silences.Path != "" {
		if silences, err = readSilences(s.Silences.Path); err != nil {
			return wrong(err)
		}
	}
	store, err := sinks.OpenClickHouse(ctx, s.sinks().ClickHouse, slog.New(slog.NewTextHandler(errOut, nil)))
	if err != nil {
		return refusal(err)
	}
	defer func() { err = errors.Join(err, store.Close(ctx)) }()
	return refusal(do(store, silences))
}

type alertLister struct {
	out      io.Writer
	silences *notices.Silences
	now      time.Time
	asJSON   bool
}

// listedAlert is an alert as JSON, with the silence that matches it.
type listedAlert struct {
	correlate.Alert
	SilencedBy string `json:"silenced_by,omitempty"`
}

func (l alertLister) list(each func(yield func(correlate.Alert) error) error) error {
	t := tabwriter.NewWriter(l.out, 0, 0, 2, ' ', 0)
	enc := json.NewEncoder(l.out)
	enc.SetEscapeHTML(false)
	if !l.asJSON {
		fmt.Fprintln(t, "TIME\tALERT\tSTATE\tSEVERITY\tRULE\tACTION\tEXECUTOR\tREQUESTOR")
	}
	err := each(func(a correlate.Alert) error {
		by := ""
		if a.State == correlate.AlertOpen {
			by, _ = l.silences.Find(&a, l.now)
		}
		if l.asJSON {
			return enc.Encode(listedAlert{a, by})
		}
		state := string(a.State)
		if by != "" {
			state += "*"
		}
		fields := []string{
			a.Time.UTC().Format(time.RFC3339), a.ID.String(), state, a.Severity, a.Rule, a.Action, a.Executor.ID, a.Requestor.ID,
		}
		for i := range fields {
			fields[i] = printable(fields[i])
		}
		_, err := fmt.Fprintln(t, strings.Join(fields, "\t"))
		return err
	})
	return errors.Join(err, t.Flush())
}

func alertsShowCommand() *cobra.Command {
	var (
		config string
		asJSON bool
	)
	cmd := &cobra.Command{
		Use:   "show ID",
		Short: "Show one alert, and its chain as a tree",
		Example: `  whence alerts show 5f0c4b6f0a9d4c58b0a4c1b7f3d1e2a6 -c whence.yaml
  whence alerts show 5f0c4b6f0a9d4c58b0a4c1b7f3d1e2a6 --json -c whence.yaml`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := correlate.ParseID(args[0])
			if err != nil {
				return wrong(fmt.Errorf("%w; whence alerts list has the ids of alerts", err))
			}
			return withAlerts(cmd.Context(), config, cmd.ErrOrStderr(), func(store *sinks.ClickHouse, s *notices.Silences) error {
				return showAlert(cmd.Context(), cmd.OutOrStdout(), store, s, id, asJSON)
			})
		},
	}
	configFlag(cmd, &config)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the alert as JSON, without the tree")
	return cmd
}

func showAlert(ctx context.Context, out io.Writer, store *sinks.ClickHouse, s *notices.Silences, id correlate.ID, asJSON bool) error {
	a, found, err := store.Alert(ctx, id)
	if err != nil {
		return err
	}
	if !found {
		return fmt.Errorf("ClickHouse has no alert %s: it may be older than clickhouse.keep_days.alerts", id)
	}
	by := ""
	if a.State == correlate.AlertOpen {
		by, _ = s.Find(&a, correlate.FileClock{}.Now())
	}
	if asJSON {
		return json.NewEncoder(out).Encode(listedAlert{a, by})
	}
	alertHead(out, &a, by)
	ids := []correlate.ID{a.ChainID}
	if a.ChainID == a.ID {
		ids = a.Over.Chains
	}
	for _, id := range ids {
		c, found, err := store.Chain(ctx, id)
		if err != nil {
			return err
		}
		fmt.Fprintln(out)
		if !found {
			fmt.Fprintf(out, "chain %s is not there any more\n", id)
			continue
		}
		tree(out, c, colorful(out))
	}
	return nil
}

// alertHead says what an alert is.
func alertHead(out io.Writer, a *correlate.Alert, silencedBy string) {
	fmt.Fprintf(out, "%s: %s\n", strings.ToUpper(a.Severity), printable(a.Title))
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(t, "  %s\t%s\n", name, printable(value))
		}
	}
	state := string(a.State)
	if silencedBy != "" {
		state += ", silenced by " + silencedBy
	}
	line("alert", fmt.Sprintf("%s, version %d", a.ID, a.Version))
	line("state", state)
	line("because", a.Reason)
	line("rule", joined(", ", a.Rule, labeled("version", a.RuleVersion)))
	line("group", strings.Join(a.Group, " / "))
	line("time", moment(a.Time))
	if !a.Over.To.IsZero() {
		line("window", fmt.Sprintf("%s to %s: %g, above %g", moment(a.Over.From), moment(a.Over.To), a.Over.Value, a.Over.Limit))
	}
	line("executor", who(a.Executor))
	if !a.Requestor.IsZero() {
		line("requestor", who(a.Requestor))
	}
	_ = t.Flush() // as the tree: errors of out are not reported
}
