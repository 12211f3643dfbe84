package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
)

// makeKey makes the operator's key, which signs the ledgers of both sides.
func (t *trial) makeKey() error {
	if !t.ledger {
		return nil
	}
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(t.dir, "ledger.pem"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600)
}

// verify runs whence verify over everything that a side wrote, and returns how much
// it found that whence did not write.
func (t *trial) verify(s *side) (found int64, err error) {
	if !t.ledger {
		return 0, nil
	}
	var out bytes.Buffer
	c, err := t.spawn(filepath.Join(s.Dir, "verify.log"), &out, nil, "verify", "-c", s.config, "--kafka", "--json")
	if err != nil {
		return 0, err
	}
	<-c.ended
	var said struct {
		Rows, Entries, Runs, Pending, Uncovered, Found int64
		Findings                                       []json.RawMessage
		Evidence                                       struct{ Events, Gone, Unknown int64 }
	}
	if err := json.Unmarshal(out.Bytes(), &said); err != nil {
		return 0, c.failed("said no report")
	}
	t.say("%s: verify: %d rows, %d entries of %d runs, %d raw events; %d entries pending, %d findings",
		s.Name, said.Rows, said.Entries, said.Runs, said.Evidence.Events, said.Pending, said.Found)
	for _, f := range said.Findings[:min(examples, len(said.Findings))] {
		t.say("%s: %s", s.Name, f)
	}
	// Nothing to compare would be nothing to find.
	if all := int64(len(t.raw.expected)); said.Rows < all || said.Evidence.Events < all {
		return 0, fmt.Errorf("whence verify of %s saw %d rows and %d raw events of %d", s.Name, said.Rows, said.Evidence.Events, all)
	}
	if (c.err == nil) != (said.Found == 0) {
		return 0, c.failed("exits otherwise than its report says")
	}
	return said.Found + said.Uncovered, nil
}
