package main

import (
	"time"

	"whence/correlate/index"
	"whence/pipeline"
	"whence/rules"
	"whence/sinks"
)

// settings is the configuration file: its keys are the mapstructure tags. It is
// read once and not changed afterwards. Every key but topics, siem, notify and rules.severity can be
// overridden by an environment variable: WHENCE_, then the key with its sections in
// upper case, joined with _, such as WHENCE_CLICKHOUSE_PASSWORD.
type settings struct {
	Kafka kafkaSettings `mapstructure:"kafka"`
	// Group is the consumer group whose instances share the work.
	Group string `mapstructure:"group"`
	// Topics maps raw topics to sources.
	Topics   []topicSettings  `mapstructure:"topics"`
	Sessions sessionsSettings `mapstructure:"sessions"`
	// RejectsTopic takes what could not be decoded.
	RejectsTopic string `mapstructure:"rejects_topic"`
	// Lateness overrides, by source, how late a line may arrive.
	Lateness   map[string]time.Duration `mapstructure:"lateness"`
	Pipeline   pipelineSettings         `mapstructure:"pipeline"`
	Store      storeSettings            `mapstructure:"store"`
	ClickHouse clickhouseSettings       `mapstructure:"clickhouse"`
	Ledger     ledgerSettings           `mapstructure:"ledger"`
	Outputs    outputSettings           `mapstructure:"outputs"`
	// SIEM are further destinations of chains and alerts.
	SIEM []siemSettings `mapstructure:"siem"`
	// Notify are receivers that are told of alerts.
	Notify   []notifySettings `mapstructure:"notify"`
	Silences silencesSettings `mapstructure:"silences"`
	// Directory is where the operator's directory is. A path, or a list of paths, may
	// stand in place of the section.
	Directory directorySettings `mapstructure:"directory"`
	// Prices is the path of the operator's list of prices of model calls; empty for the
	// list that comes with whence. It is read again when it changes.
	Prices  string          `mapstructure:"prices"`
	Rules   rulesSettings   `mapstructure:"rules"`
	Sources sourcesSettings `mapstructure:"sources"`
	// Listen is the address of /healthz, /readyz, /metrics and /debug/pprof; empty
	// for none. Whoever reaches it can read profiles: keep it inside.
	Listen string `mapstructure:"listen"`
	// MemoryLimit is how many bytes the runtime is to stay within, if the bounds of
	// queues, windows and caches allow it; 0 for none. GOMEMLIMIT comes first.
	MemoryLimit int64 `mapstructure:"memory_limit"`
	// Epoch is raised to have all chains written anew.
	Epoch uint32      `mapstructure:"epoch"`
	Log   logSettings `mapstructure:"log"`
}

type kafkaSettings struct {
	Brokers  []string     `mapstructure:"brokers"`
	ClientID string       `mapstructure:"client_id"`
	TLS      tlsSettings  `mapstructure:"tls"`
	SASL     saslSettings `mapstructure:"sasl"`
}

type tlsSettings struct {
	Enabled    bool   `mapstructure:"enabled"`
	CAFile     string `mapstructure:"ca_file"`
	CertFile   string `mapstructure:"cert_file"`
	KeyFile    string `mapstructure:"key_file"`
	ServerName string `mapstructure:"server_name"`
}

type saslSettings struct {
	// Mechanism is plain, scram-sha-256 or scram-sha-512; empty for none.
	Mechanism    string `mapstructure:"mechanism"`
	Username     string `mapstructure:"username"`
	Password     string `mapstructure:"password"`
	PasswordFile string `mapstructure:"password_file"`
}

type topicSettings struct {
	Name   string `mapstructure:"name"`
	Source string `mapstructure:"source"`
	Scope  string `mapstructure:"scope"`
}

type sessionsSettings struct {
	Topic    string `mapstructure:"topic"`
	Registry string `mapstructure:"registry"`
	// Partitions and Replication are used for topics that are made, all of ours.
	Partitions  int32         `mapstructure:"partitions"`
	Replication int16         `mapstructure:"replication"`
	Retention   time.Duration `mapstructure:"retention"`
	HotBytes    int64         `mapstructure:"hot_bytes"`
	// OverflowBytes bounds the file beside the local store for what HotBytes has no room
	// for; 0 for none.
	OverflowBytes int64 `mapstructure:"overflow_bytes"`
	CacheBytes    int64 `mapstructure:"cache_bytes"`
	// WalkBytes bounds the finished walks that are kept to be used again; 0 for none.
	WalkBytes int `mapstructure:"walk_bytes"`
}

