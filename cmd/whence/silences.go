package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os/user"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"whence/correlate"
	notices "whence/rules/notice"
)

func silencesCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "silences",
		Short: "List, add and end silences: who is not told of which alerts, until when",
		Long: `List, add and end silences: who is not told of which alerts, until when.

They are in the file that silences.path names, and whence run reads it again when
it changes. What a silence matches is raised, stored and announced as ever;
receivers (the key notify) are told of what is still open when it ends.`,
		Example: "  whence silences list -c whence.yaml",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(silencesListCommand(), silencesAddCommand(), silencesExpireCommand())
	return cmd
}

func silencesListCommand() *cobra.Command {
	var (
		config      string
		all, asJSON bool
	)
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List the silences that are not over",
		Example: "  whence silences list -c whence.yaml\n  whence silences list --all --json -c whence.yaml",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			path, err := silencesPath(config)
			if err != nil {
				return err
			}
			s, err := readSilences(path)
			if err != nil {
				return wrong(err)
			}
			return listSilences(cmd.OutOrStdout(), s, correlate.FileClock{}.Now(), all, asJSON)
		},
	}
	configFlag(cmd, &config)
	cmd.Flags().BoolVar(&all, "all", false, "those that are over, too")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a line of JSON for each")
	return cmd
}

func listSilences(out io.Writer, s *notices.Silences, now time.Time, all, asJSON bool) error {
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	enc := json.NewEncoder(out)
	if !asJSON {
		fmt.Fprintln(t, "SILENCE\tSTATE\tUNTIL\tMATCH\tAUTHOR\tREASON")
	}
	for _, one := range s.All() {
		state := one.State(now)
		if state == "expired" && !all {
			continue
		}
		if asJSON {
			if err := enc.Encode(struct {
				State string `json:"state"`
				notices.Silence
			}{state, one}); err != nil {
				return err
			}
			continue
		}
		var match []string
		for _, name := range slices.Sorted(maps.Keys(one.Match)) {
			match = append(match, name+"="+one.Match[name])
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", printable(one.ID), state, one.Until.UTC().Format(time.RFC3339),
			printable(strings.Join(match, " ")), printable(one.Author), printable(one.Reason))
	}
	return t.Flush()
}

func silencesAddCommand() *cobra.Command {
	var (
		config, from, until, span string
		one                       notices.Silence
	)
	cmd := &cobra.Command{
		Use:   "add NAME=PATTERN...",
		Short: "Add a silence",
		Long: `Add a silence. An alert must fit every pattern: the names are rule, severity,
source, action, status, requestor, executor, account, resource and group; * stands
for any text. The id is printed.`,
		Example: `  whence silences add rule=unattributed-write 'executor=arn:aws:sts::123456789012:assumed-role/migration/*' \
    --for 4h --reason 'migration, change 4711' -c whence.yaml`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			path, err := silencesPath(config)
			if err != nil {
				return err
			}
			one.Match = map[string]string{}
			for _, a := range args {
				name, pattern, ok := strings.Cut(a, "=")
				if !ok {
					return wrong(fmt.Errorf("%q: want NAME=PATTERN, such as rule=unattributed-write", a))
				}
				one.Match[name] = pattern
			}
			if one.Author == "" {
				if u, err := user.Current(); err == nil {
					one.Author = u.Username
				}
			}
			now := correlate.FileClock{}.Now().UTC().Truncate(time.Second)
			if one.From, one.Until, err = spanOf(now, from, until, span); err != nil {
				return wrong(err)
			}
			if one.ID == "" {
				one.ID = now.Format("20060102-") + correlate.NewID(append(args, now.String(), one.Author)...).String()[:8]
			}
			if err := addSilence(path, one); err != nil {
				return wrong(err)
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), one.ID)
			return err
		},
	}
	configFlag(cmd, &config)
	f := cmd.Flags()
	f.StringVar(&one.Reason, "reason", "", "why (must be given)")
	f.StringVar(&one.Author, "author", "", "who; you, if not given")
	f.StringVar(&one.ID, "id", "", "what it is called; made up if not given")
	f.StringVar(&span, "for", "", "how long, such as 90m or 2d")
	f.StringVar(&until, "until", "", "until when, as 2026-03-02T18:00:00Z")
	f.StringVar(&from, "from", "", "from when; now if not given")
	return cmd
}

// spanOf is from when until when a silence is.
func spanOf(now time.Time, from, until, span string) (start, end time.Time, err error) {
	start = now
	if from != "" {
		if start, err = time.Parse(time.RFC3339, from); err != nil {
			return start, end, fmt.Errorf("--from %q: want such as 2026-03-02T08:00:00Z", from)
		}
	}
	switch {
	case (span == "") == (until == ""):
		return start, end, errors.New("say how long it is to be with --for, or --until when")
	case span != "":
		d, err := spanBack(span)
		if err != nil {
			return start, end, fmt.Errorf("--for %w", err)
		}
		return start, start.Add(d), nil
	}
	if end, err = time.Parse(time.RFC3339, until); err != nil {
		return start, end, fmt.Errorf("--until %q: want such as 2026-03-02T18:00:00Z", until)
	}
	return start, end, nil
}

// spanBack reads a span such as 36h or 30d.
func spanBack(text string) (time.Duration, error) {
	d, err := (&backtestOptions{since: text}).back()
	if err != nil || d == 0 {
		return 0, fmt.Errorf("%q: want such as 90m, 36h or 30d", text)
	}
	return d, nil
}

func silencesExpireCommand() *cobra.Command {
	var config string
	cmd := &cobra.Command{
		Use:     "expire ID",
		Short:   "End a silence now",
		Long:    "End a silence now. It stays in the file, over. Receivers are told of what is open within seconds.",
		Example: "  whence silences expire 20260302-5f0c4b6f -c whence.yaml",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			path, err := silencesPath(config)
			if err != nil {
				return err
			}
			return wrong(expireSilence(path, args[0], correlate.FileClock{}.Now().UTC().Truncate(time.Second)))
		},
	}
	configFlag(cmd, &config)
	return cmd
}

func silencesPath(config string) (string, error) {
	s, err := readSettings(config)
	if err != nil {
		return "", err
	}
	if s.Silences.Path == "" {
		return "", wrong(errors.New("the configuration names no file of silences: set silences.path"))
	}
	return s.Silences.Path, nil
}
