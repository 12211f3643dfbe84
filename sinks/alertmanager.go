package sinks

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"whence/correlate"
)

// An Alertmanager tells Prometheus's Alertmanager of alerts, by its API v2. It forgets
// what it is not told of again, so it is reminded; what is open ends by itself some time
// after the last reminder.
type Alertmanager struct {
	name   string
	poster poster
	every  time.Duration
	now    func() time.Time
}

// NewAlertmanager returns a receiver at the address that the API is below.
func NewAlertmanager(name, address string, timeout, every time.Duration, now func() time.Time) (*Alertmanager, error) {
	p, err := newPoster(strings.TrimRight(address, "/")+"/api/v2/alerts", timeout)
	return &Alertmanager{name: name, poster: p, every: every, now: now}, err
}

// Name implements Receiver.
func (m *Alertmanager) Name() string { return m.name }

// Every implements Reminded.
func (m *Alertmanager) Every() time.Duration { return m.every }

// reminders are how many may be missed before an alert ends there, as Prometheus has it.
const reminders = 4

type managedAlert struct {
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	StartsAt    time.Time         `json:"startsAt"`
	EndsAt      time.Time         `json:"endsAt"`
}

// Send implements Receiver.
func (m *Alertmanager) Send(ctx context.Context, n *correlate.Notice) error {
	return m.post(ctx, []managedAlert{m.managed(&n.Alert, n.Quiet)})
}

// mostManaged bounds one request.
const mostManaged = 500

// Remind implements Reminded.
func (m *Alertmanager) Remind(ctx context.Context, open []correlate.Alert) error {
	for part := range slices.Chunk(open, mostManaged) {
		var all []managedAlert
		for i := range part {
			all = append(all, m.managed(&part[i], 0))
		}
		if err := m.post(ctx, all); err != nil {
			return err
		}
	}
	return nil
}

func (m *Alertmanager) post(ctx context.Context, all []managedAlert) error {
	body, err := json.Marshal(all)
	if err != nil {
		return &SendError{Err: err}
	}
	return m.poster.post(ctx, body, nil)
}

// managed is an alert in their words. Labels say which alert it is there, so they hold
// only what no version of it changes as long as the rule stays: no requestor, no group.
func (m *Alertmanager) managed(a *correlate.Alert, quiet int) managedAlert {
	now := m.now().UTC()
	starts, ends := a.Time.UTC(), now.Add(reminders*m.every)
	if a.State == correlate.AlertClosed {
		ends = now
	}
	if starts.After(ends) { // or it is refused
		starts = ends
	}
	out := managedAlert{
		Labels: map[string]string{
			"alertname": a.Rule, "alert_id": a.ID.String(), "severity": a.Severity, "source": a.Source, "executor": a.Executor.ID,
		},
		Annotations: map[string]string{
			"summary": a.Title, "description": a.Reason, "action": a.Action, "status": string(a.Status),
			"requestor": a.Requestor.ID, "chain_id": a.ChainID.String(),
		},
		StartsAt: starts, EndsAt: ends,
	}
	if len(a.Group) > 0 {
		out.Annotations["group"] = strings.Join(a.Group, "/")
	}
	if quiet > 0 {
		out.Annotations["quiet"] = strconv.Itoa(quiet)
	}
	return out
}
