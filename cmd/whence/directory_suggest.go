package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"whence/correlate"
	"whence/sinks"
	"whence/sources"
)

// suggestOptions are the flags of whence directory suggest.
type suggestOptions struct {
	config, source, scope string
	directory             []string
	days                  int
}

func suggestCommand() *cobra.Command {
	var opts suggestOptions
	cmd := &cobra.Command{
		Use:   "suggest [FILE|DIR|- ...]",
		Short: "Propose entries for the directory, from log files or from stored chains",
		Long: `Propose entries for the directory, as YAML to check and paste: people and services
at whom chains ended and who are not in it. From log files, or, without any, from the
chains that ClickHouse has of the last days.

Names are put together only where a log line gives them to one and the same account,
or where they are one e-mail address. What merely looks alike is told in a comment,
and what only callers wrote is not proposed. Services come without an owner: name the
person who answers for each.`,
		Example: `  whence directory suggest logs/ --directory people.yaml > more.yaml
  whence directory suggest -c whence.yaml --days 30`,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, from, err := opts.census(cmd.Context(), args, streams{cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr()})
			if err != nil {
				return err
			}
			return c.print(cmd.OutOrStdout(), from)
		},
	}
	configFlag(cmd, &opts.config)
	flags := cmd.Flags()
	flags.IntVar(&opts.days, "days", 7, "how many days of stored chains to look at")
	flags.StringSliceVar(&opts.directory, "directory", nil, "what is listed already: files or folders; without log files, instead of the configured ones")
	flags.StringVar(&opts.source, "source", "", "log that all values in the files are from; found out if not given")
	flags.StringVar(&opts.scope, "scope", "", "cluster/device, gateway or tenant that the lines do not name themselves")
	return cmd
}

// census looks at files, or at what is stored, and says which.
func (o *suggestOptions) census(ctx context.Context, paths []string, std streams) (*census, string, error) {
	if len(paths) == 0 {
		return o.stored(ctx, std)
	}
	d, err := loadDirectory(directorySettings{Path: o.directory})
	if err != nil {
		return nil, "", err
	}
	r := &reader{scope: o.scope, in: std.in, rejects: &rejectLog{errOut: std.errOut}}
	if r.source, err = namedSource(o.source); err != nil {
		return nil, "", err
	}
	found := findLogs(paths)
	unread := found.err
	for _, path := range found.files {
		if err := r.read(ctx, path); err != nil {
			if ctx.Err() != nil {
				return nil, "", err
			}
			unread = errors.Join(unread, err)
		}
	}
	r.rejects.end()
	if unread != nil {
		return nil, "", unread
	}
	chains, err := settle(ctx, r.events, d, false)
	if err != nil {
		return nil, "", err
	}
	c := newCensus(d)
	for i := range chains {
		c.event(&chains[i].Event)
	}
	for i := range chains {
		c.chain(&chains[i])
	}
	return c, fmt.Sprintf("%s in %s", count(len(chains), "event"), count(r.files, "file")), nil
}

// mostAsked bounds at how many people and services of the stored chains are looked.
const mostAsked = 5000

// stored looks at the chains that ClickHouse has.
func (o *suggestOptions) stored(ctx context.Context, std streams) (_ *census, _ string, err error) {
	s, err := readSettings(o.config)
	if err != nil {
		return nil, "", err
	}
	log := slog.New(slog.NewTextHandler(std.errOut, nil))
	d, err := o.listed(ctx, s, log)
	if err != nil {
		return nil, "", err
	}
	if o.days < 1 {
		return nil, "", wrong(fmt.Errorf("--days %d: want 1 or more", o.days))
	}
	store, err := sinks.OpenClickHouse(ctx, s.sinks().ClickHouse, log)
	if err != nil {
		return nil, "", refusal(err)
	}
	defer func() { err = errors.Join(err, store.Close(ctx)) }()
	c := newCensus(d)
	if err := c.stored(ctx, store, time.Now().AddDate(0, 0, -o.days)); err != nil {
		return nil, "", refusal(err)
	}
	return c, fmt.Sprintf("the chains of the last %s", count(o.days, "day")), nil
}

// listed is the directory to which entries are proposed: the configured one, unless
// files are named.
func (o *suggestOptions) listed(ctx context.Context, s settings, log *slog.Logger) (*correlate.Directory, error) {
	if len(o.directory) > 0 {
		return loadDirectory(directorySettings{Path: o.directory})
	}
	kafka, err := kafkaOptions(s.Kafka)
	if err != nil {
		return nil, wrong(err)
	}
	watch, err := watchDirectory(ctx, s, kafka, awaiting{log: log}, log)
	if watch == nil {
		return nil, err
	}
	watch.close()
	return watch.directory(), nil
}

// stored counts at whom walks ended, and learns the other names of each from the line
// of one chain, and from the facts that its walk went by.
func (c *census) stored(ctx context.Context, store *sinks.ClickHouse, since time.Time) error {
	var asked []sinks.Asked
	var minted []correlate.Kind
	for k := range sources.Kinds(sources.All()...) {
		minted = append(minted, k)
	}
	slices.Sort(minted)
	err := store.Asked(ctx, since, minted, mostAsked, func(a sinks.Asked) error {
		asked = append(asked, a)
		return nil
	})
	if err != nil {
		return err
	}
	for _, a := range asked {
		ch, ok, err := store.Chain(ctx, a.Example)
		if err != nil {
			return err
		}
		if !ok || len(ch.Hops) == 0 && a.Missing.IsZero() {
			continue // it has just been removed
		}
		facts, err := store.Facts(ctx, ch.Walked)
		if err != nil {
			return err
		}
		c.event(&ch.Event)
		for i := range facts {
			c.fact(&facts[i])
		}
		p := a.Person
		if _, listed := c.directory.Find(p); listed {
			continue
		}
		if p.ID == "" {
			p.Issuer, p.ID = string(a.Missing.Kind), a.Missing.Value
		} else {
			p = ch.Hops[len(ch.Hops)-1].Principal // as the log names them
		}
		c.ended(fullest(p, &ch.Event, facts), a.Claimed && a.Person.ID != "", int(a.Chains), a.Last, a.Sources...)
	}
	return nil
}

// fullest is p with the other names that a line or a fact has of it, if any has: hops
// are stored without.
func fullest(p correlate.Principal, e *correlate.Event, facts []correlate.Fact) *correlate.Principal {
	best := &p
	look := func(o *correlate.Principal) {
		if o.Same(p) && (len(o.Names) > len(best.Names) || best.Type == "") {
			best = o
		}
	}
	look(&e.Actor)
	for i := range e.Uses {
		look(&e.Uses[i].Principal)
	}
	for i := range facts {
		look(&facts[i].Principal)
		for j := range facts[i].Parents {
			look(&facts[i].Parents[j].Principal)
		}
	}
	return best
}
