package main

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"whence/correlate"
	"whence/pipeline"
	"whence/rules"
	notices "whence/rules/notice"
	"whence/sinks"
)

// notifySettings is one receiver that is told of alerts.
type notifySettings struct {
	// Name is what it is called in status, metrics, errors and its consumer group: what
	// was told is kept under it.
	Name string `mapstructure:"name"`
	// Kind is slack, webhook or alertmanager.
	Kind string `mapstructure:"kind"`
	// URL is where it is; those of chats are secrets, and better in a file.
	URL     string `mapstructure:"url"`
	URLFile string `mapstructure:"url_file"`
	// Secret signs what a webhook is sent; empty for no signatures.
	Secret     string `mapstructure:"secret"`
	SecretFile string `mapstructure:"secret_file"`
	// Filter is an expression over rule, severity, source, action, executor and resources
	// of an alert; empty for all.
	Filter string `mapstructure:"filter"`
	// Timeout bounds one attempt; 0 for 10 seconds.
	Timeout time.Duration `mapstructure:"timeout"`
	// Remind is how often an Alertmanager is told of what is open; 0 for every minute.
	Remind time.Duration `mapstructure:"remind"`
}

type silencesSettings struct {
	// Path is a file of silences; empty for none. It is read again when it changes.
	Path string `mapstructure:"path"`
}

func (n notifySettings) receiver() (sinks.Receiver, error) {
	timeout, remind := n.Timeout, n.Remind
	if timeout == 0 {
		timeout = 10 * time.Second
	}
	if remind == 0 {
		remind = time.Minute
	}
	switch now := (correlate.FileClock{}).Now; n.Kind {
	case "slack":
		return sinks.NewSlack(n.Name, n.URL, timeout)
	case "webhook":
		return sinks.NewWebhook(n.Name, n.URL, n.Secret, timeout, now)
	case "alertmanager":
		return sinks.NewAlertmanager(n.Name, n.URL, timeout, remind, now)
	}
	return nil, fmt.Errorf("kind %q: want slack, webhook or alertmanager", n.Kind)
}

// wants is the filter as a function. What it cannot decide is wanted.
func (n notifySettings) wants() (func(*correlate.Alert) bool, error) {
	if n.Filter == "" {
		return nil, nil
	}
	f, err := rules.NewAlertFilter(n.Filter)
	return func(a *correlate.Alert) bool {
		ok, err := f.Match(a)
		return ok || err != nil
	}, err
}

// validateNotify reports everything that is wrong with the receivers.
func (s settings) validateNotify() error {
	var c checklist
	seen := map[string]bool{}
	for i, n := range s.Notify {
		at := c.named("notify", i, n.Name, seen)
		if _, err := n.receiver(); err != nil {
			c.want(false, "%s%w", at, err)
		}
		if _, err := n.wants(); err != nil {
			c.want(false, "%sfilter: %s", at, strings.ReplaceAll(err.Error(), "\n", "\n    "))
		}
		c.want(n.Secret == "" || n.Kind == "webhook", "%ssecret: only a webhook is signed", at)
		c.want(n.Remind == 0 || n.Kind == "alertmanager", "%sremind: only an Alertmanager is reminded", at)
		c.want(n.Timeout >= 0 && n.Remind >= 0, "%stimeout, remind: want 0 or more", at)
	}
	if len(s.Notify) > 0 {
		c.want(s.Outputs.AlertsTopic != "", "notify: receivers are told of what is on outputs.alerts_topic, which is empty")
		c.want(s.Outputs.NoticesTopic != "", "notify: outputs.notices_topic is empty: what was told is kept there")
	}
	return c.err()
}

// notifySecrets reads what files hold of receivers.
func (s *settings) notifySecrets(dir string) (errs []error) {
	for i := range s.Notify {
		n := &s.Notify[i]
		errs = append(errs, secret("notify "+n.Name+": url", dir, n.URLFile, &n.URL), secret("notify "+n.Name+": secret", dir, n.SecretFile, &n.Secret))
	}
	return errs
}

// A notifying tells all receivers, those of them whom it is this instance that tells.
type notifying struct {
	all      []*pipeline.Notifier
	silences *silencesWatch // nil for no file
}

