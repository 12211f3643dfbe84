package main

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

func TestAdmin(t *testing.T) {
	a, err := startAdmin(t.Context(), "127.0.0.1:0", prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	want := func(path string, code int, text string) {
		t.Helper()
		resp, err := client.Get("http://" + a.addr + path)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != code || !strings.Contains(string(body), text) {
			t.Errorf("%s: %d %.80q, want %d %q (%v)", path, resp.StatusCode, body, code, text, err)
		}
	}
	want("/healthz", 200, "ok")
	want("/readyz", 503, "waiting for the start")
	a.wait("kafka")
	want("/readyz", 503, "waiting for kafka")
	want("/status", 200, `{"starting":"kafka","waiting":[]}`)
	a.wait("")
	want("/readyz", 200, "ready")
	want("/status", 200, `{"waiting":[]}`)
	want("/metrics", 200, "go_goroutines")
	want("/debug/pprof/", 200, "goroutine")
	want("/debug/pprof/heap", 200, "")
	want("/", 404, "")

	if _, err := startAdmin(t.Context(), a.addr, prometheus.NewRegistry()); err == nil || !strings.Contains(err.Error(), "choose another address") {
		t.Errorf("the port is taken: %v", err)
	}
	if err := a.stop(t.Context()); err != nil {
		t.Fatal(err)
	}

	nowhere, err := startAdmin(t.Context(), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	nowhere.wait("anything")
	if err := nowhere.stop(t.Context()); err != nil {
		t.Fatal(err)
	}
}
