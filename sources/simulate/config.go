package simulate

import (
	"errors"
	"fmt"
	"time"
)

// Config says what estate to make up. Its zero value is not valid; start from Default.
type Config struct {
	// Seed chooses the estate. Equal configurations give equal bytes.
	Seed uint64
	// Events is about how many log lines the stories tell. Every kind of story is
	// told at least once, so a small number is exceeded.
	Events int
	// Start is when the first story begins and Span how long new ones begin. The
	// last ones run on for up to an hour after Start+Span.
	Start time.Time
	Span  time.Duration
	// Repos is how many repositories there are of each of eight kinds.
	Repos int
	// Disorder is the share of lines that take a delay of their own instead of
	// the usual one of their source, and so overtake others or fall behind.
	Disorder float64
	// DuplicateShare is the share of lines that are delivered twice, byte for byte.
	DuplicateShare float64
	// LostShare is the share of minting lines that are never delivered.
	LostShare float64
	// Delay scales how late lines are: 1 is as measured on real logs, 0.01 suits
	// a demonstration.
	Delay float64
	// Incidents adds stories that rules should find: a break-glass root sign-in,
	// a key nobody listed, somebody who has left, a change approved by its author.
	Incidents bool
	// Calm tells only stories of a well-kept estate: see Month.
	Calm bool
	// Injected are incidents, by name, that happen once each, spread over the span;
	// the truth about their lines names the rules that should find them.
	Injected []string
}

// Default is a working day of a middling estate.
func Default() Config {
	return Config{
		Seed: 1, Events: 10_000,
		Start: time.Date(2026, 1, 12, 8, 0, 0, 0, time.UTC), Span: 8 * time.Hour, Repos: 1,
		Disorder: 0.3, DuplicateShare: 0.03, LostShare: 0.02, Delay: 1, Incidents: true,
	}
}

// Validate reports everything that is wrong with c.
func (c Config) Validate() error {
	var errs []error
	if c.Events < 1 {
		errs = append(errs, fmt.Errorf("events is %d; want at least 1", c.Events))
	}
	if c.Start.IsZero() {
		errs = append(errs, errors.New("start is not set"))
	}
	if c.Span < time.Minute {
		errs = append(errs, fmt.Errorf("span is %s; want at least 1m", c.Span))
	}
	if c.Repos < 1 {
		errs = append(errs, fmt.Errorf("repos is %d; want at least 1", c.Repos))
	}
	if c.Delay < 0 || c.Delay > 1 {
		errs = append(errs, fmt.Errorf("delay is %g; want 0 to 1", c.Delay))
	}
	for _, s := range []struct {
		name  string
		share float64
	}{{"disorder", c.Disorder}, {"duplicate share", c.DuplicateShare}, {"lost share", c.LostShare}} {
		if s.share < 0 || s.share > 1 {
			errs = append(errs, fmt.Errorf("%s is %g; want 0 to 1", s.name, s.share))
		}
	}
	return errors.Join(append(errs, c.unknownIncidents()...)...)
}

// Lateness is the longest that a line of source may be on its way.
func (c Config) Lateness(source string) time.Duration {
	slowest := time.Minute
	if source == cloudTrail {
		slowest = 10 * time.Minute
	}
	return time.Duration(float64(slowest) * c.Delay)
}
