//go:build unix

package apachekafka

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
)

// wrapper becomes the program that its arguments name, and leaves a watcher behind
// that kills it when the other end of descriptor 3 is closed: by us, or by our end.
// The watcher is there before the program, so nothing can happen in between. It is
// in the program's process group, whose number is the program's: as long as the
// watcher lives that number is nobody else's, and kill meets no stranger.
const wrapper = `(cat <&3; kill -9 $$) >/dev/null 2>&1 & exec 3<&-; exec "$@"`

// A process is a program that runs no longer than we do.
type process struct {
	cmd      *exec.Cmd
	lifeline *os.File
	done     chan struct{}
	err      error // of the program; read after done
}

// startProcess starts command with its output to the end of the file log.
func startProcess(command []string, log string) (*process, error) {
	out, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer out.Close() // the process has its own
	theirs, ours, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer theirs.Close()
	p := &process{
		cmd:      exec.Command("/bin/sh", append([]string{"-c", wrapper, "sh"}, command...)...), //nolint:noctx // it outlives the start
		lifeline: ours, done: make(chan struct{}),
	}
	p.cmd.Env = environment()
	p.cmd.Stdout, p.cmd.Stderr = out, out
	p.cmd.ExtraFiles = []*os.File{theirs}
	// A group of its own keeps an interrupt typed at the terminal from it, too.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := p.cmd.Start(); err != nil {
		return nil, errors.Join(err, ours.Close())
	}
	go func() { // ends with the program; whoever stops or kills it waits for done
		defer close(p.done)
		p.err = p.cmd.Wait()
		// The watcher goes first, or it would kill whoever has the number by now.
		_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
		_ = p.lifeline.Close()
	}()
	return p, nil
}

// terminate asks the program to end in order.
func (p *process) terminate() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("ask it to end: %w", err)
	}
	return nil
}

// kill ends the program at once and returns when it is gone.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // the one error is that it has ended
	<-p.done
}
