package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// barThrottle is how often a bar is drawn at most.
const barThrottle = 100 * time.Millisecond

// A progress tells a person at the terminal how far long work is: a bar that is
// gone when the work is done. Where no terminal is, it writes one line for each
// stage. It belongs on standard error: standard output is for results. It is
// safe for concurrent use.
type progress struct {
	out      io.Writer
	terminal bool

	mu    sync.Mutex
	stage string
	total int64
	bar   *progressbar.ProgressBar // nil when none is shown
}

// newProgress writes to out. Call close when the work is done.
func newProgress(out io.Writer) *progress {
	f, ok := out.(*os.File)
	return &progress{out: out, terminal: ok && term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb"}
}

// step says that done of total is done of a stage; a total of 0 is not known.
// A new stage, or a new total, ends the one before.
func (p *progress) step(stage string, done, total int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if stage != p.stage || total != p.total {
		p.clear()
		if stage != p.stage && !p.terminal {
			fmt.Fprintln(p.out, stage)
		}
		p.stage, p.total = stage, total
		if p.terminal {
			p.bar = p.newBar()
		}
	}
	if p.bar != nil {
		// It fails only where the terminal does, and then nobody looks.
		_ = p.bar.Set64(done)
	}
}

// say writes a line that stays.
func (p *progress) say(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	p.stage = ""
	fmt.Fprintf(p.out, format+"\n", args...)
}

// close takes the bar away. Repeats are harmless, and step starts a new one.
func (p *progress) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	p.stage = ""
}

// clear ends the bar. The lock is held.
func (p *progress) clear() {
	if p.bar != nil {
		_ = p.bar.Clear()
		p.bar = nil
	}
}

func (p *progress) newBar() *progressbar.ProgressBar {
	options := []progressbar.Option{
		progressbar.OptionSetWriter(p.out),
		progressbar.OptionSetDescription(p.stage),
		progressbar.OptionSetWidth(30),
		progressbar.OptionThrottle(barThrottle),
		progressbar.OptionClearOnFinish(),
		progressbar.OptionSetRenderBlankState(true),
		progressbar.OptionSetSpinnerChangeInterval(0), // else a goroutine turns it
	}
	if p.total <= 0 {
		return progressbar.NewOptions64(-1, append(options, progressbar.OptionSetElapsedTime(false))...)
	}
	return progressbar.NewOptions64(p.total, options...)
}
