package pipeline

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"whence/sources"
)

// Topic maps a raw topic to the source its records come from.
type Topic struct {
	Name   string
	Source string
	// Scope is the cluster and device, gateway or tenant that the lines do not
	// name themselves. A record header "whence-scope" overrides it.
	Scope string
}

// Config says what to consume and how. See Default for the values.
type Config struct {
	// Group is the consumer group. Instances of one group share the partitions.
	Group  string
	Topics []Topic
	// RejectsTopic takes what could not be decoded.
	RejectsTopic string
	// Lateness overrides, by source name, how late a line may arrive.
	Lateness map[string]time.Duration
	// MaxWait settles a chain that has been parked this long on the wall, even
	// if some partition has not been read that far.
	MaxWait time.Duration
	// WindowBytes bounds the parked chains of this instance, estimated. Its lanes
	// have equal shares. When a lane's is full the oldest chain is let go: counted,
	// and left to repair.
	WindowBytes int
	// QueueRecords bounds what is fetched for one lane and not yet worked on, and
	// QueueBytes that of all lanes, in equal shares. When either is reached the
	// partition is paused until half is done. One fetch may come on top; while the queues
	// hold QueueBytes together nobody polls.
	QueueRecords int
	QueueBytes   int
	// StepRecords bounds what the lanes work on at the same time: a few steps, in turn.
	// A record and its chain take about 6 KB while they are worked on.
	StepRecords int
	// FlightRows bounds the rows of all lanes on their way into the sinks. A row takes
	// about 1 KB, and the more there are the larger the inserts.
	FlightRows int
	// CommitEvery is how often offsets are committed and marks announced.
	CommitEvery time.Duration
	// IdleAfter is how long a lane at the end of its partition must have been
	// without records before it announces the time it has been idle.
	IdleAfter time.Duration
	// RefreshMarks is how often unchanged marks are announced again, for
	// instances that joined since.
	RefreshMarks time.Duration
	// RepairEvery is how long late facts are gathered before the chains they touch are
	// looked for, and how often those are settled that full windows let go. 0 leaves
	// repair to the command of that name.
	RepairEvery time.Duration
	// DrainTimeout bounds how long a revoked lane may take to finish the batch
	// in hand before it is abandoned uncommitted.
	DrainTimeout time.Duration
	// SessionTimeout is how long the group waits for a member that went silent
	// before it gives its partitions to others.
	SessionTimeout time.Duration
}

// Default returns the values that suit a production group.
func Default() Config {
	return Config{
		Group: "whence", RejectsTopic: "whence.rejects", MaxWait: time.Hour, WindowBytes: 256 << 20,
		QueueRecords: 20_000, QueueBytes: 16 << 20, StepRecords: 8192, FlightRows: 20_000, CommitEvery: time.Second, IdleAfter: 2 * time.Second,
		RefreshMarks: 10 * time.Second, RepairEvery: 5 * time.Second, DrainTimeout: 30 * time.Second, SessionTimeout: 45 * time.Second,
	}
}

// Validate reports everything that is wrong with c.
func (c Config) Validate() error {
	var errs []error
	if c.Group == "" {
		errs = append(errs, errors.New("group: name the consumer group"))
	}
	if len(c.Topics) == 0 {
		errs = append(errs, errors.New("topics: map at least one raw topic to a source"))
	}
	seen := map[string]bool{}
	for _, t := range c.Topics {
		if t.Name == "" {
			errs = append(errs, errors.New("topics: a topic has no name"))
		}
		if seen[t.Name] {
			errs = append(errs, fmt.Errorf("topics: %s is mapped twice", t.Name))
		}
		seen[t.Name] = true
		if _, ok := sources.Find(t.Source); !ok {
			errs = append(errs, fmt.Errorf("topics: %s: no source is named %q; there are %s", t.Name, t.Source, sourceNames()))
		}
	}
	for name, d := range c.Lateness {
		if _, ok := sources.Find(name); !ok {
			errs = append(errs, fmt.Errorf("lateness: no source is named %q; there are %s", name, sourceNames()))
		}
		if d < 0 {
			errs = append(errs, fmt.Errorf("lateness: %s is negative", name))
		}
	}
	for _, b := range []struct {
		name string
		bad  bool
	}{
		{"max_wait", c.MaxWait <= 0}, {"window_bytes", c.WindowBytes < 1<<10}, {"queue_records", c.QueueRecords < 1},
		{"queue_bytes", c.QueueBytes < 1}, {"step_records", c.StepRecords < 1}, {"flight_rows", c.FlightRows < 1},
		{"commit_every", c.CommitEvery <= 0}, {"idle_after", c.IdleAfter <= 0}, {"refresh_marks", c.RefreshMarks <= 0},
		{"repair_every", c.RepairEvery < 0}, {"drain_timeout", c.DrainTimeout <= 0}, {"session_timeout", c.SessionTimeout < time.Second},
	} {
		if b.bad {
			errs = append(errs, fmt.Errorf("%s: is too small", b.name))
		}
	}
	return errors.Join(errs...)
}

func sourceNames() string {
	s := ""
	for i, src := range sources.All() {
		if i > 0 {
			s += ", "
		}
		s += src.Name
	}
	return s
}

// reads reports whether a topic of that source is read.
func (c Config) reads(source string) bool {
	return slices.ContainsFunc(c.Topics, func(t Topic) bool { return t.Source == source })
}
