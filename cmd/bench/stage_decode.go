package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"whence/correlate"
	"whence/sources"
)

// decodeBatch is how many lines are decoded before their memory is used again: a step
// of a lane.
const decodeBatch = 512

// decodeStages are, of each source that is wanted, the least that its lines cost,
// without hashes, with the evidence hash, and with the id of the event, and decoding
// them.
func decodeStages(ctx context.Context, wanted string) (all []stage, err error) {
	lines, err := corpora(ctx)
	if err != nil {
		return nil, err
	}
	for _, src := range sources.All() {
		name, c := src.Name, lines[src.Name]
		if wanted != "" && !slices.Contains(strings.Split(wanted, ","), name) {
			continue
		}
		var batch sources.Batch
		var sums correlate.Sums
		hex := make([]byte, correlate.HexBytes)
		inputs := make([]sources.Input, c.len())
		for i := range inputs {
			inputs[i] = c.input(i)
		}
		note := fmt.Sprintf("%d lines of %d bytes, %s", c.len(), c.mean(), c.origin)
		all = append(all,
			stage{"scan." + name, note, func(_ context.Context, m *meter) error {
				return m.time(c.len(), func() error { c.scan(0, c.len()); return nil })
			}},
			stage{"scan_and_hash." + name, note, func(_ context.Context, m *meter) error {
				return m.time(c.len(), func() error {
					for i := range c.len() {
						c.scan(i, i+1)
						c.hash(i, i+1) // while it is in the cache, as a decoder finds it
					}
					return nil
				})
			}},
			stage{"scan_and_sum." + name, note, func(_ context.Context, m *meter) error {
				return m.time(c.len(), func() error {
					for i := range c.len() {
						c.scan(i, i+1)
						sums.Hex(hex, c.line(i))
					}
					return nil
				})
			}},
			stage{"scan_and_id." + name, note, func(_ context.Context, m *meter) error {
				return m.time(c.len(), func() error { c.scanAndID(); return nil })
			}},
			stage{"decode." + name, note, func(_ context.Context, m *meter) error {
				return m.time(c.len(), func() error {
					for i := range inputs {
						if i%decodeBatch == 0 {
							batch.Reset()
						}
						src.DecodeRecord(inputs[i], &batch)
					}
					return nil
				})
			}},
		)
	}
	return all, nil
}

// decodeRatios compares decoding with the least that its bytes cost, in each round.
func (r *report) decodeRatios(rounds map[string][]cost) {
	for _, src := range sources.All() {
		name := src.Name
		decode, scan, hashed := rounds["decode."+name], rounds["scan."+name], rounds["scan_and_hash."+name]
		named, summed := rounds["scan_and_id."+name], rounds["scan_and_sum."+name]
		if len(decode) == 0 {
			continue
		}
		of := func(ratio func(i int) float64) float64 {
			values := make([]float64, len(decode))
			for i := range values {
				values[i] = ratio(i)
			}
			slices.Sort(values)
			return median(values)
		}
		// Less what decoders pay for that hash, which is less than crypto/sha256 takes.
		plain := func(i int) float64 { return decode[i].ns - (summed[i].ns - scan[i].ns) }
		r.add("decode."+name+".floor_ratio", of(func(i int) float64 { return plain(i) / scan[i].ns }),
			"without the evidence hash, over a bare scan of the same lines")
		r.add("decode."+name+".id_floor_ratio", of(func(i int) float64 { return plain(i) / named[i].ns }),
			"without the evidence hash, over a bare scan of the same lines and one block of SHA-256, which an id is at least")
		r.add("decode."+name+".hashed_floor_ratio", of(func(i int) float64 { return decode[i].ns / hashed[i].ns }),
			"with the evidence hash, over a bare scan and SHA-256 of the same lines")
	}
}
