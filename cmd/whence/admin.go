package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"whence/pipeline"
)

// An admin answers, on one port, whether this process lives (/healthz) and is
// ready (/readyz), what it waits for (/status), and serves /metrics and
// /debug/pprof. It is safe for concurrent use, and nil is one that listens nowhere.
type admin struct {
	server  *http.Server
	addr    string
	stopped chan struct{}
	waiting atomic.Value // string: what for; empty when ready
	// pipeline is asked what it waits for; nil before there is one.
	pipeline  atomic.Pointer[pipeline.Pipeline]
	directory atomic.Pointer[directoryWatch] // nil for none
	rules     atomic.Pointer[rulesWatch]     // nil for none yet
	notifying atomic.Pointer[notifying]      // nil for none yet
}

// startAdmin listens on addr; empty for nowhere. Stop ends it.
func startAdmin(ctx context.Context, addr string, metrics *prometheus.Registry) (*admin, error) {
	if addr == "" {
		return nil, nil
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, wrong(fmt.Errorf("listen %s: %w; choose another address with the key listen", addr, err))
	}
	metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	a := &admin{addr: l.Addr().String(), stopped: make(chan struct{})}
	a.wait("the start")
	// Profiles take as long as they are asked to: no limit on writing.
	a.server = &http.Server{Handler: a.routes(metrics), ReadHeaderTimeout: 10 * time.Second}
	go func() {
		defer close(a.stopped)
		_ = a.server.Serve(l) // ends with stop; a broken listener shows in the probes
	}()
	return a, nil
}

// wait says what readiness waits for; nothing means ready.
func (a *admin) wait(what string) {
	if a != nil {
		a.waiting.Store(what)
	}
}

// watch says whom to ask what is waited for, and about the directory, the rules and receivers.
func (a *admin) watch(p *pipeline.Pipeline, d *directoryWatch, r *rulesWatch, n *notifying) {
	if a != nil {
		a.pipeline.Store(p)
		a.directory.Store(d)
		a.rules.Store(r)
		a.notifying.Store(n)
	}
}

// stop ends the server: answers under way are finished as long as ctx allows.
func (a *admin) stop(ctx context.Context) error {
	if a == nil {
		return nil
	}
	err := a.server.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, a.server.Close())
	}
	<-a.stopped
	return err
}

func (a *admin) routes(metrics *prometheus.Registry) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", a.ready)
	mux.HandleFunc("GET /status", a.status)
	mux.Handle("GET /metrics", promhttp.HandlerFor(metrics, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	return mux
}

func (a *admin) ready(w http.ResponseWriter, _ *http.Request) {
	if what, _ := a.waiting.Load().(string); what != "" {
		http.Error(w, "waiting for "+what, http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ready")
}

// status tells of outages too, which readiness does not depend on: who waits for a
// sink is as ready as can be, and would have nothing of being started again.
func (a *admin) status(w http.ResponseWriter, _ *http.Request) {
	what, _ := a.waiting.Load().(string)
	w.Header().Set("Content-Type", "application/json")
	r := newRunStatus(what, a.pipeline.Load(), a.directory.Load(), a.rules.Load())
	r.Receivers, r.Silences = a.notifying.Load().status(), a.notifying.Load().silenced()
	_ = json.NewEncoder(w).Encode(r) // fails only where nobody listens
}
