package pipeline

import (
	"context"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"whence/correlate"
	"whence/rules/notice"
)

// NotifierStatus is how a receiver is doing, as this instance knows.
type NotifierStatus struct {
	Receiver string
	// Here is whether this instance tells it; the rest is of the time when it did last.
	Here bool
	// Backlog is how many records of the alerts topic are unread. When the receiver is
	// away they wait there, as long as the topic keeps them.
	Backlog int64
	Desk    notice.Counts
	Sent    uint64
	Refused uint64 // not told: the receiver does not take them
	// Since is when it began not to take what it is told, and Err how; zero while it
	// does.
	Since time.Time
	Err   error
}

// Status is safe for concurrent use.
func (n *Notifier) Status() NotifierStatus {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.state
}

// change changes the state.
func (n *Notifier) change(f func(*NotifierStatus)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	f(&n.state)
}

// owns shows what the desk holds.
func (n *Notifier) owns(desk *notice.Desk) {
	c := desk.Counts()
	name := n.receiver.Name()
	n.change(func(s *NotifierStatus) {
		n.metrics.notices.WithLabelValues(name, "forgotten").Add(float64(c.Forgotten - min(c.Forgotten, s.Desk.Forgotten)))
		s.Here, s.Desk = true, c
	})
	for _, reason := range []notice.Reason{notice.Suppressed, notice.Silenced, notice.Inhibited} {
		n.metrics.held.WithLabelValues(name, string(reason)).Set(float64(c.Held[reason]))
	}
}

// quits is called when the term is over. Another instance has the numbers.
func (n *Notifier) quits() {
	n.change(func(s *NotifierStatus) {
		s.Here, s.Since, s.Err = false, time.Time{}, nil
		s.Backlog, s.Desk = 0, notice.Counts{}
	})
	name := n.receiver.Name()
	n.metrics.held.DeletePartialMatch(map[string]string{"receiver": name})
	n.metrics.backlog.DeleteLabelValues(name)
	n.metrics.waiting.DeleteLabelValues(name)
}

func (n *Notifier) took() {
	n.metrics.notices.WithLabelValues(n.receiver.Name(), "sent").Inc()
	n.change(func(s *NotifierStatus) { s.Sent++ })
	n.reached()
}

// reached notes that the receiver has answered well.
func (n *Notifier) reached() {
	var since time.Time
	n.change(func(s *NotifierStatus) { since, s.Since, s.Err = s.Since, time.Time{}, nil })
	if !since.IsZero() {
		n.log.Info("the receiver takes notices again", "after", n.now().Sub(since).Round(time.Second))
	}
	n.metrics.waiting.WithLabelValues(n.receiver.Name()).Set(0)
}

// fails notes that the receiver has not taken something. It is logged when it begins.
func (n *Notifier) fails(err error) {
	n.metrics.notices.WithLabelValues(n.receiver.Name(), "failed").Inc()
	var since time.Time
	first := false
	n.change(func(s *NotifierStatus) {
		if first = s.Since.IsZero(); first {
			s.Since = n.now()
		}
		since, s.Err = s.Since, err
	})
	if first {
		n.log.Warn("the receiver takes no notices: they wait on the alerts topic and are tried again", "err", err)
	}
	n.metrics.waiting.WithLabelValues(n.receiver.Name()).Set(n.now().Sub(since).Seconds())
}

func (n *Notifier) refused(one *correlate.Notice, err error) {
	n.metrics.notices.WithLabelValues(n.receiver.Name(), "refused").Inc()
	n.change(func(s *NotifierStatus) { s.Refused++ })
	n.log.Error("the receiver refuses a notice, which is given up", "alert", one.Alert.ID, "kind", one.Kind, "err", err)
	n.reached() // it answers
}

// measure counts what is not read yet. What cannot be asked stays as it was.
func (n *Notifier) measure(ctx context.Context) {
	if n.now().Sub(n.measured) < notifyEvery {
		return
	}
	n.measured = n.now()
	ctx, cancel := context.WithTimeout(ctx, notifyEvery)
	defer cancel()
	lags, err := kadm.NewClient(n.client).Lag(ctx, n.group())
	lag := lags[n.group()]
	if err != nil || lag.Error() != nil {
		return
	}
	var backlog int64
	for _, l := range lag.Lag[n.cfg.Alerts] {
		backlog += max(l.Lag, 0)
	}
	n.change(func(s *NotifierStatus) { s.Backlog = backlog })
	n.metrics.backlog.WithLabelValues(n.receiver.Name()).Set(float64(backlog))
}
