package sources

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/bytedance/sonic"
)

// LiteLLM writes one field in several types, depending on version and on where
// the row comes from. These read all of them and never fail.

// litellmText is a string, a number or a bool.
type litellmText string

// UnmarshalJSON never fails.
func (t *litellmText) UnmarshalJSON(b []byte) error {
	*t = ""
	var s string
	switch {
	case len(b) == 0 || b[0] == '{' || b[0] == '[' || string(b) == "null":
	case b[0] != '"':
		*t = litellmText(b)
	case json.Unmarshal(b, &s) == nil:
		*t = litellmText(s)
	}
	return nil
}

// litellmNumber is a number, or a string with one in it.
type litellmNumber struct {
	value float64
	known bool
}

// UnmarshalJSON never fails.
func (n *litellmNumber) UnmarshalJSON(b []byte) error {
	*n = litellmNumber{}
	f, err := strconv.ParseFloat(strings.Trim(string(b), `" `), 64)
	if err == nil && !math.IsNaN(f) && f >= 0 && f < 1e15 {
		*n = litellmNumber{f, true}
	}
	return nil
}

// litellmTime is seconds since 1970, or a date and time; UTC where no zone is given.
type litellmTime struct{ time.Time }

// UnmarshalJSON never fails.
func (t *litellmTime) UnmarshalJSON(b []byte) error {
	t.Time = litellmParseTime(strings.Trim(string(b), `" `))
	return nil
}

func litellmParseTime(s string) time.Time {
	for _, layout := range []string{"2006-01-02 15:04:05", time.RFC3339, "2006-01-02 15:04:05Z07:00", "2006-01-02T15:04:05"} {
		if t, err := time.Parse(layout, s); err == nil {
			return litellmSane(t)
		}
	}
	// Seconds with a fraction: the digits are taken as they stand, a float64
	// would lose the last of them.
	whole, fraction, _ := strings.Cut(s, ".")
	sec, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		return time.Time{}
	}
	nanos, err := strconv.ParseInt((fraction + "000000000")[:9], 10, 64)
	if err != nil || nanos < 0 {
		return time.Time{}
	}
	if sec > 1e11 {
		return litellmSane(time.UnixMilli(sec))
	}
	return litellmSane(time.Unix(sec, nanos))
}

// litellmSane drops times that no row can have.
func litellmSane(t time.Time) time.Time {
	if y := t.Year(); y < 2000 || y > 2200 {
		return time.Time{}
	}
	return t.UTC()
}

// litellmMetadata is a JSON object, or, in SpendLogs, a string with one in it.
type litellmMetadata struct {
	litellmMetadataFields
}

type litellmMetadataFields struct {
	KeyHash    string         `json:"user_api_key_hash"`
	Key        string         `json:"user_api_key"` // also a hash; see litellmKeyID
	KeyAlias   string         `json:"user_api_key_alias"`
	KeyAgentID string         `json:"user_api_key_agent_id"`
	UserID     string         `json:"user_api_key_user_id"`
	UserEmail  string         `json:"user_api_key_user_email"`
	EndUserID  string         `json:"user_api_key_end_user_id"`
	TeamID     string         `json:"user_api_key_team_id"`
	TeamAlias  string         `json:"user_api_key_team_alias"`
	OrgID      string         `json:"user_api_key_org_id"`
	OrgAlias   string         `json:"user_api_key_org_alias"`
	AgentID    string         `json:"agent_id"`
	IP         string         `json:"requester_ip_address"`
	UserAgent  string         `json:"user_agent"`
	Status     string         `json:"status"`
	Failure    litellmFailure `json:"error_information"`
	Tool       struct {
		Name       string `json:"name"`
		Namespaced string `json:"namespaced_tool_name"`
	} `json:"mcp_tool_call_metadata"`
}

// UnmarshalJSON never fails: odd metadata is no reason to lose the call.
func (m *litellmMetadata) UnmarshalJSON(b []byte) error {
	m.litellmMetadataFields = litellmMetadataFields{}
	if len(b) > 0 && b[0] == '"' {
		var s string
		if json.Unmarshal(b, &s) != nil {
			return nil //nolint:nilerr // odd metadata is no reason to lose the call
		}
		b = []byte(s)
	}
	if depth(b) <= maxDepth {
		_ = sonic.ConfigFastest.Unmarshal(b, &m.litellmMetadataFields)
	}
	return nil
}

type litellmFailure struct {
	Code  litellmText `json:"error_code"`
	Class string      `json:"error_class"`
}
