package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"whence/correlate"
	"whence/rules"
	"whence/sinks"
)

// A History holds the chains that rules over time are computed from, and which of
// their windows have been. Each reading method calls yield once for every row and stops
// at its error.
type History interface {
	// Selected yields the current chains of a selection.
	Selected(ctx context.Context, s sinks.Selection, yield func(correlate.Chain) error) error
	// Seen yields the sums of their versions, window by window.
	Seen(ctx context.Context, s sinks.Selection, window time.Duration, yield func(start time.Time, sum uint64) error) error
	// WindowAlerts yields the current alerts of a rule whose windows begin in [from, to).
	WindowAlerts(ctx context.Context, rule string, from, to time.Time, yield func(correlate.Alert) error) error
	// OrphanAlerts yields the open alerts of rules over time that are none of rules.
	OrphanAlerts(ctx context.Context, rules []string, yield func(correlate.Alert) error) error
	// Judged yields which windows of a wording of a rule are computed, and from what.
	Judged(ctx context.Context, rule, wording string, from, to time.Time, yield func(start time.Time, sum uint64) error) error
	// Judge notes that they are.
	Judge(ctx context.Context, rule, wording string, windows map[time.Time]uint64) error
}

// How far back windows are looked after, all of them and every time. What changes that
// long ago is found by the next look at all.
const (
	windowsKept  = 35 * 24 * time.Hour
	windowsOften = 24 * time.Hour
	allWindows   = time.Hour   // between two looks at all
	windowsEvery = time.Minute // between two looks
	mostAtOnce   = 64          // windows that are computed together
	alertsAtOnce = 2000
)

// A timekeeper computes rules over time: one owner does, the one that settles what lanes
// let go of. Whatever it computed is in the history, so another owner goes on where it
// was, and two at a time compute the same.
//
// A window is due when its end has been passed by every lane, and again whenever its
// chains, or those of its past, are not as they were when it was computed. That is
// compared by the sum of their versions, which only rise: a chain that arrives, improves
// or settles later is never missed, whoever wrote it, and rows that were still under way
// are found by the next look. The note of
// a window is of what was read when it was computed, not when it was found to be due,
// and written after the alerts: a crash in between repeats them.
type timekeeper struct {
	*Repair
	looked time.Time // on the wall, at any windows
	whole  time.Time // at all of them
	failed map[string]bool
}

// look computes what is due, unless it was looked for a moment ago. past is the time
// before which every lane has settled what it holds; zero while that is not known.
func (k *timekeeper) look(ctx context.Context, past time.Time, done *Repaired) error {
	now := k.clock.Now()
	if k.history == nil || past.IsZero() || now.Sub(k.looked) < windowsEvery && !k.stopped {
		return nil
	}
	back := windowsOften
	if now.Sub(k.whole) >= allWindows {
		back, k.whole = windowsKept, now
	}
	judge := k.judges.now()
	all := judge.Set().Timed()
	if err := k.orphans(ctx, all, done); err != nil {
		return err
	}
	for _, rule := range all {
		err := k.due(ctx, rule, judge, past.Add(-max(back, 2*rule.Over.Window)), past, done)
		if errors.Is(err, rules.ErrTooMany) { // this rule's own; the others go on
			k.tell(rule.ID, err)
			continue
		}
		if err != nil {
			k.whole = time.Time{}
			return fmt.Errorf("rule %s: %w", rule.ID, err)
		}
		delete(k.failed, rule.ID)
	}
	k.looked = now
	return nil
}

// orphans closes what rules have opened that are gone.
func (k *timekeeper) orphans(ctx context.Context, all []rules.Timed, done *Repaired) error {
	names := []string{}
	for _, rule := range all {
		names = append(names, rule.ID)
	}
	var out sinks.Output
	err := k.history.OrphanAlerts(ctx, names, func(a correlate.Alert) error {
		a.State, a.Update, a.Reason = correlate.AlertClosed, false, fmt.Sprintf("there is no rule over time %q any more", a.Rule)
		out.Alerts = append(out.Alerts, a)
		return nil
	})
	if err != nil || len(out.Alerts) == 0 {
		return err
	}
	if err := k.write(ctx, &out); err != nil {
		return fmt.Errorf("close %d alerts: %w", len(out.Alerts), err)
	}
	done.Alerts += len(out.Alerts)
	return nil
}

// tell counts a failure of a rule, and logs the first in a row.
func (k *timekeeper) tell(rule string, err error) {
	if k.failed == nil {
		k.failed = map[string]bool{}
	}
	k.judges.onError(rule, !k.failed[rule], err)
	k.failed[rule] = true
}

// due computes those windows of a rule between two times that are due.
func (k *timekeeper) due(ctx context.Context, rule rules.Timed, judge *rules.Judge, from, to time.Time, done *Repaired) error {
	window := rule.Over.Window
	from, to = from.UTC().Truncate(window), to.UTC().Truncate(window)
	if !from.Before(to) {
		return nil
	}
	seen := map[int64]uint64{}
	err := k.history.Seen(ctx, selection(rule, from.Add(-rule.Before()), to), window, func(start time.Time, sum uint64) error {
		seen[start.UnixNano()] = sum
		return nil
	})
	if err != nil {
		return err
	}
	judged := map[int64]uint64{}
	err = k.history.Judged(ctx, rule.ID, rule.Version, from, to, func(start time.Time, sum uint64) error {
		judged[start.UnixNano()] = sum
		return nil
	})
	if err != nil {
		return err
	}
	var run []time.Time // windows in a row that are due
	for start := from; ; start = start.Add(window) {
		due := start.Before(to) && rule.SumOf(seen, start) != judged[start.UnixNano()]
		if due {
			run = append(run, start)
		}
		if len(run) > 0 && (!due || len(run) == mostAtOnce) {
			if err := k.compute(ctx, rule, judge, run[0], run[len(run)-1].Add(window), done); err != nil {
				return err
			}
			run = run[:0]
		}
		if !start.Before(to) {
			return nil
		}
	}
}

// compute computes the windows of a rule between two times, writes what has changed and
// notes that it has.
func (k *timekeeper) compute(ctx context.Context, rule rules.Timed, judge *rules.Judge, from, to time.Time, done *Repaired) error {
	tally := rule.NewTally(judge, from, to)
	err := k.history.Selected(ctx, selection(rule, from.Add(-rule.Before()), to), func(c correlate.Chain) error { return tally.Add(&c) })
	if err != nil {
		return err
	}
	var stored []correlate.Alert
	err = k.history.WindowAlerts(ctx, rule.ID, from, to, func(a correlate.Alert) error {
		stored = append(stored, a)
		return nil
	})
	if err != nil {
		return err
	}
	for alerts := range slices.Chunk(tally.Settle(stored), alertsAtOnce) {
		if err := k.write(ctx, &sinks.Output{Alerts: alerts}); err != nil {
			return fmt.Errorf("write %d alerts: %w", len(alerts), err)
		}
		done.Alerts += len(alerts)
	}
	sums := tally.Sums()
	done.Windows += len(sums)
	return k.history.Judge(ctx, rule.ID, rule.Version, sums)
}

func selection(rule rules.Timed, from, to time.Time) sinks.Selection {
	return sinks.Selection{
		Sources: rule.Sources, Classes: rule.Classes, Actions: rule.Actions, Prefixes: rule.Prefixes, From: from, To: to,
	}
}
