package sources

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"whence/correlate"
)

func splitAll(t testing.TB, r io.Reader, maxBytes int) []string {
	t.Helper()
	var got []string
	last := int64(-1)
	err := split(r, maxBytes, func(raw []byte, offset int64) error {
		if len(raw) == 0 || offset <= last {
			t.Errorf("value %q at offset %d after %d", raw, offset, last)
		}
		last = offset
		got = append(got, string(raw))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestSplit(t *testing.T) {
	for _, tc := range []struct {
		name, in string
		want     []string
	}{
		{"empty", "", nil},
		{"blank lines", "\n \r\n\t\n", nil},
		{"one line", `{"a":1}`, []string{`{"a":1}`}},
		{"lines", "{\"a\":1}\n\n{\"b\":\"x\\\"}\"}\r\n", []string{`{"a":1}`, `{"b":"x\"}"}`}},
		{"byte order marks", "\xef\xbb\xbf{\"a\":1}\n\xef\xbb\xbf{\"b\":2}", []string{`{"a":1}`, `{"b":2}`}},
		{"concatenated", `{"a":1}{"b":2} {"c":3}`, []string{`{"a":1}`, `{"b":2}`, `{"c":3}`}},
		{"commas between", "{\"a\":1},\n{\"b\":2},\n", []string{`{"a":1}`, `{"b":2}`}},
		{"pretty", "{\n  \"a\": [\n    1,\n    {}\n  ]\n}\n{\n \"b\": null\n}", []string{"{\n  \"a\": [\n    1,\n    {}\n  ]\n}", "{\n \"b\": null\n}"}},
		{"an envelope stays whole", `{"Records":[{"a":1},{"b":2}]}`, []string{`{"Records":[{"a":1},{"b":2}]}`}},
		{"array", `[{"a":1},{"b":[1,2]} , {"c":{}}]`, []string{`{"a":1}`, `{"b":[1,2]}`, `{"c":{}}`}},
		{"pretty array", "[\n  {\n \"a\":1\n},\n  {}\n]\n", []string{"{\n \"a\":1\n}", "{}"}},
		{"array, leading commas", "[\n{\"a\":1}\n,{\"b\":2}\n]", []string{`{"a":1}`, `{"b":2}`}},
		{"arrays a line", "[{\"a\":1}]\n[]\n[{\"b\":2}]", []string{`{"a":1}`, `{"b":2}`}},
		{"array of arrays", `[[{"a":1}],[2]]`, []string{`[{"a":1}]`, `[2]`}},
		{"array that breaks off", "[{\"a\":1},\n{\"b\":", []string{`{"a":1}`, `{"b":`}},
		{"text", "hello\n  world \n{\"a\":1}\n", []string{"hello", "world", `{"a":1}`}},
		{"text like an array", "[error] it {broke}\n[12] x\n{\"a\":1}", []string{"[error] it {broke}", "[12] x", `{"a":1}`}},
		{"text like an object", "{not json}\n{\"a\":1}", []string{"{not json}", `{"a":1}`}},
		{"scalars", "1\n\"x\"\nnull\n", []string{"1", `"x"`, "null"}},
		{"rest of a line", "{\"a\":1} tail\n{\"b\":2}", []string{`{"a":1}`, "tail", `{"b":2}`}},
		{"cut in a string", "{\"a\":\"x\n{\"b\":2}\n", []string{`{"a":"x`, `{"b":2}`}},
		{"cut after an escape", "{\"a\":\"x\\\n{\"b\":2}\n", []string{`{"a":"x\`, `{"b":2}`}},
		{"cut after a value", "{\"a\":1\n{\"b\":2}\n{\"c\":3}", []string{`{"a":1`, `{"b":2}`, `{"c":3}`}},
		{"cut after a colon", "{\"a\":\n{\"b\":2}\n{\"c\":3}", []string{`{"a":`, `{"b":2}`, `{"c":3}`}},
		{"cut after a comma", "{\"a\":[1,\n{\"b\":2}\n{\"c\":3}", []string{`{"a":[1,`, `{"b":2}`, `{"c":3}`}},
		{"cut on the last line", "{\"a\":1}\n{\"b\":{\"c\":", []string{`{"a":1}`, `{"b":{"c":`}},
		{"wrong bracket", "{\"a\":[1}\n{\"b\":2}", []string{`{"a":[1}`, `{"b":2}`}},
		{"bad element", "[\n{\"a\":1},\n{bad},\n{\"b\":2}\n]\n{\"c\":3}", []string{`{"a":1}`, `{bad},`, `{"b":2}`, `{"c":3}`}},
		{"pretty that breaks off", "{\n \"a\": {\n  \"b\": 1\n{\n \"c\": 2\n}", []string{"{", `"a": {`, `"b": 1`, "{\n \"c\": 2\n}"}},
		{"unicode and NUL", "{\"\u00e9\":\"\u65e5\"}\n\x00\n{}", []string{"{\"\u00e9\":\"\u65e5\"}", "\x00", "{}"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if d := cmp.Diff(tc.want, splitAll(t, strings.NewReader(tc.in), 1000)); d != "" {
				t.Errorf("-want +got\n%s", d)
			}
			if d := cmp.Diff(tc.want, splitAll(t, iotest.OneByteReader(strings.NewReader(tc.in)), 1000)); d != "" {
				t.Errorf("byte by byte: -want +got\n%s", d)
			}
		})
	}
}

func TestSplitOffsets(t *testing.T) {
	in := "\xef\xbb\xbf[ {\"a\":1},\n  {\"b\":2} ]\nx\n{}"
	got := map[string]int64{}
	if err := Split(strings.NewReader(in), func(raw []byte, offset int64) error {
		got[string(raw)] = offset
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for raw, offset := range got {
		if !strings.HasPrefix(in[offset:], raw) {
			t.Errorf("%q is not at %d", raw, offset)
		}
	}
	if len(got) != 4 {
		t.Errorf("got %d values, want 4: %v", len(got), got)
	}
}

// TestSplitTooLarge: the beginning is yielded, one byte too long, and the rest is
// skipped.
func TestSplitTooLarge(t *testing.T) {
	big := strings.Repeat("x", 40)
	for name, in := range map[string]string{
		"object":        `{"a":"` + big + `","b":{"c":[1]}}`,
		"pretty object": "{\n\"a\":\n[\"" + big + "\",\n{}]\n}",
		"text":          big,
		"broken object": `{"a":"` + big + `",} x`,
		"spaces":        "{\"a\":" + strings.Repeat(" ", 60) + "1}",
	} {
		t.Run(name, func(t *testing.T) {
			got := splitAll(t, strings.NewReader("{\"n\":1}\n"+in+"\n{\"n\":2}\n"), 32)
			if len(got) != 3 || got[0] != `{"n":1}` || got[2] != `{"n":2}` {
				t.Fatalf("got %q", got)
			}
			if len(strings.TrimSpace(got[1])) != 33 || got[1][:32] != in[:32] {
				t.Errorf("got %q", got[1])
			}
		})
	}
	t.Run("is rejected as such", func(t *testing.T) {
		in := `{"eventVersion":"` + strings.Repeat("x", MaxRecordBytes) + `"}{"n":2}`
		var out Batch
		s, _ := Find(cloudtrailName)
		if err := Split(strings.NewReader(in), func(raw []byte, _ int64) error {
			s.DecodeRecord(Input{Raw: raw}, &out)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if len(out.Rejects) != 2 || out.Rejects[0].Reason != correlate.RejectTooLarge || out.Rejects[1].Reason != correlate.RejectSource {
			t.Errorf("got %d rejects", len(out.Rejects))
		}
	})
}

func TestSplitErrors(t *testing.T) {
	t.Run("of yield", func(t *testing.T) {
		stop := errors.New("stop")
		n := 0
		err := Split(strings.NewReader("{}{}{}"), func([]byte, int64) error { n++; return stop })
		if !errors.Is(err, stop) || n != 1 {
			t.Errorf("got %v after %d values", err, n)
		}
	})
	t.Run("of the reader", func(t *testing.T) {
		var zipped bytes.Buffer
		z := gzip.NewWriter(&zipped)
		fmt.Fprint(z, "{\"a\":1}\n{\"b\":2}\nhalf a line")
		if err := z.Flush(); err != nil { // and no Close: the file breaks off
			t.Fatal(err)
		}
		r, err := gzip.NewReader(&zipped)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		err = Split(r, func(raw []byte, _ int64) error { got = append(got, string(raw)); return nil })
		if !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("got error %v", err)
		}
		if d := cmp.Diff([]string{`{"a":1}`, `{"b":2}`}, got); d != "" {
			t.Errorf("-want +got\n%s", d)
		}
	})
	t.Run("a reader that gives nothing", func(t *testing.T) {
		err := Split(idleReader{}, func([]byte, int64) error { return nil })
		if !errors.Is(err, io.ErrNoProgress) {
			t.Errorf("got error %v", err)
		}
	})
}

type idleReader struct{}

func (idleReader) Read([]byte) (int, error) { return 0, nil }

// TestSplitIsLinear: input made to be read over and over is not.
func TestSplitIsLinear(t *testing.T) {
	for name, in := range map[string]string{
		"open brackets":       strings.Repeat("[\n", 1<<20),
		"open objects":        strings.Repeat("{\"a\":\n", 1<<18),
		"open array elements": "[" + strings.Repeat("{\"a\":[\n", 1<<18),
		"broken lines":        strings.Repeat("{\"a\":1,\n{\"b\":[\n", 1<<17),
	} {
		t.Run(name, func(t *testing.T) {
			r := &countingReader{r: strings.NewReader(in)}
			n := 0
			if err := Split(r, func([]byte, int64) error { n++; return nil }); err != nil {
				t.Fatal(err)
			}
			if n == 0 || r.n != int64(len(in)) {
				t.Errorf("%d values from %d of %d bytes", n, r.n, len(in))
			}
		})
	}
}

type countingReader struct {
	r io.Reader
	n int64
}

func (c *countingReader) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.n += int64(n)
	return n, err
}

// FuzzSplit: whatever comes before it, a good last line is found; what is yielded
// is in the input; and how the reader cuts the input up makes no difference.
func FuzzSplit(f *testing.F) {
	for _, s := range []string{"", "{\"a\":1}\n", "[{\"a\":1},\n{\"b\":", "text\n[x\n", "{\"a\":[1,\n{\"b\":2}\n", "{\n\"a\":{\n", "\xef\xbb\xbf[[", "[,],{}"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		const maxBytes = 64
		last := `{"last":"line"}`
		in += "\n" + last + "\n"
		var got []string
		err := split(strings.NewReader(in), maxBytes, func(raw []byte, offset int64) error {
			if len(raw) > maxBytes+1 {
				t.Fatalf("%d bytes", len(raw))
			}
			if len(raw) <= maxBytes && !strings.HasPrefix(in[offset:], string(raw)) {
				t.Fatalf("%q is not at %d", raw, offset)
			}
			got = append(got, string(raw))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(got, splitAll(t, iotest.HalfReader(strings.NewReader(in)), maxBytes)); d != "" {
			t.Fatalf("halved reads differ:\n%s", d)
		}
		if d := cmp.Diff(got, splitAll(t, iotest.OneByteReader(strings.NewReader(in)), maxBytes)); d != "" {
			t.Fatalf("single bytes differ:\n%s", d)
		}
		tooLarge := false
		for _, g := range got {
			tooLarge = tooLarge || len(g) > maxBytes
		}
		if !tooLarge && (len(got) == 0 || got[len(got)-1] != last) {
			t.Fatalf("the last line is lost: %q", got)
		}
	})
}

func BenchmarkSplit(b *testing.B) {
	line := []byte(`{"eventVersion":"1.08","userIdentity":{"type":"AssumedRole","principalId":"AROAEXAMPLE:session","arn":"arn:aws:sts::123456789012:assumed-role/app/session"},"eventTime":"2026-11-22T04:05:08Z","readOnly":true}` + "\n")
	in := bytes.Repeat(line, 10_000)
	b.SetBytes(int64(len(in)))
	for b.Loop() {
		if err := Split(bytes.NewReader(in), func([]byte, int64) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
}
