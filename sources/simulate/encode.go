package simulate

import (
	"bytes"
	"encoding/json"
)

// marshal is json.Marshal without the escapes for HTML, which no log has.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}

// object is a small JSON object of any shape; its members are written in order
// of their names.
type object = map[string]any
