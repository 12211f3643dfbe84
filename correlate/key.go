package correlate

import (
	"cmp"
	"fmt"
	"strings"
	"time"
)

// A Kind is the kind of a key or alias, such as "aws.access_key" or
// "github.sub". Each source declares the kinds it mints.
type Kind string

// A Key names one credential or session at one issuer, or, when its kind is an
// alias, a name that several keys may carry over time. The value holds its scope
// (account, tenant, cluster, audit device) wherever ids are unique only inside
// one. A Key is never a secret. Issuers never hand the same key out twice.
// In text it is "kind:value".
type Key struct {
	Kind  Kind
	Value string
}

// ParseKey reads the text form of a key: everything before the first colon is
// the kind. The empty string is the zero key.
func ParseKey(s string) (Key, error) {
	if s == "" {
		return Key{}, nil
	}
	kind, value, ok := strings.Cut(s, ":")
	if !ok || kind == "" || value == "" {
		return Key{}, fmt.Errorf("key %q: want kind:value, such as okta.session:102abc", s)
	}
	return Key{Kind: Kind(kind), Value: value}, nil
}

// IsZero reports whether k is unset.
func (k Key) IsZero() bool { return k.Kind == "" && k.Value == "" }

// String returns the text form of k, empty for the zero key.
func (k Key) String() string {
	if k.IsZero() {
		return ""
	}
	return string(k.Kind) + ":" + k.Value
}

// Compare orders keys by kind, then value.
func (k Key) Compare(o Key) int {
	if k.Kind != o.Kind {
		return cmp.Compare(k.Kind, o.Kind)
	}
	return cmp.Compare(k.Value, o.Value)
}

// MarshalText implements encoding.TextMarshaler.
func (k Key) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler. It reads whatever MarshalText
// wrote, so unlike ParseKey it takes keys that lack a part: a principal whose
// issuer nobody knows is missed under a key without a kind.
func (k *Key) UnmarshalText(b []byte) error {
	kind, value, ok := strings.Cut(string(b), ":")
	if !ok && kind != "" {
		return fmt.Errorf("key %q: want kind:value, such as okta.session:102abc", kind)
	}
	*k = Key{Kind: Kind(kind), Value: value}
	return nil
}

// KindInfo is what a source promises about a kind it mints.
type KindInfo struct {
	Kind Kind
	// Alias says that the kind is a name that can be reused.
	Alias bool
	// Life is the longest time a key of this kind can live, or an alias stay
	// bound, by its issuer's documentation. Zero means no limit (a standing key).
	Life time.Duration
	// Best is the strongest proof the source can give in an account of this kind.
	Best Proof
	// Hint tells an operator what to check when a key of this kind was never
	// seen being issued, as a question: "is the vault audit device enabled?".
	Hint string
}

// Kinds holds what the enabled sources mint. A kind that is not in it is minted
// by nobody here: a missing key of that kind cannot appear later.
type Kinds map[Kind]KindInfo

// NewKinds joins the declarations of several sources: of two declarations of
// one kind the longer life and the better proof count.
func NewKinds(infos ...KindInfo) Kinds {
	ks := Kinds{}
	for _, in := range infos {
		old, ok := ks[in.Kind]
		if ok {
			if old.Life == 0 || in.Life != 0 && in.Life < old.Life {
				in.Life = old.Life
			}
			in.Best = max(in.Best, old.Best)
			in.Alias = in.Alias || old.Alias
			if old.Hint != "" {
				in.Hint = old.Hint
			}
		}
		ks[in.Kind] = in
	}
	return ks
}

// Minted reports whether any enabled source mints keys or bindings of kind k.
func (ks Kinds) Minted(k Kind) bool {
	_, ok := ks[k]
	return ok
}
