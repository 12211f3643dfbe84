package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestProgressWithoutTerminal(t *testing.T) {
	var out bytes.Buffer
	p := newProgress(&out)
	p.step("fetching", 0, 0)
	p.step("fetching", 1, 10)
	p.step("fetching", 10, 10)
	p.step("starting", 0, 0)
	p.say("ready on port %d", 9000)
	p.close()
	p.close()
	const want = "fetching\nstarting\nready on port 9000\n"
	if out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

func TestProgressOnTerminal(t *testing.T) {
	var out bytes.Buffer
	p := newProgress(&out)
	p.terminal = true
	p.step("fetching", 0, 10)
	p.step("fetching", 5, 10)
	p.step("starting", 0, 0)
	p.close()
	got := out.String()
	for _, want := range []string{"fetching", "starting"} {
		if !strings.Contains(got, want) {
			t.Errorf("got %q, want %q in it", got, want)
		}
	}
	if strings.Contains(got, "\n") {
		t.Errorf("a bar leaves lines behind: %q", got)
	}
	if !strings.HasSuffix(strings.TrimRight(got, " "), "\r") {
		t.Errorf("the bar is not taken away: %q", got)
	}
}
