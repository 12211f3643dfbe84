package sinks

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"whence/correlate"
)

// A Webhook tells of alerts by JSON that is signed as Standard Webhooks has it: the
// headers webhook-id, which is the notice's key and the same whenever it comes again,
// webhook-timestamp, and webhook-signature, "v1," and the HMAC-SHA256 in base64 of id,
// timestamp and body, joined with dots.
type Webhook struct {
	name   string
	poster poster
	secret []byte
	now    func() time.Time
}

// NewWebhook returns a receiver at an address. secret is what signatures are made with:
// "whsec_" and base64, or plain text; empty for no signatures.
func NewWebhook(name, address, secret string, timeout time.Duration, now func() time.Time) (*Webhook, error) {
	p, err := newPoster(address, timeout)
	if err != nil {
		return nil, err
	}
	key := []byte(secret)
	if coded, ok := strings.CutPrefix(secret, "whsec_"); ok {
		if key, err = base64.StdEncoding.DecodeString(coded); err != nil {
			return nil, fmt.Errorf("secret: what follows whsec_ is no base64")
		}
	}
	return &Webhook{name: name, poster: p, secret: key, now: now}, nil
}

// Name implements Receiver.
func (w *Webhook) Name() string { return w.name }

// webhookBody is what is posted.
type webhookBody struct {
	Type string `json:"type"` // alert.opened, alert.changed, alert.resolved
	Key  string `json:"key"`
	*correlate.Notice
}

// Send implements Receiver.
func (w *Webhook) Send(ctx context.Context, n *correlate.Notice) error {
	body, err := json.Marshal(webhookBody{"alert." + string(n.Kind), n.Key(), n})
	if err != nil {
		return &SendError{Status: http.StatusBadRequest, Err: fmt.Errorf("encode alert %s: %w", n.Alert.ID, err)}
	}
	id, at := n.Key(), strconv.FormatInt(w.now().Unix(), 10)
	header := http.Header{}
	header.Set("webhook-id", id)
	header.Set("webhook-timestamp", at)
	if len(w.secret) > 0 {
		mac := hmac.New(sha256.New, w.secret)
		fmt.Fprintf(mac, "%s.%s.%s", id, at, body)
		header.Set("webhook-signature", "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	}
	return w.poster.post(ctx, body, header)
}
