package clickhouse

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strconv"
)

// options are those of clickhouse-local that make it listen until standard input
// ends: on a terminal it waits for more to be typed, on a pipe the last statement
// reads it to its end. So closing the lifeline stops the server, and so does the
// end of the process that holds it.
func options(dir string, tcpPort, httpPort int, terminal bool) []string {
	opts := []string{
		"--path=" + dir,
		"--listen_host=127.0.0.1",
		"--tcp_port=" + strconv.Itoa(tcpPort),
		"--http_port=" + strconv.Itoa(httpPort),
	}
	const listen = "SYSTEM START LISTEN TCP; SYSTEM START LISTEN HTTP"
	if terminal {
		return append(opts, "--interactive", "--disable_suggestion", "--query", listen)
	}
	return append(opts, "--query", listen+"; SELECT count() FROM file('/dev/stdin', 'LineAsString', 'line String') FORMAT Null")
}

// environment is what the engine gets of ours: not all, because a query can read
// the environment of its process and ours may hold secrets.
func environment() []string {
	env := []string{"TZ=UTC", "GODEBUG=asyncpreemptoff=1"} // the engine's threads have no use for Go's signals
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"} {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return env
}

// dataDir makes the folder and returns it without symbolic links, as the engine
// itself names it.
func dataDir(dir string) (string, error) {
	if dir == "" {
		return "", errors.New("no folder for the data is given")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(dir)
}

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
