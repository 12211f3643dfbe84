package main

import "fmt"

// How events pick their session. Either way every live session is in whence's
// table, and all are alike.
const (
	// uniform is the worst that can be met: every event is of any session. With a
	// million of them each is met 0.3 times in a round of 300,000 and, whatever was
	// kept of it, hardly ever again. So it measures how often a session is met, more
	// than how many there are.
	uniform = "uniform"
	// bursts is how sessions are used: at any time workers of them are at work, each
	// for burstEvents events on average (their number is geometric); then any of the
	// live ones takes its place. However many live, a session that is met has as many
	// events.
	bursts = "bursts"

	workers     = 5000
	burstEvents = 10
)

// A crowd is the sessions that are at work, for bursts. It goes on from round to
// round, and is used from one goroutine. A nil crowd is uniform.
type crowd struct {
	at []int // the session of each worker; empty before the first event
}

// newCrowd returns the crowd of a locality.
func newCrowd(locality string) (*crowd, error) {
	switch locality {
	case uniform:
		return nil, nil
	case bursts:
		return &crowd{}, nil
	}
	return nil, fmt.Errorf("locality %q: want %s or %s", locality, bursts, uniform)
}

// next draws the session of an event.
func (c *crowd) next(e *estate, d *dice) (number int) {
	if c == nil {
		return e.draw(d)
	}
	for len(c.at) < min(workers, e.sessions) {
		c.at = append(c.at, e.draw(d))
	}
	i := d.below(len(c.at))
	number = c.at[i]
	if d.below(burstEvents) == 0 {
		c.at[i] = e.draw(d)
	}
	return number
}
