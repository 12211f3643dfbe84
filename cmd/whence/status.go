package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"whence/pipeline"
)

// A runStatus is what a running whence tells of itself, on /status.
type runStatus struct {
	// Starting is what it waits for before it can begin; empty once it works.
	Starting string    `json:"starting,omitempty"`
	Waiting  []runWait `json:"waiting"`
	// Directory is that in use; nil for none.
	Directory *directoryStatus `json:"directory,omitempty"`
	// Rules are those in use; nil before there are any.
	Rules *rulesStatus `json:"rules,omitempty"`
	// Receivers are told of alerts. One that is away holds up nobody else.
	Receivers []receiverStatus `json:"receivers,omitempty"`
	Silences  *silencesStatus  `json:"silences,omitempty"`
}

// directoryStatus tells of the directory in use.
type directoryStatus struct {
	Entries int       `json:"entries"`
	Version uint32    `json:"version"`
	Since   time.Time `json:"since"` // when it was read
	// Refused tells of a newer one that is wrong.
	Refused *refusedStatus `json:"refused,omitempty"`
}

// refusedStatus tells of something newer that is wrong.
type refusedStatus struct {
	Since    time.Time `json:"since"`
	Problems []string  `json:"problems"`
}

// runWait is something that holds intake up.
type runWait struct {
	For   string    `json:"for"`
	Since time.Time `json:"since"`
	Why   string    `json:"why"`
	Error string    `json:"error,omitempty"`
}

// newRunStatus tells of what p waits for; nil for a pipeline that is not there yet.
func newRunStatus(starting string, p *pipeline.Pipeline, d *directoryWatch, rs *rulesWatch) runStatus {
	r := runStatus{Starting: starting, Waiting: []runWait{}, Directory: d.status(), Rules: rs.status()}
	if p == nil {
		return r
	}
	for _, w := range p.Waiting() {
		one := runWait{For: w.For, Since: w.Since.UTC().Truncate(time.Second), Why: w.Why}
		if w.Err != nil {
			one.Error = w.Err.Error()
		}
		r.Waiting = append(r.Waiting, one)
	}
	return r
}

// errWaits means that whence runs, and is held up.
var errWaits = errors.New("it waits; it goes on by itself when that is over")

func statusCommand() *cobra.Command {
	var (
		config string
		asJSON bool
	)
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Tell whether whence run works, or what it waits for",
		Long: `Tell whether the whence run of a configuration, on this machine, works, or what
it waits for and since when. It asks the address that the key listen names.

The exit code is 0 when nothing is waited for, and 1 when something is or when
no whence answers. A directory that has changed and is wrong is told of too: what
was used before stays in use, and nothing waits; so are receivers of alerts that
are away or have open alerts they are not told of. While a destination is away whence takes nothing more in,
keeps its place in the consumer group, and goes on by itself.`,
		Example: `  whence status -c whence.yaml
  whence status -c whence.yaml --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := readSettings(config)
			if err != nil {
				return err
			}
			r, err := askStatus(cmd.Context(), s.Listen)
			if err != nil {
				return err
			}
			if asJSON {
				err = json.NewEncoder(cmd.OutOrStdout()).Encode(r)
			} else {
				err = r.print(cmd.OutOrStdout())
			}
			if err == nil && (r.Starting != "" || len(r.Waiting) > 0) {
				err = errWaits
			}
			return err
		},
	}
	configFlag(cmd, &config)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print it as JSON")
	return cmd
}

// askStatus asks the process that listens there.
func askStatus(ctx context.Context, listen string) (runStatus, error) {
	var r runStatus
	if listen == "" {
		return r, wrong(errors.New("the configuration has no key listen: without it nobody can ask"))
	}
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return r, wrong(fmt.Errorf("listen %s: %w", listen, err))
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	ctx, cancel := context.WithTimeout(ctx, tryLimit)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(host, port)+"/status", nil)
	if err != nil {
		return r, wrong(fmt.Errorf("listen %s: %w", listen, err))
	}
	req.Close = true
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return r, fmt.Errorf("no whence answers at %s; does whence run, on this machine? %w", listen, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return r, fmt.Errorf("what answers at %s is no whence: %s", listen, resp.Status)
	}
	if err := json.NewDecoder(resp.Body).Decode(&r); err != nil {
		return r, fmt.Errorf("read what whence says at %s: %w", listen, err)
	}
	return r, nil
}

func (r runStatus) print(out io.Writer) error {
	if r.Starting != "" {
		_, err := fmt.Fprintf(out, "starting: waiting for %s\n", r.Starting)
		return err
	}
	if len(r.Waiting) == 0 {
		if _, err := fmt.Fprintln(out, "working"); err != nil {
			return err
		}
	}
	for _, w := range r.Waiting {
		if _, err := fmt.Fprintf(out, "waiting for %s since %s: %s\n", w.For, w.Since.Format(time.RFC3339), w.Why); err != nil {
			return err
		}
	}
	if err := r.Directory.print(out); err != nil {
		return err
	}
	for _, to := range r.Receivers {
		if line := to.line(); line != "" {
			if _, err := fmt.Fprintln(out, line); err != nil {
				return err
			}
		}
	}
	if err := r.Silences.print(out); err != nil {
		return err
	}
	return r.Rules.print(out)
}

// print tells of a directory that is not in use though it is newer.
func (s *directoryStatus) print(out io.Writer) error {
	if s == nil || s.Refused == nil {
		return nil
	}
	_, err := fmt.Fprintf(out, "the directory has been wrong since %s, and that of %s is in use (version %d):\n  %s\n",
		s.Refused.Since.Format(time.RFC3339), s.Since.Format(time.RFC3339), s.Version, strings.Join(s.Refused.Problems, "\n  "))
	return err
}
