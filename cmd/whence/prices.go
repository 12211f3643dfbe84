package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"whence/sources/prices"
)

// loadPrices reads a list of prices; without a path, the one that comes with whence.
func loadPrices(path string) (*prices.List, error) {
	if path == "" {
		return prices.Default(), nil
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("the list of prices cannot be read: %w", err)
	}
	l, err := prices.Read(b)
	if err != nil {
		return nil, fmt.Errorf("the prices in %s are wrong:\n%w", path, err)
	}
	return l, nil
}

// pricesEvery is how often the list is looked at. Prices change a few times a year.
const pricesEvery = 10 * time.Second

// watchPrices uses a changed list of prices from then on, until stop is called. One that
// is wrong is told of once, and the last good one stays in use.
func (w *wiring) watchPrices(ctx context.Context) (stop func()) {
	if w.settings.Prices == "" {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	stopped := make(chan struct{})
	seen := stampOf(w.settings.Prices)
	go func() {
		defer close(stopped)
		tick := time.NewTicker(pricesEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if now := stampOf(w.settings.Prices); now != seen {
				seen = now
				w.reprice()
			}
		}
	}()
	return func() {
		cancel()
		<-stopped
	}
}

func (w *wiring) reprice() {
	l, err := loadPrices(w.settings.Prices)
	if err != nil {
		w.log.Error("the list of prices has changed and cannot be used; the one before it stays in use", "err", err)
		return
	}
	w.files.prices.Use(l)
	w.log.Info("a changed list of prices is in use", "models", l.Len())
}

// fileStamp tells whether a file has changed. A file that is not there has none.
type fileStamp struct {
	size     int64
	modified time.Time
}

func stampOf(path string) fileStamp {
	info, err := os.Stat(path)
	if err != nil {
		return fileStamp{}
	}
	return fileStamp{info.Size(), info.ModTime()}
}
