package clickhouse

import (
	"errors"
	"fmt"
	"net"
)

// errPortTaken: something else listens on a port the server was to have.
var errPortTaken = errors.New("a port is in use by another program; choose another one")

// pickPorts returns the two ports, free ones for those that are 0. Both are held
// while they are picked, so that they differ; they are let go before the engine
// binds them, and what happens when another program is faster is errPortTaken.
func pickPorts(tcpPort, httpPort int) (tcp, http int, err error) {
	for _, p := range []*int{&tcpPort, &httpPort} {
		l, err := net.Listen("tcp", loopback(*p)) //nolint:noctx // binds and nothing else
		if err != nil {
			return 0, 0, fmt.Errorf("%w: %w", errPortTaken, err)
		}
		defer l.Close()
		*p = l.Addr().(*net.TCPAddr).Port
	}
	return tcpPort, httpPort, nil
}
