package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"

	"github.com/spf13/viper"

	"whence/sources"
)

// keyDelimiter joins the sections of a key. viper's own is a dot, which would
// split the names of sources.
const keyDelimiter = "::"

// readSettings reads the configuration file and the environment once, and reports
// every problem it finds. A relative path in the file starts at the file's folder.
func readSettings(path string) (settings, error) {
	s, err := parseSettings(path)
	if err == nil {
		_, err = declareSources(s.Sources.Dir) // topics and lateness may name them
	}
	if err == nil {
		err = s.validate()
	}
	if err != nil {
		return s, wrong(fmt.Errorf("the configuration in %s is wrong:\n%w", path, err))
	}
	return s, nil
}

func parseSettings(path string) (settings, error) {
	s := defaultSettings()
	v := viper.NewWithOptions(viper.KeyDelimiter(keyDelimiter))
	v.SetConfigFile(path)
	v.SetConfigType("yaml")
	// Unmarshal sees the environment for known keys only.
	eachSetting("", reflect.ValueOf(s), func(key string, value any) {
		v.SetDefault(key, value)
		_ = v.BindEnv(key, envName(key)) // fails only without a key
	})
	for _, src := range sources.All() {
		key := "lateness" + keyDelimiter + src.Name
		_ = v.BindEnv(key, envName(key))
	}
	if err := v.ReadInConfig(); err != nil {
		return s, readError(err)
	}
	shortDirectory(v)
	if err := v.UnmarshalExact(&s); err != nil {
		return s, decodeError(err)
	}
	if err := s.readSecrets(filepath.Dir(path)); err != nil {
		return s, err
	}
	return s.withPathsFrom(filepath.Dir(path)), nil
}

// eachSetting calls visit with every key that holds a value, lists included. It
// leaves out what has keys that are not known beforehand: topics, siem, notify, lateness
// and severity.
func eachSetting(prefix string, v reflect.Value, visit func(key string, value any)) {
	for i := range v.NumField() {
		key := prefix + v.Type().Field(i).Tag.Get("mapstructure")
		f := v.Field(i)
		switch {
		case f.Kind() == reflect.Struct:
			eachSetting(key+keyDelimiter, f, visit)
		case key != "topics" && key != "siem" && key != "notify" && f.Kind() != reflect.Map:
			visit(key, f.Interface())
		}
	}
}

// envName is the variable that overrides a key: WHENCE_KAFKA_BROKERS.
func envName(key string) string {
	return "WHENCE_" + strings.ToUpper(strings.NewReplacer(keyDelimiter, "_", ".", "_").Replace(key))
}

// shortDirectory lets directory be a path, or several, in place of its section.
func shortDirectory(v *viper.Viper) {
	const key = "directory" + keyDelimiter + "path"
	_ = v.BindEnv(key, envName(key), "WHENCE_DIRECTORY") // fails only without a key
	paths := v.Get("directory")
	if _, section := paths.(map[string]any); section || paths == nil {
		return
	}
	if env := v.Get(key); env != nil {
		paths = env
	}
	const topic = "directory" + keyDelimiter + "topic"
	fromEnv := v.GetString(topic)
	v.Set(key, paths)
	v.Set(topic, fromEnv)
}

func readError(err error) error {
	var parse viper.ConfigParseError
	switch {
	case errors.Is(err, os.ErrNotExist):
		return errors.New("the file does not exist: name another one with -c")
	case errors.As(err, &parse):
		return parse.Unwrap()
	}
	return err
}

var invalidKeys = regexp.MustCompile(`^'(.*)' has invalid keys: (.*)$`)

// decodeError says in our words what the decoder found.
func decodeError(err error) error {
	var errs []error
	for line := range strings.Lines(err.Error()) {
		line = strings.TrimSpace(line)
		if m := invalidKeys.FindStringSubmatch(line); m != nil {
			for key := range strings.SplitSeq(m[2], ", ") {
				errs = append(errs, fmt.Errorf("unknown key %s", strings.TrimPrefix(m[1]+"."+key, ".")))
			}
		} else if line != "" && !strings.HasPrefix(line, "decoding failed") {
			errs = append(errs, errors.New(line))
		}
	}
	return errors.Join(errs...)
}

// readSecrets reads the passwords that files hold. dir is where relative paths start.
func (s *settings) readSecrets(dir string) error {
	errs := []error{
		secret("kafka.sasl.password", dir, s.Kafka.SASL.PasswordFile, &s.Kafka.SASL.Password),
		secret("clickhouse.password", dir, s.ClickHouse.PasswordFile, &s.ClickHouse.Password),
	}
	for i := range s.SIEM {
		d := &s.SIEM[i]
		errs = append(errs, secret("siem "+d.Name+": sasl.password", dir, d.SASL.PasswordFile, &d.SASL.Password))
	}
	return errors.Join(append(errs, s.notifySecrets(dir)...)...)
}

func secret(key, dir, file string, value *string) error {
	if file == "" {
		return nil
	}
	if *value != "" {
		return fmt.Errorf("%s and %s_file are both given; keep one", key, key)
	}
	b, err := os.ReadFile(from(dir, file))
	if err != nil {
		return fmt.Errorf("%s_file: %w", key, err)
	}
	*value = strings.TrimRight(string(b), "\r\n")
	if *value == "" {
		return fmt.Errorf("%s_file: %s is empty", key, file)
	}
	return nil
}

// withPathsFrom lets relative paths start at dir.
func (s settings) withPathsFrom(dir string) settings {
	for _, p := range []*string{
		&s.Store.Dir, &s.Ledger.KeyFile,
		&s.Kafka.TLS.CAFile, &s.Kafka.TLS.CertFile, &s.Kafka.TLS.KeyFile,
		&s.ClickHouse.TLS.CAFile, &s.ClickHouse.TLS.CertFile, &s.ClickHouse.TLS.KeyFile, &s.Prices, &s.Sources.Dir, &s.Silences.Path,
	} {
		if *p != "" {
			*p = from(dir, *p)
		}
	}
	for i := range s.SIEM {
		t := &s.SIEM[i].TLS
		for _, p := range []*string{&t.CAFile, &t.CertFile, &t.KeyFile} {
			if *p != "" {
				*p = from(dir, *p)
			}
		}
	}
	s.Directory.Path, s.Rules.Dir, s.Rules.Sigma = allFrom(dir, s.Directory.Path), allFrom(dir, s.Rules.Dir), allFrom(dir, s.Rules.Sigma)
	return s
}

// allFrom lets paths start at dir, those that are empty left out.
func allFrom(dir string, paths []string) (all []string) {
	for _, p := range paths {
		if p = strings.TrimSpace(p); p != "" {
			all = append(all, from(dir, p))
		}
	}
	return all
}

func from(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}
