package sources

import (
	"testing"
)

// TestRejectedAsItCame: a record that is rejected whole goes to the rejects as it
// came, with the blanks and the mark that decoding passes over.
func TestRejectedAsItCame(t *testing.T) {
	s, _ := Find("okta.system_log")
	raw := "\xef\xbb\xbf  this is no JSON \n"
	var out Batch
	s.DecodeRecord(Input{Raw: []byte(raw)}, &out)
	if len(out.Rejects) != 1 || string(out.Rejects[0].Raw) != raw || out.Rejects[0].SHA256 != sum([]byte(raw)) {
		t.Errorf("got %+v", out.Rejects)
	}
}
