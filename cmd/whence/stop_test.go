//go:build unix

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"whence/deploy/local/clickhouse"
)

// ClickHouse stops to answer with rows on their way. whence is asked to stop and
// does so in time; asked twice it stops at once; and nothing is lost by either.
func TestRunIsStopped(t *testing.T) {
	ctx, broker, engine := servers(t)
	away := newStuck(t, engine.Addr())
	config := configFile(t, broker.Addr(), away.addr, "")
	listen := unused(t)
	f, err := os.OpenFile(config, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(f, "listen: %s\nstore: {dir: store}\npipeline: {drain_timeout: 3s, session_timeout: 6s, commit_every: 100ms}\n", listen)
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	wrote := 0
	more := func(n int) {
		t.Helper()
		var some []string
		for range n {
			wrote++
			some = append(some, strings.Replace(lines[0], `"eventID":"`, fmt.Sprintf(`"eventID":"%d-`, wrote), 1))
		}
		produce(ctx, t, broker.Addr(), some)
	}

	p := startRun(t, config, listen)
	more(5)
	p.await(ctx, 5)
	away.set(true)
	more(5)
	p.await(ctx, 10)
	began := time.Now()
	p.signal(syscall.SIGTERM)
	if err := p.wait(); err != nil {
		t.Errorf("asked to stop it ended with %v\n%s", err, &p.log)
	}
	if took := time.Since(began); took < 3*time.Second || took > 15*time.Second {
		t.Errorf("the stop took %s; want the drain_timeout of 3s, and little more", took)
	}

	away.set(false)
	p = startRun(t, config, listen)
	p.await(ctx, 5) // again what was not committed
	away.set(true)
	more(5)
	p.await(ctx, 10)
	p.signal(syscall.SIGTERM)
	p.signal(syscall.SIGTERM)
	began = time.Now()
	for { // the first may still be on its way when the second comes: both count as one then
		select {
		case <-p.done:
		case <-time.After(100 * time.Millisecond):
			p.signal(syscall.SIGTERM)
			continue
		}
		break
	}
	var exit *exec.ExitError
	if err := p.wait(); !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGTERM || time.Since(began) > 2*time.Second {
		t.Errorf("asked twice it ended with %v after %s\n%s", err, time.Since(began), &p.log)
	}

	away.set(false)
	p = startRun(t, config, listen)
	for {
		if countChains(t, engine) == strconv.Itoa(wrote) {
			break
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			t.Fatalf("%s chains of %d are there\n%s", countChains(t, engine), wrote, &p.log)
		}
	}
	if code, out := whence(t, "status", "-c", config); code != exitDone || out != "working\n" {
		t.Errorf("status: exit code %d\n%s", code, out)
	}
	p.signal(syscall.SIGINT)
	if err := p.wait(); err != nil {
		t.Errorf("%v\n%s", err, &p.log)
	}
	if code, out := whence(t, "status", "-c", config); code != exitFailed || !strings.Contains(out, "no whence answers") {
		t.Errorf("status: exit code %d\n%s", code, out)
	}

	// The session store is deleted while it is in use. What is committed is done, and
	// the next start reads the facts from the topics again.
	p = startRun(t, config, listen)
	more(1)
	p.await(ctx, 1)
	if err := os.RemoveAll(filepath.Join(filepath.Dir(config), "store")); err != nil {
		t.Fatal(err)
	}
	more(1)
	p.await(ctx, 2)
	p.signal(syscall.SIGTERM)
	if err := p.wait(); !errors.As(err, &exit) || exit.ExitCode() != exitFailed || !strings.Contains(p.log.String(), "do not delete files of a whence that runs") {
		t.Errorf("without its store it ended with %v\n%s", err, &p.log)
	}
	p = startRun(t, config, listen)
	more(1)
	p.await(ctx, 1)
	for countChains(t, engine) != strconv.Itoa(wrote) {
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			t.Fatalf("%s chains of %d are there", countChains(t, engine), wrote)
		}
	}
	p.signal(syscall.SIGTERM)
	if err := p.wait(); err != nil {
		t.Errorf("%v\n%s", err, &p.log)
	}
}

