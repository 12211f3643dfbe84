package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"whence/correlate"
	"whence/rules"
	"whence/sources"
	"whence/sources/prices"
)

// A reader decodes log files and keeps all their events.
type reader struct {
	source  *sources.Source // nil: find out
	scope   string
	in      io.Reader // standard input
	rejects *rejectLog
	judge   *rules.Judge // notices the signals of lines; nil for none
	files   int
	events  []*correlate.Event
	batch   sources.Batch // used again for every value
}

// newReader prices calls by the list that comes with whence, and takes every log for
// read beside the others: see stand.
func newReader(opts tryOptions, std streams) *reader {
	r := &reader{scope: opts.scope, in: std.in, rejects: &rejectLog{errOut: std.errOut}}
	r.batch.Prices = prices.NewBook(prices.Default())
	r.batch.Beside = func(string) bool { return true }
	return r
}

// stand lets a line stand for its action where the log that tells more of it is not
// among the files: CloudTrail's of a call of a model or a tool, and that of Azure's
// gateway of a call of a model.
func stand(events []*correlate.Event) {
	told := map[correlate.ID]bool{}
	for _, e := range events {
		told[e.ActionID] = told[e.ActionID] || e.Primary
	}
	for _, e := range events {
		if (e.Source == "aws.cloudtrail" || e.Source == "azure.openai") && (e.Class == correlate.Model || e.Class == correlate.Tool) && !told[e.ActionID] {
			e.Primary = true
		}
	}
}

// read decodes one file. What was decoded before an error stays.
func (r *reader) read(ctx context.Context, path string) error {
	in, done, err := openLog(path, r.in)
	if err != nil {
		return err
	}
	r.files++
	err = sources.Split(in, func(raw []byte, offset int64) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		return r.value(path, raw, offset)
	})
	if err = errors.Join(err, done()); err != nil && ctx.Err() == nil && !errors.Is(err, errRejectFile) {
		return fmt.Errorf("%s cannot be read to its end: %w", path, err)
	}
	return err
}

// value decodes one value, which is valid only until it returns.
func (r *reader) value(path string, raw []byte, offset int64) error {
	out := &r.batch
	out.Reset()
	r.decode(sources.Input{Raw: raw, Scope: r.scope}, out)
	for i := range out.Events {
		if r.judge != nil {
			r.judge.Notice(&out.Events[i])
		}
		e := out.Events[i].Clone() // raw is gone when this returns
		e.Evidence.Topic, e.Evidence.Offset = path, offset
		r.events = append(r.events, &e)
	}
	for i := range out.Rejects {
		rj := &out.Rejects[i]
		rj.Topic, rj.Offset = path, offset
		if err := r.rejects.add(rj); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) decode(in sources.Input, out *sources.Batch) {
	if r.source != nil {
		r.source.DecodeRecord(in, out)
		return
	}
	if s, ok := sources.Detect(in.Raw); ok {
		s.DecodeRecord(in, out)
		return
	}
	// The checks that all sources share say what is wrong with most of it.
	(&sources.Source{Decode: func(sources.Input, *sources.Batch) {}}).DecodeRecord(in, out)
	for i := range out.Rejects {
		rj := &out.Rejects[i]
		switch {
		case rj.Reason != correlate.RejectSource:
		case !json.Valid(in.Raw):
			rj.Reason, rj.Detail = correlate.RejectNotJSON, "this is not valid JSON"
		default:
			rj.Detail = "no source knows this shape, or more than one does; name it with --source"
		}
	}
}

// summary is one line about what was read and found.
func (r *reader) summary(chains []correlate.Chain, eventsOnly bool) string {
	s := fmt.Sprintf("%s, %s", count(r.files, "file"), count(len(chains), "event"))
	if n := len(r.events) - len(chains); n > 0 {
		s += fmt.Sprintf(" (and %s)", count(n, "duplicate"))
	}
	if !eventsOnly {
		by := map[correlate.Status]int{}
		for i := range chains {
			by[chains[i].Status]++
		}
		var parts []string
		for _, st := range []correlate.Status{
			correlate.Attributed, correlate.Automated, correlate.Ambiguous, correlate.Partial, correlate.Unattributed,
		} {
			parts = append(parts, fmt.Sprintf("%d %s", by[st], st))
		}
		s += ": " + strings.Join(parts, ", ")
	}
	return s + fmt.Sprintf("; %d rejected", r.rejects.count)
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
