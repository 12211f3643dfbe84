package clickhouse

import "syscall"

// detached keeps an interrupt typed at the terminal from the engine.
func detached() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}
