package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"time"
)

// poll is how often a starting server is asked whether it is there; it takes
// 400 ms or so.
const poll = 25 * time.Millisecond

// refused is what the engine says of a statement that it cannot do.
const refused = "Received exception"

// ready waits until the server answers and returns its version. It asks for the
// folder of the data as well, so that another server that happens to have our
// port is not taken for ours.
func (s *Server) ready(ctx context.Context, dir string) (string, error) {
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for {
		version, path, err := s.ask(ctx)
		if err == nil && filepath.Clean(path) == dir {
			return version, nil
		}
		if s.output.has(refused) {
			_ = s.stdin.Close() // on a terminal it would wait for a better statement
		}
		select {
		case <-s.done:
			return "", fmt.Errorf("it ended before it was ready: %w", s.exit())
		case <-ctx.Done():
			return "", errors.Join(fmt.Errorf("it is not ready yet: %w", context.Cause(ctx)), err)
		case <-tick.C:
		}
	}
}

func (s *Server) ask(ctx context.Context) (version, path string, err error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	const query = "SELECT version(), path FROM system.disks WHERE name = 'default' FORMAT TSVRaw"
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/?query="+url.QueryEscape(query), nil)
	if err != nil {
		return "", "", err
	}
	// A transport of its own: nothing stays open, and no proxy is asked.
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Do(req)
	if err != nil {
		return "", "", err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 4096))
	if err != nil {
		return "", "", err
	}
	version, path, ok := strings.Cut(strings.TrimSuffix(string(body), "\n"), "\t")
	if res.StatusCode != http.StatusOK || !ok {
		return "", "", fmt.Errorf("it answers %s", res.Status)
	}
	return version, path, nil
}
