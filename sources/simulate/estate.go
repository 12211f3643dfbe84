package simulate

import (
	"iter"
	"slices"
	"time"
)

// Estate tells the stories of one Config. It keeps nothing between calls and is
// safe for concurrent use; every call tells the same stories from the start.
type Estate struct{ cfg Config }

// New returns the estate of cfg, which must be valid: see Config.Validate.
func New(cfg Config) *Estate { return &Estate{cfg} }

// Record is one delivery of one log line.
type Record struct {
	Source string
	// Key is what a producer would key the Kafka record with.
	Key []byte
	// Value is the line, without a newline at its end.
	Value []byte
	// Headers are those a webhook comes with: X-GitHub-Event tells its kind,
	// which its body does not. Nil for other sources.
	Headers map[string]string
	// Time is when the line is delivered, and EventTime when it happened.
	Time      time.Time
	EventTime time.Time
}

// Records yields what is delivered, in the order of delivery. Lines of the
// stories under way are all it holds in memory. Values are not reused.
func (e *Estate) Records(yield func(Record) bool) {
	out := newDelivery(e.cfg)
	for s := range e.stories {
		if !out.until(s.began, yield) {
			return
		}
		for _, l := range s.lines {
			out.send(s.dice, l)
		}
	}
	out.rest(yield)
}

// Truth yields one entry for every delivered line, story by story.
func (e *Estate) Truth() iter.Seq[Truth] {
	return func(yield func(Truth) bool) {
		for s := range e.stories {
			for _, l := range s.lines {
				if !l.lost && !yield(s.truth(l)) {
					return
				}
			}
		}
	}
}

// stories yields the stories in the order in which they begin. Each has draws of
// its own, so one story's length does not change the next one's.
func (e *Estate) stories(yield func(*story) bool) {
	c, kinds, when := newCast(e.cfg), e.cfg.kinds(), newCalendar(e.cfg)
	injected, happened := e.cfg.injected(), 0
	told := 0
	for i := 0; i < len(kinds) || told < e.cfg.Events; i++ {
		s := &story{cast: c, dice: newDice(e.cfg.Seed, uint64(i)+1), cfg: e.cfg, now: when.at(float64(told) / float64(e.cfg.Events))}
		for happened < len(injected) && float64(told) > (float64(happened)+0.5)/float64(len(injected))*float64(e.cfg.Events) {
			if !yield(e.happen(c, injected[happened], s.now)) {
				return
			}
			happened++
		}
		f := kinds[i%len(kinds)]
		if i >= len(kinds) { // the first round tells each once
			f = kinds[s.weighted(e.cfg.weights(kinds, s.now))]
		}
		s.began, s.flow = s.now, f.name
		f.tell(s)
		told += len(s.lines)
		if !yield(s) {
			return
		}
		if i%256 == 0 {
			c.forget(s.began)
		}
	}
}

// happen tells of an incident, whose lines are all delivered. Its draws are its own: what
// else is told does not depend on it.
func (e *Estate) happen(c *cast, in incident, now time.Time) *story {
	s := &story{cast: c, dice: newDice(e.cfg.Seed, 1<<63+uint64(slices.Index(Incidents(), in.name))), cfg: e.cfg, now: now, began: now, flow: "incident_" + in.name, whole: true, incident: in}
	in.tell(s)
	return s
}
