//go:build !unix

package apachekafka

import "fmt"

type process struct {
	done chan struct{}
	err  error
}

func startProcess([]string, string) (*process, error) {
	return nil, fmt.Errorf("%w: it is started on Unix only", ErrMissing)
}

func (*process) terminate() error { return nil }

func (*process) kill() {}
