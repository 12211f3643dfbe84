package pipeline

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pierrec/lz4/v4"
	"github.com/twmb/franz-go/pkg/kgo"
)

// unpackMost is what batches of these tests may unpack to.
const unpackMost = 6 << 20

// logLines is n bytes that pack as logs do.
func logLines(n int) []byte {
	dice := rand.New(rand.NewPCG(1, 2))
	var b []byte
	for i := 0; len(b) < n; i++ {
		b = fmt.Appendf(b, `{"eventTime":"2026-03-02T08:00:%02dZ","eventSource":"s3.amazonaws.com","eventName":"DeleteObject","eventID":"%016x","accessKeyId":"ASIA%012X"}`, i%60, dice.Uint64(), dice.Uint64N(1<<48))
	}
	return b[:n]
}

// noise is n bytes that do not pack.
func noise(n int) []byte {
	b := make([]byte, n)
	for i, dice := 0, rand.New(rand.NewPCG(3, 4)); i < n; i++ {
		b[i] = byte(dice.Uint32())
	}
	return b
}

// framed is plain as an LZ4 frame.
func framed(tb testing.TB, plain []byte, options ...lz4.Option) []byte {
	tb.Helper()
	var b bytes.Buffer
	w := lz4.NewWriter(&b)
	if err := w.Apply(options...); err != nil {
		tb.Fatal(err)
	}
	if _, err := w.Write(plain); err != nil {
		tb.Fatal(err)
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func unpackerOf(tb testing.TB) *unpacker {
	tb.Helper()
	u, err := newUnpacker(newPools(), unpackMost)
	if err != nil {
		tb.Fatal(err)
	}
	return u
}

// TestUnpack: whatever producers write is unpacked to what they packed, and to what the
// client would have made of it.
func TestUnpack(t *testing.T) {
	u := unpackerOf(t)
	for name, plain := range map[string][]byte{
		"nothing": nil, "one byte": {7}, "lines": logLines(200_000), "several blocks": logLines(5 << 20), "noise": noise(300_000),
		"some of each": append(noise(100_000), logLines(100_000)...), "all the same": make([]byte, 3<<20), "as much as may be": logLines(unpackMost),
	} {
		for how, options := range map[string][]lz4.Option{
			"as usual":             nil,
			"small blocks":         {lz4.BlockSizeOption(lz4.Block64Kb)},
			"checksums of blocks":  {lz4.BlockChecksumOption(true), lz4.BlockSizeOption(lz4.Block256Kb)},
			"no checksum":          {lz4.ChecksumOption(false)},
			"the size before it":   {lz4.SizeOption(uint64(len(plain)))},
			"the format before it": {lz4.LegacyOption(true)},
		} {
			packed := framed(t, plain, options...)
			got, err := u.Decompress(packed, kgo.CodecLz4)
			if err != nil || !bytes.Equal(got, plain) {
				t.Errorf("%s, %s: %d bytes instead of %d, %v", name, how, len(got), len(plain), err)
			}
			want, err := u.rest.Decompress(packed, kgo.CodecLz4)
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s, %s: the client makes %d bytes of it, not %d, %v", name, how, len(want), len(got), err)
			}
			u.lent.PutDecompressBytes(got)
		}
	}
}

// linkedFrame is a frame whose second block refers to the first.
func linkedFrame() (frame, plain []byte) {
	first := []byte("0123456789abcdef")
	// 12 bytes from 16 back, which is where the first block begins, and 5 literals.
	second := []byte{0x08, 16, 0, 0x50, 'v', 'w', 'x', 'y', 'z'}
	frame = []byte{4, 0x22, 0x4D, 0x18, frameVersion, 4 << 4, 0}
	frame = append(append(frame, 16, 0, 0, 0x80), first...)
	frame = append(append(frame, byte(len(second)), 0, 0, 0), second...)
	return append(frame, 0, 0, 0, 0), []byte("0123456789abcdef0123456789abvwxyz")
}

// TestUnpackLinked: what a block refers to may be in the one before it.
func TestUnpackLinked(t *testing.T) {
	frame, want := linkedFrame()
	got, err := unframe(make([]byte, 0, 20), frame, unpackMost)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(got), string(want)); d != "" {
		t.Errorf("(-got +want):\n%s", d)
	}
}

// TestUnpackTooMuch: a batch that unpacks to more than may be is refused as the client
// does, whatever it is packed with, so that its lane passes over it.
func TestUnpackTooMuch(t *testing.T) {
	u := unpackerOf(t)
	var gz bytes.Buffer
	w := gzip.NewWriter(&gz)
	if _, err := w.Write(make([]byte, unpackMost+1)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for codec, packed := range map[kgo.CompressionCodecType][]byte{
		kgo.CodecLz4: framed(t, make([]byte, unpackMost+1)), kgo.CodecGzip: gz.Bytes(),
	} {
		if got, err := u.Decompress(packed, codec); !errors.Is(err, kgo.ErrMaxDecompress) {
			t.Errorf("codec %d: %d bytes, %v; want %v", codec, len(got), err, kgo.ErrMaxDecompress)
		}
	}
}

// TestUnpackDamaged: what is cut off or wrong is an error, never other bytes than were
// packed, and the piece it was unpacked into is lent again.
func TestUnpackDamaged(t *testing.T) {
	u := unpackerOf(t)
	packed := framed(t, logLines(70_000), lz4.BlockSizeOption(lz4.Block64Kb))
	for n := 0; n < len(packed); n += 1 + n/16 {
		if got, err := u.Decompress(packed[:n], kgo.CodecLz4); err == nil && n > 0 {
			t.Errorf("%d bytes of %d unpack to %d", n, len(packed), len(got))
		}
	}
	if _, err := u.Decompress([]byte("no frame at all"), kgo.CodecLz4); err == nil {
		t.Error("what is no frame unpacks")
	}
	if u.lent.held == 0 {
		t.Error("no piece came back")
	}
}

func FuzzUnpack(f *testing.F) {
	linked, _ := linkedFrame()
	for _, packed := range [][]byte{linked, framed(f, logLines(3000)), framed(f, noise(300), lz4.BlockChecksumOption(true)), framed(f, logLines(300), lz4.SizeOption(300))} {
		f.Add(packed)
	}
	rest := kgo.DefaultDecompressor()
	f.Fuzz(func(t *testing.T, packed []byte) {
		got, err := unframe(nil, packed, 1<<20)
		if err != nil {
			return
		}
		// The client says more is wrong, as it takes the checksums.
		if want, err := rest.Decompress(packed, kgo.CodecLz4); err == nil && !bytes.Equal(got, want) {
			t.Errorf("%d bytes, and the client makes %d of it", len(got), len(want))
		}
	})
}

// BenchmarkUnpack is a batch of logs, from piece to piece.
func BenchmarkUnpack(b *testing.B) {
	plain := logLines(900_000)
	packed := framed(b, plain)
	u := unpackerOf(b)
	for _, by := range []struct {
		name   string
		unpack kgo.Decompressor
	}{{"us", u}, {"client", u.rest}} {
		b.Run(by.name, func(b *testing.B) {
			b.SetBytes(int64(len(plain)))
			for b.Loop() {
				got, err := by.unpack.Decompress(packed, kgo.CodecLz4)
				if err != nil {
					b.Fatal(err)
				}
				u.lent.PutDecompressBytes(got)
			}
		})
	}
}