type pipelineSettings struct {
	MaxWait        time.Duration `mapstructure:"max_wait"`
	WindowBytes    int           `mapstructure:"window_bytes"`
	QueueRecords   int           `mapstructure:"queue_records"`
	QueueBytes     int           `mapstructure:"queue_bytes"`
	StepRecords    int           `mapstructure:"step_records"`
	FlightRows     int           `mapstructure:"flight_rows"`
	CommitEvery    time.Duration `mapstructure:"commit_every"`
	IdleAfter      time.Duration `mapstructure:"idle_after"`
	RefreshMarks   time.Duration `mapstructure:"refresh_marks"`
	RepairEvery    time.Duration `mapstructure:"repair_every"`
	DrainTimeout   time.Duration `mapstructure:"drain_timeout"`
	SessionTimeout time.Duration `mapstructure:"session_timeout"`
}

type storeSettings struct {
	// Dir keeps the local copy of the session topics. It may be deleted at any
	// time; one process may use it.
	Dir        string `mapstructure:"dir"`
	CacheBytes int64  `mapstructure:"cache_bytes"`
}

type clickhouseSettings struct {
	Addr          []string      `mapstructure:"addr"`
	Database      string        `mapstructure:"database"`
	Cluster       string        `mapstructure:"cluster"`
	Username      string        `mapstructure:"username"`
	Password      string        `mapstructure:"password"`
	PasswordFile  string        `mapstructure:"password_file"`
	TLS           tlsSettings   `mapstructure:"tls"`
	Compression   string        `mapstructure:"compression"`
	BatchRows     int           `mapstructure:"batch_rows"`
	BatchBytes    int           `mapstructure:"batch_bytes"`
	Linger        time.Duration `mapstructure:"linger"`
	Inserts       int           `mapstructure:"inserts"`
	DialTimeout   time.Duration `mapstructure:"dial_timeout"`
	InsertTimeout time.Duration `mapstructure:"insert_timeout"`
	InsertQuorum  int           `mapstructure:"insert_quorum"`
	KeepDays      keepSettings  `mapstructure:"keep_days"`
}

type keepSettings struct {
	Chains   int `mapstructure:"chains"`
	Sessions int `mapstructure:"sessions"`
	Alerts   int `mapstructure:"alerts"`
	Rejects  int `mapstructure:"rejects"`
	Ledger   int `mapstructure:"ledger"` // from when an entry was written
}

type ledgerSettings struct {
	// KeyFile is the operator's private key: Ed25519, PKCS #8 in PEM. With it every
	// row that is written is entered and signed, for whence verify; empty for none.
	KeyFile string `mapstructure:"key_file"`
}

type outputSettings struct {
	// ChainsTopic and AlertsTopic take all chains and alerts in our own JSON; each may
	// be empty, for none of them. MaxBytes bounds what waits to be sent.
	ChainsTopic string `mapstructure:"chains_topic"`
	AlertsTopic string `mapstructure:"alerts_topic"`
	// NoticesTopic keeps what receivers of alerts were told, if there are any.
	NoticesTopic string `mapstructure:"notices_topic"`
	MaxBytes     int    `mapstructure:"max_bytes"`
}

type directorySettings struct {
	// Path names files, YAML or CSV, and folders of them; empty for none.
	Path []string `mapstructure:"path"`
	// Topic is a compacted topic with an entry a record; empty for none. Entries of
	// files and of the topic make one directory.
	Topic string `mapstructure:"topic"`
}

// any reports whether a directory is named at all.
func (s directorySettings) any() bool { return len(s.Path) > 0 || s.Topic != "" }

type rulesSettings struct {
	// Dir are folders of rules beside the library, with lists in their folder lists;
	// empty for none. They are read again when they change.
	Dir []string `mapstructure:"dir"`
	// Sigma are folders of Sigma rules, likewise.
	Sigma []string `mapstructure:"sigma"`
	// Library is whether the rules that come with whence are judged by.
	Library bool `mapstructure:"library"`
	// Disabled are rules that are not judged by.
	Disabled []string `mapstructure:"disabled"`
	// Severity overrides, by rule, how urgent it is.
	Severity map[string]rules.Severity `mapstructure:"severity"`
}

type sourcesSettings struct {
	// Dir is a folder of declared sources beside those that whence has; empty for none.
	Dir string `mapstructure:"dir"`
}

type logSettings struct {
	Level  string `mapstructure:"level"`  // debug, info, warn or error
	Format string `mapstructure:"format"` // text or json
}

