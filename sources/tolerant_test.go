package sources

import (
	"testing"

	"github.com/bytedance/sonic"
	"github.com/google/go-cmp/cmp"
)

func TestTolerant(t *testing.T) {
	type inner struct {
		A string            `json:"a"`
		B int64             `json:"b"`
		C []string          `json:"c"`
		D map[string]string `json:"d"`
		E present           `json:"e"`
		F string            `json:"f"`
	}
	tests := []struct {
		name, in string
		want     inner
	}{
		{"as documented", `{"x":{"a":"1","b":2,"c":["3"],"d":{"k":"v"},"e":"secret","f":"6"}}`,
			inner{"1", 2, []string{"3"}, map[string]string{"k": "v"}, true, "6"}},
		{"null", `{"x":null}`, inner{}},
		{"another type", `{"x":"text"}`, inner{}},
		{"odd members", `{"x":{"a":{"deep":[1]},"b":"2","c":"3","d":[1],"e":null,"f":"6"}}`, inner{F: "6"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got struct {
				X tolerant[inner] `json:"x"`
			}
			if err := sonic.ConfigFastest.Unmarshal([]byte(tt.in), &got); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, got.X.V); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
		})
	}
}
