package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"whence/sources/simulate"
)

// simulateCommand is whence simulate: the native logs of a made-up estate, with
// the truth apart.
func simulateCommand() *cobra.Command {
	var (
		cfg    = simulate.Default()
		out    string
		format string
		start  string
		days   int
		happen []string
	)
	cmd := &cobra.Command{
		Use:   "simulate --out DIR",
		Short: "Write the logs of a made-up estate, and the truth about them apart",
		Long: `Write the logs of a made-up estate, and the truth about them apart.

DIR gets one file for each source, named after it and with one line a record in
the order of delivery: late, out of order, twice or, for some, not at all.
truth.ndjson says of every line who asked for it and how much of that the lines
allow to be known; directory.yaml lists the people, services and schedules, and
rules/lists/lists.yaml what rules want to know of the estate. The same options write
the same bytes. Files that are there are replaced.

Without --days, the estate is as untidy as real ones are. With --days it is well kept:
nothing happens that a rule should find but the incidents, and truth.ndjson names the
rules that should find them.`,
		Example: `  whence simulate --out estate --events 20000
  whence try estate --directory estate/directory.yaml --scope prod/file0
  whence simulate --out month --days 30 --incidents none
  whence rules backtest month --library --rules month/rules --directory month/directory.yaml --scope prod/file0 --truth month/truth.ndjson`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if format != "files" {
				return wrong(fmt.Errorf("--format is %q; the only one is files", format))
			}
			t, err := time.Parse(time.RFC3339, start)
			if err != nil {
				return wrong(fmt.Errorf("--start is %q; want a time such as %s", start, simulate.Default().Start.Format(time.RFC3339)))
			}
			cfg.Start = t
			if cmd.Flags().Changed("days") {
				if days < 1 || cmd.Flags().Changed("span") {
					return wrong(fmt.Errorf("--days %d: want 1 or more, and no --span", days))
				}
				cfg = month(cfg, days, cmd.Flags().Changed("events"))
			}
			if err := inject(&cfg, happen); err != nil {
				return wrong(err)
			}
			if err := cfg.Validate(); err != nil {
				return wrong(err)
			}
			return writeEstate(cmd.Context(), simulate.New(cfg), out, cmd.OutOrStdout())
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&out, "out", "", "folder to write to; made if it is not there")
	flags.StringVar(&format, "format", "files", "how to write: files")
	flags.Uint64Var(&cfg.Seed, "seed", cfg.Seed, "which estate to make up")
	flags.IntVar(&cfg.Events, "events", cfg.Events, "about how many log lines")
	flags.StringVar(&start, "start", cfg.Start.Format(time.RFC3339), "when the first line happens")
	flags.DurationVar(&cfg.Span, "span", cfg.Span, "how long the lines go on")
	flags.Float64Var(&cfg.LostShare, "lost", cfg.LostShare, "share of the lines that mint credentials that is lost")
	flags.Float64Var(&cfg.DuplicateShare, "duplicates", cfg.DuplicateShare, "share of lines delivered twice")
	flags.Float64Var(&cfg.Disorder, "disorder", cfg.Disorder, "share of lines with a delay of their own")
	flags.Float64Var(&cfg.Delay, "delay", cfg.Delay, "how late lines are: 1 as real ones, 0 not at all")
	flags.IntVar(&days, "days", 0, "a well-kept estate for so many days, with 17,000 lines a day and nothing lost")
	flags.StringSliceVar(&happen, "incidents", []string{"all"}, "what to let happen that rules should find: all, none or, with --days, names")
	if err := cmd.MarkFlagRequired("out"); err != nil {
		panic("simulate: the flag out must exist: " + err.Error())
	}
	return cmd
}

// month is cfg as a well-kept estate; keepEvents says that it has as many lines as cfg.
func month(cfg simulate.Config, days int, keepEvents bool) simulate.Config {
	m := simulate.Month(days)
	m.Seed, m.Start, m.Disorder, m.Delay, m.DuplicateShare = cfg.Seed, cfg.Start, cfg.Disorder, cfg.Delay, cfg.DuplicateShare
	if keepEvents {
		m.Events = cfg.Events
	}
	return m
}

// inject sets which incidents happen.
func inject(cfg *simulate.Config, names []string) error {
	switch {
	case len(names) == 1 && (names[0] == "none" || names[0] == "false"):
		cfg.Incidents = false
	case len(names) == 1 && (names[0] == "all" || names[0] == "true"):
		if cfg.Calm {
			cfg.Injected = simulate.Incidents()
		}
	case !cfg.Calm:
		return errors.New("--incidents: names go with --days")
	default:
		cfg.Injected = names
	}
	return nil
}

// writeEstate writes everything to dir and prints what is where.
func writeEstate(ctx context.Context, e *simulate.Estate, dir string, results io.Writer) (err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make the folder to write to: %w", err)
	}
	files := estateFiles{dir: dir, open: map[string]*estateFile{}}
	defer func() { err = errors.Join(err, files.close()) }()
	for r := range e.Records {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := files.add(r.Source+".ndjson", r.Value); err != nil {
			return err
		}
	}
	for t := range e.Truth() {
		if err := ctx.Err(); err != nil {
			return err
		}
		b, err := json.Marshal(t)
		if err != nil {
			return fmt.Errorf("encode the truth of a line: %w", err)
		}
		if err := files.add("truth.ndjson", b); err != nil {
			return err
		}
	}
	lists := filepath.Join(dir, "rules", "lists", "lists.yaml")
	if err := writeLists(lists, e.Lists()); err != nil {
		return fmt.Errorf("write the lists: %w", err)
	}
	path := filepath.Join(dir, "directory.yaml")
	if err := os.WriteFile(path, e.Directory(), 0o644); err != nil {
		return fmt.Errorf("write the directory: %w", err)
	}
	for _, name := range slices.Sorted(maps.Keys(files.open)) {
		fmt.Fprintf(results, "%9d lines  %s\n", files.open[name].lines, filepath.Join(dir, name))
	}
	fmt.Fprintf(results, "%15s  %s\n", "", path)
	fmt.Fprintf(results, "%15s  %s\n", "", lists)
	for _, source := range slices.Sorted(maps.Keys(e.Scopes())) {
		fmt.Fprintf(results, "the scope of %s is %s\n", source, e.Scopes()[source])
	}
	return nil
}

// estateFiles are the files under way, one for each name.
type estateFiles struct {
	dir  string
	open map[string]*estateFile
}

type estateFile struct {
	file  *os.File
	buf   *bufio.Writer
	lines int
}

func (fs *estateFiles) add(name string, line []byte) error {
	f := fs.open[name]
	if f == nil {
		file, err := os.Create(filepath.Join(fs.dir, name))
		if err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
		f = &estateFile{file: file, buf: bufio.NewWriterSize(file, 1<<16)}
		fs.open[name] = f
	}
	_, err := f.buf.Write(line)
	if err = cmp.Or(err, f.buf.WriteByte('\n')); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	f.lines++
	return nil
}

func (fs *estateFiles) close() error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(fs.open)) {
		f := fs.open[name]
		if err := cmp.Or(f.buf.Flush(), f.file.Close()); err != nil {
			errs = append(errs, fmt.Errorf("write %s: %w", name, err))
		}
	}
	return errors.Join(errs...)
}

func writeLists(path string, lists []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, lists, 0o644)
}