// defaultSettings are those of a group against servers on this machine.
func defaultSettings() settings {
	ix, pl := index.Default(), pipeline.Default()
	ch, out := sinks.ClickHouseConfig{}.Default(), sinks.KafkaConfig{}.Default()
	return settings{
		Kafka: kafkaSettings{Brokers: []string{"127.0.0.1:9092"}, ClientID: "whence"},
		Group: pl.Group,
		Sessions: sessionsSettings{
			Topic: ix.SessionsTopic, Registry: ix.RegistryTopic, Partitions: ix.Partitions, Replication: ix.Replication,
			Retention: ix.Retention, HotBytes: ix.HotBytes, OverflowBytes: ix.OverflowBytes, CacheBytes: ix.CacheBytes,
			WalkBytes: 88 << 20,
		},
		RejectsTopic: pl.RejectsTopic,
		Lateness:     pl.Lateness,
		Pipeline: pipelineSettings{
			MaxWait: pl.MaxWait, WindowBytes: pl.WindowBytes, QueueRecords: pl.QueueRecords, QueueBytes: pl.QueueBytes, StepRecords: pl.StepRecords, FlightRows: pl.FlightRows, CommitEvery: pl.CommitEvery,
			IdleAfter: pl.IdleAfter, RefreshMarks: pl.RefreshMarks, RepairEvery: pl.RepairEvery, DrainTimeout: pl.DrainTimeout,
			SessionTimeout: pl.SessionTimeout,
		},
		Store: storeSettings{Dir: "whence-data/sessions", CacheBytes: 64 << 20},
		ClickHouse: clickhouseSettings{
			Addr: ch.Addr, Database: ch.Database, Cluster: ch.Cluster, Username: ch.Username, Compression: ch.Compression,
			BatchRows: ch.BatchRows, BatchBytes: ch.BatchBytes, Linger: ch.Linger, Inserts: ch.Inserts,
			DialTimeout: ch.DialTimeout, InsertTimeout: ch.InsertTimeout, InsertQuorum: ch.InsertQuorum,
			KeepDays: keepSettings(ch.Keep),
		},
		Outputs: outputSettings{ChainsTopic: out.Chains, AlertsTopic: out.Alerts, NoticesTopic: "whence.notices", MaxBytes: out.MaxBytes},
		Rules:   rulesSettings{Library: true},
		Log:     logSettings{Level: "info", Format: "text"},
	}
}

func (s settings) pipeline() pipeline.Config {
	cfg := pipeline.Config{
		Group: s.Group, RejectsTopic: s.RejectsTopic, Lateness: s.Lateness,
		MaxWait: s.Pipeline.MaxWait, WindowBytes: s.Pipeline.WindowBytes, QueueRecords: s.Pipeline.QueueRecords,
		QueueBytes: s.Pipeline.QueueBytes, StepRecords: s.Pipeline.StepRecords,
		FlightRows:  s.Pipeline.FlightRows,
		CommitEvery: s.Pipeline.CommitEvery, IdleAfter: s.Pipeline.IdleAfter, RefreshMarks: s.Pipeline.RefreshMarks, RepairEvery: s.Pipeline.RepairEvery,
		DrainTimeout: s.Pipeline.DrainTimeout, SessionTimeout: s.Pipeline.SessionTimeout,
	}
	for _, t := range s.Topics {
		cfg.Topics = append(cfg.Topics, pipeline.Topic(t))
	}
	return cfg
}

func (s settings) index() index.Config {
	return index.Config{
		SessionsTopic: s.Sessions.Topic, RegistryTopic: s.Sessions.Registry, Partitions: s.Sessions.Partitions,
		Replication: s.Sessions.Replication, Retention: s.Sessions.Retention, HotBytes: s.Sessions.HotBytes,
		OverflowBytes: s.Sessions.OverflowBytes, CacheBytes: s.Sessions.CacheBytes,
	}
}

func (s settings) sinks() sinks.Config {
	c := s.ClickHouse
	cfg := sinks.Config{
		Kinds: []string{"clickhouse"},
		ClickHouse: sinks.ClickHouseConfig{
			Addr: c.Addr, Database: c.Database, Cluster: c.Cluster, Username: c.Username, Password: c.Password,
			TLS: sinks.TLSConfig(c.TLS), Compression: c.Compression, BatchRows: c.BatchRows, BatchBytes: c.BatchBytes,
			Linger: c.Linger, Inserts: c.Inserts, DialTimeout: c.DialTimeout, InsertTimeout: c.InsertTimeout,
			InsertQuorum: c.InsertQuorum, Keep: sinks.Keep(c.KeepDays),
		},
		Kafka: sinks.KafkaConfig{Name: "kafka", Chains: s.Outputs.ChainsTopic, Alerts: s.Outputs.AlertsTopic, MaxBytes: s.Outputs.MaxBytes},
	}
	if s.announces() {
		cfg.Kinds = append(cfg.Kinds, "kafka")
	}
	return cfg
}

// announces reports whether chains and alerts go to topics too.
func (s settings) announces() bool { return s.Outputs.ChainsTopic != "" || s.Outputs.AlertsTopic != "" }

// ourTopics are the topics that whence writes to, by the key that names them.
func (s settings) ourTopics() map[string]string {
	ours := map[string]string{
		"sessions.topic": s.Sessions.Topic, "sessions.registry": s.Sessions.Registry, "rejects_topic": s.RejectsTopic,
		"outputs.chains_topic": s.Outputs.ChainsTopic, "outputs.alerts_topic": s.Outputs.AlertsTopic,
	}
	if len(s.Notify) > 0 {
		ours["outputs.notices_topic"] = s.Outputs.NoticesTopic
	}
	return ours
}
