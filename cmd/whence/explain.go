package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"whence/correlate"
	"whence/sinks"
)

func explainCommand() *cobra.Command {
	var config, file string
	cmd := &cobra.Command{
		Use:   "explain ID",
		Short: "Show one chain as a tree: hops, proof, evidence, and what is missing",
		Long: `Show one chain as a tree: hops, proof, evidence, rejected candidates, what is
missing and what would fix it.

ID is the id of a chain, as alerts and ClickHouse have it. With --file the chain
is looked for among those that whence try printed, and the event id of a log line
will do as well.`,
		Example: `  whence explain 5f0c4b6f0a9d4c58b0a4c1b7f3d1e2a6 -c whence.yaml
  whence try audit.json > chains.jsonl
  whence explain 4d1e2f30-6b1f-4f7e-9d7c-2a6b8c1d0e5f --file chains.jsonl`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			find := func() ([]correlate.Chain, error) {
				return chainFromStore(cmd.Context(), config, args[0], cmd.ErrOrStderr())
			}
			if file != "" {
				find = func() ([]correlate.Chain, error) { return chainsFromFile(file, args[0], cmd.InOrStdin()) }
			}
			chains, err := find()
			if err != nil {
				return err
			}
			for i, c := range chains {
				if i > 0 {
					fmt.Fprintln(cmd.OutOrStdout())
				}
				tree(cmd.OutOrStdout(), c, colorful(cmd.OutOrStdout()))
			}
			return nil
		},
	}
	configFlag(cmd, &config)
	cmd.Flags().StringVar(&file, "file", "", "chains that whence try printed, - for standard input; instead of ClickHouse")
	return cmd
}

// colorful reports whether w is a terminal whose user wants colors.
func colorful(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd())) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

func chainFromStore(ctx context.Context, config, text string, errOut io.Writer) (_ []correlate.Chain, err error) {
	id, err := correlate.ParseID(text)
	if err != nil {
		return nil, wrong(fmt.Errorf("%w; chains have such ids in ClickHouse and in alerts", err))
	}
	s, err := readSettings(config)
	if err != nil {
		return nil, err
	}
	store, err := sinks.OpenClickHouse(ctx, s.sinks().ClickHouse, slog.New(slog.NewTextHandler(errOut, nil)))
	if err != nil {
		return nil, refusal(err)
	}
	defer func() { err = errors.Join(err, store.Close(ctx)) }()
	c, found, err := store.Chain(ctx, id)
	if err != nil {
		return nil, refusal(err)
	}
	if !found {
		return nil, fmt.Errorf("ClickHouse has no chain %s: it may be older than clickhouse.keep_days, or not written yet", id)
	}
	return []correlate.Chain{c}, nil
}

// refusal makes of an error of ClickHouse one sentence about what to do, if
// waiting cannot mend it. What the server says beyond its first line is advice to
// those who run it.
func refusal(err error) error {
	advice, refused := sinks.Refused(err)
	if !refused && untrusted(err) {
		advice, refused = "check clickhouse.tls: the certificates do not fit the server's, or it does not speak TLS there", true
	}
	if !refused {
		return err
	}
	first, _, _ := strings.Cut(err.Error(), "\n")
	return wrong(fmt.Errorf("%s: %s", first, advice))
}

// chainsFromFile finds the newest version of a chain, by its id or by that of its
// log line; a log may use one id for several lines.
func chainsFromFile(path, id string, in io.Reader) ([]correlate.Chain, error) {
	if path != stdin {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer f.Close() // only read
		in = f
	}
	var found []correlate.Chain
	at := map[correlate.ID]int{}
	dec := json.NewDecoder(bufio.NewReader(in))
	for n := 1; ; n++ {
		var c correlate.Chain
		err := dec.Decode(&c)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("chain %d of %s: %w; want what whence try prints", n, path, err)
		}
		if c.ID.String() != id && c.EventID != id {
			continue
		}
		i, seen := at[c.ID]
		switch {
		case !seen:
			at[c.ID] = len(found)
			found = append(found, c)
		case c.Version > found[i].Version:
			found[i] = c
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("%s has no chain and no event %q", path, printable(id))
	}
	return found, nil
}
