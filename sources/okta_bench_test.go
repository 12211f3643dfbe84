package sources

import (
	"bytes"
	"testing"
)

// oktaLines are the fixtures' lines that are one event and no envelope.
func oktaLines(t testing.TB) []Input {
	var lines []Input
	for _, f := range fixtures(t, "okta.system_log") {
		for _, in := range f.inputs {
			if bytes.HasPrefix(in.Raw, []byte(`{"actor"`)) && bytes.Contains(in.Raw, []byte(`"published":"2026`)) {
				lines = append(lines, in)
			}
		}
	}
	return lines
}

// benchDecode decodes lines one by one, and beside that finds their quotes: what
// any reader of JSON must do.
func benchDecode(b *testing.B, source string, lines []Input) {
	s, _ := Find(source)
	n := 0
	for _, in := range lines {
		n += len(in.Raw)
	}
	b.Run("decode", func(b *testing.B) {
		var out Batch
		b.ReportAllocs()
		b.SetBytes(int64(n / len(lines)))
		for i := range b.N {
			if i%1000 == 0 {
				out.Reset()
			}
			s.Decode(lines[i%len(lines)], &out)
		}
	})
	b.Run("quotes", func(b *testing.B) {
		b.SetBytes(int64(n / len(lines)))
		found := 0
		for i := range b.N {
			for raw := lines[i%len(lines)].Raw; ; found++ {
				j := bytes.IndexByte(raw, '"')
				if j < 0 {
					break
				}
				raw = raw[j+1:]
			}
		}
		if found == 0 {
			b.Error("no quotes")
		}
	})
	b.Run("hash", func(b *testing.B) {
		b.SetBytes(int64(n / len(lines)))
		var out Batch
		for i := range b.N {
			out.hash(lines[i%len(lines)].Raw)
			out.Reset()
		}
	})
}

// allocatesNothing decodes each line into a batch that has its size.
func allocatesNothing(t *testing.T, source string, lines []Input) {
	t.Helper()
	s, _ := Find(source)
	var out Batch
	for i, in := range lines {
		if n := testing.AllocsPerRun(10, func() {
			s.DecodeRecord(in, &out)
			out.Reset()
		}); n != 0 {
			t.Errorf("line %d: %v allocations", i, n)
		}
	}
}

func BenchmarkDecodeOkta(b *testing.B) { benchDecode(b, "okta.system_log", oktaLines(b)) }

func TestOktaAllocatesNothing(t *testing.T) {
	lines := oktaLines(t)
	if len(lines) < 20 {
		t.Fatalf("only %d lines", len(lines))
	}
	allocatesNothing(t, "okta.system_log", lines)
}
