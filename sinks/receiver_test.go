package sinks

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"whence/correlate"
)

var toldWhen = time.Date(2026, 3, 2, 13, 0, 0, 0, time.UTC)

func toldAt() time.Time { return toldWhen }

func someNotice() *correlate.Notice {
	return &correlate.Notice{Kind: correlate.NoticeOpened, Quiet: 2, Alert: correlate.Alert{
		ID: correlate.NewID("a"), ChainID: correlate.NewID("c"), Version: 7, State: correlate.AlertOpen, Rule: "unattributed-write",
		Title: "A write <nobody> asked for", Severity: "high", Time: toldWhen.Add(-time.Hour), Source: "aws.cloudtrail", Action: "s3:DeleteObject",
		Status: correlate.Unattributed, Executor: correlate.Principal{Type: correlate.PrincipalType("role"), ID: "arn:aws:iam::123456789012:role/deploy"},
		Resources: []correlate.Resource{{Type: "aws.s3.object", ID: "arn:aws:s3:::example/<!channel>"}}, Group: []string{"123456789012"}, Reason: "no log of it",
	}}
}

// asked is one request that a receiver got.
type asked struct {
	path   string
	header http.Header
	body   []byte
}

// answering is a server that answers with a status, and what it was asked.
func answering(t *testing.T, status int, header ...string) (*httptest.Server, *[]asked) {
	t.Helper()
	var got []asked
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		got = append(got, asked{r.URL.Path, r.Header, b})
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
	}))
	t.Cleanup(s.Close)
	return s, &got
}

func TestWebhook(t *testing.T) {
	s, got := answering(t, http.StatusNoContent)
	key := []byte("0123456789abcdef")
	w, err := NewWebhook("soc", s.URL+"/hook", "whsec_"+base64.StdEncoding.EncodeToString(key), time.Second, toldAt)
	if err != nil {
		t.Fatal(err)
	}
	n := someNotice()
	for range 2 { // what comes again has the same id
		if err := w.Send(t.Context(), n); err != nil {
			t.Fatal(err)
		}
	}
	for _, a := range *got {
		id, at := a.header.Get("webhook-id"), a.header.Get("webhook-timestamp")
		mac := hmac.New(sha256.New, key)
		fmt.Fprintf(mac, "%s.%s.%s", id, at, a.body)
		want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
		if got := a.header.Get("webhook-signature"); got != want || id != n.Alert.ID.String()+"-open-7" || at != "1772456400" || a.path != "/hook" {
			t.Errorf("signature %s, id %s, time %s, path %s", got, id, at, a.path)
		}
		var body struct {
			Type, Key string
			Quiet     int
			Alert     correlate.Alert
		}
		if err := json.Unmarshal(a.body, &body); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(n.Alert, body.Alert); d != "" || body.Type != "alert.opened" || body.Key != id || body.Quiet != 2 {
			t.Errorf("%s\n%s", a.body, d)
		}
	}
}

func TestWebhookWithoutSecret(t *testing.T) {
	s, got := answering(t, http.StatusOK)
	w, err := NewWebhook("soc", s.URL, "", time.Second, toldAt)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Send(t.Context(), someNotice()); err != nil || (*got)[0].header.Get("webhook-signature") != "" {
		t.Errorf("%v, %v", err, (*got)[0].header)
	}
	if _, err := NewWebhook("soc", s.URL, "whsec_!", time.Second, toldAt); err == nil {
		t.Error("a secret that is no base64 is taken")
	}
	for _, u := range []string{"", "example.com/x", "ftp://example.com", "https://"} {
		if _, err := NewWebhook("soc", u, "", time.Second, toldAt); err == nil || u != "" && strings.Contains(err.Error(), u) {
			t.Errorf("%q: %v; want an error that does not repeat it", u, err)
		}
	}
}

func TestSlack(t *testing.T) {
	s, got := answering(t, http.StatusOK)
	r, err := NewSlack("chat", s.URL, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	n := someNotice()
	resolved := *n
	resolved.Kind, resolved.Quiet, resolved.Alert.State, resolved.Alert.Reason = correlate.NoticeResolved, 0, correlate.AlertClosed, "the chain is attributed"
	for _, one := range []*correlate.Notice{n, &resolved} {
		if err := r.Send(t.Context(), one); err != nil {
			t.Fatal(err)
		}
	}
	const rest = "s3:DeleteObject by arn:aws:iam::123456789012:role/deploy\n2026-03-02 12:00:00 UTC, aws.cloudtrail\non arn:aws:s3:::example/&lt;!channel&gt;\n"
	id := n.Alert.ID.String()
	for i, want := range []string{
		"*HIGH: A write &lt;nobody&gt; asked for*\n" + rest + "no log of it\n2 more of this group are open\n`whence alerts show " + id + "` (unattributed-write)",
		"*RESOLVED: A write &lt;nobody&gt; asked for*\n" + rest + "the chain is attributed\n`whence alerts show " + id + "` (unattributed-write)",
	} {
		var body struct{ Text string }
		if err := json.Unmarshal((*got)[i].body, &body); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, body.Text); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
	}
}

