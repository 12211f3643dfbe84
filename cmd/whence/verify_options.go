package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"time"

	"whence/correlate/ledger"
)

// verifyOptions are what the flags and the configuration say.
func verifyOptions(s settings, from, to string, files []string) (o ledger.Options, err error) {
	const days = 24 * time.Hour
	keep := s.ClickHouse.KeepDays
	o = ledger.Options{Now: time.Now(), KeepRows: time.Duration(keep.Chains) * days, KeepEntries: time.Duration(keep.Ledger) * days}
	if o.From, err = parseMoment("from", from); err != nil {
		return o, err
	}
	if o.To, err = parseMoment("to", to); err != nil {
		return o, err
	}
	if !o.To.IsZero() && !o.From.Before(o.To) {
		return o, errors.New("--from is not before --to")
	}
	o.Keys, err = publicKeys(s.Ledger.KeyFile, files)
	return o, err
}

// publicKeys reads the keys in files or, if there are none, takes that of the
// private key.
func publicKeys(private string, files []string) (ledger.Keys, error) {
	if len(files) == 0 {
		if private == "" {
			return nil, errors.New("name the file with the operator's public key: --public-key FILE")
		}
		signer, err := readSigner(private)
		if err != nil {
			return nil, err
		}
		return signer.Keys(), nil
	}
	all := ledger.Keys{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("read the public key: %w", err)
		}
		keys, err := ledger.ParseKeys(text)
		if err != nil {
			return nil, fmt.Errorf("read the public key in %s: %w", file, err)
		}
		maps.Copy(all, keys)
	}
	return all, nil
}

// readSigner reads the operator's private key.
func readSigner(file string) (*ledger.Signer, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("ledger.key_file: %w", err)
	}
	signer, err := ledger.ParseSigner(text)
	if err != nil {
		return nil, fmt.Errorf("ledger.key_file: %s: %w", file, err)
	}
	return signer, nil
}

// parseMoment reads a time that a flag gives: a day, or RFC 3339. Nothing is none.
func parseMoment(flag, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("--%s is %q; want a day such as 2026-03-01, or a time such as 2026-03-01T12:00:00Z", flag, text)
}
