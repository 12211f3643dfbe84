package sources

import (
	"fmt"
	"strings"
	"testing"

	"whence/correlate"
)

// The decoder finds by itself what nests too deep, wherever that is.
func TestGitHubWebhookTooDeep(t *testing.T) {
	s, _ := Find(githubWebhook)
	deep := func(levels int) string {
		return fmt.Sprintf(`{"sender":{"login":"amoreau"},"x":%s%s}`, strings.Repeat("[", levels-1), strings.Repeat("]", levels-1))
	}
	for _, tc := range []struct{ name, raw, want string }{
		{"as deep as may be", deep(256), ""},
		{"deeper", deep(257), correlate.RejectTooDeep},
		{"in a list", "[" + deep(255) + "]", ""},
		{"deeper in a list", "[" + deep(256) + "]", correlate.RejectTooDeep},
		{"wrapped", `{"event":"push","body":` + deep(256) + `}`, correlate.RejectTooDeep},
		{"in a string", fmt.Sprintf(`{"event":"push","body":%q}`, deep(256)), ""},
		{"deeper in a string", fmt.Sprintf(`{"event":"push","body":%q}`, deep(257)), correlate.RejectSource},
		{"not JSON in a string", `{"event":"push","body":"{\"sender\":"}`, correlate.RejectNotJSON},
	} {
		var out Batch
		s.Decode(Input{Raw: []byte(tc.raw)}, &out)
		switch {
		case tc.want == "" && (len(out.Events) != 1 || len(out.Rejects) != 0):
			t.Errorf("%s: got %d events, rejects %+v", tc.name, len(out.Events), out.Rejects)
		case tc.want != "" && (len(out.Events) != 0 || len(out.Rejects) != 1 || out.Rejects[0].Reason != tc.want):
			t.Errorf("%s: got %d events, rejects %+v, want %s", tc.name, len(out.Events), out.Rejects, tc.want)
		}
	}
}
