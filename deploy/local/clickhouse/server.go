package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"time"
)

// Config says where a server keeps its data and how it is reached.
type Config struct {
	// Dir keeps the data. It is made if it is not there; one server at a time
	// may use it.
	Dir string
	// CacheDir keeps the library once it is fetched; empty for the folder whence
	// in the user's cache folder.
	CacheDir string
	// TCPPort and HTTPPort are the ports of the native protocol and of HTTP;
	// 0 picks a free one.
	TCPPort, HTTPPort int
	// Log may be nil.
	Log *slog.Logger
	// Progress, if not nil, is told what Start is about, in words for a person,
	// and how far it is; total is 0 while it is not known. Calls come one at a
	// time and must not block.
	Progress func(stage string, done, total int64)
}

// quiet gives the fields that may be nil a value that does nothing.
func (c Config) quiet() Config {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Progress == nil {
		c.Progress = func(string, int64, int64) {}
	}
	return c
}

const (
	// bindTries is how often Start picks other ports when a free one it picked
	// was taken before the engine could bind it.
	bindTries = 3
	// exitDelay is how long the pipes of an ended process are read for.
	exitDelay = 2 * time.Second
)

// A Server is a running ClickHouse. It ends when it is stopped or killed, and
// with this process, however that ends. Its methods are safe for concurrent use.
type Server struct {
	cmd     *exec.Cmd
	stdin   io.Closer // our end of the lifeline
	output  *tail
	addr    string
	url     string
	version string
	asked   atomic.Bool // by Stop or Kill
	done    chan struct{}
	err     error // of the process; read after done
}

// Start finds an engine, fetching it if need be, and returns once the server
// answers. ctx bounds the start only: the server lives until Stop or Kill. main
// must have called MaybeChild.
func Start(ctx context.Context, cfg Config) (*Server, error) {
	if isChild() {
		return nil, errors.New("start clickhouse: the program must call clickhouse.MaybeChild first thing in main or TestMain")
	}
	cfg = cfg.quiet()
	dir, err := dataDir(cfg.Dir)
	if err != nil {
		return nil, fmt.Errorf("start clickhouse: %w", err)
	}
	command, err := findEngine(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("start clickhouse: %w", err)
	}
	cfg.Progress("starting ClickHouse", 0, 0)
	for try := 1; ; try++ {
		s, err := start(ctx, command, dir, cfg.TCPPort, cfg.HTTPPort)
		if err == nil {
			return s, nil
		}
		picked := cfg.TCPPort == 0 || cfg.HTTPPort == 0
		if !picked || try == bindTries || !errors.Is(err, errPortTaken) {
			return nil, fmt.Errorf("start clickhouse: %w", err)
		}
	}
}

// Addr is the host and port of the native protocol.
func (s *Server) Addr() string { return s.addr }

// HTTPURL is the address of the HTTP interface, without a slash at its end; a
// page to query with is at /play below it.
func (s *Server) HTTPURL() string { return s.url }

// Version is the engine's own, such as 26.7.2.1.
func (s *Server) Version() string { return s.version }

// Wait returns when the server has ended: nil if it was asked to.
func (s *Server) Wait() error {
	<-s.done
	if s.asked.Load() {
		return nil
	}
	return fmt.Errorf("clickhouse ended: %w", s.exit())
}

// Stop ends the server in order: what it was sent is on disk. It takes some
// milliseconds, but five seconds while a client is still connected, so close
// those first. When ctx is done before that the server is killed and the error
// says so. Repeats are harmless.
func (s *Server) Stop(ctx context.Context) error {
	s.asked.Store(true)
	if err := s.stdin.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		s.Kill()
		return fmt.Errorf("stop clickhouse: %w", err)
	}
	select {
	case <-s.done:
		return nil
	case <-ctx.Done():
		s.Kill()
		return fmt.Errorf("stop clickhouse: killed: %w", context.Cause(ctx))
	}
}

// Kill ends the server at once, as a crash would, and returns when it is gone.
// Start with the same Dir goes on from there.
func (s *Server) Kill() {
	s.asked.Store(true)
	// The one error is that the process has ended.
	_ = s.cmd.Process.Kill()
	<-s.done
}

func start(ctx context.Context, command []string, dir string, tcpPort, httpPort int) (*Server, error) {
	tcpPort, httpPort, err := pickPorts(tcpPort, httpPort)
	if err != nil {
		return nil, err
	}
	line, err := newLifeline()
	if err != nil {
		return nil, err
	}
	args := append(command[1:len(command):len(command)], options(dir, tcpPort, httpPort, line.terminal)...)
	s := &Server{
		cmd:    exec.Command(command[0], args...), //nolint:noctx // it outlives ctx, which bounds the start only
		output: &tail{},
		addr:   loopback(tcpPort),
		url:    "http://" + loopback(httpPort),
		done:   make(chan struct{}),
		stdin:  line.ours,
	}
	s.cmd.Dir = dir // a config.xml in the working folder would be read
	s.cmd.Env = environment()
	s.cmd.Stdin, s.cmd.Stdout, s.cmd.Stderr = line.theirs, s.output, s.output
	s.cmd.SysProcAttr = detached()
	s.cmd.WaitDelay = exitDelay
	err = s.cmd.Start()
	if cerr := line.theirs.Close(); err != nil || cerr != nil {
		return nil, errors.Join(err, cerr, line.ours.Close())
	}
	go func() {
		defer close(s.done)
		s.err = s.cmd.Wait()
		_ = line.ours.Close() // Stop may have closed it
	}()
	if s.version, err = s.ready(ctx, dir); err != nil {
		s.Kill()
		return nil, err
	}
	return s, nil
}

// exit says how the process ended and what it said last. Errors of the engine
// come with exit code 0.
func (s *Server) exit() error {
	said := s.output.String()
	err := s.err
	if err == nil {
		err = errors.New("exit status 0")
	}
	if strings.Contains(said, "Address already in use") {
		err = errPortTaken
	}
	if said != "" {
		err = fmt.Errorf("%w: %s", err, said)
	}
	return err
}
