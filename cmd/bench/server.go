package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"whence/deploy/local/clickhouse"
)

// A server is the ClickHouse that rows go to, asked over HTTP so that asking costs
// whence nothing.
type server struct {
	*clickhouse.Server
	dir string
	pid int
}

func startServer(ctx context.Context, dir string) (*server, error) {
	return startServerAt(ctx, clickhouse.Config{Dir: dir})
}

func startServerAt(ctx context.Context, cfg clickhouse.Config) (*server, error) {
	s, err := clickhouse.Start(ctx, cfg)
	if err != nil {
		return nil, err
	}
	pid, err := childOf("__chdb")
	if err != nil {
		pid = 0 // a clickhouse that was found installed; its CPU is not told
	}
	return &server{s, cfg.Dir, pid}, nil
}

func (s *server) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	return s.Stop(ctx)
}

// cpu is the server's, or 0 where it is not known.
func (s *server) cpu() time.Duration {
	if s.pid == 0 {
		return 0
	}
	d, err := cpuOf(s.pid)
	if err != nil {
		return 0
	}
	return d
}

// do runs a statement and returns the rows as arrays of values, with numbers as
// json.Number.
func (s *server) do(ctx context.Context, statement string, args ...any) ([][]any, error) {
	statement = fmt.Sprintf(statement, args...)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost,
		s.HTTPURL()+"/?default_format=JSONCompactEachRow&output_format_json_quote_64bit_integers=0", strings.NewReader(statement))
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("ask clickhouse: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 1000)) // what there is of it
		return nil, fmt.Errorf("ask clickhouse: %s: %s", resp.Status, text)
	}
	var rows [][]any
	for dec := json.NewDecoder(resp.Body); ; {
		dec.UseNumber()
		var row []any
		if err := dec.Decode(&row); err == io.EOF {
			return rows, nil
		} else if err != nil {
			return nil, fmt.Errorf("read clickhouse's answer: %w", err)
		}
		rows = append(rows, row)
	}
}

// numbers returns the one row of a query for whole numbers.
func (s *server) numbers(ctx context.Context, query string, args ...any) ([]int64, error) {
	rows, err := s.do(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	if len(rows) != 1 {
		return nil, fmt.Errorf("clickhouse gave %d rows for one", len(rows))
	}
	out := make([]int64, len(rows[0]))
	for i, v := range rows[0] {
		n, ok := v.(json.Number)
		if !ok {
			return nil, fmt.Errorf("clickhouse gave %v for a number", v)
		}
		if out[i], err = n.Int64(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// inserted is how many rows the server has taken since it started.
func (s *server) inserted(ctx context.Context) (int64, error) {
	rows, err := s.numbers(ctx, "SELECT sum(value) FROM system.events WHERE event = 'InsertedRows'")
	if err != nil {
		return 0, err
	}
	return rows[0], nil
}
