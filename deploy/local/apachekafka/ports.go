package apachekafka

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

// Ports are picked below those that systems give to outgoing connections: a node
// that was killed wants its own back, and one of those might have taken it.
const (
	firstPort = 20_000
	lastPort  = 29_999
)

// pickPort returns a free port that is not among taken, or want if it is not 0 and
// free.
func pickPort(want int, taken map[int]bool) (int, error) {
	if want != 0 {
		if err := free(want); err != nil || taken[want] {
			return 0, fmt.Errorf("port %d is in use by another program; choose another one: %w", want, err)
		}
		taken[want] = true
		return want, nil
	}
	for range 1000 {
		port := firstPort + rand.IntN(lastPort-firstPort+1)
		if !taken[port] && free(port) == nil {
			taken[port] = true
			return port, nil
		}
	}
	return 0, errors.New("no port is free")
}

// free returns an error if somebody listens on the port.
func free(port int) error {
	l, err := net.Listen("tcp", loopback(port)) //nolint:noctx // binds and nothing else
	if err != nil {
		return err
	}
	return l.Close()
}

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