// notifying prepares to tell receivers of whatever is raised from now on.
func (w *wiring) notifying(ctx context.Context) (*notifying, error) {
	n := &notifying{}
	if len(w.settings.Notify) == 0 {
		return n, nil
	}
	metrics := pipeline.NewNotifyMetrics(w.metrics)
	for _, r := range w.settings.Notify {
		to, err := r.receiver()
		if err != nil {
			return nil, wrong(err)
		}
		wants, err := r.wants()
		if err != nil {
			return nil, wrong(err)
		}
		one := pipeline.NewNotifier(pipeline.NotifyConfig{
			Group: w.settings.Group, Alerts: w.settings.Outputs.AlertsTopic, Notices: w.settings.Outputs.NoticesTopic,
			Wants: wants, Most: pipeline.MostAlerts, SessionTimeout: w.settings.Pipeline.SessionTimeout,
		}, w.kafka, to, metrics, w.log, nil)
		err = awaiting{log: w.log, patient: w.patient}.until(ctx, "kafka", lastingKafka, one.Begin)
		if err != nil {
			return nil, fmt.Errorf("notify %s: %w", r.Name, kafkaAdvice(err))
		}
		n.all = append(n.all, one)
	}
	if w.settings.Silences.Path != "" {
		var err error
		if n.silences, err = watchSilences(w.settings.Silences.Path, w.log); err != nil {
			return nil, err
		}
		n.useSilences(n.silences.silences())
	}
	return n, nil
}

func (n *notifying) useRules(s *rules.Set) {
	p := notices.Policies(s)
	for _, one := range n.all {
		one.UsePolicies(p)
	}
}

func (n *notifying) useSilences(s *notices.Silences) {
	for _, one := range n.all {
		one.UseSilences(s)
	}
}

// start tells until ctx is done or the returned function is called, which waits.
func (n *notifying) start(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	for _, one := range n.all {
		running.Go(func() { _ = one.Run(ctx) }) // fails only on options that others were made with
	}
	unwatch := n.silences.start(ctx, n.useSilences)
	return func() {
		cancel()
		running.Wait()
		unwatch()
	}
}

// notify looks at the receivers, and at the silences.
func (c *checks) notify(s settings) {
	for _, n := range s.Notify {
		found := n.Name + ": " + n.Kind
		if n.Filter != "" {
			found += ", filtered"
		}
		if n.Secret != "" {
			found += ", signed"
		}
		c.line("notify", found, nil) // validated
	}
	if s.Silences.Path == "" {
		return
	}
	all, err := readSilences(s.Silences.Path)
	states := map[string]int{}
	now := correlate.FileClock{}.Now()
	for _, one := range all.All() {
		states[one.State(now)]++
	}
	var found []string
	for _, state := range []string{"active", "later", "expired"} {
		if states[state] > 0 {
			found = append(found, fmt.Sprintf("%d %s", states[state], state))
		}
	}
	if len(found) == 0 {
		found = []string{"none"}
	}
	c.line("silences", filepath.Base(s.Silences.Path)+": "+strings.Join(found, ", "), err)
}

// receiverStatus tells how a receiver is doing.
type receiverStatus struct {
	Receiver string         `json:"receiver"`
	Here     bool           `json:"here"` // whether this instance tells it
	Told     int            `json:"told"` // open alerts that it was told of
	Held     map[string]int `json:"held,omitempty"`
	Backlog  int64          `json:"backlog"`
	Sent     uint64         `json:"sent"`
	Refused  uint64         `json:"refused,omitempty"`
	// Forgotten are open alerts that there was no room for.
	Forgotten uint64     `json:"forgotten,omitempty"`
	Since     *time.Time `json:"waiting_since,omitempty"`
	Error     string     `json:"error,omitempty"`
}

// status tells of the receivers; nil for none.
func (n *notifying) status() (all []receiverStatus) {
	if n == nil {
		return nil
	}
	for _, one := range n.all {
		s := one.Status()
		r := receiverStatus{
			Receiver: s.Receiver, Here: s.Here, Told: s.Desk.Told, Backlog: s.Backlog, Sent: s.Sent, Refused: s.Refused, Forgotten: s.Desk.Forgotten,
		}
		for reason, count := range s.Desk.Held {
			if r.Held == nil {
				r.Held = map[string]int{}
			}
			r.Held[string(reason)] = count
		}
		if !s.Since.IsZero() {
			since := s.Since.UTC().Truncate(time.Second)
			r.Since, r.Error = &since, s.Err.Error()
		}
		all = append(all, r)
	}
	return all
}

// line is what whence status says of a receiver; empty while there is nothing to say.
func (r receiverStatus) line() string {
	var parts []string
	if r.Since != nil {
		parts = append(parts, fmt.Sprintf("has taken nothing since %s, %s unread: %s", r.Since.Format(time.RFC3339), count(int(r.Backlog), "record"), r.Error))
	}
	for _, reason := range slices.Sorted(maps.Keys(r.Held)) {
		parts = append(parts, fmt.Sprintf("%s %s", count(r.Held[reason], "open alert"), reason))
	}
	if r.Refused > 0 {
		parts = append(parts, fmt.Sprintf("%s refused", count(int(r.Refused), "notice")))
	}
	if r.Forgotten > 0 {
		parts = append(parts, fmt.Sprintf("%s forgotten, as there was no room", count(int(r.Forgotten), "alert")))
	}
	if len(parts) == 0 {
		return ""
	}
	return "receiver " + r.Receiver + ": " + strings.Join(parts, "; ")
}
