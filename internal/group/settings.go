package group

import (
	"fmt"
	"time"

	"sluice/connect/config"
	"sluice/internal/setting"
)

// beat is how often a worker says that it lives where heartbeat.interval.ms is
// not set. Java's default is 3 s; what a dead worker ran, or what a new one is to
// run, waits for the others' heartbeats.
const beat = 500 * time.Millisecond

// settings are the worker's properties that steer the membership.
type settings struct {
	GroupID           string        `config:"group.id"`
	Protocol          string        `config:"connect.protocol"`
	SessionTimeout    time.Duration `config:"session.timeout.ms"`
	HeartbeatInterval time.Duration `config:"heartbeat.interval.ms"`
	RebalanceTimeout  time.Duration `config:"rebalance.timeout.ms"`
	SyncTimeout       time.Duration `config:"worker.sync.timeout.ms"`
	UnsyncBackoff     time.Duration `config:"worker.unsync.backoff.ms"`
	MaxDelay          time.Duration `config:"scheduled.rebalance.max.delay.ms"`
}

// The values of connect.protocol.
const (
	eager      = "eager"
	compatible = "compatible"
	sessioned  = "sessioned"
)

func settingsDef() config.Def {
	return setting.Keys(
		"group.id", "connect.protocol",
		"session.timeout.ms", "heartbeat.interval.ms", "rebalance.timeout.ms",
		"worker.sync.timeout.ms", "worker.unsync.backoff.ms", "scheduled.rebalance.max.delay.ms",
	)
}

func readSettings(m config.Map) (settings, error) {
	s, err := config.Decode[settings](settingsDef(), m)
	if err != nil {
		return s, err
	}
	switch s.Protocol {
	case eager, compatible, sessioned:
	default:
		return s, fmt.Errorf("key %q has the value %q: give eager, compatible or sessioned", "connect.protocol", s.Protocol)
	}
	if s.SessionTimeout <= 0 || s.RebalanceTimeout <= 0 || s.HeartbeatInterval <= 0 {
		return s, fmt.Errorf("session.timeout.ms, heartbeat.interval.ms and rebalance.timeout.ms are %v, %v and %v: give 1 millisecond or more",
			s.SessionTimeout, s.HeartbeatInterval, s.RebalanceTimeout)
	}
	if _, set := m["heartbeat.interval.ms"]; set && s.HeartbeatInterval >= s.SessionTimeout {
		return s, fmt.Errorf("key %q has the value %q: give less than session.timeout.ms, which is %d",
			"heartbeat.interval.ms", m["heartbeat.interval.ms"], s.SessionTimeout.Milliseconds())
	}
	return s, nil
}

// beatInterval is the time between two heartbeats.
func beatInterval(s settings, m config.Map) time.Duration {
	if _, set := m["heartbeat.interval.ms"]; set {
		return s.HeartbeatInterval
	}
	return min(beat, s.SessionTimeout/3)
}
