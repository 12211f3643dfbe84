package main

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"whence/correlate/index"
	"whence/deploy/local/kafka"
)

// TestBrokerGoesAwayAsItStarts: between the first word with the broker and the last
// thing that is asked of it at the start, it is killed. Whence waits, as it does for
// one that was never there, and uses a store that it had to close.
func TestBrokerGoesAwayAsItStarts(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	l, err := net.Listen("tcp", "127.0.0.1:0") // a port that will be free
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().(*net.TCPAddr)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	waits := make(chan struct{}, 1)
	log := &watched{look: "waiting for kafka", found: func() {
		select {
		case waits <- struct{}{}:
		default:
		}
	}}
	w, err := configured(configFile(t, addr.String(), "127.0.0.1:1", ""), log)
	if err != nil {
		t.Fatal(err)
	}
	w.patient = true
	dir, opened := t.TempDir(), 0
	result := make(chan error, 1)
	go func() {
		_, err := w.open(ctx, func() (index.Store, error) {
			opened++
			return index.OpenPebble(dir, 1<<20)
		})
		result <- err
	}()
	select {
	case <-waits:
	case err := <-result:
		t.Fatalf("it does not wait: %v", err)
	}
	broker, err := kafka.Start(kafka.Config{Port: addr.Port, Topics: map[string]int32{"whence.sessions": 2, "whence.registry": 2}})
	if err != nil {
		t.Fatal(err)
	}
	defer broker.Stop()
	if err := <-result; err != nil || opened < 2 {
		t.Errorf("after %d tries: %v", opened, err)
	}
	if err := w.close(ctx); err != nil {
		t.Error(err)
	}
}

// TestWhatWaitingDoesNotMend ends a start, patient or not.
func TestWhatWaitingDoesNotMend(t *testing.T) {
	log := &watched{}
	w, err := configured(configFile(t, "127.0.0.1:1", "127.0.0.1:1", ""), log)
	if err != nil {
		t.Fatal(err)
	}
	w.patient = true
	broken := errors.New("no room")
	if _, err := w.open(t.Context(), func() (index.Store, error) { return nil, broken }); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}
