package prices

import (
	_ "embed"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
)

// A List is what models cost from when on. It is immutable.
type List struct {
	models map[string][]price // each model's by the begin
}

type price struct {
	from  time.Time // zero for always
	rates rates
	above int64 // tokens put in, past which long counts for the whole call; 0 for never
	long  rates
}

// rates are dollars for a million tokens; negative if the list does not say.
type rates struct{ input, cacheRead, cacheWrite, output float64 }

//go:embed default.yaml
var defaultList []byte

// Default is the list that comes with whence: public prices of large vendors, which
// are out of date as soon as they change them.
func Default() *List {
	l, err := Read(defaultList)
	if err != nil {
		panic("prices: the list that comes with whence is wrong: " + err.Error())
	}
	return l
}

// maxListBytes bounds a file of prices.
const maxListBytes = 4 << 20

// file is the layout of a list. Prices are dollars for a million tokens.
type file struct {
	// Default says whether the list that comes with whence counts too, for models
	// that this one leaves out.
	Default bool        `yaml:"default"`
	Models  []fileEntry `yaml:"models"`
}

type fileEntry struct {
	Model string    `yaml:"model"`
	From  string    `yaml:"from"` // a day, such as 2026-01-31
	Rates fileRates `yaml:",inline"`
	Above *struct {
		Tokens int64     `yaml:"tokens"`
		Rates  fileRates `yaml:",inline"`
	} `yaml:"above"`
}

type fileRates struct {
	Input      *float64 `yaml:"input"`
	Output     *float64 `yaml:"output"`
	CacheRead  *float64 `yaml:"cache_read"`
	CacheWrite *float64 `yaml:"cache_write"`
}

// Read reads a list from YAML and reports every problem it has.
func Read(b []byte) (*List, error) {
	if len(b) > maxListBytes {
		return nil, fmt.Errorf("the file has %d bytes; a list of prices has at most %d", len(b), maxListBytes)
	}
	var f file
	if err := yaml.UnmarshalWithOptions(b, &f, yaml.DisallowUnknownField()); err != nil {
		return nil, err
	}
	l := &List{models: map[string][]price{}}
	var errs []error
	for i := range f.Models {
		e := &f.Models[i]
		p, err := e.price()
		if err == nil && slices.ContainsFunc(l.models[e.Model], func(o price) bool { return o.from.Equal(p.from) }) {
			err = errors.New("it is there twice; give one of them a later from")
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("model %d, %q: %w", i+1, e.Model, err))
			continue
		}
		l.models[e.Model] = append(l.models[e.Model], p)
	}
	for _, ps := range l.models {
		slices.SortFunc(ps, func(a, b price) int { return a.from.Compare(b.from) })
	}
	if f.Default {
		for name, ps := range Default().models {
			if _, ok := l.models[name]; !ok {
				l.models[name] = ps
			}
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return l, nil
}

// Len is the number of models in the list.
func (l *List) Len() int { return len(l.models) }

func (e *fileEntry) price() (p price, err error) {
	if strings.TrimSpace(e.Model) == "" {
		return p, errors.New("it needs a name")
	}
	if e.From != "" {
		if p.from, err = time.Parse(time.DateOnly, e.From); err != nil {
			return p, fmt.Errorf("from %q: want a day such as 2026-01-31", e.From)
		}
	}
	if p.rates, err = e.Rates.rates(); err != nil || e.Above == nil {
		return p, err
	}
	if e.Above.Tokens <= 0 {
		return p, errors.New("above needs tokens, the number from which it counts")
	}
	p.above = e.Above.Tokens
	p.long, err = e.Above.Rates.rates()
	return p, err
}

func (f *fileRates) rates() (rates, error) {
	r := rates{}
	for _, v := range [...]struct {
		name string
		from *float64
		to   *float64
	}{{"input", f.Input, &r.input}, {"output", f.Output, &r.output}, {"cache_read", f.CacheRead, &r.cacheRead}, {"cache_write", f.CacheWrite, &r.cacheWrite}} {
		switch {
		case v.from == nil:
			*v.to = -1
		case *v.from < 0 || math.IsNaN(*v.from) || math.IsInf(*v.from, 0):
			return r, fmt.Errorf("%s is no price", v.name)
		default:
			*v.to = *v.from
		}
	}
	if f.Input == nil {
		return r, errors.New("it needs input, the price of a million tokens in dollars (0 for a model that costs nothing)")
	}
	return r, nil
}