func countChains(t *testing.T, s *clickhouse.Server) string {
	t.Helper()
	return query(t, s, "SELECT uniqExact(id) FROM whence.chains")
}

// query returns what ClickHouse answers, or nothing if it does not.
func query(t *testing.T, s *clickhouse.Server, text string) string {
	t.Helper()
	return strings.TrimSpace(get(t, s.HTTPURL()+"/?query="+url.QueryEscape(text)))
}

// get returns a page, or nothing where there is none.
func get(t *testing.T, page string) string {
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, page, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Close = true
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return ""
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(resp.Body)
	return string(b)
}

// running is a whence run in a process of its own.
type running struct {
	t      *testing.T
	cmd    *exec.Cmd
	listen string
	log    bytes.Buffer // read after done
	done   chan struct{}
	err    error
}

func startRun(t *testing.T, config, listen string, more ...string) *running {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &running{t: t, listen: listen, done: make(chan struct{})}
	p.cmd = &exec.Cmd{Path: self, Args: append([]string{"whence", "run", "-c", config}, more...), Stderr: &p.log}
	p.cmd.Env = append(os.Environ(), "WHENCE_LISTEN="+listen)
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.done)
		p.err = p.cmd.Wait()
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.done
	})
	return p
}

func (p *running) signal(s os.Signal) { _ = p.cmd.Process.Signal(s) }

func (p *running) wait() error {
	select {
	case <-p.done:
		return p.err
	case <-time.After(time.Minute):
		p.t.Fatal("it does not stop")
		return nil
	}
}

var workedOn = regexp.MustCompile(`(?m)^whence_records_total\{topic="raw"\} (\d+)`)

// await returns once so many records were worked on: their rows are on their way.
func (p *running) await(ctx context.Context, records int) {
	p.t.Helper()
	for {
		if m := workedOn.FindStringSubmatch(get(p.t, "http://"+p.listen+"/metrics")); m != nil {
			if n, _ := strconv.Atoi(m[1]); n >= records {
				return
			}
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-p.done:
			p.t.Fatalf("it ended with %v\n%s", p.err, &p.log)
		case <-ctx.Done():
			p.t.Fatalf("it has not worked on %d records; status %s", records, get(p.t, "http://"+p.listen+"/status"))
		}
	}
}

// stuck forwards connections to a server, unless it is set to forward nothing and
// say nothing.
type stuck struct {
	addr string

	mu   sync.Mutex
	cond *sync.Cond
	on   bool
	shut bool
}

func newStuck(t *testing.T, to string) *stuck {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &stuck{addr: l.Addr().String()}
	s.cond = sync.NewCond(&s.mu)
	var open sync.WaitGroup
	open.Go(func() {
		for {
			from, err := l.Accept()
			if err != nil {
				return
			}
			open.Go(func() { s.forward(from, to) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		s.mu.Lock()
		s.shut, s.on = true, false
		s.mu.Unlock()
		s.cond.Broadcast()
		open.Wait()
	})
	return s
}

func (s *stuck) set(on bool) {
	s.mu.Lock()
	s.on = on
	s.mu.Unlock()
	s.cond.Broadcast()
}

func (s *stuck) forward(from net.Conn, addr string) {
	to, err := net.Dial("tcp", addr)
	if err != nil {
		from.Close()
		return
	}
	var both sync.WaitGroup
	copyOf := func(to, from net.Conn) {
		defer to.Close()
		defer from.Close()
		b := make([]byte, 64<<10)
		for {
			n, err := from.Read(b)
			s.mu.Lock()
			for s.on {
				s.cond.Wait()
			}
			s.mu.Unlock()
			if err != nil {
				return
			}
			if _, err := to.Write(b[:n]); err != nil {
				return
			}
		}
	}
	both.Go(func() { copyOf(to, from) })
	both.Go(func() { copyOf(from, to) })
	both.Wait()
}
