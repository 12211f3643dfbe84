package ledger

import (
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
)

// A KeyID names a public key: the first bytes of its SHA-256.
type KeyID [8]byte

// String returns id in lower-case hex.
func (id KeyID) String() string { return hex.EncodeToString(id[:]) }

func idOf(k ed25519.PublicKey) (id KeyID) {
	sum := sha256.Sum256(k)
	copy(id[:], sum[:])
	return id
}

// A Signer holds the operator's private key. It is safe for concurrent use.
type Signer struct {
	private ed25519.PrivateKey
	id      KeyID
}

// NewSigner signs with private.
func NewSigner(private ed25519.PrivateKey) *Signer {
	return &Signer{private, idOf(private.Public().(ed25519.PublicKey))}
}

// What keys look like, for whoever gave something else.
const (
	wantPrivate = "want an Ed25519 private key in PEM, as made by: openssl genpkey -algorithm ed25519"
	wantPublic  = "want an Ed25519 public key in PEM, as made by: openssl pkey -pubout"
)

// ParseSigner reads a private key: PKCS #8 in PEM. Its errors hold nothing of it.
func ParseSigner(text []byte) (*Signer, error) {
	block, _ := pem.Decode(text)
	if block == nil || block.Type != "PRIVATE KEY" {
		return nil, errors.New(wantPrivate)
	}
	k, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	private, ok := k.(ed25519.PrivateKey)
	if err != nil || !ok {
		return nil, errors.New(wantPrivate)
	}
	return NewSigner(private), nil
}

// Keys are the public keys.
func (s *Signer) Keys() Keys {
	return Keys{s.id: s.private.Public().(ed25519.PublicKey)}
}

func (s *Signer) sign(c *Checkpoint) {
	c.Key = s.id
	copy(c.Signature[:], ed25519.Sign(s.private, c.statement(nil)))
}

// Keys are the public keys that checkpoints may be signed with.
type Keys map[KeyID]ed25519.PublicKey

// ParseKeys reads public keys: one or more, in PEM. Those of a former time stay in
// the file, or what they signed cannot be verified.
func ParseKeys(text []byte) (Keys, error) {
	keys := Keys{}
	for n := 1; ; n++ {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			break
		}
		k, err := x509.ParsePKIXPublicKey(block.Bytes)
		public, ok := k.(ed25519.PublicKey)
		if err != nil || !ok {
			return nil, fmt.Errorf("key %d: "+wantPublic, n)
		}
		keys[idOf(public)] = public
	}
	if len(keys) == 0 {
		return nil, errors.New(wantPublic)
	}
	return keys, nil
}

// check returns why c does not count, or nothing.
func (ks Keys) check(c *Checkpoint) string {
	k, ok := ks[c.Key]
	switch {
	case !ok:
		return "it is signed with the key " + c.Key.String() + ", which is none of those given"
	case !ed25519.Verify(k, c.statement(nil), c.Signature[:]):
		return "its signature is not that of what it states"
	}
	return ""
}
