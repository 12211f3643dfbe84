package arena

import (
	"encoding/hex"
	"strings"
	"testing"
)

func TestTextHex(t *testing.T) {
	var text Text
	b := make([]byte, 256)
	for i := range b {
		b[i] = byte(i * 7)
	}
	for n := range len(b) {
		if got, want := text.Hex(b[n:]), hex.EncodeToString(b[n:]); got != want {
			t.Fatalf("%d bytes: got %s, want %s", len(b)-n, got, want)
		}
	}
}

func TestTextLends(t *testing.T) {
	var text Text
	text.Poison = true
	for round := range 3 {
		want, got := []string{}, []string{}
		for i := range 300 {
			part := strings.Repeat(string(rune('a'+i%26)), 1+i*i%3000)
			want, got = append(want, part+"/"+part), append(got, text.Join(part, "/", part))
		}
		large := strings.Repeat("x", chunkBytes)
		want, got = append(want, large, "00ff"), append(got, text.Join(large), text.Hex([]byte{0, 255}))
		room := text.Bytes(100)
		kept := View(append(room[:0], "kept"...))
		text.Unused(100 - len(kept))
		want, got = append(want, "kept", "next"), append(got, kept, text.Join("next"))
		for i := range want {
			if got[i] != want[i] {
				t.Fatalf("round %d: string %d is %.20q; want %.20q", round, i, got[i], want[i])
			}
		}
		text.Reset()
		for i, s := range got {
			if s != "" && s[0] != 0xDB {
				t.Fatalf("round %d: string %d is %.20q after it was taken back", round, i, s)
			}
		}
	}
}

func TestTextAllocatesNothing(t *testing.T) {
	var text Text
	use := func() {
		for range 1000 {
			text.Join("arn:aws:iam::", "123456789012", ":role/deploy")
		}
		text.Reset()
	}
	use()
	if n := testing.AllocsPerRun(10, use); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
