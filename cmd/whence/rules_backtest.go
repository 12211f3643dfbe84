package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"whence/rules"
	"whence/sinks"
)

// backtestOptions are the flags of whence rules backtest.
type backtestOptions struct {
	tryOptions
	config    string
	truth     string
	library   bool
	folders   []string
	sigma     []string
	rules     []string
	since     string
	maxPerDay float64
	limited   bool // maxPerDay is given
	asJSON    bool
}

func rulesBacktestCommand() *cobra.Command {
	var o backtestOptions
	cmd := &cobra.Command{
		Use:   "backtest [FILE|DIR|- ...]",
		Short: "Show what rules would have alerted, before they wake someone",
		Long: `Show what rules would have alerted, before they wake someone.

Without files, the rules are asked about the chains that ClickHouse has; with files,
about the chains that whence try would print of them. Nothing is written. The rules
are those in --rules, which need not be installed; without it, those that the
configuration names, and with files those that come with whence. With --rule, only
some of them.

Of each rule it shows how many alerts it raises and on which days, the groups and
principals that most of them are about, some of the chains, and what asking it costs.
Of rules that raise alerts at once it shows how many would have been closed by later
facts: in files, what was told later than the line itself; in ClickHouse, the alerts
that were raised by the rule as it is installed.`,
		Example: `  whence rules backtest --since 30d -c whence.yaml
  whence rules backtest --rules ./drafts --since 7d -c whence.yaml
  whence rules backtest --rule root-account-used logs/ --directory people.yaml
  whence rules backtest --rules ./rules --max-per-day 5 logs/ --json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.limited = cmd.Flags().Changed("max-per-day")
			return backtest(cmd.Context(), args, o, streams{cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr()})
		},
	}
	configFlag(cmd, &o.config)
	f := cmd.Flags()
	f.StringSliceVar(&o.folders, "rules", nil, "folders of rules to ask, instead of those that are installed")
	f.BoolVar(&o.library, "library", false, "beside those in --rules ask those that come with whence, by the lists in --rules")
	f.StringSliceVar(&o.sigma, "sigma", nil, "folders of Sigma rules to ask, likewise; chains in ClickHouse know only those that were installed")
	f.StringSliceVar(&o.rules, "rule", nil, "ask only these rules, by id")
	f.StringVar(&o.since, "since", "", "how far back, such as 36h or 30d: before now (30d if not given), and of files before their last event (all)")
	f.Float64Var(&o.maxPerDay, "max-per-day", 0, "fail if a rule raises more alerts a day than this, in the mean")
	f.BoolVar(&o.asJSON, "json", false, "print a line of JSON for each rule, after one about all")
	f.StringVar(&o.truth, "truth", "", "of files: what whence simulate says of them; fail if an incident is missed, or if more alerts are about none than one for 100,000 events")
	f.StringVar(&o.source, "source", "", "of files: log that all values are from; found out if not given")
	f.StringVar(&o.scope, "scope", "", "of files: cluster/device, gateway or tenant that the lines do not name themselves")
	f.StringVar(&o.sources, "sources", "", "of files: folder of declared sources, beside those that whence has")
	f.StringSliceVar(&o.directory, "directory", nil, "of files: people, services and schedules, in YAML or CSV, or folders of them")
	return cmd
}

func backtest(ctx context.Context, paths []string, o backtestOptions, std streams) error {
	since, err := o.back()
	if err != nil {
		return wrong(err)
	}
	var t *trial
	if len(paths) > 0 {
		t, err = o.overFiles(ctx, paths, since, std)
	} else {
		t, err = o.overStored(ctx, since, time.Now().UTC(), std.errOut)
	}
	if err != nil {
		return err
	}
	r := t.report()
	if o.asJSON {
		err = r.json(std.out)
	} else {
		err = r.print(std.out)
	}
	if err == nil && t.truth != nil {
		err = errors.Join(t.truth.print(std.errOut, t.events), t.truth.verdict(t.events))
	}
	if err == nil && o.limited {
		err = r.noisy(o.maxPerDay)
	}
	return err
}

// back is how far back to look; 0 for all there is.
func (o *backtestOptions) back() (time.Duration, error) {
	if o.since == "" {
		return 0, nil
	}
	days, ok := strings.CutSuffix(o.since, "d")
	if n, err := strconv.ParseUint(days, 10, 16); ok && err == nil && n > 0 {
		return time.Duration(n) * 24 * time.Hour, nil
	}
	d, err := time.ParseDuration(o.since)
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("--since %q: want such as 36h or 30d", o.since)
	}
	return d, nil
}

// set is the rules to ask: those in the folders that are named, or else the installed.
func (o *backtestOptions) set(installed rulesSettings) (*rules.Set, error) {
	if len(o.folders)+len(o.sigma) > 0 {
		installed = rulesSettings{Library: o.library, Dir: o.folders, Sigma: o.sigma}
	}
	set, err := openRules(installed)
	if err == nil && len(o.rules) > 0 {
		set, err = set.Only(o.rules...)
	}
	if err == nil && len(set.Rules()) == 0 {
		err = errors.New("there is no rule to ask")
	}
	return set, wrong(err)
}

// defaultBack is how far back stored chains are looked at.
const defaultBack = 30 * 24 * time.Hour

// overStored asks the rules about what ClickHouse has, day by day: what is in memory
// at once does not grow with the time that is looked back.
func (o *backtestOptions) overStored(ctx context.Context, since time.Duration, now time.Time, errOut io.Writer) (_ *trial, err error) {
	s, err := readSettings(o.config)
	if err != nil {
		return nil, err
	}
	set, err := o.set(s.Rules)
	if err != nil {
		return nil, err
	}
	store, err := sinks.OpenClickHouse(ctx, s.sinks().ClickHouse, slog.New(slog.NewTextHandler(errOut, nil)))
	if err != nil {
		return nil, refusal(err)
	}
	defer func() { err = errors.Join(err, store.Close(ctx)) }()
	if since == 0 {
		since = defaultBack
	}
	t := newTrial(set, now.Add(-since), now)
	if err := t.stored(ctx, store); err != nil {
		return nil, refusal(err)
	}
	return t, nil
}

// overFiles asks the rules about log files.
func (o *backtestOptions) overFiles(ctx context.Context, paths []string, since time.Duration, std streams) (*trial, error) {
	if _, err := declareSources(o.sources); err != nil {
		return nil, wrong(err)
	}
	set, err := o.set(rulesSettings{Library: true})
	if err != nil {
		return nil, err
	}
	d, err := loadDirectory(directorySettings{Path: o.directory})
	if err != nil {
		return nil, err
	}
	var truth *truths
	if o.truth != "" {
		if truth, err = readTruths(o.truth); err != nil {
			return nil, err
		}
	}
	r := newReader(o.tryOptions, std)
	r.judge = set.NewJudge()
	if r.source, err = namedSource(o.source); err != nil {
		return nil, err
	}
	found := findLogs(paths)
	unread := found.err
	for _, path := range found.files {
		if err := r.read(ctx, path); err != nil {
			if ctx.Err() != nil {
				return nil, err
			}
			unread = errors.Join(unread, err)
		}
	}
	r.rejects.end()
	switch {
	case unread != nil:
		return nil, unread
	case len(r.events) == 0:
		return nil, errors.New("no event was found in the input")
	}
	stand(r.events)
	return tryRules(ctx, set, r.events, d, truth, since)
}
