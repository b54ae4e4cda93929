package herder_test

import (
	"log/slog"
	"strings"
	"sync"
	"testing"

	"sluice/connect/config"
)

// TestTwoClustersOnTheSameTopics: a leader says so when another one writes what
// only a leader writes.
func TestTwoClustersOnTheSameTopics(t *testing.T) {
	t.Parallel()
	log := &lines{}
	one := newCluster(t, config.Map{"inter.worker.key.ttl.ms": "20"})
	one.log = slog.NewTextHandler(log, nil)
	a := one.join("a:1")
	one.eventually(a.isReady)
	const text = "a second cluster, with another group.id, on the same topics"
	if log.contain(text) {
		t.Error("it is said of a cluster that is alone")
	}
	two := newCluster(t, one.settings)
	two.configs, two.status = one.configs, one.status
	two.join("b:1")
	one.eventually(func() string {
		if !log.contain(text) {
			return "the first leader has not noticed the second one"
		}
		return ""
	})
}

// lines keeps what is logged.
type lines struct {
	mu   sync.Mutex
	text strings.Builder // guarded by mu
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *lines) contain(text string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Contains(l.text.String(), text)
}
