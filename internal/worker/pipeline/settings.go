package pipeline

import (
	"strings"
	"time"

	"sluice/connect"
	"sluice/connect/config"
)

// settings are the keys of a connector that steer its stages (KIP-298).
type settings struct {
	Transforms   []string      `config:"transforms"`
	Tolerance    string        `config:"errors.tolerance"`
	RetryTimeout int64         `config:"errors.retry.timeout"` // milliseconds; -1 is without end
	RetryMax     time.Duration `config:"errors.retry.delay.max.ms"`
	LogErrors    bool          `config:"errors.log.enable"`
	LogRecord    bool          `config:"errors.log.include.messages"`
	Queue        string        `config:"errors.deadletterqueue.topic.name"`
	QueueFactor  int16         `config:"errors.deadletterqueue.topic.replication.factor"`
	QueueHeaders bool          `config:"errors.deadletterqueue.context.headers.enable"`
}

func settingsDef() config.Def {
	return config.Def{
		{Name: "transforms", Type: config.List, Default: []string{}},
		{Name: "errors.tolerance", Type: config.String, Default: "none"},
		{Name: "errors.retry.timeout", Type: config.Long, Default: int64(0)},
		{Name: "errors.retry.delay.max.ms", Type: config.Long, Default: int64(60_000)},
		{Name: "errors.log.enable", Type: config.Boolean, Default: false},
		{Name: "errors.log.include.messages", Type: config.Boolean, Default: false},
		{Name: "errors.deadletterqueue.topic.name", Type: config.String, Default: ""},
		{Name: "errors.deadletterqueue.topic.replication.factor", Type: config.Short, Default: int16(3)},
		{Name: "errors.deadletterqueue.context.headers.enable", Type: config.Boolean, Default: false},
	}
}

func readSettings(m config.Map) (settings, error) {
	s, err := config.Decode[settings](settingsDef(), m)
	if err != nil {
		return s, connect.ClassErrorf(connect.ConfigException, "%w", err)
	}
	s.Queue = strings.TrimSpace(s.Queue)
	if s.Tolerance = strings.ToLower(s.Tolerance); s.Tolerance != "none" && s.Tolerance != "all" {
		return s, connect.ClassErrorf(connect.ConfigException, "%w", config.InvalidValue("errors.tolerance", m["errors.tolerance"], "String must be one of (case insensitive): NONE, ALL"))
	}
	return s, nil
}

// tolerant says whether bad records are left out.
func (s settings) tolerant() bool { return s.Tolerance == "all" }

// reports says whether a task can report errant records: as in Java only
// where somebody would see them.
func (s settings) reports() bool { return s.Queue != "" || s.LogErrors }
