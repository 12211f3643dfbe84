package main

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"whence/sources/prices"
)

// TestPricesAreReadAgain: a list that changes is used from then on, one that is wrong is
// told of once and changes nothing.
func TestPricesAreReadAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "prices.yaml")
	write := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("models: [{model: m, input: 1}]")
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		l, err := loadPrices(path)
		if err != nil {
			t.Fatal(err)
		}
		w := &wiring{settings: settings{Prices: path}, files: files{prices: prices.NewBook(l)}, log: slog.New(slog.NewTextHandler(&log, nil))}
		cost := func() float64 {
			usd, _ := w.files.prices.Cost("m", time.Now(), prices.Tokens{Input: 1e6})
			return usd
		}
		stop := w.watchPrices(t.Context())
		defer stop()
		for _, step := range []struct {
			text string
			want float64
			told string
		}{
			{"models: [{model: m, input: 20}]", 20, "in use"},
			{"models: [{model: m, input: wrong}]", 20, "cannot be used"},
			{"models: [{model: m, input: 300}]", 300, "in use"},
		} {
			log.Reset()
			write(step.text)
			time.Sleep(3*pricesEvery + time.Second)
			synctest.Wait()
			if got := cost(); got != step.want || strings.Count(log.String(), step.told) != 1 {
				t.Errorf("after %s: got %v, want %v; log:\n%s", step.text, got, step.want, log.String())
			}
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		time.Sleep(3 * pricesEvery)
		if got := cost(); got != 300 {
			t.Errorf("after the file went: got %v", got)
		}
	})
}
