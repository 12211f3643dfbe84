package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A process is a child whose CPU and memory are read from the operating system.
type process struct {
	cmd   *exec.Cmd
	stdin io.Closer
	log   string
	done  chan struct{}
	err   error // read after done
}

// spawn starts a child. Its standard error goes to the end of the file log. The
// caller stops it.
func spawn(cmd *exec.Cmd, log string) (*process, error) {
	file, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	defer file.Close() // the child has its own
	p := &process{cmd: cmd, log: log, done: make(chan struct{})}
	cmd.Stderr = file
	if p.stdin, err = cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	go func() { // ends with the child, which stop ends
		p.err = cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

// spawnServer starts a child that prints its address first.
func spawnServer(cmd *exec.Cmd, log string) (*process, string, error) {
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, "", err
	}
	p, err := spawn(cmd, log)
	if err != nil {
		return nil, "", err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return nil, "", errors.Join(p.failed("did not start"), p.stop(p.stdin.Close))
	}
	return p, strings.TrimSpace(line), nil
}

// stopLimit is how long a child may take to stop in order.
const stopLimit = time.Minute

// stop asks the child to end, waits, and kills it if it does not.
func (p *process) stop(ask func() error) error {
	if err := ask(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return errors.Join(err, p.cmd.Process.Kill())
	}
	timer := time.NewTimer(stopLimit)
	defer timer.Stop()
	select {
	case <-p.done:
		if p.err != nil {
			return p.failed("did not stop in order")
		}
		return nil
	case <-timer.C:
		err := p.cmd.Process.Kill()
		<-p.done
		return errors.Join(err, p.failed("did not stop within "+stopLimit.String()))
	}
}

func (p *process) terminate() error {
	return p.stop(func() error { return p.signal(syscall.SIGTERM) })
}

func (p *process) signal(s syscall.Signal) error { return p.cmd.Process.Signal(s) }

// alive fails if the child has ended.
func (p *process) alive() error {
	select {
	case <-p.done:
		return p.failed("ended by itself")
	default:
		return nil
	}
}

func (p *process) failed(what string) error {
	b, err := os.ReadFile(p.log)
	if err != nil {
		b = []byte(err.Error())
	}
	return fmt.Errorf("%s %s; its log %s ends with:\n%s", filepath.Base(p.cmd.Path), what, p.log, b[max(0, len(b)-2000):])
}

func (p *process) cpu() (time.Duration, error) { return cpuOf(p.cmd.Process.Pid) }

// tickRate is what Linux counts a process's CPU in, on every platform that has Go.
const tick = 10 * time.Millisecond

// cpuOf is the user and system time of a process and its threads.
func cpuOf(pid int) (time.Duration, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	// The name, in brackets, may hold anything. utime and stime are the 14th and
	// 15th field, the 12th and 13th after it.
	fields := bytes.Fields(b[bytes.LastIndexByte(b, ')')+1:])
	if len(fields) < 13 {
		return 0, fmt.Errorf("/proc/%d/stat has %d fields", pid, len(fields))
	}
	var sum int64
	for _, f := range fields[11:13] {
		n, err := strconv.ParseInt(string(f), 10, 64)
		if err != nil {
			return 0, fmt.Errorf("/proc/%d/stat: %w", pid, err)
		}
		sum += n
	}
	return time.Duration(sum) * tick, nil
}

// peakRSS is the most memory that the process has had, in bytes.
func (p *process) peakRSS() (int64, error) { return peakRSSOf(p.cmd.Process.Pid) }

func peakRSSOf(pid int) (int64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(b)) {
		if value, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kib, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "kB")), 10, 64)
			return kib << 10, err
		}
	}
	return 0, errors.New("the process has no VmHWM")
}

// ownCPU is the CPU that this process has used.
func ownCPU() time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return 0 // it cannot fail with these arguments
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// childOf finds the child of this process whose first argument is arg.
func childOf(arg string) (int, error) {
	paths, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		return 0, err
	}
	for _, path := range paths {
		b, err := os.ReadFile(path)
		args := strings.Split(string(b), "\x00")
		if err != nil || len(args) < 2 || args[1] != arg {
			continue
		}
		dir := filepath.Dir(path)
		stat, err := os.ReadFile(filepath.Join(dir, "stat"))
		if err != nil {
			continue // it has ended
		}
		fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
		if len(fields) > 1 && string(fields[1]) == strconv.Itoa(os.Getpid()) {
			return strconv.Atoi(filepath.Base(dir))
		}
	}
	return 0, fmt.Errorf("this process has no child %s", arg)
}
