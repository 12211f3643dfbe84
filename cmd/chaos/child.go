package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// A child is a running whence. Its standard error goes to the end of a log file.
// It belongs to one goroutine at a time.
type child struct {
	what  string
	cmd   *exec.Cmd
	stdin io.Closer
	log   string
	asked atomic.Bool   // to end; nobody minds if it does
	ended chan struct{} // closed when err is set
	err   error
	hung  bool // it did not stop when it was asked to
}

// spawn starts whence with args, and extra environment variables. out takes its
// standard output and may be nil. It is killed when the trial ends.
func (t *trial) spawn(log string, out io.Writer, env []string, args ...string) (*child, error) {
	file, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	defer file.Close() // the child has its own
	c := &child{what: strings.Join(args, " "), log: log, ended: make(chan struct{})}
	c.cmd = exec.CommandContext(t.life, t.whence, args...)
	c.cmd.Env = append(os.Environ(), env...)
	c.cmd.Stdout, c.cmd.Stderr = out, file
	if c.stdin, err = c.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if err := c.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start whence %s: %w", c.what, err)
	}
	go func() { // ends with the child, which ends with ctx at the latest
		c.err = c.cmd.Wait()
		close(c.ended)
	}()
	t.mu.Lock()
	t.children = append(t.children, c)
	t.mu.Unlock()
	return c, nil
}

// watch tells fail when the child ends before it was asked to.
func (t *trial) watch(c *child, fail context.CancelCauseFunc) {
	go func() { // ends with the child
		<-c.ended
		if !c.asked.Load() && t.life.Err() == nil {
			fail(c.failed("ended by itself"))
		}
	}()
}

// kill is kill -9.
func (c *child) kill() error {
	c.asked.Store(true)
	if err := c.cmd.Process.Signal(syscall.SIGKILL); err != nil {
		return c.failed("had ended before it was killed")
	}
	<-c.ended
	if status, ok := c.cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || !status.Signaled() {
		return c.failed("ended by itself as it was killed")
	}
	return nil
}

// stop asks the child to end in order, by signal or by closing its standard
// input, and fails unless it exits with 0.
func (c *child) stop(ask func() error) error {
	c.asked.Store(true)
	if err := ask(); err != nil {
		return c.failed("had ended before it was stopped")
	}
	timer := time.NewTimer(stopLimit)
	defer timer.Stop()
	select {
	case <-c.ended:
	case <-timer.C:
		c.hung = true
		_ = c.cmd.Process.Signal(syscall.SIGQUIT) // it says in its log where it hangs
		select {
		case <-c.ended:
		case <-time.After(5 * time.Second):
			_ = c.cmd.Process.Kill() // it may have ended just now
			<-c.ended
		}
		return c.failed("did not stop within " + stopLimit.String())
	}
	if c.err != nil {
		return c.failed("did not stop in order")
	}
	return nil
}

func (c *child) terminate() error {
	return c.stop(func() error { return c.cmd.Process.Signal(syscall.SIGTERM) })
}

func (c *child) failed(what string) error {
	state := "it still runs"
	select {
	case <-c.ended:
		state = c.cmd.ProcessState.String()
	default:
	}
	return fmt.Errorf("whence %s %s (%s); its log %s ends with:\n%s", c.what, what, state, c.log, tail(c.log))
}

// tail is the end of a log file.
func tail(path string) string {
	const most = 2000
	b, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	return string(b[max(0, len(b)-most):])
}

// A server is a child that prints its address and stops when its standard input
// is closed.
type server struct {
	*child
	addr string
}

// serve starts a server and tells fail if it ends by itself.
func (t *trial) serve(ctx context.Context, fail context.CancelCauseFunc, log string, args ...string) (*server, error) {
	out := &firstLine{line: make(chan string, 1)}
	c, err := t.spawn(log, out, nil, args...)
	if err != nil {
		return nil, err
	}
	timer := time.NewTimer(startLimit)
	defer timer.Stop()
	select {
	case addr := <-out.line:
		t.watch(c, fail)
		return &server{child: c, addr: addr}, nil
	case <-timer.C:
	case <-ctx.Done():
	case <-c.ended:
	}
	return nil, c.failed("did not start")
}

func (s *server) stop() error { return s.child.stop(s.stdin.Close) }

// firstLine is a writer that passes on the first line and drops the rest.
type firstLine struct {
	text []byte
	sent bool
	line chan string // capacity 1, written once
}

// Write implements io.Writer.
func (f *firstLine) Write(p []byte) (int, error) {
	if f.sent {
		return len(p), nil
	}
	f.text = append(f.text, p...)
	if text, _, ok := strings.Cut(string(f.text), "\n"); ok {
		f.line <- strings.TrimSpace(text)
		f.sent = true
	}
	return len(p), nil
}
