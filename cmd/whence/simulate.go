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
	)
	cmd := &cobra.Command{
		Use:   "simulate --out DIR",
		Short: "Write the logs of a made-up estate, and the truth about them apart",
		Long: `Write the logs of a made-up estate, and the truth about them apart.

DIR gets one file for each source, named after it and with one line a record in
the order of delivery: late, out of order, twice or, for some, not at all.
truth.ndjson says of every line who asked for it and how much of that the lines
allow to be known; directory.yaml lists the people, services and schedules. The
same options write the same bytes. Files that are there are replaced.`,
		Example: `  whence simulate --out estate --events 20000
  whence try estate --directory estate/directory.yaml --scope prod/file0`,
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
	flags.BoolVar(&cfg.Incidents, "incidents", cfg.Incidents, "let things happen that rules should find")
	if err := cmd.MarkFlagRequired("out"); err != nil {
		panic("simulate: the flag out must exist: " + err.Error())
	}
	return cmd
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
	path := filepath.Join(dir, "directory.yaml")
	if err := os.WriteFile(path, e.Directory(), 0o644); err != nil {
		return fmt.Errorf("write the directory: %w", err)
	}
	for _, name := range slices.Sorted(maps.Keys(files.open)) {
		fmt.Fprintf(results, "%9d lines  %s\n", files.open[name].lines, filepath.Join(dir, name))
	}
	fmt.Fprintf(results, "%15s  %s\n", "", path)
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
