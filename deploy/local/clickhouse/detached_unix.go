//go:build unix

package clickhouse

import "syscall"

// detached keeps the engine out of our process group: an interrupt typed at the
// terminal is for us, and the server is wanted until the last row is in.
func detached() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
