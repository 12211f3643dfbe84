package sinks

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"whence/correlate"
)

// A Receiver is told of alerts: a person's chat, a pager, another system.
type Receiver interface {
	Name() string
	// Send returns nil once the notice has been taken. It tries once; the same notice
	// may come again. It is not safe for concurrent use.
	Send(ctx context.Context, n *correlate.Notice) error
}

// A Reminded receiver forgets alerts that it is not told of again.
type Reminded interface {
	Receiver
	// Every is how often.
	Every() time.Duration
	// Remind tells of all alerts that are open, as of now.
	Remind(ctx context.Context, open []correlate.Alert) error
}

// A SendError says that a receiver has not taken a notice. It holds nothing of an
// address: those of chats are secrets.
type SendError struct {
	Status int           // of HTTP; 0 if there was no answer
	After  time.Duration // the receiver wants to be left alone for so long; 0 for no word
	Err    error
}

// Error implements error.
func (e *SendError) Error() string {
	if e.Status != 0 {
		return fmt.Sprintf("the receiver answers %d %s", e.Status, http.StatusText(e.Status))
	}
	return e.Err.Error()
}

// Unwrap returns what was behind it.
func (e *SendError) Unwrap() error { return e.Err }

// Refused reports whether it is the notice that the receiver does not take, and not the
// receiver that is away or set up wrongly: sending it again will not help.
func (e *SendError) Refused() bool {
	switch e.Status {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
		return true
	}
	return false
}

// A poster sends bodies to one address.
type poster struct {
	client *http.Client
	url    string
}

// newPoster returns one that gives an attempt up after a timeout. Redirects are not
// followed: they would take what is signed to somewhere else.
func newPoster(address string, timeout time.Duration) (poster, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return poster{}, errors.New("url: want an http or https address") // which may be a secret
	}
	return poster{url: address, client: &http.Client{
		Timeout:       timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// mostAnswer bounds what is read of an answer, so that the connection can be used again.
const mostAnswer = 64 << 10

func (p poster) post(ctx context.Context, body []byte, header http.Header) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url, bytes.NewReader(body))
	if err != nil {
		return &SendError{Err: errors.New("the address cannot be used")}
	}
	if header != nil {
		req.Header = header
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "whence")
	resp, err := p.client.Do(req)
	if err != nil {
		var at *url.Error // with the address in it
		if errors.As(err, &at) {
			err = at.Err
		}
		return &SendError{Err: fmt.Errorf("no answer: %w", err)}
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, mostAnswer)) // what it says changes nothing
	if resp.StatusCode/100 == 2 {
		return nil
	}
	e := &SendError{Status: resp.StatusCode}
	if s, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && s > 0 {
		e.After = time.Duration(s) * time.Second
	}
	return e
}
