package sinks

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"whence/correlate"
)

// Slack tells of alerts in a chat: Slack, and what takes the same (Mattermost,
// Rocket.Chat).
type Slack struct {
	name   string
	poster poster
}

// NewSlack returns a receiver at the address of an incoming webhook, which is a secret.
func NewSlack(name, address string, timeout time.Duration) (*Slack, error) {
	p, err := newPoster(address, timeout)
	return &Slack{name, p}, err
}

// Name implements Receiver.
func (s *Slack) Name() string { return s.name }

// Send implements Receiver. A chat knows no keys: what is sent again is there twice.
func (s *Slack) Send(ctx context.Context, n *correlate.Notice) error {
	body, err := json.Marshal(map[string]string{"text": slackText(n)})
	if err != nil {
		return &SendError{Err: err}
	}
	return s.poster.post(ctx, body, nil)
}

// slackText is a notice in a few lines. What logs say cannot call people or make links.
func slackText(n *correlate.Notice) string {
	a := &n.Alert
	var b strings.Builder
	what := strings.ToUpper(a.Severity)
	switch n.Kind {
	case correlate.NoticeChanged:
		what += ", changed"
	case correlate.NoticeResolved:
		what = "RESOLVED"
	}
	fmt.Fprintf(&b, "*%s: %s*\n", what, plainly(a.Title))
	fmt.Fprintf(&b, "%s by %s", plainly(a.Action), plainly(whom(&a.Executor)))
	if !a.Requestor.IsZero() {
		fmt.Fprintf(&b, ", asked for by %s", plainly(whom(&a.Requestor)))
	}
	fmt.Fprintf(&b, "\n%s, %s", a.Time.UTC().Format("2006-01-02 15:04:05 UTC"), a.Source)
	for i, r := range a.Resources {
		if i == 3 {
			fmt.Fprintf(&b, "\nand %d more", len(a.Resources)-i)
			break
		}
		fmt.Fprintf(&b, "\non %s", plainly(r.ID))
	}
	if a.Reason != "" {
		fmt.Fprintf(&b, "\n%s", plainly(a.Reason))
	}
	if n.Quiet > 0 {
		fmt.Fprintf(&b, "\n%d more of this group are open", n.Quiet)
	}
	fmt.Fprintf(&b, "\n`whence alerts show %s` (%s)", a.ID, plainly(a.Rule))
	return b.String()
}

// plainly escapes what Slack would act upon, and bounds the length.
func plainly(s string) string {
	const most = 300
	s = strings.Map(func(r rune) rune {
		switch {
		case r < ' ' || r == '`' || r == '*':
			return ' '
		case r == '\u202a' || r == '\u202b' || r == '\u202d' || r == '\u202e':
			return -1
		}
		return r
	}, s)
	if r := []rune(s); len(r) > most {
		s = string(r[:most]) + "..."
	}
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}

func whom(p *correlate.Principal) string {
	if p.Name != "" && p.Name != p.ID {
		return fmt.Sprintf("%s (%s)", p.Name, p.ID)
	}
	if p.ID == "" {
		return "nobody known"
	}
	return p.ID
}