func TestAlertmanager(t *testing.T) {
	s, got := answering(t, http.StatusOK)
	m, err := NewAlertmanager("am", s.URL+"/", time.Second, time.Minute, toldAt)
	if err != nil {
		t.Fatal(err)
	}
	n := someNotice()
	over := *n
	over.Kind, over.Alert.State = correlate.NoticeResolved, correlate.AlertClosed
	over.Alert.Requestor = correlate.Principal{ID: "alice@example.com"}
	if err := errors.Join(m.Send(t.Context(), n), m.Send(t.Context(), &over)); err != nil {
		t.Fatal(err)
	}
	if err := m.Remind(t.Context(), make([]correlate.Alert, mostManaged+1)); err != nil || len(*got) != 4 {
		t.Fatalf("%d requests, %v", len(*got), err)
	}
	var managed [2][]managedAlert
	for i := range managed {
		if err := json.Unmarshal((*got)[i].body, &managed[i]); err != nil {
			t.Fatal(err)
		}
	}
	open, closed := managed[0][0], managed[1][0]
	if d := cmp.Diff(open.Labels, closed.Labels); d != "" {
		t.Errorf("another alert is over than the one that began:\n%s", d)
	}
	want := map[string]string{
		"alertname": "unattributed-write", "alert_id": n.Alert.ID.String(), "severity": "high", "source": "aws.cloudtrail", "executor": n.Alert.Executor.ID,
	}
	if d := cmp.Diff(want, open.Labels); d != "" || (*got)[0].path != "/api/v2/alerts" {
		t.Errorf("%s\n%s", (*got)[0].path, d)
	}
	if !open.StartsAt.Equal(n.Alert.Time) || !open.EndsAt.Equal(toldWhen.Add(4*time.Minute)) || !closed.EndsAt.Equal(toldWhen) || closed.Annotations["requestor"] != "alice@example.com" {
		t.Errorf("open %+v\nclosed %+v", open, closed)
	}
}

// TestReceiverFails in every way that receivers do. No error holds the address.
func TestReceiverFails(t *testing.T) {
	hook := func(url string) *Slack {
		s, err := NewSlack("chat", url+"/services/SECRET", 200*time.Millisecond)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	hanging := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.ReadAll(r.Body)
		<-r.Context().Done()
	}))
	defer hanging.Close()
	reset := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			_ = conn.(*net.TCPConn).SetLinger(0)
			_ = conn.Close()
		}
	}))
	defer reset.Close()
	gone := httptest.NewServer(nil)
	gone.Close()
	status := func(code int, header ...string) *Slack {
		s, _ := answering(t, code, header...)
		return hook(s.URL)
	}
	for _, c := range []struct {
		name    string
		to      *Slack
		status  int
		after   time.Duration
		refused bool
	}{
		{"it is overloaded", status(500), 500, 0, false},
		{"it wants to be left alone", status(429, "Retry-After", "30"), 429, 30 * time.Second, false},
		{"the address is wrong", status(404), 404, 0, false},
		{"the key is wrong", status(403), 403, 0, false},
		{"it does not take the notice", status(400), 400, 0, true},
		{"the notice is too large", status(413), 413, 0, true},
		{"it sends on", status(302, "Location", "http://192.0.2.1/"), 302, 0, false},
		{"it hangs", hook(hanging.URL), 0, 0, false},
		{"it hangs up", hook(reset.URL), 0, 0, false},
		{"nobody is there", hook(gone.URL), 0, 0, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := c.to.Send(t.Context(), someNotice())
			var e *SendError
			if !errors.As(err, &e) || e.Status != c.status || e.After != c.after || e.Refused() != c.refused {
				t.Fatalf("%v", err)
			}
			if strings.Contains(err.Error(), "SECRET") {
				t.Errorf("the error has the address in it: %v", err)
			}
		})
	}
}
