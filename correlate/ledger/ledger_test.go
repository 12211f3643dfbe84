package ledger

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"testing"
	"time"

	"whence/correlate"
)

// What is hashed and signed must stay as it is, or nothing from before verifies.
func TestFormsStay(t *testing.T) {
	signer := NewSigner(ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)))
	at := time.Date(2026, 3, 4, 10, 0, 0, 0, time.UTC)
	r := signer.Open("raw.cloudtrail/3", Head{Run: RunID{9}, Seq: 7, Hash: Sum{8}, At: at.Add(-time.Hour)}, func() time.Time { return at })
	r.id = RunID{1, 2, 3}
	r.hash = genesis(r.lane, r.id)
	r.before = r.hash
	e := r.Enter(correlate.NewID("a chain"), 1<<52+1, at.Add(-time.Minute), Sum{4, 5, 6})
	c := r.Sign()
	for _, tt := range []struct{ what, got, want string }{
		{"genesis", c.Before.String(), "88e2fedce108c7566fd1f532f8d1f19d5b02f7688d95681c6dca779fa8a3b726"},
		{"entry", e.Hash.String(), "2f40b5af0c47ca265941a5b131b405c24de83cbcbb7f70a35489c0fd0dabf58d"},
		{"checkpoint", c.Sum().String(), "c7139264826870626038b83b9dba70768e90757e949a1a82952958c6d64f15e1"},
		{"key", c.Key.String(), "139e3940e64b5491"},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.what, tt.got, tt.want)
		}
	}
	if why := signer.Keys().check(&c); why != "" {
		t.Error(why)
	}
	c.Stored++
	if why := signer.Keys().check(&c); why == "" {
		t.Error("a checkpoint that was changed passes")
	}
}

func TestRun(t *testing.T) {
	signer := NewSigner(ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)))
	after := Head{Run: RunID{9}, Seq: 7, Hash: Sum{8}}
	r := signer.Open("raw/0", after, time.Now)
	if r.Head() != after || r.Owes() {
		t.Errorf("before the first entry: %+v", r.Head())
	}
	r.Enter(correlate.ID{1}, 1, time.Time{}, Sum{})
	r.Enter(correlate.ID{2}, 1, time.Time{}, Sum{})
	first := r.Sign()
	if first.Number != 1 || first.First != 1 || first.Last != 2 || first.After != after || first.Stored != 0 {
		t.Errorf("first: %+v", first)
	}
	r.Store(2)
	if !r.Owes() {
		t.Error("what is stored was not stated yet")
	}
	second := r.Sign()
	if r.Owes() || second.Number != 2 || second.First != 3 || second.Last != 2 || second.Stored != 2 || !second.After.IsZero() ||
		second.Former != first.Sum() || second.Before != first.Hash || second.Hash != first.Hash {
		t.Errorf("second: %+v", second)
	}
	if h := r.Head(); h.Seq != 2 || h.Hash != first.Hash || h.Run != first.Run {
		t.Errorf("head: %+v", h)
	}
}

// Errors about keys say what to do, and nothing of the key.
func TestParseKeys(t *testing.T) {
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	encode := func(kind string, der []byte, err error) []byte {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	private := encode("PRIVATE KEY", der, err)
	der, err = x509.MarshalPKIXPublicKey(key.Public())
	public := encode("PUBLIC KEY", der, err)
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err = x509.MarshalPKCS8PrivateKey(other)
	wrong := encode("PRIVATE KEY", der, err)

	s, err := ParseSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	ks, err := ParseKeys(append(public, public...))
	if err != nil || len(ks) != 1 || ks[s.id] == nil {
		t.Errorf("got %v, %v", ks, err)
	}
	for _, text := range [][]byte{nil, []byte("SECRET"), public, wrong} {
		if _, err := ParseSigner(text); err == nil || !strings.Contains(err.Error(), "openssl genpkey") || strings.Contains(err.Error(), "SECRET") {
			t.Errorf("private %.20q: %v", text, err)
		}
	}
	for _, text := range [][]byte{nil, []byte("SECRET"), private} {
		if _, err := ParseKeys(text); err == nil || !strings.Contains(err.Error(), "openssl pkey -pubout") {
			t.Errorf("public %.20q: %v", text, err)
		}
	}
}
