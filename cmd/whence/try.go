package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"whence/correlate"
	"whence/sinks"
	"whence/sources"
)

// tryOptions are the flags of whence try.
type tryOptions struct {
	source, sources, scope, rejects string
	directory                       []string
	events                          bool
	encoding                        string
}

func tryCommand() *cobra.Command {
	var opts tryOptions
	cmd := &cobra.Command{
		Use:   "try FILE|DIR|- ...",
		Short: "Print the chains of log files as lines of JSON",
		Long: `Print the chains of log files as lines of JSON. No Kafka, no ClickHouse.

Files may be plain, .gz or .zst, with a JSON value a line, arrays, pretty-printed
values or envelopes such as {"Records":[...]}; - is standard input. All files are
read before the first chain is printed, so their order does not matter, and a line
that is there twice counts once. Which log a value is from is found out by its
shape. Of folders, hidden files and files that are plainly no logs are left out.`,
		Example: `  whence try audit.json.gz
  whence try logs/ --directory people.yaml > chains.jsonl
  whence try logs/ --encoding ocsf | jq .unmapped.requestor
  whence try vault.log --scope prod/file0 --events
  kubectl logs deploy/gateway | whence try - --source litellm.spend`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return tryFiles(cmd.Context(), args, opts, streams{cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr()})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&opts.source, "source", "", "log that all values are from, such as aws.cloudtrail; found out if not given")
	flags.StringVar(&opts.scope, "scope", "", "cluster/device, gateway or tenant that the lines do not name themselves")
	flags.StringVar(&opts.sources, "sources", "", "folder of declared sources, beside those that whence has")
	flags.StringSliceVar(&opts.directory, "directory", nil, "people, services and schedules: files in YAML or CSV, or folders of them")
	flags.StringVar(&opts.rejects, "rejects", "", "file to write what could not be decoded to, as lines of JSON")
	flags.BoolVar(&opts.events, "events", false, "print the decoded events instead of chains")
	flags.StringVar(&opts.encoding, "encoding", "native", "what chains are written in, as for a SIEM: native, ocsf or ecs")
	names := func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		var out []string
		for _, s := range sources.All() {
			out = append(out, s.Name)
		}
		return out, cobra.ShellCompDirectiveNoFileComp
	}
	_ = cmd.RegisterFlagCompletionFunc("source", names) // fails only without the flag
	return cmd
}

// streams are where a command reads and writes.
type streams struct {
	in          io.Reader
	out, errOut io.Writer
}

func tryFiles(ctx context.Context, paths []string, opts tryOptions, std streams) (err error) {
	if _, err := declareSources(opts.sources); err != nil {
		return wrong(err)
	}
	if err := sinks.Encoding(opts.encoding).Validate(); err != nil {
		return wrong(err)
	}
	r := newReader(opts, std)
	if r.source, err = namedSource(opts.source); err != nil {
		return err
	}
	directory, err := loadDirectory(directorySettings{Path: opts.directory})
	if err != nil {
		return err
	}
	if opts.rejects != "" {
		f, err := os.Create(opts.rejects)
		if err != nil {
			return fmt.Errorf("write rejects: %w", err)
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		r.rejects.file = f
	}
	found := findLogs(paths)
	if len(found.skipped) > 0 {
		fmt.Fprintf(std.errOut, "skipped %s\n", found.skips())
	}
	unread := found.err
	for _, path := range found.files {
		if err := r.read(ctx, path); err != nil {
			if ctx.Err() != nil || errors.Is(err, errRejectFile) {
				return err
			}
			unread = errors.Join(unread, err)
		}
	}
	r.rejects.end()
	stand(r.events)
	chains, err := settle(ctx, r.events, directory, opts.events)
	if err != nil {
		return err
	}
	if err := printChains(ctx, std.out, chains, opts); err != nil {
		return err
	}
	fmt.Fprintln(std.errOut, r.summary(chains, opts.events))
	if unread == nil && len(chains) == 0 {
		return errors.New("no event was found in the input")
	}
	return unread
}

// namedSource returns the source of that name, and nil for none.
func namedSource(name string) (*sources.Source, error) {
	if name == "" {
		return nil, nil
	}
	s, ok := sources.Find(name)
	if !ok {
		return nil, wrong(fmt.Errorf("no source is named %q; there are%s", name, listSources()))
	}
	return &s, nil
}

func listSources() string {
	list := ""
	for _, s := range sources.All() {
		list += " " + s.Name
	}
	return list
}

// printBatch is how many chains are encoded before they are written.
const printBatch = 1000

func printChains(ctx context.Context, w io.Writer, chains []correlate.Chain, opts tryOptions) error {
	out := bufio.NewWriterSize(w, 64<<10)
	if opts.events {
		for i := range chains {
			b, err := chains[i].Event.MarshalJSON()
			if err != nil {
				return fmt.Errorf("encode event %s: %w", chains[i].ID, err)
			}
			_, _ = out.Write(append(b, '\n')) // its error comes again from Flush
		}
		return out.Flush()
	}
	lines := sinks.NewEncodedLines(out, sinks.Encoding(opts.encoding))
	for len(chains) > 0 {
		n := min(len(chains), printBatch)
		if err := lines.Write(ctx, &sinks.Output{Chains: chains[:n]}); err != nil {
			return err
		}
		chains = chains[n:]
	}
	return out.Flush()
}
